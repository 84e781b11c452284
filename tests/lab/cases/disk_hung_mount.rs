//! `disk/hung-mount`: a FUSE file system that never answers.

use std::collections::BTreeSet;

use crate::harness::{Case, Program, Report};

const CODE: &str = "disk/hung-mount";
const STORE: &str = "/run/lab/store";

/// Codes of the checks that were not decided.
fn undecided(report: &Report) -> BTreeSet<String> {
    let sections = report.json["sections"].as_array().into_iter().flatten();
    let checks = sections.flat_map(|section| section["checks"].as_array().into_iter().flatten());
    let open = checks.filter(|check| check["outcome"] == "unknown");
    open.filter_map(|check| Some(check["code"].as_str()?.to_owned())).collect()
}

#[test]
fn mount_that_never_answers_is_found_in_time_and_all_else_is_decided() {
    let case = Case::timed("db");
    case.tool(&["mkdir", STORE]);
    let before = undecided(&case.paramedic(&[]));
    let fuse = case.start(Program::python("never_answers.py").args([STORE]));

    for report in case.looks("disk", &[]) {
        let found = report.must_find(CODE).must_be("critical").must_say("filesystem", "fuse.store");
        found.must_blame_mount(STORE);
        found.must_say("source", "store:/srv").must_measure("waited_ms", 200.0..=5_000.0);
        report.must_exit(2);
        let after = undecided(&report);
        assert!(
            after.is_subset(&before),
            "undecided because of the mount: {after:?}, before {before:?}\n{report}"
        );
        assert_eq!(report.outcome("disk/near-full"), "clear", "the other mounts are still judged\n{report}");
    }
    // Within its window and a second. One run in three may meet a machine that is busy with something else.
    let spans: Vec<f64> =
        (0..3).map(|_| case.paramedic(&[]).json["duration_ms"].as_f64().unwrap_or(f64::MAX)).collect();
    let best = spans.iter().copied().fold(f64::MAX, f64::min);
    assert!(best <= 2_000.0, "check took {spans:?} ms with a window of one second");
    // No child of ours is left behind on a mount whose requests can be given up.
    let list = case.tool(&["ps", "-eo", "comm="]);
    assert!(!list.contains("paramedic"), "{list}");
    drop(fuse);
}

#[test]
fn one_look_finds_it_too() {
    let case = Case::new("db");
    case.tool(&["mkdir", STORE]);
    case.start(Program::python("never_answers.py").args([STORE]));
    let report = case.paramedic(&["disk", "--window", "0"]);
    report.must_find(CODE).must_be("critical").must_blame_mount(STORE);
}

#[test]
fn several_of_them_cost_no_more_than_a_second() {
    let case = Case::timed("db");
    for n in 0..6 {
        let place = format!("{STORE}{n}");
        case.tool(&["mkdir", &place]);
        case.start(Program::python("never_answers.py").args([place]));
    }
    let report = case.paramedic(&["disk"]);
    report.must_find(CODE).must_be("critical");
    assert_eq!(report.outcome("disk/near-full"), "clear", "{report}");
    let spans: Vec<f64> =
        (0..3).map(|_| case.paramedic(&["disk"]).json["duration_ms"].as_f64().unwrap_or(f64::MAX)).collect();
    let best = spans.iter().copied().fold(f64::MAX, f64::min);
    assert!(best <= 2_500.0, "disk took {spans:?} ms with a window of one second");
}

#[test]
fn twin_with_a_mount_that_answers_is_well() {
    let case = Case::new("db");
    case.tool(&["mkdir", STORE]);
    case.tool(&["mount", "-t", "tmpfs", "-o", "size=8m", "store:/srv", STORE]);
    case.must_be_well();
}
