//! `pgbouncer/clients-near-limit`, and a console that lets nobody in who may not look.

use crate::harness::Case;

const CODE: &str = "pgbouncer/clients-near-limit";
const SHOP: &str = "shop = host=127.0.0.1 port=5432 dbname=postgres";

#[test]
fn clients_near_the_limit_are_counted_without_ours() {
    let case = Case::new("pooler");
    let pg = case.postgres(&[]);
    pg.sql("postgres", "create role app login");
    let pooler = case.pgbouncer(&[SHOP], &["max_client_conn = 10"]);
    let look = || case.paramedic(&["pgbouncer", "-d", &pooler.url()]);
    let clients = |n: u64| {
        for _ in 0..n {
            pooler.client("web", "app", "shop", "");
        }
    };
    clients(7);
    pooler.until("shop", "app", "cl_active", 7);
    assert_eq!(look().outcome(CODE), "clear");
    clients(1);
    pooler.until("shop", "app", "cl_active", 8);
    let report = look();
    let found = report.must_find(CODE).must_be("warning").must_say("used", 8).must_say("max", 10);
    assert_eq!(found.subject()["address"], "127.0.0.1:6432", "{report}");
    clients(2);
    pooler.until("shop", "app", "cl_active", 10);
    look().must_find(CODE).must_be("critical");
}

#[test]
fn who_may_not_look_is_told_how_to_and_nothing_is_clear() {
    let case = Case::new("pooler");
    let pooler = case.pgbouncer(&[SHOP], &[]);
    let report = case.paramedic(&["pgbouncer", "-d", &pooler.url_of("app")]);
    report.must_exit(3);
    assert_eq!(report.outcome(CODE), "unknown", "{report}");
    let gap = report.gap("denied", "the console of PgBouncer");
    assert!(gap["remedy"].as_str().is_some_and(|r| r.contains("stats_users")), "{gap}");
}
