//! Sockets without a process against `tcp_max_orphans`.

use crate::report::Report;
use crate::room;

const CODE: &str = "sockets/orphans";

#[test]
fn orphans_near_the_limit_are_found() {
    let text = room::said("orphans", "sockstat");
    assert!(text.contains(" orphan 60 "), "the patient is not what the row is about: {text}");
    let report = Report::of("orphans", "full");
    let finding = report.finding(CODE);
    assert_eq!(finding["evidence"]["orphans"], 60, "{finding}");
    assert_eq!(finding["evidence"]["max"], 64, "{finding}");
    assert_eq!(finding["subject"]["kind"], "host", "{finding}");
    assert!(report.exit > 0);
}

#[test]
fn the_same_orphans_below_the_usual_limit_are_nothing_to_report() {
    Report::of("orphans", "twin").assert_silent();
}
