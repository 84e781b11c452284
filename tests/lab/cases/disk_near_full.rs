//! `disk/near-full` and `disk/inodes-near-full`: a tmpfs filled by bytes, and one by inodes.

use crate::harness::{Case, Program};

const SPACE: &str = "disk/near-full";
const INODES: &str = "disk/inodes-near-full";
const DATA: &str = "/run/lab/data";

/// A file system of 32 MiB and 1,000 inodes at [`DATA`].
fn volume(case: &Case) {
    case.tool(&["mkdir", DATA]);
    case.tool(&["mount", "-t", "tmpfs", "-o", "size=32m,nr_inodes=1000,mode=777", "volume", DATA]);
}

#[test]
fn volume_filled_by_bytes_is_found_with_what_is_left() {
    for (pct, severity, exit) in [("90", "warning", 1), ("97", "critical", 2)] {
        let case = Case::new("db");
        volume(&case);
        case.start(Program::python("fills.py").args([DATA, "bytes", pct]));
        for report in case.looks("disk", &[]) {
            let found = report.must_find(SPACE).must_be(severity).must_say("filesystem", "tmpfs");
            found.must_blame_mount(DATA);
            let pct: f64 = pct.parse().unwrap();
            found.must_say("size_bytes", 32 << 20).must_measure("used_pct", pct..=pct + 1.0);
            report.must_not_find(INODES);
            report.must_exit(exit);
        }
    }
}

#[test]
fn volume_that_is_mounted_twice_is_found_once() {
    let case = Case::new("db");
    volume(&case);
    case.tool(&["mkdir", "/run/lab/second-name-of-it"]);
    case.tool(&["mount", "--bind", DATA, "/run/lab/second-name-of-it"]);
    case.start(Program::python("fills.py").args([DATA, "bytes", "90"]));
    let report = case.paramedic(&["disk"]);
    report.must_find(SPACE).must_blame_mount(DATA);
    assert_eq!(report.all(SPACE).len(), 1, "{report}");
}

#[test]
fn volume_filled_by_inodes_is_found_while_it_has_room() {
    let case = Case::new("db");
    volume(&case);
    case.start(Program::python("fills.py").args([DATA, "inodes", "96"]));
    for report in case.looks("disk", &[]) {
        let found = report.must_find(INODES).must_be("critical").must_say("inodes", 1000);
        found.must_blame_mount(DATA);
        found.must_measure("used_pct", 95.9..=97.0).must_measure("used", 959.0..=970.0);
        report.must_not_find(SPACE);
        report.must_exit(2);
    }
}

#[test]
fn twin_with_room_for_both_is_well() {
    let case = Case::new("db");
    volume(&case);
    case.start(Program::python("fills.py").args([DATA, "bytes", "80"]));
    case.start(Program::python("fills.py").args([DATA, "inodes", "80"]));
    case.must_be_well();
}

#[test]
fn twin_that_is_full_and_cannot_be_written_is_well() {
    let case = Case::new("db");
    volume(&case);
    case.start(Program::python("fills.py").args([DATA, "bytes", "99"]));
    case.tool(&["mount", "-o", "remount,bind,ro", DATA]);
    case.must_be_well();
}
