//! `shutdown/requests-dropped`: requests that were in flight, cut in each runtime's own way. The healthy ends are in
//! `shutdown_drained`.

use super::shutdown::{GUNICORN, NGINX, Report, java, node, rehearse};

const CODE: &str = "shutdown/requests-dropped";

/// Requests were lost in this way.
fn drops(report: &Report, runtime: &str, how: &str) {
    report.must_find(CODE).must_say("runtime", runtime).must_measure(how, 1.0..);
    report.must_not_find("shutdown/killed");
}

#[test]
fn node_without_a_handler() {
    let report = rehearse(&[], &node("A=b", "deaf"));
    drops(&report, "node", "reset_before");
    let because = report.must_find(CODE).because();
    assert!(because.contains("no handler for SIGTERM") && because.contains("still on its way"), "{because}");
}

#[test]
fn nginx_told_to_terminate_cuts_answers_of_200_in_their_middle() {
    drops(&rehearse(&[], &NGINX), "nginx", "truncated");
}

#[test]
fn a_sync_worker_of_gunicorn_drops_its_queue() {
    drops(&rehearse(&[], &GUNICORN), "gunicorn", "reset_before");
}

#[test]
fn java_without_a_hook() {
    drops(&rehearse(&[], &java("plain")), "java", "reset_before");
}

#[test]
fn a_shell_in_front_ends_and_the_service_is_killed_with_it() {
    let line = "node /run/lab/patients/ends.js 3000 drains; true";
    let report = rehearse(&[], &["sh", "-c", line]);
    drops(&report, "node", "reset_before");
    let finding = report.must_find(CODE).must_say("left", 1);
    let because = finding.because();
    assert!(
        because.contains("was alive when its first process ended") && because.contains("--as-pid1"),
        "{because}"
    );
}

#[test]
fn a_shell_below_tini_ends_and_the_namespace_with_it() {
    let line = "node /run/lab/patients/ends.js 3000 drains; true";
    let report = rehearse(&["--as-pid1"], &["tini", "--", "sh", "-c", line]);
    drops(&report, "node", "reset_before");
    let because = report.must_find(CODE).because();
    assert!(because.contains("gives SIGTERM to its child alone"), "{because}");
}
