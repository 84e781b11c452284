//! `paramedic` with hardly a descriptor of its own.

use crate::report::Report;
use crate::room;

#[test]
fn with_sixteen_descriptors_of_its_own_it_finds_what_it_finds_with_a_thousand() {
    let pid = room::number("own-limit", "pid");
    let open = room::number("own-limit", "counted");
    for shot in ["usual", "sixteen"] {
        let report = Report::of("own-limit", shot);
        let finding = report.finding_about("fds/near-limit", pid);
        assert_eq!(finding["evidence"]["open"], open, "{shot}: {finding}");
        let leak = report.finding_about("sockets/close-wait-leak", pid);
        assert_eq!(leak["evidence"]["count"], 890, "{shot}: {leak}");
        // Told by sock_diag with the shorter tcp_info of 6.1: the end of the stream waits in every queue.
        assert_eq!(leak["evidence"]["eof_unread"], 890, "{shot}: {leak}");
        assert_eq!(report.exit, 2, "{shot}");
    }
}

#[test]
fn with_eight_it_still_ends_with_a_true_report() {
    let pid = room::number("own-limit", "pid");
    let open = room::number("own-limit", "counted");
    let report = Report::of("own-limit", "eight");
    let found = report.check("fds/near-limit")["outcome"] == "found";
    // What it found has to be right; what it could not look at it must not call clear.
    if found {
        assert_eq!(report.finding_about("fds/near-limit", pid)["evidence"]["open"], open);
    } else {
        assert_eq!(
            report.check("fds/near-limit")["outcome"],
            "unknown",
            "{}",
            report.check("fds/near-limit")
        );
        assert!(!report.gaps("fds").is_empty());
    }
}
