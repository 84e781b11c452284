//! `pg/lock-queue`, `pg/lock-wait` and `pg/advisory-lock-idle`: who waits for whom, and who is at the root of it.

use crate::harness::{Case, LIMITS, Postgres};

/// Ages that a case can wait for.
const SOON: &str = "[limits.\"pg/lock-queue\"]\nqueued = [3, 20]\nfor_s = 0.2\n[limits.\"pg/lock-wait\"]\nwait_s = [0.2, 600]\n\
                    [limits.\"pg/advisory-lock-idle\"]\nwait_s = [0.2, 600]\n";
const SCHEMA: &str = "create role app login; create table orders (id int primary key, note text); \
                      insert into orders select i, 'x' from generate_series(1, 1000) i; grant all on orders to app; \
                      alter table orders owner to app";
const CODES: [&str; 4] = ["pg/lock-queue", "pg/lock-wait", "pg/advisory-lock-idle", "pg/deadlock-cycle"];

fn pid(pg: &Postgres, application: &str) -> String {
    pg.sql("postgres", &format!("select pid from pg_stat_activity where application_name = '{application}'"))
}

#[test]
fn fifty_readers_queue_behind_one_alter_table_that_waits_for_a_report() {
    let case = Case::new("db");
    let pg = case.postgres(&[("max_connections", "80")]);
    pg.sql("postgres", SCHEMA);
    case.write(LIMITS, SOON);
    let mut clients =
        pg.clients("app", "postgres", &["10.9.0.1/report/1", "10.9.0.2/migrate/1", "10.9.0.3/web/50"]);
    let look = || case.paramedic(&["pg", "locks", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS]);
    // The twin: a long transaction that only reads is in nobody's way.
    clients.order("begin report select * from orders");
    clients.order("run web 50 select count(*) from orders");
    pg.until(51, "application_name in ('web', 'report') and state in ('idle', 'idle in transaction')");
    let well = look();
    for code in CODES {
        assert_eq!(well.outcome(code), "clear", "{code} in {well}");
    }

    clients.order("run migrate 1 alter table orders add column total int");
    pg.until(1, "application_name = 'migrate' and wait_event_type = 'Lock'");
    clients.order("run web 50 select count(*) from orders where note = 'secret-17'");
    pg.until(51, "wait_event_type = 'Lock' and now() - query_start > interval '0.3 s'");
    let sick = look();
    let migrate = pid(&pg, "migrate");
    let queue = sick.must_find("pg/lock-queue").must_be("critical").must_blame_session(&migrate);
    queue.must_say("queued", 50).must_say("object", "public.orders").must_say("mode", "AccessExclusiveLock");
    // One finding: nothing but the queue stands behind the report, and no soft queue is a deadlock.
    for code in ["pg/lock-wait", "pg/deadlock-cycle"] {
        assert_eq!(sick.outcome(code), "clear", "{code} in {sick}");
    }
    assert!(!sick.json.to_string().contains("secret-17"), "{sick}");

    // A role without rights still sees whom the waiting ends at.
    pg.sql("postgres", "create role nobody login");
    let low = case.paramedic(&["pg", "locks", "-d", &pg.url("nobody", "postgres"), "--config", LIMITS]);
    low.must_find("pg/lock-queue").must_blame_session(&migrate).must_say("queued", 50);

    clients.order("rollback report");
    pg.until(0, "wait_event_type = 'Lock'");
    let after = look();
    for code in CODES {
        assert_eq!(after.outcome(code), "clear", "{code} in {after}");
    }
}

#[test]
fn a_leader_is_well_until_somebody_waits_for_its_advisory_lock_and_a_parallel_query_is_one_session() {
    let case = Case::new("db");
    let pg = case.postgres(&[("max_parallel_workers_per_gather", "2")]);
    pg.sql("postgres", SCHEMA);
    case.write(LIMITS, SOON);
    let mut clients = pg.clients(
        "app",
        "postgres",
        &["10.9.0.1/leader/1", "10.9.0.2/follower/1", "10.9.0.3/scan/1", "10.9.0.4/vacuum/1"],
    );
    let look = || case.paramedic(&["pg", "locks", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS]);
    clients.order("run leader 1 select pg_advisory_lock(42)");
    pg.until(1, "application_name = 'leader' and state = 'idle' and query like '%advisory%'");
    // The workers of one query hold the lock of their leader: none of them waits for another.
    clients.order(
        "run scan 1 set force_parallel_mode = on; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; \
         set min_parallel_table_scan_size = 0; select count(*) from orders where pg_sleep(0.05) is not null",
    );
    pg.until(1, "application_name = 'scan' and state = 'active'");
    let well = look();
    for code in CODES {
        assert_eq!(well.outcome(code), "clear", "{code} in {well}");
    }

    clients.order("run follower 1 select pg_advisory_lock(42)");
    pg.until(1, "application_name = 'follower' and wait_event_type = 'Lock' and now() - query_start > interval '0.3 s'");
    let sick = look();
    let leader = pid(&pg, "leader");
    let found = sick.must_find("pg/advisory-lock-idle").must_be("warning").must_blame_session(&leader);
    found.must_say("lock", "advisory lock 42").must_say("waiting", 1);
    assert_eq!(sick.outcome("pg/lock-wait"), "clear", "told once: {sick}");
}
