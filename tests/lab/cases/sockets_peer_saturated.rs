//! `sockets/peer-saturated`: a full connection pool, seen from outside.

use std::thread;
use std::time::Duration;

use crate::harness::{Case, Program, THERE};

const CODE: &str = "sockets/peer-saturated";

#[test]
fn pool_of_ten_behind_ten_slow_answers_is_full() {
    let case = Case::timed("web");
    let there = case.second_host();
    there.start(Program::node("slow_server.js").args(["5432", "30000"]));
    let node = case.start(Program::node("pool.js").args([THERE, "5432", "10", "20"]));
    assert_eq!((node.told("connections"), node.told("queued")), (10, 20), "patient");
    case.counts("state established dport = :5432", 10).unwrap();
    thread::sleep(Duration::from_millis(1200));

    for report in case.looks("sockets", &["--window", "1s"]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&node)
            .must_say("connections", 10)
            .must_say("awaiting", 10)
            .must_measure("oldest_wait_s", 1.0..=30.0);
        assert_eq!(finding.about("peer"), format!("{THERE}:5432"), "{report}");
    }
}

#[test]
fn twin_pool_that_is_as_busy_but_answered_is_well() {
    let case = Case::timed("web");
    let there = case.second_host();
    there.start(Program::node("slow_server.js").args(["5432", "50"]));
    let node = case.start(Program::node("pool.js").args([THERE, "5432", "10", "20"]));
    assert_eq!((node.told("connections"), node.told("queued")), (10, 20), "patient");
    thread::sleep(Duration::from_millis(1200));
    case.must_be_well();
}
