//! The binary over recorded trees of control groups; `fixtures/cgroup/made.md` says what they are.

use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// What one look at a recorded tree says, and how it ends.
fn look(scenario: &str, args: &[&str]) -> (Value, Option<i32>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cgroup").join(scenario);
    let ended = Command::new(env!("CARGO_BIN_EXE_paramedic"))
        .args(args)
        .args(["--json", "--window", "0", "--proc-root"])
        .arg(root.join("proc"))
        .arg("--sys-root")
        .arg(root.join("sys"))
        .output()
        .unwrap_or_else(|error| panic!("the binary starts: {error}"));
    let text = String::from_utf8_lossy(&ended.stdout);
    let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{scenario}: {error}: {text}"));
    (document, ended.status.code())
}

fn found<'d>(document: &'d Value, code: &str) -> &'d Value {
    let all = document["findings"].as_array().expect("a list of findings");
    all.iter().find(|f| f["code"] == code).unwrap_or_else(|| panic!("no {code} among {all:#?}"))
}

/// The cells of a row of the table of groups, by column.
fn group(document: &Value, path: &str) -> serde_json::Map<String, Value> {
    let blocks = document["sections"][0]["blocks"].as_array().expect("blocks");
    let table = blocks.iter().find(|b| b["name"] == "groups").expect("a table of groups");
    let keys = table["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|c| c["key"].as_str().expect("a key").into());
    let row = table["rows"].as_array().expect("rows").iter().find(|r| r[0] == path);
    let row = row.unwrap_or_else(|| panic!("no {path} in {table:#}")).as_array().expect("a row");
    keys.zip(row.iter().cloned()).collect()
}

#[test]
fn the_limit_of_the_parent_binds_its_children_and_is_told_once() {
    let (document, exit) = look("parent", &["memory"]);
    let finding = found(&document, "memory/near-limit");
    assert_eq!(finding["subject"], json!({"kind": "cgroup", "path": "/pod"}));
    assert_eq!((&finding["severity"], exit), (&json!("critical"), Some(2)));
    assert_eq!(finding["about"][0]["name"], "python3");
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(1));
    let (pod, app) = (group(&document, "/pod"), group(&document, "/pod/app"));
    assert_eq!((&app["limit_bytes"], &app["limit_at"]), (&pod["limit_bytes"], &json!("/pod")));
    // The three figures of the same group are three, and the parts of both children are in the parent.
    let of = |g: &serde_json::Map<String, Value>, key: &str| g[key].as_u64().expect("bytes");
    assert!(of(&pod, "unreclaimable_bytes") <= of(&pod, "working_set_bytes"));
    assert!(of(&pod, "working_set_bytes") <= of(&pod, "current_bytes"));
    let side = group(&document, "/pod/side");
    assert!(of(&app, "anon_bytes") + of(&side, "anon_bytes") <= of(&pod, "anon_bytes"));
}

#[test]
fn inside_a_namespace_it_says_what_it_cannot_see() {
    let (document, exit) = look("namespace", &["memory"]);
    assert_eq!((&document["findings"], exit), (&json!([]), Some(0)));
    assert_eq!(group(&document, "/")["limit_bytes"], 64 << 20);
    let gaps = document["sections"][0]["gaps"].as_array().expect("gaps");
    assert!(gaps.iter().any(|g| g["subject"] == "memory limits of the groups above"), "{gaps:#?}");
    let (_, strict) = look("namespace", &["memory", "--strict"]);
    assert_eq!(strict, Some(3));
}

#[test]
fn kills_are_told_at_the_group_of_the_killed() {
    let (document, _) = look("killed", &["check", "memory"]);
    let finding = found(&document, "memory/oom-killed");
    assert_eq!(finding["subject"], json!({"kind": "cgroup", "path": "/worker"}));
    // How bad it is depends on how long ago the tree was recorded.
    assert_eq!(finding["evidence"]["kills"], 2);
    assert_eq!(group(&document, "/worker")["oom_kills"], 2);
}

#[test]
fn pressure_and_throttling_are_told_with_the_kernels_figures() {
    let (document, exit) = look("pressure", &["memory"]);
    let finding = found(&document, "memory/pressure");
    assert_eq!(finding["subject"], json!({"kind": "cgroup", "path": "/press"}));
    assert_eq!(finding["evidence"]["full_avg60_pct"], group(&document, "/press")["full_avg60_pct"]);
    assert_eq!(found(&document, "memory/near-limit")["evidence"]["limit"], "memory.high");
    assert_eq!(exit, Some(2));
}
