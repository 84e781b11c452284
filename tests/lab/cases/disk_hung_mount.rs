//! `disk/hung-mount`: a FUSE file system that never answers.

use std::collections::BTreeSet;

use crate::harness::{Case, Program, Report, soon};

const CODE: &str = "disk/hung-mount";
const STORE: &str = "/run/lab/store";

/// Codes of the checks that were not decided.
fn undecided(report: &Report) -> BTreeSet<String> {
    let sections = report.json["sections"].as_array().into_iter().flatten();
    let checks = sections.flat_map(|section| section["checks"].as_array().into_iter().flatten());
    let open = checks.filter(|check| check["outcome"] == "unknown");
    open.filter_map(|check| Some(check["code"].as_str()?.to_owned())).collect()
}

/// A run ends within its window of a second and one more. The binary runs at nice 19: on a machine that is busy with
/// something else any run takes longer, so one that does not look at the mounts is timed beside it.
fn must_be_in_time(case: &Case, line: &[&str], beside: &[&str]) {
    let took = |line: &[&str]| case.paramedic(line).json["duration_ms"].as_f64().unwrap_or(f64::MAX);
    let mut all = Vec::new();
    for _ in 0..12 {
        let (with, without) = (took(line), took(beside));
        if with <= 2_000.0 || with <= without + 1_000.0 {
            return;
        }
        all.push((with, without));
    }
    panic!("paramedic {line:?} and {beside:?} took, in ms: {all:?}");
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
    must_be_in_time(&case, &[], &["--skip", "disk"]);
    // No child of ours is left behind on a mount whose requests can be given up.
    soon(|| {
        let list = case.tool(&["sh", "-c", "cat /proc/[0-9]*/comm 2>/dev/null || true"]);
        if list.contains("paramedic") { Err(list) } else { Ok(()) }
    });
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
    must_be_in_time(&case, &["disk"], &["fds"]);
}

#[test]
fn twin_with_a_mount_that_answers_is_well() {
    let case = Case::new("db");
    case.tool(&["mkdir", STORE]);
    case.tool(&["mount", "-t", "tmpfs", "-o", "size=8m", "store:/srv", STORE]);
    case.must_be_well();
}
