//! `pg/idle-in-transaction`, `pg/long-transaction`, `pg/holds-xmin`, `pg/query-hogs-pool` and `pg/no-timeouts`: what sessions do.

use crate::harness::{Case, LIMITS, Postgres, Program};

/// Ages that a case can wait for.
const SOON: &str = "[limits.\"pg/idle-in-transaction\"]\nidle_s = 1\nblocking_s = [0.5, 1]\n\
                    [limits.\"pg/long-transaction\"]\nage_s = 1\nidle_s = 600\n\
                    [limits.\"pg/holds-xmin\"]\nage = [20, 1000000]\n\
                    [limits.\"pg/query-hogs-pool\"]\nmedian_s = 0.2\n";
const SCHEMA: &str = "create role app login; create table orders (id int primary key, note text); \
                      insert into orders values (1, 'a'), (2, 'b'); grant all on orders to app";

fn pid(pg: &Postgres, application: &str) -> String {
    pg.sql("postgres", &format!("select pid from pg_stat_activity where application_name = '{application}'"))
}

#[test]
fn a_transaction_left_open_is_blamed_for_what_it_blocks_and_keeps() {
    let case = Case::new("db");
    let pg = case.postgres(&[]);
    pg.sql("postgres", SCHEMA);
    case.write(LIMITS, SOON);
    let mut clients = pg.clients("app", "postgres", &["10.9.0.1/web/1", "10.9.0.2/billing/1"]);
    let watch = |flags: &[&str]| {
        let url = pg.url("postgres", "postgres");
        case.paramedic(&[&["pg", "-d", &url], flags].concat())
    };
    clients.order("begin web update orders set note = 'secret-17' where id = 1");
    clients.order("run billing 1 update orders set note = 'x' where id = 1");
    pg.until(1, "application_name = 'billing' and wait_event_type = 'Lock'");
    // Others go on: each takes a transaction id.
    pg.sql(
        "postgres",
        "do $$ begin for i in 1..30 loop update orders set note = 'y' where id = 2; commit; end loop; end $$",
    );
    pg.until(1, "application_name = 'web' and now() - state_change > interval '1.1 s'");

    let report = watch(&["--config", LIMITS]);
    let web = pid(&pg, "web");
    let idle = report.must_find("pg/idle-in-transaction").must_be("critical").must_blame_session(&web);
    idle.must_say("blocks", 1).must_measure("idle_s", 1.0..120.0).must_measure("longest_wait_s", 0.5..120.0);
    report.must_find("pg/long-transaction").must_blame_session(&web);
    report
        .must_find("pg/holds-xmin")
        .must_be("warning")
        .must_blame_session(&web)
        .must_measure("xmin_age", 30.0..100.0);
    assert!(!report.json.to_string().contains("secret-17"), "{report}");

    // A role without rights sees that somebody is there, and nothing of what they do.
    pg.sql("postgres", "create role nobody login");
    let low = case.paramedic(&["pg", "-d", &pg.url("nobody", "postgres"), "--config", LIMITS]);
    for code in ["pg/idle-in-transaction", "pg/long-transaction", "pg/query-hogs-pool"] {
        assert_eq!(low.outcome(code), "unknown", "{code} in {low}");
    }
    low.must_find("pg/holds-xmin").must_measure("xmin_age", 30.0..100.0);
    let gap = low.gap("denied", "sessions of other roles");
    assert_eq!(gap["remedy"], "GRANT pg_read_all_stats TO \"nobody\"", "{low}");
    pg.sql("postgres", "grant pg_read_all_stats to nobody");
    let granted = case.paramedic(&["pg", "-d", &pg.url("nobody", "postgres"), "--config", LIMITS]);
    granted.must_find("pg/idle-in-transaction").must_blame_session(&web);

    // The twin: by the usual limits a moment like this is ordinary, and after the rollback by any.
    let usual = watch(&[]);
    for code in ["pg/idle-in-transaction", "pg/long-transaction", "pg/holds-xmin"] {
        assert_eq!(usual.outcome(code), "clear", "{code} in {usual}");
    }
    clients.order("rollback web");
    pg.until(0, "state like 'idle in transaction%' or wait_event_type = 'Lock'");
    let after = watch(&["--config", LIMITS]);
    for code in ["pg/idle-in-transaction", "pg/long-transaction", "pg/holds-xmin", "pg/query-hogs-pool"] {
        assert_eq!(after.outcome(code), "clear", "{code} in {after}");
    }
}

