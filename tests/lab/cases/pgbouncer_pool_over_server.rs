//! `pgbouncer/pool-over-server`: pools of five before a server with two slots, and what comes of it.

use crate::harness::Case;

const CODE: &str = "pgbouncer/pool-over-server";
const SHOP: &str = "shop = host=127.0.0.1 port=5432 dbname=postgres pool_size=5";

#[test]
fn pools_larger_than_the_server_are_found_by_their_arithmetic_and_by_what_comes_of_it() {
    let case = Case::new("pooler");
    let pg = case.postgres(&[("max_connections", "5"), ("superuser_reserved_connections", "3")]);
    pg.sql("postgres", "create role app login");
    let pooler = case.pgbouncer(&[SHOP], &["server_login_retry = 600"]);
    let superuser = pg.url("postgres", "postgres");
    let look = |more: &[&str]| case.paramedic(&[&["pgbouncer", "-d", &pooler.url()], more].concat());

    // On paper only.
    pooler.client("web", "app", "shop", "select pg_sleep(600)");
    pooler.until("shop", "app", "sv_active", 1);
    let paper = look(&["--pg", &superuser]);
    let found = paper.must_find(CODE).must_be("notice").must_say("may_open", 5).must_say("slots", 2);
    assert_eq!(found.subject()["address"], "127.0.0.1:5432", "{paper}");
    assert_eq!(look(&[]).outcome(CODE), "skipped", "{paper}");
    assert_eq!(look(&["--slots", "5"]).outcome(CODE), "clear", "{paper}");

    // Clients enough to fill it: the third finds no slot, and waits.
    for _ in 0..2 {
        pooler.client("web", "app", "shop", "select pg_sleep(600)");
    }
    pooler.until("shop", "app", "sv_active", 2);
    pooler.until("shop", "app", "cl_waiting", 1);
    let full = look(&["--slots", "2"]);
    full.must_find(CODE).must_be("warning").must_say("clients_fill", 3).must_say("open", 2);
    let login = full.must_find("pgbouncer/login-failures").must_be("warning").must_say("servers_up", 2);
    login.must_blame_named("pool", "shop/app");
}
