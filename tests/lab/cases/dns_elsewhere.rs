//! Names looked up from where the patient is, and answers that are not meant for a terminal.

use crate::harness::{Case, Program, soon};

#[test]
fn a_pod_is_asked_for_from_its_own_network() {
    let case = Case::new("node");
    case.add_netns("pod");
    case.resolv_conf("nameserver 127.0.0.11\n");
    // Only in the network of the pod there is a server.
    case.start(Program::python("dns_server.py").args(["127.0.0.11", "*=10.0.0.7"]).netns("pod"));
    let node = case.start(Program::node("looks_up.js").args(["db.test"]).netns("pod"));
    assert_eq!(node.told("found"), 1, "patient");
    let inside = case.paramedic(&["dns", "db.test", "--pid", &node.pid().to_string()]);
    inside.must_be_silent();
    assert_eq!(inside.rows("lookups")[0][2], "addresses", "{inside}");
    case.paramedic(&["dns", "db.test"]).must_find("dns/dead-server").must_say("came", "port closed");
}

#[test]
fn what_nobody_may_enter_is_a_gap_and_not_our_own_network() {
    let case = Case::new("node");
    case.add_netns("pod");
    case.resolv_conf("nameserver 127.0.0.11\n");
    let node = case.start(Program::node("looks_up.js").args(["db.test"]).netns("pod"));
    let nobody = crate::harness::Look { uid: Some(crate::harness::NOBODY), ..Default::default() };
    let report = case.paramedic_as(nobody, &["dns", "--pid", &node.pid().to_string()]);
    report.must_not_find("dns/dead-server");
    assert_eq!(report.outcome("dns/dead-server"), "unknown", "{report}");
}

#[test]
fn the_environment_of_the_process_counts() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=none"]);
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test\n");
    let node = case.start(Program::env("RES_OPTIONS=ndots:3", Program::node("looks_up.js").args(["db.x"])));
    soon(|| if node.told("enotfound") == 1 { Ok(()) } else { Err("patient".into()) });
    let plan = |args: &[&str]| {
        let report = case.paramedic(&[&["dns", "db.x", "--plan", "--libc", "glibc"], args].concat());
        report.rows("plan").iter().map(|r| r[2].clone()).collect::<Vec<_>>()
    };
    assert_eq!(plan(&["--pid", &node.pid().to_string()])[0], "db.x.a.test");
    assert_eq!(plan(&[])[0], "db.x");
}

#[test]
fn answers_put_no_control_byte_on_a_terminal() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let report = case.paramedic(&["dns", "db.test", "--type", "txt"]);
    assert!(report.rows("servers")[0][9].contains("red"), "{report}");
    for output in ["text", "wide"] {
        let (_, stdout) = case.paramedic_text(&["dns", "db.test", "--type", "txt", "-o", output]);
        let text = String::from_utf8(stdout).expect("text is UTF-8");
        let found: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert!(found.is_empty(), "{found:?}:\n{text}");
    }
}
