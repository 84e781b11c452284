//! `dns/tcp-dead`: UDP answers and TCP does not.

use crate::harness::Case;

const CODE: &str = "dns/tcp-dead";

#[test]
fn a_server_without_tcp_is_found_by_its_command_and_not_tried_by_check() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7", "notcp"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    case.paramedic(&["dns", "db.test"])
        .must_find(CODE)
        .must_be("warning")
        .must_say("tcp_answer", "port closed");
    // Plain check does not try TCP: skipped, or unknown where the server itself came too late.
    let report = case.paramedic(&[]);
    report.must_be_silent();
    assert!(["skipped", "unknown"].contains(&report.outcome(CODE)), "{report}");
}

#[test]
fn twin_that_answers_over_both_is_well_and_strays_are_counted() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=foreign"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let report = case.paramedic(&["dns", "db.test"]);
    report.must_be_silent();
    assert_eq!(report.outcome(CODE), "clear", "{report}");
    let foreign: u32 = report.rows("servers").iter().map(|r| r[11].parse::<u32>().unwrap()).sum();
    assert!(foreign >= 6, "one for each question: {report}");
}
