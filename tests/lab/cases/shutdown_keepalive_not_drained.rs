//! `shutdown/keepalive-not-drained`: `server.close()` of Node.js tells clients that keep their connections busy nothing, and so never
//! comes to its end.

use super::shutdown::{node, rehearse};

const CODE: &str = "shutdown/keepalive-not-drained";

#[test]
fn connections_that_are_busy_are_never_told_to_close() {
    // Answers take so long that every kept connection is busy when the signal comes.
    let report = rehearse(&["--grace", "3s"], &node("DELAY_MS=300", "closes"));
    report.must_find("shutdown/killed").must_be("warning").must_say("handler", "caught");
    report.must_find("shutdown/late-refused").must_be("warning");
    report
        .must_find(CODE)
        .must_be("warning")
        .must_say("said_close", 0)
        .must_measure("open_at_the_exit", 1.0..=6.0);
}

#[test]
fn twin_connections_that_are_told_go() {
    let report = rehearse(&[], &node("DELAY_MS=300", "drains"));
    report.must_not_find(CODE);
    report.must_not_find("shutdown/killed");
}
