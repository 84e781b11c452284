//! Ordinary services in ordinary use: nothing of this may give a warning.

use crate::harness::{Case, HERE, Program, THERE, soon};

#[test]
fn twin_empty_host_is_well() {
    Case::new("empty").must_be_well();
}

#[test]
fn twin_nginx_with_keep_alive_clients_is_well() {
    let case = Case::timed("web");
    let there = case.second_host();
    case.start(Program::nginx("ordinary.conf", 8080));
    there.start(Program::python("keep_alive_clients.py").args([HERE, "8080", "30", "0.3"]));
    case.counts("state established sport = :8080", 30).unwrap();
    case.must_be_well();
}

#[test]
fn twin_idle_python_http_server_is_well() {
    let case = Case::new("files");
    case.start(Program::python_http_server(8000, "0.0.0.0"));
    case.must_be_well();
}

#[test]
fn twin_busy_node_server_is_well() {
    let case = Case::timed("api");
    let there = case.second_host();
    case.start(Program::node("slow_server.js").args(["3000", "20"]));
    there.start(Program::python("waves.py").args([HERE, "3000", "40", "0.1"]));
    case.must_be_well();
}

#[test]
fn twin_short_lived_clients_with_time_wait_are_well() {
    let case = Case::new("worker");
    let there = case.second_host();
    there.start(Program::nginx("ordinary.conf", 8080));
    case.time_wait_survives_late_packets();
    let worker = case.start(Program::python("takes_ports.py").args(["8080", "300", "0", THERE]));
    assert_eq!((worker.told("connections"), worker.told("refused")), (300, 0), "patient");
    soon(|| case.counts("state time-wait", 300));
    case.must_be_well();
}

#[test]
fn twin_processes_that_vanish_while_they_are_read_are_well() {
    let case = Case::new("build");
    case.start(Program::python("churns.py").args(["10"]));
    for _ in 0..3 {
        case.must_be_well();
    }
}
