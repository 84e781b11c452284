//! `pg/slots-near-full`, `pg/slots-full`, `pg/client-hogs-slots` and `pg/pool-over-budget`: who takes the slots of a small server.

use crate::harness::Case;

/// 40 ordinary slots and 3 for superusers.
const SLOTS: [(&str, &str); 1] = [("max_connections", "43")];
const ROLES: &str = "create role app login; create role limited login connection limit 1; \
                     create database small connection limit 2";

#[test]
fn slots_run_out_and_who_takes_them_is_named() {
    let case = Case::new("db");
    let pg = case.postgres(&SLOTS);
    pg.sql("postgres", ROLES);
    let pods = ["10.9.0.1/web/11", "10.9.0.2/web/11", "10.9.0.3/web/10", "10.9.0.4/billing/4"];
    let mut clients = pg.clients("app", "postgres", &pods);
    let url = pg.url("app", "postgres");
    let look = || case.paramedic(&["pg", "pool", "-d", &url]);

    // The twin: a plan that fills the slots with sessions at rest.
    pg.until(36, "state = 'idle'");
    let well = look();
    well.must_be_silent();
    assert_eq!(well.outcome("pg/slots-near-full"), "clear", "{well}");
    assert_eq!(well.rows("slots")[0][..7], ["40", "37", "3", "0", "36", "0", "0"], "{well}");
    assert_eq!(well.rows("clients")[0][..7], ["web", "32", "0", "32", "0", "3", "11"], "{well}");

    // The same sessions at work.
    clients.order("run web 32 select pg_sleep(600)");
    pg.until(32, "state = 'active' and application_name = 'web'");
    let busy = look();
    let near =
        busy.must_find("pg/slots-near-full").must_be("warning").must_say("free", 3).must_say("used", 37);
    assert_eq!(near.subject()["address"], "127.0.0.1:5432", "{busy}");
    assert_eq!(near.about_things()[0]["name"], "web", "{busy}");
    let hog = busy.must_find("pg/client-hogs-slots").must_be("warning").must_say("sessions", 32);
    hog.must_blame_named("client", "web").must_say("others", 4);

    // Next to nothing is left.
    clients.order("open 10.9.0.5/late/2");
    look().must_find("pg/slots-near-full").must_be("critical").must_say("free", 1);

    // And nothing: what is left is reserved, then not even that.
    clients.order("open 10.9.0.5/late/2");
    let refused = |user: &str, database: &str| {
        let report = case.paramedic(&["pg", "-d", &pg.url(user, database)]);
        let finding = report.must_find("pg/slots-full").must_be("critical").must_say("sqlstate", "53300");
        assert_eq!(finding.subject()["address"], "127.0.0.1:5432", "{report}");
        report.must_exit(2);
        format!("{}", report.json["findings"][0]["title"])
    };
    assert!(refused("app", "postgres").contains("only reserved ones are left"));
    let _last = pg.clients("postgres", "postgres", &["127.0.0.1/dba/3"]);
    assert!(refused("app", "postgres").contains("every connection slot is taken"));
}

#[test]
fn a_role_and_a_database_are_full_by_themselves() {
    let case = Case::new("db");
    let pg = case.postgres(&SLOTS);
    pg.sql("postgres", ROLES);
    let _clients = pg.clients("limited", "postgres", &["127.0.0.1/one/1"]);
    let _small = pg.clients("app", "small", &["127.0.0.1/two/2"]);
    for (user, database, words) in [
        ("limited", "postgres", "the role has as many sessions as it may have"),
        ("app", "small", "the database has as many sessions as it may have"),
    ] {
        let report = case.paramedic(&["pg", "-d", &pg.url(user, database)]);
        report.must_find("pg/slots-full").must_be("critical");
        assert!(report.json["findings"][0]["title"].to_string().contains(words), "{report}");
    }
    // The twin: another role, another database.
    case.paramedic(&["pg", "-d", &pg.url("app", "postgres")]).must_be_silent();
}

#[test]
fn a_plan_is_held_against_the_slots_and_the_limit_of_the_database() {
    let case = Case::new("db");
    let pg = case.postgres(&SLOTS);
    pg.sql("postgres", ROLES);
    let plan = |database: &str, instances: &str, pool: &str| {
        let plan = ["--instances", instances, "--pool", pool, "--surge", "2", "--others", "5"];
        case.paramedic(&[&["pg", "pool", "-d", &pg.url("app", database)], &plan[..]].concat())
    };
    let over = plan("postgres", "6", "18");
    over.must_find("pg/pool-over-budget")
        .must_be("warning")
        .must_say("wanted", 149)
        .must_say("slots", 40)
        .must_say("fitting_pool", 4);
    assert_eq!(over.rows("budget")[0], ["plan", "6", "2", "18", "5", "149", "40", "4"], "{over}");
    let fits = plan("postgres", "6", "4");
    fits.must_be_silent();
    assert_eq!(fits.outcome("pg/pool-over-budget"), "clear", "{fits}");
    plan("small", "6", "4").must_find("pg/pool-over-budget").must_say("slots", 2);
    let none = case.paramedic(&["pg", "pool", "-d", &pg.url("app", "postgres")]);
    assert_eq!(none.outcome("pg/pool-over-budget"), "skipped", "{none}");
}
