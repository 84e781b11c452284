//! `pg/wraparound` and `pg/autovacuum-blocked`: transaction ids run out, and who keeps the vacuum from its table.

use crate::harness::{Case, LIMITS, Postgres, Report, eventually};
use std::time::Duration;

const SOON: &str = "[limits.\"pg/wraparound\"]\nxid_age = [100000, 1e9]\n[limits.\"pg/autovacuum-blocked\"]\nwaits_s = [0.2, 1e9]\n";
/// The server vacuums against wraparound as early as it can be told to.
const EARLY: [(&str, &str); 2] = [("autovacuum_freeze_max_age", "100000"), ("autovacuum_naptime", "1s")];
/// More transactions than that.
const BURN: &str =
    "do $$ begin for i in 1..101000 loop perform pg_current_xact_id(); commit; end loop; end $$";

fn look(case: &Case, pg: &Postgres, user: &str, flags: &[&str]) -> Report {
    case.paramedic(&[&["pg", "replication", "-d", &pg.url(user, "postgres")], flags].concat())
}

#[test]
fn ids_that_run_out_and_who_keeps_the_vacuum_waiting_are_named() {
    let case = Case::new("db");
    case.write(LIMITS, SOON);
    let pg = case.postgres(&EARLY);
    pg.sql("postgres", "create table orders (id int); create role low login; create role app login; grant all on orders to app");
    // The twin: a server as it is made, by the same limits.
    let well = look(&case, &pg, "postgres", &["--config", LIMITS]);
    well.must_be_silent();
    for code in ["pg/wraparound", "pg/autovacuum-blocked"] {
        assert_eq!(well.outcome(code), "clear", "{well}");
    }
    assert!(well.rows("databases").iter().any(|r| r[0] == "template0"), "{well}");

    let mut clients = pg.clients("app", "postgres", &["10.9.0.1/billing/1"]);
    clients.order("begin billing lock table orders in share mode");
    pg.sql("postgres", BURN);
    let worker = "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker' \
                  and query like '%public.orders (to prevent wraparound)' and wait_event_type = 'Lock'";
    eventually(Duration::from_secs(60), || match pg.sql("postgres", worker).as_str() {
        "1" => Ok(()),
        n => Err(format!("patient: {n} vacuums wait")),
    });
    let billing = pg.sql("postgres", "select pid from pg_stat_activity where application_name = 'billing'");
    let report = eventually(Duration::from_secs(10), || {
        let report = look(&case, &pg, "postgres", &["--config", LIMITS]);
        if report.all("pg/autovacuum-blocked").is_empty() { Err(report.to_string()) } else { Ok(report) }
    });
    let blocked = report.must_find("pg/autovacuum-blocked").must_be("warning").must_blame_session(&billing);
    blocked.must_measure("waits_s", 0.2..120.0).must_say("blocked_by", billing.as_str());
    assert!(blocked.title().contains("public.orders"), "{report}");
    let old = report.all("pg/wraparound");
    let postgres = old.iter().find(|f| f.subject()["name"] == "postgres");
    let postgres = postgres.unwrap_or_else(|| panic!("the database is old in:\n{report}"));
    postgres.must_be("warning").must_blame_named("database", "postgres").must_measure("xid_age", 1e5..1e6);

    // By the limits of production it is a young server, whose vacuum waits for a moment.
    let young = look(&case, &pg, "postgres", &[]);
    assert_eq!(young.outcome("pg/wraparound"), "clear", "{young}");
    // Workers hide from a role without rights what they are: nothing of that reads as clear.
    let low = look(&case, &pg, "low", &["--config", LIMITS]);
    assert_eq!(low.outcome("pg/autovacuum-blocked"), "unknown", "{low}");
    low.must_find("pg/wraparound");

    clients.order("rollback billing");
    eventually(Duration::from_secs(60), || match pg.sql("postgres", worker).as_str() {
        "0" => Ok(()),
        n => Err(format!("patient: {n} vacuums wait")),
    });
    assert_eq!(look(&case, &pg, "postgres", &["--config", LIMITS]).outcome("pg/autovacuum-blocked"), "clear");
}
