//! What the cases of `shutdown` share: a host, a service that is started and told to end, the report.

pub use crate::harness::Report;
use crate::harness::{Case, must_have, soon};

/// Short, and wide enough for a machine that compiles beside the lab: the service lives for some seconds.
const SHORT: [[&str; 2]; 6] = [
    ["--warm-up", "500ms"],
    ["--late", "1s"],
    ["--grace", "8s"],
    ["--request-timeout", "8s"],
    ["--start-timeout", "25s"],
    ["--ready", "3000"],
];

/// The service in Node.js that ends in this way, with a variable of its environment.
pub fn node<'a>(variable: &'a str, way: &'a str) -> [&'a str; 6] {
    ["env", variable, "node", "/run/lab/patients/ends.js", "3000", way]
}

/// A line of gunicorn.
pub const GUNICORN: [&str; 6] =
    ["/usr/bin/gunicorn", "--pythonpath", "/run/lab/patients", "--bind", "127.0.0.1:3000", "ends_wsgi:app"];

/// nginx whose answers take half a second.
pub const NGINX: [&str; 5] = ["nginx", "-p", "/run/lab/work", "-c", "/run/lab/patients/ends.conf"];

/// Java's own server.
pub fn java(way: &str) -> [&str; 5] {
    ["java", "-Xmx128m", "/run/lab/patients/Ends.java", "3000", way]
}

/// Rehearses the end of what this line starts; it answers on port 3000.
pub fn rehearse(flags: &[&str], line: &[&str]) -> Report {
    if line[0].starts_with('/') {
        must_have(line[0]);
    }
    let case = Case::new("web");
    case.tool(&["mkdir", "-p", "/run/lab/work/www"]);
    let big = "x".repeat(20_000);
    case.write("/run/lab/work/www/index.html", &big);
    // The first process of the host reaps what is left to it: nothing may be.
    let running = || case.tool(&["ps", "-eo", "args="]).lines().filter(|l| !l.contains("ps -eo")).count();
    let before = running();
    let short: Vec<&str> =
        SHORT.iter().filter(|[flag, _]| !flags.contains(flag)).flatten().copied().collect();
    let report = case.paramedic(&[&["shutdown"], &short[..], flags, &["--"], line].concat());
    // Our own helper, which reads what may hang, ends with us and not before us.
    soon(|| match running() {
        now if now <= before => Ok(()),
        now => Err(format!("{now} processes, {before} before: {}", case.tool(&["ps", "-eo", "pid,args"]))),
    });
    report
}
