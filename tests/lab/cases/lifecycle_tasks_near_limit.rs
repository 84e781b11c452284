//! `lifecycle/tasks-near-limit`: threads and processes fill a control group.

use crate::harness::{Case, Program, soon};

const CODE: &str = "lifecycle/tasks-near-limit";

#[test]
fn threads_near_the_limit_of_their_group_are_a_warning_and_at_it_critical() {
    for (threads, severity, exit) in [("43", "warning", 1), ("48", "critical", 2)] {
        let case = Case::new("pool");
        let group = case.cgroup();
        group.set("pids", "pids.max", "50");
        let python = case.start(Program::python("starts_threads.py").args([threads]).in_cgroup(&group));
        let tasks = python.told("threads") + 1;
        // What started it is gone by now, or will be.
        soon(|| match group.number("pids", "pids.current", "") {
            now if now == tasks => Ok(()),
            now => Err(format!("patient: {now} tasks, not {tasks}")),
        });

        for report in case.looks("lifecycle", &[]) {
            let finding =
                report.must_find(CODE).must_be(severity).must_say("tasks", tasks).must_say("limit", 50);
            assert_eq!(finding.subject()["kind"], "cgroup", "{report}");
            assert_eq!(finding.subject()["path"], group.path("pids"), "{report}");
            assert_eq!(report.json["findings"][0]["about"][0]["name"], "python3", "{report}");
            report.must_exit(exit);
        }
    }
}

#[test]
fn a_group_that_refused_tasks_says_so() {
    let case = Case::new("pool");
    let group = case.cgroup();
    group.set("pids", "pids.max", "20");
    let python = case.start(Program::python("starts_threads.py").args(["100"]).in_cgroup(&group));
    assert!(python.told("threads") < 100, "patient: some were refused");
    // A limit this small is a wall on purpose until somebody runs into it.
    let report = case.paramedic(&["lifecycle"]);
    report.must_find(CODE).must_be("critical").must_say("limit", 20);
}

#[test]
fn twin_as_many_threads_under_a_wide_limit_are_well() {
    let case = Case::new("pool");
    let group = case.cgroup();
    group.set("pids", "pids.max", "500");
    case.start(Program::python("starts_threads.py").args(["48"]).in_cgroup(&group));
    case.must_be_well();
}

#[test]
fn twin_a_small_wall_that_nobody_runs_into_is_well() {
    let case = Case::new("pool");
    let group = case.cgroup();
    let python = case.start(Program::python("starts_threads.py").args(["3"]).in_cgroup(&group));
    soon(|| match group.number("pids", "pids.current", "") {
        4 => Ok(()),
        now => Err(format!("patient: {now} tasks, not 4")),
    });
    group.set("pids", "pids.max", "4");
    assert_eq!(python.told("threads"), 3);
    case.must_be_well();
}
