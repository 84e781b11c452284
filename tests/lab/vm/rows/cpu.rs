//! Quotas and pressure of processor time in control groups of version 2.

use crate::report::Report;
use crate::room;
use serde_json::{Value, json};

const THROTTLED: &str = "cpu/throttled";
const PRESSURE: &str = "cpu/pressure";

fn cgroup(path: &str) -> Value {
    json!({"kind": "cgroup", "path": path})
}

/// One counter of `cpu.stat`.
fn stat(shot: &str, key: &str) -> f64 {
    let text = room::said("cpu", shot);
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).unwrap();
    value.parse().unwrap()
}

#[test]
fn a_quota_in_the_parent_is_told_at_the_parent_with_the_process_below_it() {
    assert!(stat("stat", "nr_throttled") >= 30.0, "the patient is not what the row is about");
    for shot in ["throttled", "long"] {
        let report = Report::of("cpu", shot);
        let finding = report.finding(THROTTLED);
        assert_eq!(finding["subject"], cgroup("/pod"), "{finding}");
        assert_eq!(finding["severity"], "warning", "{finding}");
        assert_eq!(finding["evidence"]["quota_cores"], 0.2, "{finding}");
        assert!(finding["evidence"]["throttled_pct"].as_f64().unwrap() >= 25.0, "{finding}");
        assert!(finding["evidence"]["span_s"].as_f64().unwrap() >= 3.0, "{finding}");
        assert_eq!(finding["about"][0]["pid"], room::number("cpu", "pid"), "{finding}");
        assert!(finding["because"].to_string().contains("one of a parent"), "{finding}");
        assert_eq!(report.exit, 1, "{shot}");
    }
}

#[test]
fn a_moment_of_it_is_a_notice_and_one_look_is_nothing() {
    let report = Report::of("cpu", "notice");
    assert_eq!(report.finding(THROTTLED)["severity"], "notice");
    assert_eq!(report.exit, 0);
    assert_eq!(Report::of("cpu", "once").check(THROTTLED)["outcome"], "skipped");
}

#[test]
fn the_pressure_of_the_group_is_its_own_and_names_who_is_held() {
    let said = room::said("cpu", "pressure");
    let report = Report::of("cpu", "throttled");
    let finding = report.finding(PRESSURE);
    assert_eq!(finding["severity"], "warning", "{finding}");
    let path = finding["subject"]["path"].as_str().unwrap();
    assert!(path.starts_with("/pod"), "not that of the machine: {finding}");
    let share = finding["evidence"]["full_avg60_pct"].as_f64().unwrap();
    assert!((4.0..=100.0).contains(&share), "{said}: {finding}");
    assert_eq!(finding["about"][0]["pid"], room::number("cpu", "pid"), "{finding}");
}

#[test]
fn behind_a_namespace_the_quota_is_no_signal_and_the_pressure_still_is() {
    let report = Report::of("cpu", "hidden");
    let check = report.check(THROTTLED);
    assert_eq!(check["outcome"], "skipped", "{check}");
    assert!(check.to_string().contains("cannot be seen"), "{check}");
    let finding = report.finding(PRESSURE);
    assert_eq!(finding["severity"], "warning", "{finding}");
    assert!(finding["because"].to_string().contains("a parent that cannot be seen"), "{finding}");
}

#[test]
fn the_same_quota_with_little_to_do_is_well() {
    Report::of("cpu", "twin").assert_silent();
    let report = Report::of("cpu", "twin-cpu");
    report.assert_silent();
    assert_eq!(report.check(THROTTLED)["outcome"], "clear", "{}", room::said("cpu", "twin-stat"));
    assert_eq!(report.check(PRESSURE)["outcome"], "clear");
    // Python's own start used the quota up, which is over: the life of the group alone accuses nobody.
    assert!(stat("twin-stat", "nr_throttled") > 0.0, "{}", room::said("cpu", "twin-stat"));
    let quota = report.cell("cpu", ("cgroup", &json!("/pod")), "quota_cores");
    assert_eq!(quota, Some(&json!(0.2)));
}
