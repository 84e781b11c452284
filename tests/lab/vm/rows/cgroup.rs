//! Memory: 20,000 sockets, and a control group of version 2 around whoever looks at them.

use crate::report::Report;
use crate::room;

const MIB: u64 = 1 << 20;

/// One counter of `memory.events`.
fn event(shot: &str, key: &str) -> u64 {
    let text = room::said("cgroup", shot);
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).unwrap();
    value.parse().unwrap()
}

#[test]
fn twenty_thousand_sockets_are_looked_at_inside_64_mib_and_nobody_is_killed() {
    let truth = room::said("cgroup", "truth");
    assert!(truth.contains("\"ESTABLISHED\": 20000"), "the patient is not what the row is about: {truth}");
    let report = Report::of("cgroup", "visitor");
    let seen = report.cell("sockets", ("state", &"ESTABLISHED".into()), "sockets").and_then(|c| c.as_u64());
    assert_eq!(seen, Some(20_000), "every socket is counted");
    assert_eq!(event("visitor-events", "oom_kill"), 0);
    assert_eq!(event("visitor-events", "oom"), 0);
    let peak = room::number("cgroup", "visitor-peak");
    assert!(peak <= 64 * MIB, "{peak}");
}

#[test]
fn all_rows_of_twenty_thousand_sockets_end_with_a_whole_document() {
    let tail = room::said("cgroup", "visitor-all");
    assert!(tail.ends_with('}'), "{tail}");
}

#[test]
fn in_the_nearly_full_group_of_the_patient_it_leaves_the_patient_alive() {
    assert_eq!(room::shot("cgroup", "alive").exit, 0, "the patient was killed");
    assert_eq!(event("beside-events", "oom_kill"), 0);
    let report = Report::of("cgroup", "beside");
    assert!(report.exit <= 1, "{}", report.exit);
    let seen = report.cell("sockets", ("state", &"ESTABLISHED".into()), "sockets").and_then(|c| c.as_u64());
    assert_eq!(seen, Some(20_000));
}
