//! `sockets/retransmits`: a wire that loses packets.

use std::thread;
use std::time::Duration;

use crate::harness::{Case, Host, Program, THERE};

const CODE: &str = "sockets/retransmits";

fn sent(case: &Case) -> (u64, u64) {
    (case.counter("Tcp", "OutSegs"), case.counter("Tcp", "RetransSegs"))
}

/// 40 connections to the other host, 4,000 segments a second when nothing is lost.
fn streams(case: &Case) -> Host {
    let there = case.second_host();
    // One packet per segment: otherwise a lost packet is a lost batch of up to 45 segments.
    case.tool(&["ip", "link", "set", "wire", "gso_max_segs", "1"]);
    // The one that every kernel has built in.
    case.sysctl("net/ipv4/tcp_congestion_control", "reno");
    there.start(Program::node("reads.js").args(["9000"]));
    case.start(Program::python("streams.py").args([THERE, "9000", "40"]));
    there
}

/// What is sent and sent again in one second.
fn in_one_second(case: &Case) -> (u64, u64) {
    let (out, again) = sent(case);
    thread::sleep(Duration::from_secs(1));
    let now = sent(case);
    (now.0 - out, now.1 - again)
}

#[test]
fn wire_that_loses_a_seventh_is_named() {
    let case = Case::timed("web");
    let there = streams(&case);
    there.filter_input("tcp dport 9000 numgen random mod 100 < 15 drop");
    thread::sleep(Duration::from_millis(500));
    let (out, again) = in_one_second(&case);
    assert!(out >= 1_500 && again * 100 >= out * 8, "patient: {again} of {out} sent again");

    for report in case.looks("sockets", &["--window", "1s"]) {
        let finding = report.must_find(CODE).must_measure("sent", 1000.0..).must_measure("pct", 5.0..=60.0);
        assert_eq!(finding.subject()["kind"], "host", "{report}");
        assert!(finding.about("peer").starts_with(THERE), "{report}");
        let pct = 100.0 * finding.number("retransmitted") / finding.number("sent");
        assert!((pct - finding.number("pct")).abs() < 0.2, "{report}");
    }
}

#[test]
fn twin_with_a_sound_wire_is_well() {
    let case = Case::timed("web");
    let _there = streams(&case);
    let (out, again) = in_one_second(&case);
    assert!(out >= 1_500 && again * 50 < out, "patient: {again} of {out} sent again");
    case.must_be_well();
}
