//! Other majors of Postgres than Debian's: the oldest that is asked for whose columns differ, and the newest.

use crate::harness::{Case, LIMITS, Report};

/// Ages that a case can wait for.
const SOON: &str = "[limits.\"pg/lock-queue\"]\nqueued = [3, 20]\nfor_s = 0.2\n[limits.\"pg/lock-wait\"]\nwait_s = [0.2, 600]\n";
const SCHEMA: &str = "create role app login; create role nobody login; create table account (id int primary key, v int); \
                      insert into account values (1, 0), (2, 0); create table orders (id int primary key, note text); \
                      insert into orders values (1, 'x'); alter table account owner to app; alter table orders owner to app";
/// What is asked in other words of other versions: locks, their ages, standbys and slots, settings.
const CODES: [&str; 8] = [
    "pg/lock-wait",
    "pg/lock-queue",
    "pg/deadlock-cycle",
    "pg/holds-xmin",
    "pg/replication-lag",
    "pg/slot-retains-wal",
    "pg/slots-near-full",
    "pg/wraparound",
];

/// Each part was asked for in words that the server knows.
fn must_understand(report: &Report) {
    for why in ["malformed", "unsupported", "broken", "timed_out"] {
        assert!(report.gaps().iter().all(|gap| gap["why"] != why), "{why} in {report}");
    }
}

/// A row that its holder forgot, and a table that everybody queues for behind a migration.
fn trouble_is_told(major: u32) {
    let case = Case::new("db");
    let pg = case.postgres_of_major(major, &[("wal_level", "logical"), ("max_prepared_transactions", "2")]);
    pg.sql("postgres", SCHEMA);
    pg.sql("postgres", "select 1 from pg_create_physical_replication_slot('standby', true)");
    case.write(LIMITS, SOON);
    let pools = [
        "10.9.0.1/billing/1",
        "10.9.0.2/checkout/3",
        "10.9.0.3/report/1",
        "10.9.0.4/migrate/1",
        "10.9.0.5/web/4",
    ];
    let mut clients = pg.clients("app", "postgres", &pools);
    let look = |user: &str| case.paramedic(&["pg", "-d", &pg.url(user, "postgres"), "--config", LIMITS]);
    let pid = |application: &str| {
        pg.sql(
            "postgres",
            &format!("select pid from pg_stat_activity where application_name = '{application}'"),
        )
    };

    // The twin.
    let well = look("postgres");
    well.must_be_silent();
    must_understand(&well);
    for code in CODES {
        assert_eq!(well.outcome(code), "clear", "{code} in {well}");
    }
    let version = &well.rows("server")[0][0];
    assert!(version.starts_with(&format!("{major}.")), "patient: {version} is not {major}");

    clients.order("begin billing update account set v = 1 where id = 1");
    clients.order("run checkout 3 update account set v = 2 where id = 1");
    clients.order("begin report select * from orders");
    clients.order("run migrate 1 alter table orders add column total int");
    pg.until(1, "application_name = 'migrate' and wait_event_type = 'Lock'");
    clients.order("run web 4 select count(*) from orders");
    pg.until(8, "wait_event_type = 'Lock' and now() - query_start > interval '0.3 s'");
    let sick = look("postgres");
    must_understand(&sick);
    sick.must_find("pg/lock-wait").must_blame_session(&pid("billing")).must_say("waiting", 3);
    sick.must_find("pg/lock-queue").must_blame_session(&pid("migrate")).must_say("queued", 4);

    // Since when somebody waits is in the lock table since 14; before, whoever may not see the sessions cannot know it.
    let low = look("nobody");
    must_understand(&low);
    for (code, blamed) in [("pg/lock-wait", "billing"), ("pg/lock-queue", "migrate")] {
        if major < 14 {
            assert_eq!(low.outcome(code), "unknown", "{code} in {low}");
        } else {
            low.must_find(code).must_blame_session(&pid(blamed));
        }
    }
}

#[test]
fn trouble_is_told_on_postgres_13() {
    trouble_is_told(13);
}

#[test]
fn trouble_is_told_on_postgres_18() {
    trouble_is_told(18);
}
