//! What the cases of `shutdown` share: a host, a service that is started and told to end, the report.

pub use crate::harness::Report;
use crate::harness::{Case, must_have};

/// Short, and wide enough for a machine that compiles beside the lab: the service lives for some seconds.
const SHORT: [&str; 13] = [
    "shutdown", "--warm-up", "500ms", "--late", "1s", "--grace", "4s", "--request-timeout", "8s", "--start-timeout", "25s", "--ready",
    "3000",
];

/// Rehearses the end of what this line starts; it answers on port 3000.
pub fn rehearse(flags: &[&str], line: &[&str]) -> Report {
    must_have(line[0]);
    let case = Case::new("web");
    case.tool(&["mkdir", "-p", "/run/lab/work/www"]);
    let big = "x".repeat(20_000);
    case.write("/run/lab/work/www/index.html", &big);
    // The first process of the host reaps what is left to it: nothing may be.
    let running = || case.tool(&["ps", "-eo", "args="]).lines().filter(|l| !l.contains("ps -eo")).count();
    let before = running();
    let report = case.paramedic(&[&SHORT, flags, &["--"], line].concat());
    assert_eq!(running(), before, "something was left running: {}", case.tool(&["ps", "-eo", "pid,args"]));
    report
}
