//! `shutdown/exit-status`: what reads as a failure, and what is usual for the runtime.

use super::shutdown::{java, node, rehearse};

const CODE: &str = "shutdown/exit-status";

#[test]
fn an_exit_with_another_status_is_named() {
    let finding = rehearse(&[], &node("A=b", "fails"));
    let finding =
        finding.must_find(CODE).must_be("warning").must_say("exit_status", 3).must_say("runtime", "node");
    assert_eq!(finding.subject_name(), "node");
}

#[test]
fn twin_java_ends_with_143_as_it_does() {
    rehearse(&[], &java("plain")).must_not_find(CODE);
}

#[test]
fn twin_the_signal_itself_is_its_own_status() {
    rehearse(&[], &node("A=b", "deaf")).must_not_find(CODE);
}
