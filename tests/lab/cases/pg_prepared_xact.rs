//! `pg/prepared-xact`: a transaction that belongs to nobody, and keeps its locks.

use crate::harness::{Case, LIMITS};

const SOON: &str = "[limits.\"pg/prepared-xact\"]\nblocking_s = [0.2, 1e9]\n";

#[test]
fn a_prepared_transaction_is_named_with_those_who_wait_for_it() {
    let case = Case::new("db");
    case.write(LIMITS, SOON);
    let pg = case.postgres(&[("max_prepared_transactions", "5")]);
    pg.sql(
        "postgres",
        "create role app login; create table orders (id int primary key, note text); insert into orders values (1, 'a'), (2, 'b'); \
         grant all on orders to app",
    );
    pg.sql("postgres", "begin; update orders set note = 'x' where id = 1; prepare transaction 'order-42'");
    let look = || {
        let url = pg.url("postgres", "postgres");
        case.paramedic(&["pg", "replication", "-d", &url, "--config", LIMITS])
    };
    // The twin: a coordinator at work has just prepared one, and nobody waits for it.
    let well = look();
    well.must_be_silent();
    assert_eq!(well.outcome("pg/prepared-xact"), "clear", "{well}");
    assert_eq!(well.rows("prepared")[0][0], "order-42", "{well}");

    let mut clients = pg.clients("app", "postgres", &["10.9.0.1/web/2"]);
    clients.order("run web 2 update orders set note = 'y' where id = 1");
    pg.until(2, "application_name = 'web' and wait_event_type = 'Lock'");
    let found = look();
    let finding =
        found.must_find("pg/prepared-xact").must_be("warning").must_blame_named("prepared", "order-42");
    finding.must_say("blocks", 2).must_say("database", "postgres");
    let remedy = found.json["findings"].to_string();
    assert!(
        remedy.contains("ROLLBACK PREPARED 'order-42'") && !remedy.contains("terminate_backend(0)"),
        "{found}"
    );

    pg.sql("postgres", "rollback prepared 'order-42'");
    pg.until(0, "application_name = 'web' and wait_event_type = 'Lock'");
    look().must_be_silent();
}
