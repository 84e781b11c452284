//! `dns/search-amplification`: what a name outside costs in a pod.

use crate::harness::Case;

const CODE: &str = "dns/search-amplification";
const POD: &str = "nameserver 127.0.0.11\nsearch prod.svc.test svc.test test\noptions ndots:5\n";

#[test]
fn a_pod_pays_eight_queries_and_the_plan_sends_none() {
    let case = Case::new("web");
    let mut server = case.dns_server("127.0.0.11", &["*=none"]);
    case.resolv_conf(POD);
    server.order("rules *=none");
    let report = case.paramedic(&["dns", "api.example.com", "--plan", "--libc", "glibc"]);
    report.must_find(CODE).must_be("notice").must_say("queries", 8).must_say("ndots", 5);
    assert_eq!(report.rows("plan").len(), 8, "{report}");
    assert_eq!(case.queries(), [], "a plan sends nothing");
    case.paramedic(&[]).must_find(CODE).must_be("notice");
}

#[test]
fn twin_with_a_dot_at_the_end_is_well() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=none"]);
    case.resolv_conf(POD);
    case.paramedic(&["dns", "api.example.com.", "--plan"]).must_not_find(CODE);
    case.must_be_well();
}
