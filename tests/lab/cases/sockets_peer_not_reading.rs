//! `sockets/peer-not-reading`: a client that never reads holds our socket and our memory.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Case, HERE, Program, THERE, soon};

const CODE: &str = "sockets/peer-not-reading";

#[test]
fn client_that_never_reads_is_named_with_our_bytes() {
    let case = Case::new("web");
    let there = case.second_host();
    let node = case.start(Program::node("writes.js").args(["3000", "8000000"]));
    let began = Instant::now();
    there.start(Program::python("never_reads.py").args([HERE, "3000", "4"]));
    let waiting = soon(|| {
        let rows = case.ss("state established");
        let stuck = rows.iter().filter(|row| row.send_q > 0 && row.line.contains("timer:(persist"));
        let bytes: Vec<u64> = stuck.map(|row| row.send_q).collect();
        if bytes.len() == 4 { Ok(bytes.iter().sum::<u64>()) } else { Err(format!("{rows:?}")) }
    });

    // What has waited for less than five seconds is nobody's worry.
    thread::sleep(Duration::from_millis(5_500));

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_say("count", 4)
            .must_say("bytes", waiting)
            .must_measure("oldest_s", 5.0..=began.elapsed().as_secs_f64());
        assert_eq!(finding.about("peer"), "clients of :3000", "{report}");
    }
}

#[test]
fn twin_whose_clients_take_the_same_bytes_is_well() {
    let case = Case::new("web");
    let there = case.second_host();
    there.start(Program::node("reads.js").args(["3000"]));
    let client = Program::python("sends.py").args([THERE, "3000", "4", "500000"]);
    let mut client = case.start(client);
    client.order("send");
    case.must_be_well();
}
