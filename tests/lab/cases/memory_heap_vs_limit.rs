//! `memory/heap-vs-limit`: a runtime that may fill its limit with its heap alone.

use serde_json::json;

use crate::harness::{Case, Program};

const CODE: &str = "memory/heap-vs-limit";
const LIMIT_MIB: u64 = 128;

fn told(case: &Case, place: &str, mib: &str) -> (crate::harness::Patient, String) {
    let group = case.cgroup();
    group.set("memory", "memory.limit_in_bytes", &(LIMIT_MIB << 20).to_string());
    let program = Program::node("told_its_heap.js").args([place, mib]);
    (case.start(program.in_cgroup(&group)), group.path("memory"))
}

#[test]
fn node_whose_heap_may_become_as_big_as_its_limit() {
    for place in ["line", "environment"] {
        let case = Case::new("web");
        let (node, path) = told(&case, place, "128");
        for report in case.looks("memory", &["--window", "0"]) {
            let finding = report
                .must_find(CODE)
                .must_blame(&node)
                .must_be("notice")
                .must_say("setting", "--max-old-space-size")
                .must_say("heap_bytes", LIMIT_MIB << 20)
                .must_say("limit_bytes", LIMIT_MIB << 20);
            assert_eq!(finding.about_things(), [json!({"kind": "cgroup", "path": path})], "{report}");
            // A setting on a machine that is well.
            report.must_be_silent();
        }
    }
}

#[test]
fn twin_that_leaves_room_is_well() {
    let case = Case::new("web");
    told(&case, "line", "96");
    let report = case.paramedic(&["--window", "0"]);
    report.must_be_silent();
    report.must_not_find(CODE);
    assert_eq!(report.outcome(CODE), "clear", "{report}");
}
