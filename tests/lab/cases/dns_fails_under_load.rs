//! `dns/fails-under-load`: servers and ways that bear some questions a second and no more, and the twin that bears them.

use crate::harness::{Case, Program, Report};

const CODE: &str = "dns/fails-under-load";
const SETTINGS: &str = "nameserver 127.0.0.11\noptions timeout:1\n";
/// Steps of a second: 10, 20, 50 and 100 a second.
const RAMP: [&str; 9] = ["dns", "db.test", "--type", "a", "--load", "ramp", "--for", "1s", "--max=100"];

/// A machine that works beside the lab may keep the binary from asking in time. It says so then and gives no verdict: it is
/// asked again.
fn verdict(case: &Case, args: &[&str]) -> Report {
    let mut report = case.paramedic(args);
    for _ in 0..3 {
        if report.outcome(CODE) != "unknown" {
            break;
        }
        report = case.paramedic(args);
    }
    report
}

/// Answers up to thirty a second; the first step above that is fifty.
fn must_name_fifty(report: &Report, severity: &str) {
    let finding = report.must_find(CODE).must_be(severity).must_say("step_per_s", 50.0);
    finding.must_say("well_per_s", 20.0).must_measure("failed_pct", 5.0..90.0);
    assert_eq!(finding.subject()["address"], "127.0.0.11:53", "{report}");
}

#[test]
fn a_server_that_drops_above_a_rate_is_named_with_the_step() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=over:30:silent"]);
    case.resolv_conf(SETTINGS);
    let report = verdict(&case, &RAMP);
    must_name_fifty(&report, "critical");
    report.must_find(CODE).must_measure("silent", 5.0..50.0);
    assert_eq!(report.rows("load").len(), 3, "it ends where it fails: {report}");
    // Nobody asked for load.
    case.must_be_well();
}

#[test]
fn a_rule_on_the_way_to_a_healthy_server_is_found_too() {
    let case = Case::timed("web");
    case.start(Program::dnsmasq("127.0.0.11").args(["--address=/db.test/10.0.0.7", "--local=/test/"]));
    case.resolv_conf(SETTINGS);
    let rules = "add table inet lab\n\
                 add chain inet lab way { type filter hook input priority 0; }\n\
                 add rule inet lab way udp dport 53 limit rate over 30/second burst 10 packets drop\n";
    case.tool_fed(&["nft", "-f", "-"], rules);
    must_name_fifty(&verdict(&case, &RAMP), "critical");
}

#[test]
fn a_server_that_refuses_above_a_rate_is_told_from_one_that_is_silent() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=over:30:servfail"]);
    case.resolv_conf(SETTINGS);
    let report = verdict(&case, &RAMP);
    must_name_fifty(&report, "critical");
    report.must_find(CODE).must_measure("servfail", 5.0..50.0).must_say("silent", 0);
}

#[test]
fn one_rate_that_somebody_names_is_judged_against_the_server_without_load() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=over:30:refused"]);
    case.resolv_conf(SETTINGS);
    let report = verdict(&case, &["dns", "db.test", "--type", "a", "--load", "100", "--for", "1s"]);
    report
        .must_find(CODE)
        .must_be("critical")
        .must_say("step_per_s", 100.0)
        .must_measure("refused", 5.0..100.0);
}

#[test]
fn a_server_that_fails_anyway_is_not_said_to_fail_under_load() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=servfail"]);
    case.resolv_conf(SETTINGS);
    let report = case.paramedic(&RAMP);
    report.must_not_find(CODE);
    report.must_find("dns/servfail");
    assert_eq!(report.outcome(CODE), "unknown", "{report}");
    assert!(case.queries().len() < 60, "it was loaded all the same: {}", case.queries().len());
}

#[test]
fn twin_dnsmasq_bears_two_hundred_a_second() {
    let case = Case::timed("web");
    case.start(Program::dnsmasq("127.0.0.11").args(["--address=/db.test/10.0.0.7", "--local=/test/"]));
    case.resolv_conf(SETTINGS);
    let report = verdict(&case, &["dns", "db.test", "--load", "200", "--for", "1s"]);
    report.must_be_silent();
    assert_eq!(report.outcome(CODE), "clear", "{report}");
    let row = &report.rows("load")[0];
    assert_eq!((row[3].as_str(), row[4].as_str()), ("0.0", "1.5"), "{row:?}");
}
