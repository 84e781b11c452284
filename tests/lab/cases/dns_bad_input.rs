//! Settings that are empty, unreadable or unusual: nothing hangs, nothing is made up.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Case, Look, NOBODY};

const CODE: &str = "dns/dead-server";

#[test]
fn a_file_that_may_not_be_read_is_a_gap_and_nobody_is_asked() {
    let case = Case::new("web");
    case.dns_server("127.0.0.1,127.0.0.11", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver 127.0.0.11\n");
    let file = case.path("/etc/resolv.conf");
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).expect("the lab is root");
    let nobody = Look { uid: Some(NOBODY), ..Look::default() };
    let report = case.paramedic_as(nobody, &["dns", "db.test"]);
    assert!(
        report.gaps().iter().any(|g| g["why"] == "denied" && g["detail"] == "/etc/resolv.conf"),
        "{report}"
    );
    assert_ne!(report.outcome(CODE), "clear", "{report}");
    report.must_exit(3);
    assert!(
        report.rows("servers").is_empty() && case.queries().is_empty(),
        "127.0.0.1 is no guess: {report}"
    );
}

#[test]
fn without_a_nameserver_the_local_host_is_asked_as_both_libraries_do() {
    let case = Case::new("web");
    case.dns_server("127.0.0.1", &["*=10.0.0.7"]);
    for text in ["", "# nothing\n", "search a.test\n", "nameserver\nnameserver nonsense\n"] {
        case.resolv_conf(text);
        let report = case.paramedic(&["dns", "db.test"]);
        report.must_not_find(CODE);
        assert_eq!(report.rows("servers")[0][0], "127.0.0.1", "{report}");
        assert_eq!(report.rows("lookups")[0][2], "addresses", "{report}");
        // A Rust service gives up instead.
        let rust = report.rows("beside").into_iter().find(|r| r[1].starts_with("hickory")).expect("its row");
        assert!(rust[2].contains("no nameservers"), "{report}");
    }
}

#[test]
fn a_link_local_server_is_asked_over_its_interface() {
    let case = Case::new("web");
    for line in [
        "ip link add lab0 type veth peer name lab1",
        "ip link set lab1 up",
        "ip link set lab0 up",
        "ip address add fe80::53/64 dev lab0 nodad",
    ] {
        case.tool(&line.split(' ').collect::<Vec<_>>());
    }
    case.dns_server("fe80::53%lab0", &["*=10.0.0.7"]);
    case.resolv_conf("nameserver fe80::53%lab0\n");
    let report = case.paramedic(&["dns", "db.test"]);
    report.must_be_silent();
    assert_eq!(report.rows("servers")[0][..4], ["fe80::53%lab0", "db.test", "A", "NOERROR"], "{report}");
    let glibc = report.rows("beside").into_iter().find(|r| r[1].starts_with("getent")).expect("its row");
    assert_eq!(glibc[2], r#"["10.0.0.7","fd77::7"]"#, "{report}");
    // An interface that is not there is no accusation of the server.
    case.resolv_conf("nameserver fe80::53%gone\n");
    assert_eq!(case.paramedic(&["dns", "db.test"]).outcome(CODE), "unknown");
}
