//! `pg/query-hogs-pool`: a pool of node-postgres as Node.js services have it, full of slow reports, and the same pool well.

use std::path::Path;

use crate::harness::{Case, LIMITS, Program};

const SCHEMA: &str = "create role app login; create table orders (id int primary key, note text); \
                      insert into orders values (1, 'a'), (2, 'b'); grant all on orders to app";
const SOON: &str = "[limits.\"pg/query-hogs-pool\"]\nmedian_s = 0.2\n";
/// Where `tests/run` puts the packages of the patient, outside of the tree.
const PACKAGES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/node_pg");

/// The patient with the packages that its lock names.
fn pool(size: u32) -> Program {
    let modules = Path::new(PACKAGES).join("node_modules");
    assert!(
        modules.join("pg").is_dir(),
        "node-postgres is missing: mkdir -p {PACKAGES} && cp tests/lab/patients/node_pg/package*.json {PACKAGES} && \
         npm ci --prefix {PACKAGES}"
    );
    let program = Program::node("node_pg/pool.js");
    let program = program.args(["127.0.0.1", "app", "postgres", "shop-api", &size.to_string()]);
    Program::env(&format!("NODE_PATH={}", modules.display()), program)
}

#[test]
fn eight_reports_in_a_pool_of_ten_name_the_node_application() {
    let case = Case::new("db");
    let pg = case.postgres(&[]);
    pg.sql("postgres", SCHEMA);
    case.write(LIMITS, SOON);
    let look = || case.paramedic(&["pg", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS]);

    // The twin: all ten at work, each for a moment.
    let mut node = case.start(pool(10));
    assert_eq!(node.told("total"), 10, "patient");
    for _ in 0..3 {
        let well = look();
        well.must_be_silent();
        assert_eq!(well.outcome("pg/query-hogs-pool"), "clear", "{well}");
    }

    node.order("reports 8");
    assert!(node.told("waiting") >= 6, "patient: {} wait for the two that are left", node.told("waiting"));
    let slow = "application_name = 'shop-api' and state = 'active' and query like '%pg_sleep%'";
    pg.until(8, &format!("{slow} and now() - query_start > interval '0.3 s'"));
    let report = look();
    let hog = report.must_find("pg/query-hogs-pool").must_be("warning");
    // What node-postgres sends has parameters: no literal is there to be struck out.
    let hog = hog.must_blame_named("statement", "select count(*), pg_sleep($1) from orders");
    hog.must_say("same", 8).must_say("sessions", 10);
    assert_eq!(hog.about_things()[0]["name"], "shop-api", "{report}");

    // The command that it names reaches the same server, wherever it is pasted.
    let next = report.json["findings"][0]["next"][0].as_str().expect("a finding names a command");
    assert_eq!(next, format!("paramedic pg activity -d {}", pg.url("postgres", "postgres")));
    let again: Vec<&str> = next.split(' ').skip(1).chain(["--config", LIMITS]).collect();
    case.paramedic(&again).must_find("pg/query-hogs-pool");
}
