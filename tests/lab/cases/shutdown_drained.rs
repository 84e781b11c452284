//! The healthy ends: a full drain gives no finding, whatever the service was made with.

use super::shutdown::{Report, node, rehearse};

/// Everything that was sent was answered, and nothing is said.
fn is_whole(report: &Report) {
    report.must_be_silent();
    assert_eq!(report.findings().count(), 0, "a full drain gives no finding:\n{report}");
    for code in ["requests-dropped", "killed", "late-refused", "keepalive-not-drained", "exit-status"] {
        assert_eq!(report.outcome(&format!("shutdown/{code}")), "clear", "{report}");
    }
}

#[test]
fn node_that_drains() {
    is_whole(&rehearse(&[], &node("A=b", "drains")));
}

#[test]
fn node_that_drains_as_pid_1() {
    is_whole(&rehearse(&["--as-pid1"], &node("A=b", "drains")));
}

#[test]
fn node_that_drains_behind_a_shell_that_becomes_it() {
    let line = "exec node /run/lab/patients/ends.js 3000 drains";
    is_whole(&rehearse(&["--as-pid1"], &["sh", "-c", line]));
}

#[test]
fn node_that_drains_below_tini() {
    is_whole(&rehearse(&["--as-pid1"], &[&["tini", "--"][..], &node("A=b", "drains")].concat()));
}

#[test]
fn what_closes_at_once_is_kept_accepting_by_its_prestop() {
    let report = rehearse(&["--prestop", "sleep 1.5"], &node("LATE_MS=0", "drains"));
    for code in ["killed", "late-refused", "exit-status"] {
        assert_eq!(report.outcome(&format!("shutdown/{code}")), "clear", "{report}");
    }
}
