//! `pgbouncer/clients-waiting` and `pgbouncer/maxwait`: two server connections, both held by reports, and a queue behind them.

use crate::harness::Case;

const CODE: &str = "pgbouncer/clients-waiting";
const SHOP: &str = "shop = host=127.0.0.1 port=5432 dbname=postgres pool_size=2";

#[test]
fn a_queue_behind_slow_reports_is_found_with_who_holds_the_servers() {
    let case = Case::new("pooler");
    let pg = case.postgres(&[]);
    pg.sql("postgres", "create role app login");
    let pooler = case.pgbouncer(&[SHOP], &[]);
    let look = || case.paramedic(&["pgbouncer", "-d", &pooler.url()]);

    // The twin: as many clients as server connections, and one that wants nothing.
    pooler.client("idler", "app", "shop", "");
    for _ in 0..2 {
        pooler.client("report", "app", "shop", "select pg_sleep(600)");
    }
    pooler.until("shop", "app", "sv_active", 2);
    let well = look();
    well.must_be_silent();
    assert_eq!(well.outcome(CODE), "clear", "{well}");
    well.must_find("pgbouncer/pool-mode").must_be("notice");

    for _ in 0..2 {
        pooler.client("web", "app", "shop", "select 1");
    }
    pooler.until("shop", "app", "cl_waiting", 2);
    pooler.until("shop", "app", "maxwait", 1);
    let report = look();
    let found = report.must_find(CODE).must_say("waiting", 2).must_say("servers", 2).must_say("pool_size", 2);
    found.must_blame_named("pool", "shop/app");
    assert!(report.to_string().contains("all 2 are taken, 2 by report at 127.0.0.1"), "{report}");
    assert_eq!(found.about("peer"), "127.0.0.1:6432", "{report}");
    report
        .must_find("pgbouncer/maxwait")
        .must_measure("maxwait_s", 1.0..)
        .must_blame_named("pool", "shop/app");
    report.must_not_find("pgbouncer/login-failures");
}

#[test]
fn twin_a_pooler_at_work_is_well() {
    let case = Case::timed("pooler");
    let pg = case.postgres(&[]);
    pg.sql("postgres", "create role app login");
    let pooler = case.pgbouncer(&[SHOP], &[]);
    pooler.work("app", "shop", 3, 100);
    pooler.until("shop", "app", "cl_active", 3);
    let report = case.paramedic(&["pgbouncer", "-d", &pooler.url(), "--slots", "97"]);
    report.must_be_silent();
    for code in ["clients-waiting", "maxwait", "login-failures", "clients-near-limit", "pool-over-server"] {
        assert_eq!(report.outcome(&format!("pgbouncer/{code}")), "clear", "{report}");
    }
}
