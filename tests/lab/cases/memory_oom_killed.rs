//! `memory/oom-killed`: a child dies, its parent lives on, and nobody is told.

use serde_json::json;

use crate::harness::{Case, Program};

const CODE: &str = "memory/oom-killed";

#[test]
fn child_that_was_killed_while_its_parent_lives() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", "67108864");
    let parent = case.start(Program::python("loses_children.py").args(["256", "2"]).in_cgroup(&group));
    assert_eq!(parent.told("killed"), 2, "patient");
    assert_eq!(group.number("memory", "memory.oom_control", "oom_kill"), 2, "patient");

    for report in case.looks("memory", &[]) {
        let finding = report
            .must_find(CODE)
            .must_be("warning")
            .must_say("kills", 2)
            .must_say("kills_in_window", 0)
            .must_measure("span_s", 0.0..600.0);
        assert_eq!(finding.subject(), &json!({"kind": "cgroup", "path": group.path("memory")}), "{report}");
        assert_eq!(finding.about_pid(), Some(u64::from(parent.pid())), "{report}");
        report.must_exit(1);
    }
}

#[test]
fn children_that_are_killed_while_one_looks() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", "67108864");
    case.start(Program::python("loses_children.py").args(["256", "1", "0.2"]).in_cgroup(&group));
    for report in case.looks("memory", &["--window", "5s"]) {
        report.must_find(CODE).must_be("critical").must_measure("kills_in_window", 1.0..);
        report.must_exit(2);
    }
}

#[test]
fn twin_whose_children_fit_is_well() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", "67108864");
    let parent = case.start(Program::python("loses_children.py").args(["16", "2"]).in_cgroup(&group));
    assert_eq!(parent.told("killed"), 0, "patient");
    case.must_be_well();
}
