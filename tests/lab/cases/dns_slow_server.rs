//! `dns/slow-server`: late every time, and the twin that is late once.

use crate::harness::Case;

const CODE: &str = "dns/slow-server";

#[test]
fn a_server_that_is_late_every_time_is_named_with_its_median() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["127.0.0.12@*=slow:300", "*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\nnameserver 127.0.0.12\nsearch a.test\n");
    for report in case.looks("dns", &[]) {
        let finding = report.must_find(CODE).must_be("warning").must_measure("median_ms", 200.0..2000.0);
        assert_eq!(finding.subject()["address"], "127.0.0.12:53", "{report}");
        assert_eq!(report.all(CODE).len(), 1, "{report}");
    }
}

#[test]
fn twin_that_takes_its_time_within_reason_is_well() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=slow:40"]);
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test\n");
    case.must_be_well();
    case.paramedic(&["dns", "db"]).must_not_find(CODE);
}
