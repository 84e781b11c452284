//! Run as nobody: what is seen is right, what is not seen is counted and said.

use crate::harness::{Case, Look, NOBODY, Program};

const NEAR_LIMIT: &str = "fds/near-limit";
const AS_NOBODY: Look = Look { uid: Some(NOBODY), nofile: None };

#[test]
fn nobody_sees_the_count_of_a_process_whose_list_is_denied() {
    let case = Case::new("web");
    let node = case.start(Program::node("keeps_files.js").args(["85"]).nofile(100, 100));
    for flags in [&["fds"][..], &[]] {
        let report = case.paramedic_as(AS_NOBODY, flags);
        report.must_find(NEAR_LIMIT).must_blame(&node).must_be("critical").must_say("open", 85);
        let denied = report.gaps().iter().filter(|gap| gap["why"] == "denied").count();
        assert!(denied > 0, "nobody was denied much and no gap says so:\n{report}");
        report.must_exit(2);
    }
}

#[test]
fn nobody_sees_a_leak_without_its_owner() {
    let case = Case::new("web");
    let there = case.second_host();
    case.start(Program::node("half_open_server.js").args(["3000"]).nofile(512, 512));
    let clients = [crate::harness::HERE, "3000", "150"];
    there.start(Program::python("opens_and_closes.py").args(clients));
    let report = case.paramedic_as(AS_NOBODY, &["sockets"]);
    let owned = report.all("sockets/close-wait-leak").iter().any(|f| !f.subject()["pid"].is_null());
    assert!(!owned, "nobody cannot know the owner:\n{report}");
    let denied = report.gaps().iter().filter(|gap| gap["why"] == "denied").count();
    assert!(denied > 0, "150 sockets without an owner and no gap says so:\n{report}");
}

#[test]
fn nobody_on_a_machine_that_is_well_is_clear_but_not_under_strict() {
    let case = Case::new("web");
    case.start(Program::python_http_server(8000, "0.0.0.0"));
    let report = case.paramedic_as(AS_NOBODY, &[]);
    report.must_be_silent();
    assert!(!report.gaps().is_empty(), "nobody was denied much and no gap says so:\n{report}");
    case.paramedic_as(AS_NOBODY, &["--strict"]).must_exit(3);
}

#[test]
fn hidden_processes_are_said_and_not_taken_for_none() {
    let case = Case::new("web");
    case.start(Program::node("keeps_files.js").args(["85"]).nofile(100, 100));
    case.tool(&["mount", "-o", "remount,hidepid=2", "/proc"]);
    let report = case.paramedic_as(AS_NOBODY, &["fds"]);
    report.must_not_find(NEAR_LIMIT);
    assert!(!report.gaps().is_empty(), "nearly all processes are hidden and no gap says so:\n{report}");
    case.paramedic_as(AS_NOBODY, &["fds", "--strict"]).must_exit(3);
}

#[test]
fn own_limit_of_16_descriptors_still_finds_the_patient() {
    let case = Case::new("web");
    let node = case.start(Program::node("keeps_files.js").args(["85"]).nofile(100, 100));
    let look = Look { nofile: Some(16), ..Look::default() };
    for flags in [&["fds"][..], &[]] {
        let report = case.paramedic_as(look, flags);
        report.must_find(NEAR_LIMIT).must_blame(&node).must_say("open", 85);
    }
}
