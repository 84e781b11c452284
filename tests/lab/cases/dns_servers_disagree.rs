//! `dns/servers-disagree`: one knows a name that the other denies.

use crate::harness::Case;

const CODE: &str = "dns/servers-disagree";
const TWO: &str = "nameserver 127.0.0.11\nnameserver 127.0.0.12\nsearch a.test\n";

#[test]
fn one_that_knows_and_one_that_denies_are_both_named() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["127.0.0.11@*.a.test=10.0.0.7", "*=none"]);
    case.resolv_conf(TWO);
    let report = case.paramedic(&["dns", "db"]);
    report
        .must_find(CODE)
        .must_be("warning")
        .must_say("known_by", "127.0.0.11")
        .must_say("denied_by", "127.0.0.12");
}

#[test]
fn twin_whose_addresses_differ_is_well() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["127.0.0.11@*=10.0.0.7", "*=10.0.0.8"]);
    case.resolv_conf(TWO);
    case.must_be_well();
    case.paramedic(&["dns", "db"]).must_be_silent();
}
