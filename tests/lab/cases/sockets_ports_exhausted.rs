//! `sockets/ports-exhausted`: no port is left to reach one address from.

use crate::harness::{Case, HERE, Host, Patient, Program, THERE, soon};

const CODE: &str = "sockets/ports-exhausted";
const MORE: [&str; 4] = ["10.77.0.3", "10.77.0.4", "10.77.0.5", "10.77.0.6"];

/// 190 connections out of a range of 200 ports, of which `kept` are still open and the others in
/// TIME_WAIT, spread over `addresses`.
fn takes_ports(case: &Case, kept: &str, addresses: &[&str]) -> (Patient, Host) {
    let there = case.second_host();
    there.add_addresses(MORE);
    there.start(Program::node("reads.js").args(["9000"]));
    case.sysctl("net/ipv4/ip_local_port_range", "40000 40199");
    case.time_wait_survives_late_packets();
    let args = [&["9000", "190", kept], addresses].concat();
    let patient = case.start(Program::python("takes_ports.py").args(args));
    assert_eq!((patient.told("connections"), patient.told("refused")), (190, 0), "patient");
    (patient, there)
}

#[test]
fn one_address_that_took_nearly_all_ports_is_named() {
    let case = Case::new("worker");
    let (python, _there) = takes_ports(&case, "190", &[THERE]);
    case.counts("state established", 190).unwrap();

    for report in case.looks("sockets", &[]) {
        let finding = report
            .must_find(CODE)
            .must_blame(&python)
            .must_say("source", HERE)
            .must_say("used", 190)
            .must_say("time_wait", 0)
            .must_say("available", 200)
            .must_measure("used_pct", 94.9..=95.1);
        assert_eq!(finding.about("peer"), format!("{THERE}:9000"), "{report}");
    }
}

#[test]
fn time_wait_counts_as_taken() {
    let case = Case::new("worker");
    let (_python, _there) = takes_ports(&case, "20", &[THERE]);
    soon(|| case.counts("state time-wait", 170));

    for report in case.looks("sockets", &[]) {
        let finding = report.must_find(CODE).must_say("used", 190).must_say("time_wait", 170);
        assert_eq!(finding.about("peer"), format!("{THERE}:9000"), "{report}");
    }
}

#[test]
fn twin_with_as_many_connections_to_five_addresses_is_well() {
    let case = Case::new("worker");
    let (_python, _there) = takes_ports(&case, "190", &[&[THERE], &MORE[..]].concat());
    case.counts("state established", 190).unwrap();
    case.must_be_well();
}
