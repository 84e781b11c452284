//! `dns/truncation`: an answer that needs TCP, and TCP that is not there.

use crate::harness::Case;

const CODE: &str = "dns/truncation";

#[test]
fn an_answer_that_cannot_be_had_over_tcp_is_a_warning() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=truncated", "notcp"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let report = case.paramedic(&["dns", "db.test", "--type", "a", "--libc", "glibc"]);
    report.must_find(CODE).must_be("warning").must_say("tcp_answer", "port closed");
    assert_eq!(report.rows("lookups")[0][2], "EAI_AGAIN", "{report}");
}

#[test]
fn twin_that_gives_it_over_tcp_is_well() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=truncated"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let report = case.paramedic(&["dns", "db.test", "--libc", "glibc"]);
    report.must_be_silent();
    report.must_find(CODE).must_be("notice");
    assert_eq!(report.rows("lookups")[0][2], "addresses", "{report}");
}