#[test]
fn eight_slow_reports_fill_a_pool_of_ten() {
    let case = Case::new("db");
    let pg = case.postgres(&[]);
    pg.sql("postgres", SCHEMA);
    case.write(LIMITS, SOON);
    let mut clients =
        pg.clients("app", "postgres", &["10.9.0.1/web/10", "10.9.0.2/web/10", "10.9.0.3/small/4"]);
    let look =
        || case.paramedic(&["pg", "activity", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS]);
    // The twin: most of the pool is free, and a pool of four is nobody's pool of ten.
    clients.order("run small 4 select 'report {i}', pg_sleep(600)");
    pg.until(4, "state = 'active' and now() - query_start > interval '0.3 s'");
    let well = look();
    assert_eq!(well.outcome("pg/query-hogs-pool"), "clear", "{well}");

    clients.order("run web 8 select note, {i}, 'n{i}', pg_sleep(600) from orders");
    pg.until(8, "application_name = 'web' and now() - query_start > interval '0.3 s' and state = 'active'");
    let report = look();
    report
        .must_find("pg/query-hogs-pool")
        .must_be("warning")
        .must_blame_named("statement", "select note, ?, pg_sleep(?) from orders")
        .must_say("same", 8)
        .must_say("sessions", 10)
        .must_say("client", "10.9.0.1");
}

#[test]
fn timeouts_are_missed_until_the_roles_that_connect_have_them() {
    let case = Case::new("db");
    let pg = case.postgres(&[]);
    pg.sql("postgres", SCHEMA);
    let clients = pg.clients("app", "postgres", &["10.9.0.1/web/2"]);
    assert_eq!(clients.told("sessions"), 2, "patient");
    let look = || case.paramedic(&["pg", "-d", &pg.url("postgres", "postgres")]);
    let report = look();
    report.must_find("pg/no-timeouts").must_be("notice").must_say("statement_timeout_ms", "0");
    report.must_be_silent();
    pg.sql(
        "postgres",
        "alter role app set statement_timeout = '30s'; alter role app set idle_in_transaction_session_timeout = '1min'",
    );
    assert_eq!(look().outcome("pg/no-timeouts"), "clear");
}

#[test]
fn a_slot_that_nobody_reads_keeps_old_rows_of_the_catalog() {
    let case = Case::new("db");
    let pg = case.postgres(&[("wal_level", "logical")]);
    pg.sql("postgres", SCHEMA);
    case.write(LIMITS, SOON);
    let look = || case.paramedic(&["pg", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS]);
    let well = look();
    assert_eq!(well.outcome("pg/holds-xmin"), "clear", "{well}");
    pg.sql("postgres", "select 1 from pg_create_logical_replication_slot('cdc', 'test_decoding')");
    pg.sql(
        "postgres",
        "do $$ begin for i in 1..30 loop update orders set note = 'y' where id = 2; commit; end loop; end $$",
    );
    let report = look();
    let slot = report.must_find("pg/holds-xmin").must_be("warning").must_blame_named("slot", "cdc");
    slot.must_say("active", false).must_measure("xmin_age", 30.0..100.0);
}

#[test]
fn twin_under_pgbench_at_full_speed_is_well() {
    let case = Case::new("db");
    let pg = case.postgres(&[("max_connections", "20")]);
    let bench = ["/usr/lib/postgresql/15/bin/pgbench", "-h", "127.0.0.1", "-U", "postgres"];
    case.tool(&[&bench[..], &["-i", "-q", "postgres"]].concat());
    let line = [&bench[..], &["-c", "10", "-j", "2", "-T", "300", "postgres"]].concat();
    let _bench = case.start(Program::line("pgbench", &line).sleeps());
    pg.until(10, "application_name = 'pgbench'");
    for _ in 0..5 {
        case.paramedic(&["pg", "-d", &pg.url("postgres", "postgres")]).must_be_silent();
    }
}
