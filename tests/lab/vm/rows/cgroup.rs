//! Memory: 20,000 sockets, and a control group of version 2 around whoever looks at them.

use crate::report::Report;
use crate::room;
use serde_json::json;

/// One counter of `memory.events`.
fn event(shot: &str, key: &str) -> u64 {
    let text = room::said("cgroup", shot);
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).unwrap();
    value.parse().unwrap()
}

/// Asserts that all connections of the patient were counted, and that they have their owner, or that a gap says how many
/// owners there was no memory for.
fn assert_true(shot: &str) -> Report {
    let truth = room::said("cgroup", "truth");
    assert!(truth.contains("\"ESTABLISHED\": 20000"), "the patient is not what the row is about: {truth}");
    let report = Report::of("cgroup", shot);
    let seen = report.cell("sockets", ("state", &json!("ESTABLISHED")), "sockets");
    assert_eq!(seen, Some(&json!(20_000)), "{shot}");
    let pid = json!(room::number("cgroup", "pid"));
    let owned =
        report.cells("sockets", ("pid", &pid), "conns").iter().filter_map(|c| c.as_u64()).sum::<u64>();
    let left_out = report.gaps("sockets").iter().filter_map(|gap| gap["count"].as_u64()).sum::<u64>();
    // Listeners and what is in TIME_WAIT are beside the connections that the table counts.
    assert!(
        owned <= 20_000 && (20_000..20_300).contains(&(owned + left_out)),
        "{shot}: {owned} and {left_out}"
    );
    report.assert_silent();
    report
}

#[test]
fn twenty_thousand_sockets_are_looked_at_inside_64_mib_and_nobody_is_killed() {
    let gaps = assert_true("visitor").all_gaps().len();
    assert_eq!(gaps, 0, "64 MiB are enough for all of it");
    assert_eq!((event("visitor-events", "oom"), event("visitor-events", "oom_kill")), (0, 0));
    assert_eq!(event("visitor-events", "max"), 0, "it came to the limit");
}

#[test]
fn all_rows_of_twenty_thousand_sockets_end_with_a_whole_document() {
    let tail = room::said("cgroup", "visitor-all");
    assert!(tail.ends_with('}'), "{tail}");
}

#[test]
fn in_the_nearly_full_group_of_the_patient_it_leaves_the_patient_alive_and_tells_the_truth() {
    assert_eq!(room::shot("cgroup", "alive").exit, 0, "the patient was killed");
    assert_eq!((event("beside-events", "oom"), event("beside-events", "oom_kill")), (0, 0));
    assert!(event("beside-events", "max") > 0, "the group was never full, so the row shows nothing");
    assert_true("beside");
}
