//! `dns/lost-reply-reads-as-enotfound`: answers for the search list are lost, and Node.js says ENOTFOUND.

use crate::harness::{Case, Program};

const CODE: &str = "dns/lost-reply-reads-as-enotfound";
const POD: &str =
    "nameserver 127.0.0.11\nsearch prod.svc.test svc.test\noptions ndots:5 timeout:1 attempts:2\n";

#[test]
fn node_says_enotfound_and_the_loss_is_named() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*.prod.svc.test=silent", "*=none"]);
    case.resolv_conf(POD);
    let node = case.start(Program::node("looks_up.js").args(["db"]));
    assert_eq!(node.told("enotfound"), 1, "patient");
    assert!(node.told("ms") >= 2000, "patient: it waited for the timeout");

    let pid = node.pid().to_string();
    let report = case.paramedic(&["dns", "db", "--pid", &pid]);
    report
        .must_find(CODE)
        .must_blame(&node)
        .must_be("critical")
        .must_say("lost", "db.prod.svc.test")
        .must_measure("waited_ms", 1990.0..4000.0);
    // The server itself is there: it is not called dead.
    report.must_find("dns/dead-server").must_be("warning");
    assert!(report.to_string().contains("does not answer for db.prod.svc.test (A, AAAA)"), "{report}");
    assert_eq!(
        report.rows("lookups"),
        [["glibc", "db", "EAI_NONAME", "ENOTFOUND", &report.rows("lookups")[0][4]]]
    );
}

#[test]
fn twin_whose_name_does_not_exist_is_no_loss() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=none"]);
    case.resolv_conf(POD);
    let node = case.start(Program::node("looks_up.js").args(["db"]));
    assert_eq!(node.told("enotfound"), 1, "patient");
    let report = case.paramedic(&["dns", "db"]);
    report.must_not_find(CODE);
    report.must_be_silent();
    assert_eq!(report.rows("lookups")[0][3], "ENOTFOUND", "{report}");
}
