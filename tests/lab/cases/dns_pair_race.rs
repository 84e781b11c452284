//! `dns/pair-race`: one answer of a pair is lost when both questions come from one port.

use crate::harness::Case;

const CODE: &str = "dns/pair-race";

#[test]
fn pairs_that_lose_one_answer_on_one_socket_alone_are_the_race() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=half"]);
    case.resolv_conf("nameserver 127.0.0.11\noptions timeout:1\n");
    let report = case.paramedic(&["dns", "db.test"]);
    report.must_find(CODE).must_be("warning").must_say("pairs", 10).must_say("half_lost_on_two_sockets", 0);
    // Nothing of it costs anything in plain check.
    case.must_be_well();
}

#[test]
fn twin_that_answers_every_pair_is_well() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=twice"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let report = case.paramedic(&["dns", "db.test"]);
    report.must_be_silent();
    assert_eq!(report.outcome(CODE), "clear", "{report}");
}
