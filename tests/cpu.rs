//! The binary over a recorded tree of control groups; `fixtures/cgroup/made.md` says what it is.

use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// What one look at the recorded tree says, and how it ends.
fn look(args: &[&str]) -> (Value, Option<i32>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cgroup/quota");
    let ended = Command::new(env!("CARGO_BIN_EXE_paramedic"))
        .args(args)
        .args(["--json", "--window", "0", "--proc-root"])
        .arg(root.join("proc"))
        .arg("--sys-root")
        .arg(root.join("sys"))
        .output()
        .unwrap_or_else(|error| panic!("the binary starts: {error}"));
    let text = String::from_utf8_lossy(&ended.stdout);
    (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), ended.status.code())
}

fn check<'d>(document: &'d Value, code: &str) -> &'d Value {
    let all = document["sections"][0]["checks"].as_array().expect("checks");
    all.iter().find(|c| c["code"] == code).unwrap_or_else(|| panic!("no {code} among {all:#?}"))
}

/// One cell of a table.
fn cell(document: &Value, table: &str, row: &str, column: &str) -> Value {
    let blocks = document["sections"][0]["blocks"].as_array().expect("blocks");
    let table = blocks.iter().find(|b| b["name"] == table).expect("such a table");
    let at = table["columns"].as_array().expect("columns").iter().position(|c| c["key"] == column);
    let found = table["rows"].as_array().expect("rows").iter().find(|r| row.is_empty() || r[0] == row);
    found.unwrap_or_else(|| panic!("no {row} in {table:#}"))[at.expect("such a column")].clone()
}

#[test]
fn one_look_shows_the_quota_and_the_pressure_and_judges_no_difference() {
    let (document, _) = look(&["cpu"]);
    assert_eq!(cell(&document, "groups", "/pod", "quota_cores"), json!(0.2));
    assert_eq!(cell(&document, "groups", "/pod/app", "quota_cores"), Value::Null);
    assert!(cell(&document, "groups", "/pod", "ever_throttled_pct").as_f64().expect("a share") > 25.0);
    assert!(cell(&document, "groups", "/pod/app", "full_avg60_pct").as_f64().expect("a share") > 1.0);
    assert_eq!(cell(&document, "machine", "", "cores"), json!(1));
    for code in ["cpu/throttled", "cpu/steal", "cpu/uninterruptible", "cpu/event-loop-stalled"] {
        assert_eq!(check(&document, code)["outcome"], "skipped", "{code}");
    }
}

#[test]
fn pressure_is_judged_by_the_averages_of_the_kernel_in_one_look() {
    let judged = |full_pct: u32| {
        let config = tempfile::NamedTempFile::new().expect("a file");
        let limits = format!("[limits.\"cpu/pressure\"]\nfull_pct = {full_pct}\n");
        std::fs::write(&config, limits).expect("it is written");
        look(&["cpu", "--config", config.path().to_str().expect("UTF-8")])
    };
    let (document, exit) = judged(100);
    assert_eq!((exit, &check(&document, "cpu/pressure")["outcome"]), (Some(0), &json!("clear")));
    let (document, exit) = judged(1);
    assert_eq!(exit, Some(1));
    let findings = document["findings"].as_array().expect("a list");
    let pod = findings.iter().find(|f| f["subject"]["path"] == "/pod").expect("the group is named");
    assert_eq!(pod["code"], "cpu/pressure");
}
