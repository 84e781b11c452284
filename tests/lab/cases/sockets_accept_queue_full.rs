//! `sockets/accept-queue-full`: the event loop stands still and the queue of its listener is full.

use crate::harness::{Case, HERE, Program, soon};

const CODE: &str = "sockets/accept-queue-full";

#[test]
fn blocked_event_loop_with_a_full_queue_is_named() {
    let case = Case::new("web");
    let there = case.second_host();
    let mut node = case.start(Program::node("blocked_loop.js").args(["3000", "2"]));
    node.order_without_answer("block");
    there.start(Program::python("knocks.py").args([HERE, "3000", "50", "1"]));
    let (queue, backlog) = soon(|| {
        let listener = &case.ss("state listening sport = :3000")[0];
        let full = listener.recv_q > listener.send_q;
        full.then_some((listener.recv_q, listener.send_q)).ok_or(listener.line.clone())
    });
    assert_eq!((queue, backlog), (3, 2), "patient");

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("critical")
            .must_say("queue", 3)
            .must_say("backlog", 2);
        assert!(finding.about("listener").ends_with(":3000"), "{report}");
        report.must_exit(2);
    }
}

#[test]
fn twin_with_the_same_clients_and_a_free_event_loop_is_well() {
    let case = Case::timed("web");
    let there = case.second_host();
    case.start(Program::node("blocked_loop.js").args(["3000", "511"]));
    there.start(Program::python("knocks.py").args([HERE, "3000", "50", "1"]));
    soon(|| case.counts("state established sport = :3000", 50));
    case.must_be_well();
}
