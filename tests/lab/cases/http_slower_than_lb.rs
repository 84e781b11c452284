//! `http/slower-than-lb`: an answer that comes when the balancer has given up, and one that comes in time.

use crate::harness::{Case, Program};

const CODE: &str = "http/slower-than-lb";

#[test]
fn an_answer_later_than_the_balancer_waits_is_named_and_one_in_time_is_not() {
    let case = Case::new("web");
    case.start(Program::node("slow_server.js").args(["3000", "1700"]));
    let report = case.paramedic(&["http", "http://127.0.0.1:3000/report", "--lb-idle", "1s"]);
    let found = report.must_find(CODE).must_be("warning").must_measure("first_byte_s", 1.65..2.5);
    assert!(found.title().starts_with("http://127.0.0.1:3000/report answers after"), "{report}");
    let twin = case.paramedic(&["http", "http://127.0.0.1:3000/hello", "--lb-idle", "1s"]);
    assert_eq!(twin.outcome(CODE), "clear", "{twin}");
    twin.must_be_silent();
}

#[test]
fn one_that_never_comes_is_at_least_so_late() {
    let case = Case::new("web");
    case.start(Program::node("slow_server.js").args(["3000", "600000"]));
    let args = ["http", "http://127.0.0.1:3000/", "--lb-idle", "1s", "--request-timeout", "2s"];
    let report = case.paramedic(&args);
    report.must_find(CODE).must_be("warning").must_measure("first_byte_s", 2.0..=3.0);
    assert_eq!(report.outcome("http/keepalive-below-lb"), "unknown", "{report}");
}
