//! `http/requests-lost`: two instances behind HAProxy are replaced one after the other while requests come.

use crate::harness::{Case, Patient, Program, Report, soon};
use std::{thread, time::Duration};

const CODE: &str = "http/requests-lost";
/// Tells HAProxy over its socket: takes an instance out of routing, and puts it back.
const TELL: &str = "import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect('/run/lab/work/haproxy.sock')
s.sendall((sys.argv[1] + '\\n').encode())
s.shutdown(socket.SHUT_WR)
while s.recv(4096): pass";

const PORTS: [(&str, &str); 2] = [("a", "3001"), ("b", "3002")];

fn instance(case: &Case, port: &str, end: &str) -> Patient {
    case.start(Program::node("http_app.js").args([port, "60", end]))
}

/// Sends requests through the balancer while both instances are replaced.
fn rollout(case: &Case, end: &str, drained: bool) -> Report {
    let mut running = PORTS.map(|(_, port)| instance(case, port, end));
    case.start(Program::haproxy("haproxy.cfg", 8080));
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            case.paramedic(&[
                "http",
                "http://127.0.0.1:8080/",
                "--for",
                "8s",
                "--rate",
                "100",
                "--connections",
                "8",
            ])
        });
        // The load is at work when its connections are there.
        soon(|| {
            let open = case.ss("state established ( sport = :8080 )").len();
            if open >= 8 { Ok(()) } else { Err(format!("patient: {open} connections")) }
        });
        for (at, (name, port)) in PORTS.into_iter().enumerate() {
            let tell = |state: &str| {
                let line = format!("set server both/{name} state {state}");
                case.tool(&["/usr/bin/python3", "-c", TELL, &line]);
            };
            if drained {
                tell("maint");
            }
            let pid = running[at].pid().to_string();
            case.tool(&["kill", "-TERM", &pid]);
            soon(|| match case.listener(port.parse().expect("a port")) {
                Ok(_) => Err(format!("patient: something listens on {port}")),
                Err(_) => Ok(()),
            });
            if drained {
                // What was in flight has its answer when it is gone.
                let gone = case.path(&format!("/proc/{pid}"));
                soon(|| if gone.exists() { Err("patient: it has not ended".into()) } else { Ok(()) });
            }
            running[at] = instance(case, port, end);
            if drained {
                tell("ready");
            }
            thread::sleep(Duration::from_millis(300));
        }
        looking.join().expect("the binary ends")
    })
}

#[test]
fn a_rollout_of_what_drops_its_requests_is_counted_and_told_when() {
    let case = Case::timed("web");
    let report = rollout(&case, "drops", false);
    let found = report.must_find(CODE);
    let (lost, sent) = (found.number("lost"), found.number("sent"));
    assert!(lost >= 2.0 && sent >= 400.0 && found.number("server_error") >= 1.0, "{report}");
    assert!(found.title().contains("burst"), "{report}");
    assert!(report.json["findings"][0]["since"].as_str().is_some(), "{report}");
    // Every request is accounted for.
    let all: u64 =
        report.rows("requests").iter().map(|r| r[1].replace(',', "").parse::<u64>().expect("a count")).sum();
    assert_eq!(all as f64, sent, "{report}");
}

#[test]
fn a_rollout_that_drains_loses_nothing() {
    let case = Case::timed("web");
    let report = rollout(&case, "drains", true);
    assert_eq!(report.outcome(CODE), "clear", "{report}");
    report.must_be_silent();
}

#[test]
fn one_answer_that_is_an_error_of_the_server_is_no_health() {
    let case = Case::new("web");
    case.start(Program::haproxy("haproxy.cfg", 8080));
    let report = case.paramedic(&["http", "http://127.0.0.1:8080/"]);
    report.must_find(CODE).must_be("warning").must_say("status", 503);
    report.must_exit(1);
}
