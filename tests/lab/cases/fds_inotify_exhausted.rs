//! `fds/inotify-exhausted`: "too many open files" that is really inotify instances of one user.
//!
//! The limit counts per user of the whole machine, so each case has a user of its own.

use serde_json::json;

use crate::harness::{Case, Look, Program};

const CODE: &str = "fds/inotify-exhausted";

fn limit(case: &Case) -> u64 {
    case.setting("fs/inotify/max_user_instances")
}

#[test]
fn user_near_the_limit_is_named_with_its_count() {
    let uid = 61_101;
    let case = Case::new("web");
    let near = limit(&case) - 8;
    let watcher = Program::python("watches_files.py").args([near.to_string()]);
    let watcher = case.start(watcher.uid(uid));
    assert_eq!(watcher.told("instances"), near, "patient");

    for report in case.looks("fds", &[]) {
        let finding = report.must_find(CODE).must_say("instances", near).must_say("max", limit(&case));
        assert_eq!(finding.subject()["kind"], json!("user"), "{report}");
        assert_eq!(finding.subject()["uid"], json!(uid), "{report}");
    }
}

#[test]
fn user_at_the_limit_proves_it_by_its_own_failure() {
    let uid = 61_102;
    let case = Case::new("web");
    let watcher = Program::python("watches_files.py").args(["1000000"]).nofile(8192, 8192);
    let watcher = case.start(watcher.uid(uid));
    assert_eq!(watcher.told("instances"), limit(&case), "patient");
    assert_eq!(watcher.told("emfile"), 1, "patient was refused for another reason");

    let look = Look { uid: Some(uid), ..Look::default() };
    for flags in [&["fds"][..], &[]] {
        let report = case.paramedic_as(look, flags);
        let finding = report.must_find(CODE).must_be("critical").must_say("proof", true);
        assert_eq!(finding.subject()["uid"], json!(uid), "{report}");
    }
}

#[test]
fn twin_with_a_few_instances_is_well() {
    let case = Case::new("web");
    case.start(Program::python("watches_files.py").args(["20"]).uid(61_103));
    case.must_be_well();
}
