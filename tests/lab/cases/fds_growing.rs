//! `fds/growing`: a leak caught by its rate, before the limit is reached.

use std::thread;
use std::time::Duration;

use crate::harness::{Case, HERE, Program};

const CODE: &str = "fds/growing";

#[test]
fn leak_of_20_per_s_near_the_limit_is_timed() {
    let case = Case::timed("web");
    let node = case.start(Program::node("leaks.js").args(["1100", "20"]).nofile(2048, 2048));
    let before = case.descriptors(node.pid());
    thread::sleep(Duration::from_secs(1));
    let per_s = case.descriptors(node.pid()) - before;
    assert!((15..=25).contains(&per_s), "patient leaks {per_s}/s instead of 20/s");

    // A rise is one that goes on in each part of the time, which takes more looks than the three
    // of a short window.
    for report in case.looks("fds", &["--window", "5s"]) {
        report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("warning")
            .must_say("soft_limit", 2048)
            .must_say("kind", "file")
            .must_measure("open", 1100.0..=1400.0)
            .must_measure("per_s", 16.0..=24.0)
            .must_measure("left_s", 20.0..=60.0)
            .must_measure("window_s", 4.5..=6.0);
    }
}

#[test]
fn twin_whose_count_rises_and_falls_is_well() {
    let case = Case::timed("web");
    let there = case.second_host();
    let node = case.start(Program::node("slow_server.js").args(["8080", "50"]).nofile(1024, 1024));
    there.start(Program::python("waves.py").args([HERE, "8080", "100", "0.3"]));
    let counts: Vec<u64> = (0..20)
        .map(|_| {
            thread::sleep(Duration::from_millis(50));
            case.descriptors(node.pid())
        })
        .collect();
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least >= 90, "patient: {counts:?} does not rise and fall");

    case.must_be_well();
    case.paramedic(&["fds", "--window", "3s"]).must_be_silent();
}
