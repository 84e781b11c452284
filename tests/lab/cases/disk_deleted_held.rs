//! `disk/deleted-held`: a log that was deleted while its program writes on.

use crate::harness::{Case, Program, soon};

const CODE: &str = "disk/deleted-held";
const LOG: &str = "/run/lab/work/app.log";
/// More than a tenth of the file system of 64 MiB that it lies on.
const BYTES: u64 = 40 << 20;

/// The log is held open and has no name any more, or the reason why that is not so.
fn is_held(case: &Case, pid: u32) -> Result<(), String> {
    let list = case.tool(&["ls", "-l", &format!("/proc/{pid}/fd")]);
    if list.contains(&format!("{LOG} (deleted)")) { Ok(()) } else { Err(format!("patient holds:\n{list}")) }
}

#[test]
fn log_deleted_while_node_writes_on_is_found_with_its_bytes() {
    let case = Case::new("web");
    let node = case.start(Program::node("keeps_log.js").args([LOG, &BYTES.to_string()]));
    case.tool(&["rm", LOG]);
    is_held(&case, node.pid()).unwrap();

    for report in case.looks("disk", &[]) {
        let found = report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("warning")
            .must_say("files", 1)
            .must_say("largest", LOG)
            .must_measure("bytes", BYTES as f64..=(BYTES + (8 << 20)) as f64);
        assert_eq!(found.about_mount(), "/run");
        report.must_exit(1);
    }
}

#[test]
fn log_that_all_workers_hold_is_found_once_under_their_master() {
    let case = Case::new("web");
    let python = case.start(Program::python("keeps_log.py").args([LOG, &BYTES.to_string(), "6"]));
    case.tool(&["rm", LOG]);
    is_held(&case, python.pid()).unwrap();

    for report in case.looks("disk", &[]) {
        let found = report.must_find(CODE).must_blame(&python).must_say("files", 1);
        let bytes = found.number("bytes");
        assert!(
            (BYTES as f64..BYTES as f64 * 1.2).contains(&bytes),
            "each file counts once: {bytes}\n{report}"
        );
        assert_eq!(report.all(CODE).len(), 1, "{report}");
    }
}

#[test]
fn twin_that_reopens_its_log_after_rotation_is_well() {
    let case = Case::new("web");
    let mut node = case.start(Program::node("keeps_log.js").args([LOG, &BYTES.to_string()]));
    case.tool(&["mv", LOG, &format!("{LOG}.1")]);
    node.order("reopen");
    case.tool(&["rm", &format!("{LOG}.1")]);
    soon(|| if case.path(LOG).exists() { Ok(()) } else { Err("patient has no new log".into()) });
    case.must_be_well();
}

#[test]
fn twin_whose_log_is_only_called_deleted_is_well() {
    let case = Case::new("web");
    let name = format!("{LOG} (deleted)");
    let node = case.start(Program::node("keeps_log.js").args([&name, &BYTES.to_string()]));
    is_held(&case, node.pid()).expect("the link reads like that of a deleted file");
    let report = case.paramedic(&["disk"]);
    report.must_not_find(CODE);
    assert_eq!(report.outcome(CODE), "clear", "{report}");
    case.must_be_well();
}

#[test]
fn twin_with_a_small_deleted_file_is_well() {
    let case = Case::new("web");
    let node = case.start(Program::node("keeps_log.js").args([LOG, "1000000"]));
    case.tool(&["rm", LOG]);
    is_held(&case, node.pid()).unwrap();
    case.must_be_well();
}
