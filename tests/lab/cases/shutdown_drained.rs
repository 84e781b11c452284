//! The healthy ends: a full drain gives no finding, whatever the service was made with.

use super::shutdown::{Report, rehearse};

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
    is_whole(&rehearse(&[], &["node", "/run/lab/patients/ends.js", "3000", "drains"]));
}

#[test]
fn node_that_drains_as_pid_1() {
    is_whole(&rehearse(&["--as-pid1"], &["node", "/run/lab/patients/ends.js", "3000", "drains"]));
}

#[test]
fn node_that_drains_behind_a_shell_that_becomes_it() {
    let line = "exec node /run/lab/patients/ends.js 3000 drains";
    is_whole(&rehearse(&["--as-pid1"], &["sh", "-c", line]));
}

#[test]
fn node_that_drains_below_tini() {
    is_whole(&rehearse(&["--as-pid1"], &["tini", "--", "node", "/run/lab/patients/ends.js", "3000", "drains"]));
}

#[test]
fn node_that_drains_slowly_enough_by_its_prestop() {
    // The handler closes at once: what keeps it accepting is the sleep before the signal.
    let flags = ["--prestop", "sleep 1.5"];
    let report = rehearse(&flags, &["node", "/run/lab/patients/ends.js", "3000", "closes"]);
    report.must_not_find("shutdown/late-refused");
    report.must_not_find("shutdown/killed");
    report.must_not_find("shutdown/exit-status");
}
