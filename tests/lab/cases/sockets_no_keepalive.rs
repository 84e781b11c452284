//! `sockets/no-keepalive`: an idle pool that would never notice the death of its peer.

use std::thread;
use std::time::Duration;

use crate::harness::{Case, Host, LIMITS, Patient, Program, THERE, soon};

const CODE: &str = "sockets/no-keepalive";

fn pool(case: &Case, mode: &str) -> (Patient, Host) {
    let there = case.second_host();
    there.start(Program::node("slow_server.js").args(["5432", "1"]));
    let pool = case.start(Program::node("idle_pool.js").args([THERE, "5432", "10", mode]));
    soon(|| case.counts("state established dport = :5432", 10));
    // Nobody waits five minutes for a test.
    case.write(LIMITS, "[limits.\"sockets/no-keepalive\"]\nidle_s = 2\n");
    thread::sleep(Duration::from_millis(2_500));
    (pool, there)
}

#[test]
fn idle_pool_without_keepalive_is_a_notice() {
    let case = Case::new("web");
    let (node, _there) = pool(&case, "plain");
    let armed = case.ss("state established").iter().filter(|row| row.line.contains("timer:")).count();
    assert_eq!(armed, 0, "patient");

    for report in case.looks("sockets", &["--config", LIMITS]) {
        let finding = report.must_find(CODE).must_blame(&node).must_be("notice").must_say("count", 10);
        assert_eq!(finding.about("peer"), format!("{THERE}:5432"), "{report}");
        report.must_be_silent();
    }
}

#[test]
fn twin_with_keepalive_has_no_notice() {
    let case = Case::new("web");
    let (_node, _there) = pool(&case, "keepalive");
    let rows = case.ss("state established");
    let armed = rows.iter().filter(|row| row.line.contains("timer:(keepalive")).count();
    assert_eq!(armed, 10, "patient: {rows:?}");
    let report = case.paramedic(&["--config", LIMITS]);
    report.must_not_find(CODE);
    report.must_be_silent();
}
