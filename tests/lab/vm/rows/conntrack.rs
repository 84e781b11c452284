//! The table of tracked connections.

use crate::report::Report;
use crate::room;

const CODE: &str = "sockets/conntrack-near-limit";

#[test]
fn a_table_of_tracked_connections_that_is_nearly_full_is_found() {
    let report = Report::of("conntrack", "full");
    let finding = report.finding(CODE);
    let count = room::number("conntrack", "count");
    assert!(count >= 190, "the patient is not what the row is about: {count}");
    assert!(finding["evidence"]["used"].as_u64().unwrap().abs_diff(count) <= 4, "{finding} and {count}");
    assert_eq!(finding["evidence"]["max"], 200, "{finding}");
    assert_eq!(finding["subject"]["kind"], "host", "{finding}");
    assert!(report.exit > 0);
}

#[test]
fn the_same_connections_in_the_usual_table_are_nothing_to_report() {
    Report::of("conntrack", "twin").assert_silent();
    assert_eq!(Report::of("conntrack", "twin").check(CODE)["outcome"], "clear");
}

#[test]
fn a_namespace_that_reads_0_of_the_full_table_does_not_call_it_clear() {
    let report = Report::of("conntrack", "other-namespace");
    assert_eq!(report.check(CODE)["outcome"], "unknown", "{}", report.check(CODE));
}
