//! `pg/queue-stuck`: an outbox that nobody empties.

use crate::harness::{Case, LIMITS, Report};

const QUEUES: &str = r#"
[[pg.queue]]
name = "outbox"
table = "shop.Outbox"
waiting = "processed_at IS NULL AND attempts < 5"
since = "created_at"
dead = "processed_at IS NULL AND attempts >= 5"
oldest_s = [600, 86400]

[[pg.queue]]
name = "mails"
table = "mails"
waiting = "state = 'new'"
since = "at"
"#;
const SCHEMA: &str = "create schema shop; create role app login;
    create table shop.outbox (id serial, created_at timestamptz default now(), processed_at timestamptz, attempts int default 0);
    create table mails (at timestamp default timezone('utc', now()), state text default 'new');
    grant usage on schema shop to app; grant select on shop.outbox, mails to app;
    alter database postgres set timezone = 'Asia/Tokyo';
    insert into shop.outbox (created_at, processed_at) select now() - interval '2 days', now() from generate_series(1, 1000);
    insert into shop.outbox (created_at) values (now() - interval '1 minute'); insert into mails default values";

#[test]
fn a_queue_that_is_not_emptied_is_found_by_its_oldest_row() {
    let case = Case::new("db");
    case.write(LIMITS, QUEUES);
    let pg = case.postgres(&[]);
    pg.sql("postgres", SCHEMA);
    let look = || case.paramedic(&["pg", "jobs", "-d", &pg.url("app", "postgres"), "--config", LIMITS]);
    // The twin: a queue at work. Times without a zone are UTC, whatever the zone of the database.
    let well = look();
    well.must_be_silent();
    assert_eq!(well.outcome("pg/queue-stuck"), "clear", "{well}");
    assert_eq!(well.rows("queues")[0][..3], ["outbox", "shop.outbox", "1"], "{well}");

    pg.sql(
        "postgres",
        "insert into shop.outbox (created_at) select now() - interval '20 minutes' from generate_series(1, 41);
         insert into shop.outbox (attempts) values (5), (9)",
    );
    let report = look();
    let found = report.all("pg/queue-stuck");
    assert_eq!(found.len(), 2, "{report}");
    let stuck = found[0].must_be("warning").must_blame_named("relation", "postgres.shop.outbox");
    stuck.must_say("waiting", 42).must_measure("oldest_s", 1200.0..1320.0);
    found[1].must_be("warning").must_say("dead", 2);

    // A migration has the table: what could not be counted is not clear, and costs the other queue nothing.
    let mut clients = pg.clients("postgres", "postgres", &["10.9.0.1/migration/1"]);
    clients.order("begin migration lock table mails in access exclusive mode");
    let locked = look();
    locked.must_find("pg/queue-stuck").must_say("waiting", 42);
    locked.gap("timed_out", "queue");
    assert_eq!(locked.rows("queues")[1][2], "null", "{locked}");
}

#[test]
fn a_condition_can_only_read_and_a_table_that_is_not_there_is_not_clear() {
    let case = Case::new("db");
    let pg = case.postgres(&[]);
    pg.sql(
        "postgres",
        "create table q (at timestamptz default now()); insert into q default values;
         create function bump() returns bool language sql volatile as 'delete from public.q returning true'",
    );
    let watch = |table: &str, waiting: &str| -> Report {
        let lines = format!(
            "[[pg.queue]]\nname = \"q\"\ntable = \"{table}\"\nwaiting = \"{waiting}\"\nsince = \"at\"\n"
        );
        case.write(LIMITS, &lines);
        case.paramedic(&["pg", "jobs", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS])
    };
    for (table, waiting) in [("q", "public.bump()"), ("nowhere", "true"), ("q", "no_such_column")] {
        let report = watch(table, waiting);
        assert_eq!(report.outcome("pg/queue-stuck"), "unknown", "{table} {waiting} in {report}");
    }
    assert_eq!(pg.sql("postgres", "select count(*) from q"), "1", "nothing was deleted");
    assert_eq!(watch("q", "true").outcome("pg/queue-stuck"), "clear");
}
