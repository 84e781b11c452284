//! Descriptors near the soft limit, on a kernel where they have to be counted.

use crate::report::Report;
use crate::room;
use serde_json::{Value, json};

const CODE: &str = "fds/near-limit";

#[test]
fn root_gets_the_real_count_of_the_leaking_process() {
    let pid = room::number("near-limit", "pid");
    let counted = room::number("near-limit", "counted");
    assert_eq!(counted, 900, "the patient is not what the row is about");
    for shot in ["root", "check"] {
        let report = Report::of("near-limit", shot);
        let finding = report.finding_about(CODE, pid);
        assert_eq!(finding["severity"], "critical", "90 % of the soft limit: {finding}");
        assert_eq!(finding["evidence"]["open"], counted, "{finding}");
        assert_eq!(finding["evidence"]["soft_limit"], 1000, "{finding}");
        assert_eq!(report.exit, 2);
    }
}

#[test]
fn to_nobody_the_count_of_a_denied_process_is_unseen_and_not_0() {
    let pid = room::number("near-limit", "pid");
    let report = Report::of("near-limit", "nobody");
    let cell = report.cell("fds", ("pid", &json!(pid)), "open");
    // Left out of the table or there without a value; a number could only be the size of the directory, which is 0.
    assert!(cell.is_none_or(Value::is_null), "{cell:?}");
    report.assert_not_all_clear(CODE);
    assert!(report.all_gaps().iter().any(|gap| gap["why"] == "denied"), "{:#?}", report.gaps("fds"));
    assert_eq!(report.exit, 0, "what could be seen is fine");
    assert_eq!(Report::of("near-limit", "nobody-strict").exit, 3, "--strict counts the gap");
}

#[test]
fn a_check_of_nothing_but_a_denied_process_could_not_look() {
    let report = Report::of("near-limit", "nobody-named");
    assert_eq!(report.check(CODE)["outcome"], "unknown", "{}", report.check(CODE));
    assert_eq!(report.check(CODE)["why"], "denied", "{}", report.check(CODE));
    assert_eq!(report.exit, 3);
}

#[test]
fn nobody_sees_the_count_of_a_process_of_its_own() {
    let pid = room::number("near-limit", "own-pid");
    let report = Report::of("near-limit", "own");
    let finding = report.finding_about(CODE, pid);
    assert_eq!(finding["evidence"]["open"], 900, "{finding}");
    assert_eq!(finding["subject"]["user"], "nobody", "{finding}");
    assert_eq!(report.exit, 2);
}

#[test]
fn four_hundred_of_a_thousand_is_nothing_to_report() {
    Report::of("near-limit", "twin").assert_silent();
}
