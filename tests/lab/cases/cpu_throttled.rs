//! `cpu/throttled`: a quota that holds a process back, and one that is never reached.

use serde_json::json;

use crate::harness::{Case, LIMITS, Program, soon};

const CODE: &str = "cpu/throttled";
/// So that nobody has to wait half a minute.
const SOON: &str = "[limits.\"cpu/throttled\"]\nspan_s = 3\n";

/// A fifth of a processor in periods of a twentieth of a second.
const QUOTA: (&str, &str) = ("10000", "50000");

#[test]
fn quota_that_runs_out_is_named_with_its_group_and_the_busiest() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("cpu", "cpu.cfs_period_us", QUOTA.1);
    group.set("cpu", "cpu.cfs_quota_us", QUOTA.0);
    let python = case.start(Program::python("computes.py").args(["100"]).in_cgroup(&group));
    let count = |key: &str| group.number("cpu", "cpu.stat", key);
    // From here on the life of the group says the same as the window.
    soon(|| {
        let (periods, throttled) = (count("nr_periods"), count("nr_throttled"));
        let held = periods >= 65 && throttled * 2 > periods;
        if held { Ok(()) } else { Err(format!("patient: {throttled} of {periods} periods")) }
    });
    case.write(LIMITS, SOON);

    for report in case.looks("cpu", &["--config", LIMITS]) {
        let finding = report
            .must_find(CODE)
            .must_be("warning")
            .must_say("quota_cores", 0.2)
            .must_measure("throttled_pct", 25.0..=100.0)
            .must_measure("periods", 65.0..)
            .must_measure("span_s", 3.0..);
        assert_eq!(finding.subject(), &json!({"kind": "cgroup", "path": group.path("cpu")}), "{report}");
        assert_eq!(finding.about_pid(), Some(u64::from(python.pid())), "{report}");
        report.must_exit(1);
    }
    // The window alone is enough when it is long.
    case.paramedic(&["cpu", "--window", "3s", "--config", LIMITS])
        .must_find(CODE)
        .must_measure("span_s", 2.9..10.0);
    assert_eq!(case.paramedic(&["cpu", "--window", "0"]).outcome(CODE), "skipped");
}

#[test]
fn moment_of_throttling_is_only_a_notice() {
    let case = Case::timed("web");
    let group = case.cgroup();
    group.set("cpu", "cpu.cfs_period_us", QUOTA.1);
    group.set("cpu", "cpu.cfs_quota_us", QUOTA.0);
    case.start(Program::python("computes.py").args(["100"]).in_cgroup(&group));
    soon(|| {
        let throttled = group.number("cpu", "cpu.stat", "nr_throttled");
        if throttled > 5 { Ok(()) } else { Err(format!("patient: {throttled} periods")) }
    });
    let report = case.paramedic(&["cpu"]);
    report.must_find(CODE).must_be("notice");
    report.must_exit(0);
}

#[test]
fn twin_with_the_same_quota_and_little_to_do_is_well() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("cpu", "cpu.cfs_period_us", "100000");
    group.set("cpu", "cpu.cfs_quota_us", "50000");
    case.start(Program::python("computes.py").args(["2"]).in_cgroup(&group));
    case.must_be_well();
    let report = case.paramedic(&["cpu", "--window", "3s"]);
    report.must_be_silent();
    assert_eq!(report.outcome(CODE), "clear", "{report}");
}

#[test]
fn group_without_a_quota_gives_no_signal_and_not_a_clear_one() {
    let case = Case::new("web");
    let group = case.cgroup();
    let python = case.start(Program::python("computes.py").args(["2"]).in_cgroup(&group));
    let pid = python.pid().to_string();
    let report = case.paramedic(&["cpu", "--pid", &pid]);
    assert_eq!(report.outcome(CODE), "skipped", "{report}");
}
