//! `shutdown/killed`: who ate the signal is named. The healthy ends are in `shutdown_drained`.

use super::shutdown::{Report, node, rehearse};

const CODE: &str = "shutdown/killed";

/// It was killed, and this is why.
fn is_killed(report: &Report, why: &str) {
    let finding = report.must_find(CODE).must_be("warning");
    let because = finding.because();
    assert!(because.contains(why), "{because} does not say {why:?}:\n{report}");
}

#[test]
fn node_without_a_handler_as_pid_1_drops_it() {
    let report = rehearse(&["--as-pid1", "--grace", "2s"], &node("A=b", "deaf"));
    is_killed(&report, "drops it as PID 1");
}

#[test]
fn a_shell_as_pid_1_gives_it_to_nobody() {
    let line = "node /run/lab/patients/ends.js 3000 drains; true";
    let report = rehearse(&["--as-pid1", "--grace", "2s"], &["sh", "-c", line]);
    is_killed(&report, "shells give signals to nobody");
    assert_eq!(report.must_find(CODE).about_things()[0]["name"], "node", "who listens is named too");
}

#[test]
fn a_handler_that_does_not_come_to_its_end() {
    is_killed(&rehearse(&["--grace", "2s"], &node("A=b", "waits")), "did not come to its end");
}

#[test]
fn a_prestop_that_takes_it_all() {
    let report = rehearse(&["--grace", "1s", "--prestop", "sleep 60"], &node("A=b", "waits"));
    is_killed(&report, "took the whole grace period");
}
