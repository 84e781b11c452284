//! `http/keepalive-below-lb`: a balancer that uses connections which the server is about to close, and how exactly that is seen.

use crate::harness::{Case, Program, soon};
use std::{thread, time::Duration};

const CODE: &str = "http/keepalive-below-lb";

/// Asks once, through the balancer, and prints the status.
const ASK: &str = "import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=20)
c.request('GET', '/')
print(c.getresponse().status)";

fn ask(case: &Case, port: &str) -> String {
    case.tool(&["/usr/bin/python3", "-c", ASK, port]).trim().into()
}

#[test]
fn nodes_default_behind_haproxy_gives_502_and_is_named() {
    let case = Case::timed("web");
    let app = |port: &str, keep: &[&str]| {
        let node = Program::node("http_app.js").args([port, "1", "drains"]).args(keep.iter().copied());
        case.start(node)
    };
    let mut five = app("3001", &[]);
    let mut long = app("3002", &["keepAliveTimeout=65000"]);
    case.start(Program::haproxy("haproxy.cfg", 8080));
    // One connection to each, used and then idle.
    assert_eq!((ask(&case, "8001"), ask(&case, "8002")), ("200".into(), "200".into()), "patient");
    // Before its time is up (5 s, or 6 s in newer releases) the server has something else to do, for longer than that; a request
    // comes meanwhile.
    thread::sleep(Duration::from_millis(4200));
    let statuses = thread::scope(|scope| {
        let blocked = [scope.spawn(|| five.order("block 3000")), scope.spawn(|| long.order("block 3000"))];
        thread::sleep(Duration::from_millis(200));
        let case = &case;
        let asked = ["8001", "8002"].map(|port| scope.spawn(move || ask(case, port)));
        let statuses = asked.map(|a| a.join().expect("the balancer answers"));
        blocked.into_iter().for_each(|b| b.join().expect("it obeys"));
        statuses
    });
    assert_eq!(statuses, ["502".to_string(), "200".to_string()], "patient: what the balancer said");

    let report = case.paramedic(&["http", "http://127.0.0.1:3001/", "--lb-idle", "10s"]);
    let found = report.must_find(CODE).must_be("warning").must_say("claimed_s", 5.0);
    found.must_measure("closed_after_s", 4.9..6.6).must_say("lb_idle_s", 10.0);
    assert!(
        found.title().contains("127.0.0.1:3001") && found.subject()["address"] == "127.0.0.1:3001",
        "{report}"
    );
    report.must_exit(1);
    let twin = case.paramedic(&["http", "http://127.0.0.1:3002/", "--lb-idle", "2s"]);
    assert_eq!(twin.outcome(CODE), "clear", "{twin}");
    twin.must_be_silent();
}

#[test]
fn the_close_is_seen_within_a_tenth_of_a_second() {
    let case = Case::timed("web");
    let mut python = case.start(Program::python("closes_idle.py").args(["3000", "0.8"]));
    let report = case.paramedic(&["http", "http://127.0.0.1:3000/", "--lb-idle", "2s"]);
    let seen = report.must_find(CODE).must_say("claimed_s", 3.0).number("closed_after_s");
    // The one answer that was looked at first is among them: it was closed by us.
    soon(|| {
        python.order("tell");
        if python.told("ended") == 3 {
            Ok(())
        } else {
            Err(format!("patient: {} ended", python.told("ended")))
        }
    });
    let truth = python.told("shortest_ms") as f64 / 1000.0;
    assert!((seen - truth).abs() < 0.1, "{seen} s, and in truth {truth} s: {report}");

    case.start(Program::nginx("keepalive.conf", 8080));
    let report = case.paramedic(&["http", "http://127.0.0.1:8080/", "--probe", "idle", "--lb-idle", "3s"]);
    report.must_find(CODE).must_measure("closed_after_s", 0.9..1.15);
    assert!(
        report.json["findings"][0]["remedy"].as_str().is_some_and(|r| r.contains("in nginx")),
        "{report}"
    );
}

#[test]
fn a_claim_alone_warns_of_nothing_and_a_server_that_keeps_nothing_is_well() {
    let case = Case::new("web");
    case.start(Program::node("http_app.js").args(["3000", "1", "drains"]));
    let plain = case.paramedic(&["http", "127.0.0.1:3000"]);
    plain.must_find(CODE).must_be("notice").must_say("claimed_s", 5.0);
    plain.must_be_silent();
    // HTTP/1.0: every answer ends its connection.
    case.start(Program::python_http_server(8000, "127.0.0.1"));
    let closing = case.paramedic(&["http", "http://127.0.0.1:8000/", "--lb-idle", "1s"]);
    assert_eq!(closing.outcome(CODE), "clear", "{closing}");
    closing.must_be_silent();
}
