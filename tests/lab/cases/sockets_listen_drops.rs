//! `sockets/listen-drops`: connections that are dropped while we look, and the listener that does.

use crate::harness::{Case, HERE, Program, soon};

const CODE: &str = "sockets/listen-drops";

#[test]
fn drops_are_counted_at_the_listener_that_drops() {
    let case = Case::timed("web");
    let there = case.second_host();
    let well = case.start(Program::python_http_server(8000, "0.0.0.0"));
    let mut node = case.start(Program::node("blocked_loop.js").args(["3000", "2"]));
    node.order_without_answer("block");
    there.start(Program::python("knocks.py").args([HERE, "3000", "50", "0.2"]));
    soon(|| {
        let drops = case.counter("TcpExt", "ListenDrops");
        if drops >= 50 { Ok(()) } else { Err(format!("patient dropped {drops} only")) }
    });

    for report in case.looks("sockets", &["--window", "1s"]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_measure("drops", 20.0..=2000.0)
            .must_measure("total_drops", 50.0..=1e5);
        assert!(finding.about("listener").ends_with(":3000"), "{report}");
        assert!(finding.number("total_drops") >= finding.number("drops"), "{report}");
        let others = report.all(CODE).into_iter().filter(|f| f.subject()["pid"] == well.pid());
        assert_eq!(others.count(), 0, "{report}");
    }
}

#[test]
fn twin_whose_drops_are_long_past_is_well() {
    let case = Case::new("web");
    let there = case.second_host();
    case.start(Program::node("slow_server.js").args(["3000", "5"]));
    there.start(Program::python("opens_and_closes.py").args([HERE, "3000", "50"]));
    case.must_be_well();
}
