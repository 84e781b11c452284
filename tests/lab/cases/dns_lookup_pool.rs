//! `dns/lookup-pool`: slow lookups through the two threads that Node.js has for them.

use crate::harness::{Case, Program};

const CODE: &str = "dns/lookup-pool";

#[test]
fn slow_lookups_of_a_node_process_are_counted_by_the_second() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=slow:150"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let node = case.start(Program::node("looks_up.js").args(["db.test"]));
    assert_eq!(node.told("found"), 1, "patient");
    let report = case.paramedic(&["dns", "db.test", "--pid", &node.pid().to_string()]);
    report
        .must_find(CODE)
        .must_blame(&node)
        .must_be("notice")
        .must_say("lookups", 2)
        .must_measure("lookups_per_s", 2.0..13.4);
}

#[test]
fn twin_with_a_fast_server_is_well() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let node = case.start(Program::node("looks_up.js").args(["db.test"]));
    let report = case.paramedic(&["dns", "db.test", "--pid", &node.pid().to_string()]);
    report.must_not_find(CODE);
    report.must_be_silent();
}
