//! `disk/read-only`: a file system that takes no writes below a mount that allows them.

use crate::harness::Case;

const CODE: &str = "disk/read-only";
const FIRST: &str = "/run/lab/first";
const SECOND: &str = "/run/lab/second";

/// A file system mounted at two places.
fn two_mounts(case: &Case) {
    case.tool(&["mkdir", FIRST, SECOND]);
    case.tool(&["mount", "-t", "tmpfs", "-o", "size=8m", "volume", FIRST]);
    case.tool(&["mount", "--bind", FIRST, SECOND]);
}

#[test]
fn file_system_that_became_read_only_is_found_at_the_mount_that_promises_writes() {
    let case = Case::new("db");
    two_mounts(&case);
    case.tool(&["mount", "-o", "remount,ro", FIRST]);
    let table = case.proc(1, "mountinfo");
    let line = table.lines().find(|l| l.contains(SECOND)).expect("it is mounted");
    let (mount, inside) = line.split_once(" - ").expect("a hyphen");
    assert!(mount.contains(" rw,") && inside.contains(" ro"), "patient: {line}");

    for report in case.looks("disk", &[]) {
        let found = report.must_find(CODE).must_be("critical").must_say("filesystem", "tmpfs");
        found.must_blame_mount(SECOND);
        report.must_exit(2);
    }
}

#[test]
fn twin_that_was_mounted_read_only_is_well() {
    let case = Case::new("db");
    case.tool(&["mkdir", FIRST, SECOND]);
    case.tool(&["mount", "-t", "tmpfs", "-o", "size=8m,ro", "volume", FIRST]);
    case.tool(&["mount", "--bind", FIRST, SECOND]);
    case.must_be_well();
}

#[test]
fn twin_whose_second_mount_alone_is_read_only_is_well() {
    let case = Case::new("db");
    two_mounts(&case);
    case.tool(&["mount", "-o", "remount,bind,ro", SECOND]);
    case.must_be_well();
}
