//! A `/proc` mounted with `hidepid=2`: to other users the processes are not even there.

use crate::report::Report;
use crate::room;
use serde_json::json;

#[test]
fn the_patient_is_hidden_from_nobody_and_found_by_root() {
    let pid = room::number("hidepid", "pid");
    assert!(room::number("hidepid", "seen") < 6, "hidepid did not bind: most processes are still in sight");
    let report = Report::of("hidepid", "root");
    assert_eq!(report.finding_about("fds/near-limit", pid)["evidence"]["open"], 900);
    assert_eq!(report.exit, 2);
}

#[test]
fn what_is_hidden_is_a_gap_in_every_area_that_looks_at_processes() {
    let pid = room::number("hidepid", "pid");
    for (shot, areas) in [("fds", &["fds"][..]), ("check", &["fds", "sockets"])] {
        let report = Report::of("hidepid", shot);
        assert_eq!(report.exit, 0, "what could be seen is fine");
        for area in areas {
            let gaps = report.gaps(area);
            let said = gaps.iter().any(|gap| gap.to_string().contains("hidepid"));
            assert!(said, "{shot}: {area} does not say that processes are hidden: {gaps:#?}");
        }
        assert!(
            report.cell("fds", ("pid", &json!(pid)), "open").is_none(),
            "{shot}: the hidden patient has a row"
        );
        let unseen = report.check("fds/near-limit")["unseen"].as_u64();
        assert!(unseen.is_none_or(|n| n > 0), "{shot}: clear about all although most is hidden");
    }
}

#[test]
fn strict_counts_what_is_hidden_as_unknown() {
    assert_eq!(Report::of("hidepid", "fds-strict").exit, 3);
    assert_eq!(Report::of("hidepid", "check-strict").exit, 3);
}

#[test]
fn a_pid_that_is_hidden_is_a_scope_that_matches_nothing() {
    let shot = room::shot("hidepid", "fds-pid");
    assert_eq!(shot.exit, 3, "{}{}", shot.stdout, shot.stderr);
}
