//! `http/no-header-timeout`: a head that comes a byte a second, to a server that waits for ever and to one that does not.

use crate::harness::{Case, LIMITS, Program};

const CODE: &str = "http/no-header-timeout";
/// So that nobody has to wait a minute.
const SOON: &str = "[limits.\"http/no-header-timeout\"]\nwaited_s = 3\n";

#[test]
fn a_server_that_waits_for_ever_is_named_and_one_with_a_timeout_is_not() {
    let case = Case::new("web");
    case.write(LIMITS, SOON);
    case.start(Program::python_http_server(8000, "127.0.0.1"));
    let args = ["--probe", "headers,body", "--probe-for", "3500ms", "--config", LIMITS];
    let report = case.paramedic(&[&["http", "http://127.0.0.1:8000/"], &args[..]].concat());
    report.must_find(CODE).must_be("warning").must_measure("waited_s", 3.5..5.0);
    let held = report.rows("held");
    assert_eq!((held.len(), held[0][0].as_str()), (2, "slow head"), "{report}");
    // It has no method for a body, and says so at once.
    assert_eq!(held[1][2], "answered with 501", "{report}");
}

#[test]
fn a_408_is_a_good_answer_to_what_is_too_slow() {
    let case = Case::new("web");
    let short = ["headersTimeout=1000", "requestTimeout=1500", "connectionsCheckingInterval=200"];
    case.start(Program::node("http_app.js").args(["3000", "1", "drains"]).args(short));
    let report =
        case.paramedic(&["http", "http://127.0.0.1:3000/", "--probe", "headers", "--probe-for", "15s"]);
    assert_eq!(report.outcome(CODE), "clear", "{report}");
    report.must_be_silent();
    assert_eq!(report.rows("held")[0][2], "answered with 408", "{report}");
    // Nobody is slow to a server by accident.
    let plain = case.paramedic(&["http", "http://127.0.0.1:3000/"]);
    assert_eq!(plain.outcome(CODE), "skipped", "{plain}");
}
