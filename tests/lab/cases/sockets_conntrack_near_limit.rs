//! `sockets/conntrack-near-limit`: the table of tracked connections is full and packets are dropped.

use crate::harness::{Case, Program};

const CODE: &str = "sockets/conntrack-near-limit";

/// A host whose kernel tracks connections, as under a node's rules.
fn tracking(case: Case) -> Case {
    // Tracked is what was sent; dropped, it need not be refused 260,000 times.
    case.filter_input("ct state new drop");
    case
}

#[test]
fn full_table_is_named() {
    let case = tracking(Case::timed("node"));
    case.start(Program::python("fills_conntrack.py"));
    let max = case.setting("net/netfilter/nf_conntrack_max");
    let used = case.setting("net/netfilter/nf_conntrack_count");
    assert!(used * 100 >= max * 98, "patient: {used} of {max}");

    for report in case.looks("sockets", &[]) {
        let finding = report.must_find(CODE).must_be("critical").must_say("max", max);
        finding.must_measure("used", max as f64 * 0.95..=max as f64);
        assert_eq!(finding.subject()["kind"], "host", "{report}");
        report.must_exit(2);
    }
}

#[test]
fn twin_namespace_of_its_own_says_that_it_cannot_know() {
    let case = tracking(Case::new("pod"));
    assert_eq!(case.setting("net/netfilter/nf_conntrack_count"), 0, "patient");
    for report in case.looks("sockets", &[]) {
        // Its own count is not the machine's: 0 of another table is not clear.
        assert_eq!(report.outcome(CODE), "unknown", "{report}");
        report.must_be_silent();
    }
}
