//! `sockets/fin-wait-stuck`: we closed, the peer does not; owned sockets apart from orphans.

use crate::harness::{Case, LIMITS, Program, THERE, soon};

const CODE: &str = "sockets/fin-wait-stuck";

#[test]
fn half_closed_client_owns_its_fin_wait_2() {
    let case = Case::new("worker");
    let there = case.second_host();
    there.start(Program::node("half_open_server.js").args(["3000"]));
    let node =
        case.start(Program::node("half_closed_client.js").args([THERE, "3000", "40"]).nofile(300, 300));
    soon(|| case.counts("state fin-wait-2", 40));
    let owned = case.ss("state fin-wait-2").iter().filter(|row| row.line.contains("ino:0 ")).count();
    assert_eq!(owned, 0, "patient lost its sockets");

    for report in case.looks("sockets", &[]) {
        let finding = report.must_find(CODE).must_blame(&node).must_be("warning").must_say("count", 40);
        assert_eq!(finding.about("peer"), format!("{THERE}:3000"), "{report}");
    }
}

#[test]
fn closed_connections_that_nobody_acknowledges_are_the_machines() {
    let case = Case::new("worker");
    let there = case.second_host();
    // Nobody makes ten thousand for a test.
    case.write(LIMITS, "[limits.\"sockets/fin-wait-stuck\"]\norphans = 30\n");
    there.start(Program::node("reads.js").args(["3000"]));
    let mut client = case.start(Program::python("sends.py").args([THERE, "3000", "40", "100"]));
    there.filter_input("drop");
    client.order("send");
    client.order("close");
    case.counts("state fin-wait-1", 40).unwrap();

    for report in case.looks("sockets", &["--config", LIMITS]) {
        let finding = report.must_find(CODE).must_be("warning").must_say("count", 40);
        assert_eq!(finding.subject()["kind"], "host", "{report}");
        assert_eq!(finding.about("peer"), format!("{THERE}:3000"), "{report}");
    }
}

#[test]
fn twin_orphans_of_clients_that_closed_are_well() {
    let case = Case::new("worker");
    let there = case.second_host();
    there.start(Program::node("half_open_server.js").args(["3000"]));
    case.start(Program::python("opens_and_closes.py").args([THERE, "3000", "40"]));
    soon(|| case.counts("state fin-wait-2", 40));
    case.must_be_well();
}
