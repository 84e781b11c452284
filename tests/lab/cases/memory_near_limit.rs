//! `memory/near-limit`: what cannot be freed fills the limit, and what can be does not count.

use serde_json::json;

use crate::harness::{Case, Cgroup, Patient, Program, soon};

const CODE: &str = "memory/near-limit";
const MIB: u64 = 1 << 20;
const LIMIT: u64 = 128 * MIB;

/// What no file stands behind, of all processes of the group.
fn anonymous(group: &Cgroup) -> u64 {
    group.number("memory", "memory.stat", "total_rss")
}

/// Has the patient leak until its group holds so many bytes that cannot be freed.
fn leak_to(node: &mut Patient, group: &Cgroup, bytes: u64) {
    for _ in 0..1_000 {
        if anonymous(group) >= bytes {
            return;
        }
        node.order("leak 512");
    }
    panic!("patient holds {} of {bytes} only", anonymous(group));
}

#[test]
fn node_whose_listeners_fill_its_group_while_files_come_and_go() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", &LIMIT.to_string());
    let mut node = case.start(Program::node("leaks_listeners.js").args(["0"]).in_cgroup(&group));
    case.start(Program::python("reads_a_file.py").args(["24"]).in_cgroup(&group));
    leak_to(&mut node, &group, LIMIT * 92 / 100);
    let before = group.number("memory", "memory.failcnt", "");
    soon(|| match group.number("memory", "memory.failcnt", "") - before {
        0 => Err("patient does not run into its limit".to_owned()),
        _ => Ok(()),
    });

    // The window is long enough for the reader to come round, also on a loaded machine.
    for report in case.looks("memory", &["--window", "3s"]) {
        let finding = report
            .must_find(CODE)
            .must_say("limit_bytes", LIMIT)
            .must_say("limit", "memory.limit_in_bytes")
            .must_measure("used_pct", 90.0..97.0)
            .must_measure("unreclaimable_bytes", (LIMIT * 9 / 10) as f64..(LIMIT as f64))
            .must_measure("max_events", 1.0..)
            .must_be("warning");
        assert_eq!(finding.subject(), &json!({"kind": "cgroup", "path": group.path("memory")}), "{report}");
        assert_eq!(finding.about_pid(), Some(u64::from(node.pid())), "{report}");
        report.must_exit(1);
    }
}

#[test]
fn twin_whose_page_cache_fills_the_limit_is_well() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", &LIMIT.to_string());
    case.start(Program::python("reads_a_file.py").args(["160"]).in_cgroup(&group));
    soon(|| match group.number("memory", "memory.usage_in_bytes", "") * 100 / LIMIT {
        92.. => Ok(()),
        pct => Err(format!("patient fills {pct} % only")),
    });
    case.must_be_well();
    case.paramedic(&["memory", "--window", "3s"]).must_be_silent();
}

#[test]
fn twin_that_lives_close_to_its_limit_and_needs_nothing_is_well() {
    let case = Case::new("web");
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", &LIMIT.to_string());
    let mut node = case.start(Program::node("leaks_listeners.js").args(["0"]).in_cgroup(&group));
    leak_to(&mut node, &group, LIMIT * 91 / 100);
    case.must_be_well();
}
