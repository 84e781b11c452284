//! `sockets/conntrack-near-limit`: the table of tracked connections is full and packets are dropped.

use crate::harness::{Case, Program};

const CODE: &str = "sockets/conntrack-near-limit";

/// Makes the kernel track connections in this namespace, as a node's rules do.
fn track(case: &Case) {
    case.filter_input("ct state new accept");
}

#[test]
fn full_table_is_named() {
    let case = Case::timed("node");
    track(&case);
    case.start(Program::python("fills_conntrack.py"));
    let max = case.setting("net/netfilter/nf_conntrack_max");
    let used = case.setting("net/netfilter/nf_conntrack_count");
    assert!(used * 100 >= max * 99, "patient: {used} of {max}");

    for report in case.looks("sockets", &[]) {
        let finding = report.must_find(CODE).must_say("max", max);
        finding.must_measure("used", max as f64 * 0.95..=max as f64);
        assert_eq!(finding.subject()["kind"], "host", "{report}");
    }
}

#[test]
fn twin_namespace_of_its_own_says_that_it_cannot_know() {
    let case = Case::new("pod");
    let report = case.paramedic(&["sockets"]);
    assert_eq!(report.outcome(CODE), "unknown", "a fresh namespace reads 0 whatever the node has:\n{report}");
    report.must_be_silent();
}
