//! `pgbouncer/login-failures`: a server that is not there, a password that it does not take, and one without a free slot.

use crate::harness::Case;

const CODE: &str = "pgbouncer/login-failures";
const LOCKED: &str =
    "local all all trust\nhost all locked 0.0.0.0/0 scram-sha-256\nhost all all 0.0.0.0/0 trust\n";

#[test]
fn a_server_that_is_not_there_is_named() {
    let case = Case::new("pooler");
    let pooler = case.pgbouncer(&["gone = host=127.0.0.1 port=5999 dbname=postgres"], &[]);
    pooler.client_that_returns("app", "gone");
    pooler.until("gone", "app", "cl_waiting", 1);
    let report = case.paramedic(&["pgbouncer", "-d", &pooler.url()]);
    let found = report.must_find(CODE).must_be("critical").must_say("server", "127.0.0.1:5999");
    found.must_say("servers_up", 0).must_blame_named("pool", "gone/app");
    // PgBouncer itself counts no wait for these.
    assert_eq!(report.outcome("pgbouncer/maxwait"), "clear", "{report}");
    report.must_find("pgbouncer/clients-waiting").must_blame_named("pool", "gone/app");
}

#[test]
fn a_password_that_the_server_does_not_take_is_found_in_the_pool_it_is_of() {
    let case = Case::new("pooler");
    let pg = case.postgres(&[]);
    pg.sql("postgres", "create role app login; create role locked login password 'right'");
    pg.file("pg_hba.conf", LOCKED);
    pg.sql("postgres", "select pg_reload_conf()");
    // The next try is far off: its moment must not fall between two looks.
    let pooler = case.pgbouncer(
        &["shop = host=127.0.0.1 port=5432 dbname=postgres"],
        &["server_login_retry = 600", "client_login_timeout = 600"],
    );
    pooler.client("web", "app", "shop", "select pg_sleep(600)");
    pooler.client_that_returns("locked", "shop");
    pooler.until("shop", "app", "sv_active", 1);
    pooler.until("shop", "locked", "cl_waiting", 1);
    let report = case.paramedic(&["pgbouncer", "-d", &pooler.url()]);
    report.must_find(CODE).must_be("critical").must_blame_named("pool", "shop/locked");
    assert_eq!(report.all(CODE).len(), 1, "{report}");
}
