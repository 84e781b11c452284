//! `dns/dead-server`: one of several that answers nothing, all of them, and a type that is never answered.

use crate::harness::{Case, Program};

const CODE: &str = "dns/dead-server";
const TWO: &str = "nameserver 127.0.0.11\nnameserver 127.0.0.12\n";

#[test]
fn a_silent_server_in_front_of_a_healthy_one_is_named() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["127.0.0.11@*=silent", "*=10.0.0.7"]);
    case.resolv_conf(TWO);
    for report in case.looks("dns", &[]) {
        let finding =
            report.must_find(CODE).must_be("warning").must_say("place", 1).must_say("lookup_waits_s", 5);
        assert_eq!(finding.subject()["address"], "127.0.0.11:53", "{report}");
        assert_eq!(report.all(CODE).len(), 1, "{report}");
    }
}

#[test]
fn servers_that_are_all_gone_are_critical() {
    let case = Case::new("web");
    case.resolv_conf(TWO);
    for report in case.looks("dns", &[]) {
        report.must_find(CODE).must_be("critical").must_say("came", "port closed");
        assert_eq!(report.all(CODE).len(), 2, "{report}");
    }
}

#[test]
fn a_type_that_nobody_answers_is_told_from_a_dead_server() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*/AAAA=silent", "*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let report = case.paramedic(&["dns", "db.test"]);
    report.must_find(CODE).must_be("warning");
    assert!(report.to_string().contains("does not answer for db.test (AAAA)"), "{report}");
}

#[test]
fn twin_dnsmasq_is_well() {
    let case = Case::new("web");
    case.start(Program::dnsmasq("127.0.0.11").args(["--address=/db.test/10.0.0.7", "--local=/test/"]));
    case.resolv_conf("nameserver 127.0.0.11\nsearch test\n");
    case.must_be_well();
    case.paramedic(&["dns", "db", "www.db.test"]).must_be_silent();
}

#[test]
fn twin_without_a_way_to_its_server_or_without_any_is_no_accusation() {
    let case = Case::new("web");
    case.resolv_conf("nameserver 192.0.2.53\n");
    case.must_be_well();
    let report = case.paramedic(&["dns"]);
    report.must_be_silent();
    assert_eq!(report.outcome(CODE), "unknown", "{report}");
    assert!(report.gaps().iter().any(|g| g["detail"] == "192.0.2.53"), "{report}");
    case.resolv_conf("");
    case.must_be_well();
}
