//! `shutdown/late-refused`: what runtimes' own graceful shutdowns have in common is that they refuse at once.

use super::shutdown::{GUNICORN, NGINX, Report, java, rehearse};
use crate::harness::must_have;

const CODE: &str = "shutdown/late-refused";

fn refuses(report: &Report, runtime: &str) {
    report
        .must_find(CODE)
        .must_be("warning")
        .must_say("runtime", runtime)
        .must_measure("late_refused", 5.0..);
    for code in ["shutdown/killed", "shutdown/exit-status"] {
        report.must_not_find(code);
    }
}

#[test]
fn python_http_server_dies_of_the_signal() {
    let line = [
        "/usr/bin/python3",
        "-m",
        "http.server",
        "--bind",
        "127.0.0.1",
        "--directory",
        "/run/lab/work/www",
        "3000",
    ];
    let report = rehearse(&[], &line);
    refuses(&report, "python");
    let because = report.must_find(CODE).because();
    assert!(because.contains("the signal itself ended it"), "{because}");
}

#[test]
fn gunicorn_with_threads() {
    let flags = ["--worker-class", "gthread", "--threads", "8"];
    refuses(&rehearse(&[], &[&GUNICORN[..], &flags].concat()), "gunicorn");
}

#[test]
fn uvicorn() {
    must_have("/usr/bin/uvicorn");
    let line = [
        "/usr/bin/python3",
        "-m",
        "uvicorn",
        "--app-dir",
        "/run/lab/patients",
        "--port",
        "3000",
        "ends_wsgi:asgi",
    ];
    refuses(&rehearse(&[], &line), "uvicorn");
}

#[test]
fn nginx_told_to_quit_answers_what_it_has_and_refuses_the_rest() {
    let report = rehearse(&["--signal", "QUIT"], &NGINX);
    refuses(&report, "nginx");
    let cut = report.all("shutdown/requests-dropped").iter().any(|f| f.has("truncated"));
    assert!(!cut, "nothing is cut in its middle:\n{report}");
}

#[test]
fn java_with_a_hook() {
    refuses(&rehearse(&[], &java("hooks")), "java");
}
