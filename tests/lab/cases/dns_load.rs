//! Load on a nameserver: what it measures, what it says before it begins, and when it says nothing of the server.

use crate::harness::{Case, Program, Report};
use serde_json::Value;

const CODE: &str = "dns/fails-under-load";
const SETTINGS: &str = "nameserver 127.0.0.11\noptions timeout:2\n";

/// One column of the table of steps.
fn column(report: &Report, key: &str) -> Vec<Value> {
    let sections = report.json["sections"].as_array().into_iter().flatten();
    let mut blocks = sections.flat_map(|s| s["blocks"].as_array().into_iter().flatten());
    let block = blocks.find(|b| b["name"] == "load").unwrap_or_else(|| panic!("no load in {report}"));
    let columns = block["columns"].as_array().expect("a table has columns");
    let at = columns.iter().position(|c| c["key"] == key).unwrap_or_else(|| panic!("no column {key}"));
    block["rows"].as_array().into_iter().flatten().map(|r| r[at].clone()).collect()
}

#[test]
fn a_server_that_stands_still_now_and_then_shows_it_whatever_the_number_of_workers() {
    let case = Case::timed("web");
    case.dns_server("127.0.0.11", &["*=stall:800:1"]);
    case.resolv_conf(SETTINGS);
    for how in [["--load", "100"], ["--workers", "1"], ["--workers", "8"]] {
        let line = [&["dns", "db.test", "--type", "a", "--for", "3s"], &how[..]].concat();
        let report = case.paramedic(&line);
        // A third of the time and more it stands still, for up to 0.8 s.
        let p90 = column(&report, "p90_ms")[0].as_f64().unwrap_or(0.0);
        assert!((300.0..2000.0).contains(&p90), "{how:?}: p90 {p90} ms: {report}");
        let max = column(&report, "max_ms")[0].as_f64().unwrap_or(0.0);
        assert!(max >= 700.0, "{how:?}: {max} ms: {report}");
    }
}

#[test]
fn what_this_machine_does_not_send_is_no_fault_of_the_server() {
    let case = Case::timed("web");
    case.start(Program::dnsmasq("127.0.0.11").args(["--address=/db.test/10.0.0.7", "--local=/test/"]));
    case.resolv_conf(SETTINGS);
    let rules = "add table inet lab\n\
                 add chain inet lab own { type filter hook output priority 0; }\n\
                 add rule inet lab own udp dport 53 limit rate over 30/second burst 10 packets drop\n";
    case.tool_fed(&["nft", "-f", "-"], rules);
    let report = case.paramedic(&["dns", "db.test", "--load", "100", "--for", "1s"]);
    report.must_not_find(CODE);
    assert_eq!(report.outcome(CODE), "unknown", "{report}");
    let said =
        report.gaps().iter().any(|g| g["detail"].as_str().is_some_and(|d| d.contains("would not send")));
    assert!(said, "{report}");
}

#[test]
fn a_client_that_was_kept_from_asking_in_time_gives_no_verdict() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf(SETTINGS);
    // Stopped once it has said that it begins, for as long as many questions of a second are due.
    let script = "cd /run/lab/work
        /run/lab/paramedic dns db.test --load 100 --for 2s --timeout 50s --write report.json --json 2>said &
        until grep -q '^load ' said; do sleep .05; done
        sleep .5; kill -STOP $!; sleep .7; kill -CONT $!
        wait $!; cat report.json";
    let json: Value = serde_json::from_str(&case.tool(&["sh", "-c", script])).expect("one document");
    let sections = json["sections"].as_array().into_iter().flatten();
    let mut checks = sections.flat_map(|s| s["checks"].as_array().into_iter().flatten());
    let check = checks.find(|c| c["code"] == CODE).expect("it is among the checks");
    assert_eq!(check["outcome"], "unknown", "{json}");
    assert!(check["detail"].as_str().is_some_and(|d| d.contains("later than the schedule")), "{check}");
}

#[test]
fn a_load_says_what_it_will_do_before_it_begins_and_the_document_stays_alone() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\nnameserver 127.0.0.12\n");
    let run = |flags: &str| {
        let line = format!(
            "/run/lab/paramedic dns db.test --load 20 --for 500ms --timeout 50s {flags} 2>&1 >/run/lab/work/out; cat /run/lab/work/out >&2"
        );
        case.tool(&["sh", "-c", &line])
    };
    assert_eq!(run("--json"), "load  10 questions in 0.5s at 20/s to 127.0.0.11, stops at 5 % failures\n");
    assert_eq!(
        run("--server 127.0.0.11 127.0.0.12"),
        "load  10 questions in 0.5s at 20/s to 127.0.0.11, then 127.0.0.12 each, stops at 5 % failures\n"
    );
    assert_eq!(run("--json -q"), "");
}

#[test]
fn nobody_is_loaded_who_did_not_ask_for_it() {
    let case = Case::new("web");
    let mut server = case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test\n");
    for args in [&[][..], &["check", CODE]] {
        server.order("rules *=10.0.0.7");
        let report = case.paramedic(args);
        report.must_not_find(CODE);
        assert_eq!(report.outcome(CODE), "skipped", "{report}");
        assert!(case.queries().len() < 20, "{}", case.queries().len());
    }
}
