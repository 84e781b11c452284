//! A pod with a network namespace of its own, seen from its node.

use crate::harness::{Case, Program, soon};

const CODE: &str = "sockets/close-wait-leak";

#[test]
fn leak_of_a_pod_is_found_from_its_node_and_only_when_asked() {
    let case = Case::new("node");
    case.add_netns("pod");
    let node = Program::node("half_open_server.js").args(["3000"]).nofile(512, 512).netns("pod");
    let node = case.start(node);
    case.start(Program::python("opens_and_closes.py").args(["127.0.0.1", "3000", "60"]).netns("pod"));
    soon(|| {
        let line = ["nsenter", "--net=/run/netns/pod", "ss", "-Htan", "state", "close-wait"];
        let count = case.tool(&line).lines().count();
        if count == 60 { Ok(()) } else { Err(format!("patient keeps {count}")) }
    });

    let near = case.paramedic(&["sockets", "--netns", "own"]);
    near.must_be_silent();
    for report in case.looks("sockets", &["--netns", "all"]) {
        report
            .must_find(CODE)
            .must_blame(&node)
            .must_be("warning")
            .must_say("count", 60)
            .must_say("eof_read", 60);
    }
}
