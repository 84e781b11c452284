//! `sockets/fin-wait-stuck`: we closed, the peer does not; owned sockets apart from orphans.

use crate::harness::{Case, Program, THERE, soon};

const CODE: &str = "sockets/fin-wait-stuck";

#[test]
fn half_closed_client_owns_its_fin_wait_2() {
    let case = Case::new("worker");
    let there = case.second_host();
    there.start(Program::node("half_open_server.js").args(["3000"]));
    let node = case.start(Program::node("half_closed_client.js").args([THERE, "3000", "40"]));
    soon(|| case.counts("state fin-wait-2", 40));
    let owned = case.ss("state fin-wait-2").iter().filter(|row| row.line.contains("ino:0 ")).count();
    assert_eq!(owned, 0, "patient lost its sockets");

    for report in case.looks("sockets", &[]) {
        let finding = report.must_find(CODE).must_blame(&node).must_say("count", 40);
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
