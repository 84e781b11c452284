//! `memory/growing`: a leak caught by its rate, before the limit is reached.

use serde_json::json;

use crate::harness::{Case, LIMITS, Program};

const CODE: &str = "memory/growing";
const LIMIT: u64 = 256 << 20;
/// Nobody waits for a minute until the patient has warmed up, nor for a window that is worth trusting in production.
const SOON: &str = "[limits.\"memory/growing\"]\nyoung_s = 1\nshort_s = 5\n";

#[test]
fn node_whose_listeners_grow_by_2_mib_per_s() {
    let case = Case::timed("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", &LIMIT.to_string());
    case.write(LIMITS, SOON);
    let node = case.start(Program::node("leaks_listeners.js").args(["2048"]).in_cgroup(&group));

    for report in case.looks("memory", &["--config", LIMITS, "--window", "8s"]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("critical")
            .must_say("limit_bytes", LIMIT)
            .must_measure("per_h_bytes", 3600.0 * 1.0e6..3600.0 * 4.0e6)
            .must_measure("low_per_h_bytes", 1.0..)
            .must_measure("left_s", 20.0..120.0)
            .must_measure("window_s", 7.5..9.0);
        let about = finding.about_things();
        assert!(about.contains(&json!({"kind": "cgroup", "path": group.path("memory")})), "{report}");
    }
}

#[test]
fn twin_that_has_filled_its_cache_is_well() {
    let case = Case::timed("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", &LIMIT.to_string());
    case.write(LIMITS, SOON);
    case.start(Program::python("fills_a_cache.py").args(["180"]).in_cgroup(&group));
    let report = case.paramedic(&["memory", "--config", LIMITS, "--window", "8s"]);
    report.must_be_silent();
    assert_eq!(report.outcome(CODE), "clear", "{report}");
    // Over the second of bare `paramedic` everything rises that works: nobody is judged.
    case.must_be_well();
}
