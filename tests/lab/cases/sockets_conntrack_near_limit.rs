//! `sockets/conntrack-near-limit` in a namespace that is not the host's: its own count is not the
//! machine's table. The full table itself stands in the other room, where there is a host.

use crate::harness::Case;

const CODE: &str = "sockets/conntrack-near-limit";

#[test]
fn namespace_of_its_own_says_that_it_cannot_know() {
    let case = Case::new("pod");
    // The kernel tracks connections here, as under a node's rules: the count is there to be read.
    case.filter_input("ct state new accept");
    assert_eq!(case.setting("net/netfilter/nf_conntrack_count"), 0, "patient");

    for report in case.looks("sockets", &[]) {
        assert_eq!(report.outcome(CODE), "unknown", "0 of another table is not clear:\n{report}");
        report.must_be_silent();
    }
}
