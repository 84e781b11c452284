//! `dns/servfail`: a server that is there and fails.

use crate::harness::Case;

const CODE: &str = "dns/servfail";

#[test]
fn a_failing_server_is_named_in_check_and_critical_for_a_name_that_was_asked_for() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=servfail"]);
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test\n");
    case.paramedic(&[]).must_find(CODE).must_be("warning").must_say("rcode", "SERVFAIL");
    case.paramedic(&["dns", "db.test"]).must_find(CODE).must_be("critical");
}

#[test]
fn one_failing_server_of_two_is_a_warning() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["127.0.0.11@*=servfail", "*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\nnameserver 127.0.0.12\n");
    let report = case.paramedic(&["dns", "db.test", "--libc", "glibc"]);
    let finding = report.must_find(CODE).must_be("warning");
    assert_eq!(finding.subject()["address"], "127.0.0.11:53", "{report}");
    // glibc passes it over: the lookup itself succeeds.
    assert_eq!(report.rows("lookups")[0][2], "addresses", "{report}");
}

#[test]
fn twin_that_knows_no_such_name_or_refuses_what_nobody_asked_for_is_well() {
    let case = Case::new("web");
    let mut server = case.dns_server("127.0.0.11", &["*=none"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    case.must_be_well();
    server.order("rules *=refused");
    case.must_be_well();
}
