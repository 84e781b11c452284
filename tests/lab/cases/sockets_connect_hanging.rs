//! `sockets/connect-hanging`: a peer that does not even answer SYN.

use std::time::Duration;

use crate::harness::{Case, Program, THERE, eventually};

const CODE: &str = "sockets/connect-hanging";

#[test]
fn dropped_syns_are_named_with_the_peer() {
    let case = Case::new("worker");
    let there = case.second_host();
    there.filter_input("tcp dport 443 drop");
    let node = case.start(Program::node("dials.js").args([THERE, "443", "5"]));
    eventually(Duration::from_secs(15), || {
        let rows = case.ss("state syn-sent");
        // `timer:(on,NNNms,R)`: R retransmissions so far.
        let again = rows.iter().filter(|row| row.line.contains(",2)")).count();
        if again == 5 { Ok(()) } else { Err(format!("patient: {rows:?}")) }
    });

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_say("count", 5)
            .must_measure("retransmits", 2.0..=100.0);
        assert_eq!(finding.about("peer"), format!("{THERE}:443"), "{report}");
    }
}

#[test]
fn twin_with_two_fresh_dials_is_well() {
    let case = Case::new("worker");
    let there = case.second_host();
    there.filter_input("tcp dport 443 drop");
    case.start(Program::node("dials.js").args([THERE, "443", "2"]));
    case.counts("state syn-sent", 2).unwrap();
    case.must_be_well();
}
