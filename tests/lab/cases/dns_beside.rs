//! What each resolver sees: hickory-resolver, `getent`, Node.js and Python beside our own walk, all of them real.

use crate::harness::{Case, Program, Report};

const RUNTIMES: [&str; 2] = ["--runtime", "node,python3"];
const HICKORY: &str = "hickory-resolver (Rust services)";
const GETENT: &str = "getent ahosts (with its start)";

/// What each resolver sees of this name: without those that paramedic walks for itself.
fn seen(report: &Report, name: &str) -> Vec<(String, String)> {
    let rows = report.rows("beside").into_iter().filter(|r| r[0] == name && !r[1].contains("rules"));
    rows.map(|r| (r[1].clone(), r[2].clone())).collect()
}

#[test]
fn every_resolver_sees_the_addresses_that_dnsmasq_has_and_the_search_list_of_the_file() {
    let case = Case::new("web");
    let addresses = ["--address=/db.a.test/10.0.0.7", "--address=/db.a.test/fd77::7", "--local=/#/"];
    case.start(Program::dnsmasq("127.0.0.11").args(addresses));
    case.resolv_conf("nameserver 127.0.0.11\nsearch a.test\n");
    let report = case.paramedic(&[&["dns", "db", "nosuch.test"], &RUNTIMES[..]].concat());
    report.must_be_silent();
    let both = r#"["10.0.0.7","fd77::7"]"#;
    let wanted = [HICKORY, GETENT, "node dns.lookup", "python3 socket.getaddrinfo"];
    assert_eq!(seen(&report, "db"), wanted.map(|who| (who.to_string(), both.to_string())), "{report}");
    let walked = report.rows("beside").into_iter().find(|r| r[0] == "db").expect("our own walk is there too");
    assert_eq!(walked[2], both, "{report}");
    let none = ["NXDOMAIN", "not found or no answer", "ENOTFOUND", "EAI_NONAME"];
    let none: Vec<_> =
        wanted.iter().zip(none).map(|(who, says)| (who.to_string(), format!("[{says:?}]"))).collect();
    assert_eq!(seen(&report, "nosuch.test"), none, "{report}");
    assert!(report.rows("beside").iter().all(|r| r[3] != "null"), "each took a time: {report}");
}

#[test]
fn where_one_server_fails_the_rust_service_fails_and_libc_does_not() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11,127.0.0.12", &["127.0.0.11@*=servfail", "*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\nnameserver 127.0.0.12\n");
    let report = case.paramedic(&["dns", "db.test"]);
    let rows = seen(&report, "db.test");
    assert_eq!(rows[1], (GETENT.to_string(), r#"["10.0.0.7","fd77::7"]"#.to_string()), "{report}");
    // Whichever of the two it hears first: the failure is its last word, or it never sees it.
    assert!(rows[0].1 == r#"["SERVFAIL"]"# || rows[0].1 == rows[1].1, "{report}");
}

#[test]
fn a_name_is_an_argument_and_never_code() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=none"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    for name in ["');process.exit(3);('", "$(touch${IFS}x)"] {
        let report = case.paramedic(&[&["dns", name], &RUNTIMES[..]].concat());
        let rows = seen(&report, name);
        assert_eq!(rows.len(), 4, "{report}");
        assert!(rows[2].1.contains("ENOTFOUND") || rows[2].1.contains("EAI_"), "{report}");
        assert!(rows[3].1.contains("EAI_"), "{report}");
    }
}

#[test]
fn programs_of_another_root_are_not_run_and_that_is_said() {
    let case = Case::new("node");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let node = Program::node("looks_up.js").args(["db.test"]).first_of_its_namespace();
    let pid = case.start(node).pid().to_string();
    let report = case.paramedic(&["dns", "db.test", "--pid", &pid, "--runtime", "node"]);
    let rows = seen(&report, "db.test");
    assert_eq!(rows, [(HICKORY.to_string(), r#"["10.0.0.7","fd77::7"]"#.to_string())], "{report}");
    assert!(report.to_string().contains("a root of its own"), "{report}");
}

#[test]
fn plain_check_and_the_plan_start_nobody() {
    let case = Case::new("web");
    case.dns_server("127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    for report in
        [case.paramedic(&[]), case.paramedic(&["dns", "db.test", "--plan"]), case.paramedic(&["dns"])]
    {
        assert!(report.rows("beside").is_empty(), "{report}");
    }
}
