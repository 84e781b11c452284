//! `fds/near-limit`: descriptors that are opened and never closed.

use crate::harness::{Case, Program, THERE};

const CODE: &str = "fds/near-limit";

#[test]
fn node_that_keeps_files_is_critical_at_85_of_100() {
    let case = Case::new("web");
    let node = case.start(Program::node("keeps_files.js").args(["85"]).nofile(100, 100));
    assert_eq!(case.descriptors(node.pid()), 85, "patient");

    for report in case.looks("fds", &[]) {
        report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("critical")
            .must_say("open", 85)
            .must_say("soft_limit", 100)
            .must_say("hard_limit", 100)
            .must_measure("used_pct", 84.9..=85.1);
        report.must_exit(2);
    }
}

#[test]
fn python_that_keeps_connections_is_a_warning_at_60_of_its_soft_limit() {
    let case = Case::new("web");
    let there = case.second_host();
    there.start(Program::node("reads.js").args(["5432"]));
    let python =
        case.start(Program::python("keeps_connections.py").args([THERE, "5432", "60"]).nofile(100, 4096));
    assert_eq!(case.descriptors(python.pid()), 60, "patient");
    case.counts("state established", python.told("connections") as usize).unwrap();

    for report in case.looks("fds", &[]) {
        report
            .must_find(CODE)
            .must_blame(&python)
            .must_be("warning")
            .must_say("open", 60)
            .must_say("soft_limit", 100)
            .must_say("hard_limit", 4096);
        report.must_exit(1);
    }
}

#[test]
fn twin_with_as_many_files_under_a_wide_limit_is_well() {
    let case = Case::new("web");
    let node = case.start(Program::node("keeps_files.js").args(["85"]).nofile(1024, 1024));
    assert_eq!(case.descriptors(node.pid()), 85, "patient");
    case.must_be_well();
}

#[test]
fn twin_just_under_half_of_its_limit_is_well() {
    let case = Case::new("web");
    case.start(Program::node("keeps_files.js").args(["49"]).nofile(100, 100));
    case.must_be_well();
}
