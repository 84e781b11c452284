//! A `/proc` mounted with `hidepid=2`: to other users the processes are not even there.

use crate::report::Report;
use crate::room;
use serde_json::{Value, json};

#[test]
fn the_patient_is_hidden_from_nobody_and_found_by_root() {
    let pid = room::number("hidepid", "pid");
    assert!(room::number("hidepid", "seen") < 6, "hidepid did not bind: most processes are still in sight");
    let report = Report::of("hidepid", "root");
    assert_eq!(report.finding_about("fds/near-limit", pid)["evidence"]["open"], 900);
    assert_eq!(report.exit, 2);
}

#[test]
fn what_is_hidden_is_said_and_never_called_clear() {
    let pid = room::number("hidepid", "pid");
    for shot in ["fds", "check", "listed"] {
        let report = Report::of("hidepid", shot);
        assert_eq!(report.exit, 0, "{shot}: what could be seen is fine");
        let gaps = report.all_gaps();
        assert!(gaps.iter().any(|gap| gap["why"] == "denied"), "{shot}: processes are hidden: {gaps:#?}");
        let row = report.cell("fds", ("pid", &json!(pid)), "open");
        assert!(row.is_none_or(Value::is_null), "{shot}: the hidden patient has a count: {row:?}");
        report.assert_not_all_clear("fds/near-limit");
    }
    let said = Report::of("hidepid", "fds").all_gaps().iter().any(|gap| gap.to_string().contains("hidepid"));
    assert!(said, "the reason is a word that one can look up");
}

#[test]
fn strict_counts_what_is_hidden_as_unknown() {
    for shot in ["fds-strict", "check-strict", "listed-strict"] {
        assert_eq!(Report::of("hidepid", shot).exit, 3, "{shot}");
    }
}

#[test]
fn a_pid_that_is_hidden_is_a_scope_that_matches_nothing() {
    let shot = room::shot("hidepid", "fds-pid");
    assert_eq!(shot.exit, 3, "{}{}", shot.stdout, shot.stderr);
}
