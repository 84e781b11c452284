//! `sockets/dead-peer`: the peer is gone and the sockets do not know.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Case, Program, THERE, eventually};

const CODE: &str = "sockets/dead-peer";

#[test]
fn peer_that_vanished_is_named() {
    let case = Case::new("web");
    let there = case.second_host();
    there.start(Program::node("reads.js").args(["5432"]));
    let mut client = case.start(Program::python("sends.py").args([THERE, "5432", "6", "100"]));
    // Idle before: the last acknowledgement is older than the silence.
    thread::sleep(Duration::from_secs(3));
    there.filter_input("drop");
    client.order("send");
    let sent = Instant::now();
    eventually(Duration::from_secs(15), || {
        let rows = case.ss("state established");
        let backing_off = rows.iter().filter(|row| row.number("backoff:") >= Some(3)).count();
        if backing_off == 6 { Ok(()) } else { Err(format!("patient: {rows:?}")) }
    });

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&client)
            .must_say("count", 6)
            .must_measure("retransmits", 3.0..=100.0)
            .must_measure("oldest_unacked_s", 2.0..=sent.elapsed().as_secs_f64());
        assert_eq!(finding.about("peer"), format!("{THERE}:5432"), "{report}");
    }
}

#[test]
fn twin_whose_peer_acknowledges_is_well() {
    let case = Case::new("web");
    let there = case.second_host();
    there.start(Program::node("reads.js").args(["5432"]));
    let mut client = case.start(Program::python("sends.py").args([THERE, "5432", "6", "100"]));
    client.order("send");
    case.must_be_well();
}
