//! The same sockets seen without the sock_diag modules and with them.

use crate::report::Report;
use crate::room;
use serde_json::{Value, json};

fn truth(shot: &str) -> Value {
    serde_json::from_str(&room::said("sock-diag", shot)).unwrap()
}

#[test]
fn both_ways_count_what_the_kernel_counts() {
    assert_eq!(truth("files-truth"), truth("diag-truth"), "the patient did not stay as it was");
    for (shot, truth) in [("files", truth("files-truth")), ("diag", truth("diag-truth"))] {
        let report = Report::of("sock-diag", shot);
        for (state, count) in truth.as_object().unwrap() {
            let cell = report.cell("sockets", ("state", &json!(state)), "sockets");
            assert_eq!(cell, Some(count), "{shot}: {state}");
        }
    }
}

#[test]
fn without_sock_diag_it_says_what_the_files_do_not_tell() {
    let gaps =
        Report::of("sock-diag", "files").gaps("sockets").iter().map(ToString::to_string).collect::<String>();
    assert!(gaps.contains("sock_diag"), "{gaps}");
}

#[test]
fn with_sock_diag_nothing_is_missing_and_nothing_is_wrong() {
    let report = Report::of("sock-diag", "diag");
    let gaps = report.gaps("sockets");
    assert!(gaps.is_empty(), "root sees everything: {gaps:#?}");
    Report::of("sock-diag", "check").assert_silent();
}
