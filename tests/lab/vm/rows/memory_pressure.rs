//! Pressure of a control group, as the kernel measures it.

use crate::report::Report;
use crate::room;
use serde_json::json;

#[test]
fn a_group_that_waits_for_memory_is_named_with_its_process() {
    let said = room::said("memory-pressure", "pressure");
    let report = Report::of("memory-pressure", "waits");
    let finding = report.finding("memory/pressure");
    assert_eq!(finding["subject"], json!({"kind": "cgroup", "path": "/press"}), "{finding}");
    assert_eq!(finding["about"][0]["pid"], room::number("memory-pressure", "pid"), "{finding}");
    let share = finding["evidence"]["full_avg60_pct"].as_f64().unwrap();
    assert!((5.0..100.0).contains(&share), "{said}: {finding}");
}

#[test]
fn throttling_at_memory_high_is_told_as_such() {
    let report = Report::of("memory-pressure", "waits");
    let finding = report.finding("memory/near-limit");
    assert_eq!(finding["evidence"]["limit"], "memory.high", "{finding}");
    assert_eq!(finding["evidence"]["limit_bytes"], 16 << 20, "{finding}");
    assert!(finding["because"].to_string().contains("slowed down"), "{finding}");
}

#[test]
fn the_same_work_with_enough_memory_is_well() {
    Report::of("memory-pressure", "twin").assert_silent();
}
