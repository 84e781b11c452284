//! `sockets/app-not-reading`: bytes wait in Recv-Q and nobody comes for them.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Case, HERE, Program, soon};

const CODE: &str = "sockets/app-not-reading";

#[test]
fn stopped_server_lets_bytes_wait() {
    let case = Case::new("web");
    let there = case.second_host();
    let node = case.start(Program::node("reads.js").args(["3000"]));
    let mut clients = there.start(Program::python("sends.py").args([HERE, "3000", "8", "5000"]));
    soon(|| case.counts("state established", 8));
    case.tool(&["kill", "-STOP", &node.pid().to_string()]);
    let sent = Instant::now();
    clients.order("send");
    soon(|| {
        let rows = case.ss("state established");
        let waiting: u64 = rows.iter().map(|row| row.recv_q).sum();
        if waiting == 40_000 { Ok(()) } else { Err(format!("patient: {waiting} bytes wait")) }
    });

    // What has waited for less than five seconds is nobody's worry.
    thread::sleep(Duration::from_millis(5_500));

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_say("count", 8)
            .must_be("warning")
            .must_say("bytes", 40_000)
            .must_measure("oldest_s", 5.0..=sent.elapsed().as_secs_f64());
        assert!(finding.about("listener").ends_with(":3000"), "{report}");
    }
}

#[test]
fn twin_that_reads_what_it_gets_is_well() {
    let case = Case::new("web");
    let there = case.second_host();
    case.start(Program::node("reads.js").args(["3000"]));
    let mut clients = there.start(Program::python("sends.py").args([HERE, "3000", "8", "5000"]));
    clients.order("send");
    case.must_be_well();
}
