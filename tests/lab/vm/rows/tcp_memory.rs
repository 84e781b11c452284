//! The memory of all TCP sockets of the machine against `tcp_mem`.

use crate::report::Report;
use crate::room;

const CODE: &str = "sockets/tcp-memory";

#[test]
fn tcp_memory_above_its_pressure_mark_or_its_maximum_is_found() {
    for shot in ["pressure", "full"] {
        let report = Report::of("tcp-memory", shot);
        let finding = report.finding(CODE);
        let figure = |key: &str| finding["evidence"][key].as_u64().unwrap();
        assert!(figure("pages") >= figure("pressure_pages"), "{finding}");
        assert!(figure("pages") >= 16 * 256, "16 MiB are queued: {finding}");
        assert_eq!(finding["subject"]["kind"], "host", "{finding}");
        assert!(report.exit > 0);
    }
    let severity = |shot| Report::of("tcp-memory", shot).finding(CODE)["severity"].clone();
    assert_eq!((severity("pressure"), severity("full")), ("warning".into(), "critical".into()));
}

#[test]
fn the_pages_are_those_of_sockstat() {
    let text = room::said("tcp-memory", "sockstat");
    let pages = text.lines().find_map(|line| line.strip_prefix("TCP:")?.rsplit(' ').next()).unwrap();
    let pages: u64 = pages.parse().unwrap();
    let report = Report::of("tcp-memory", "full");
    let seen = report.finding(CODE)["evidence"]["pages"].as_u64().unwrap();
    assert!(seen.abs_diff(pages) <= 256, "{seen} and {pages}");
}

#[test]
fn the_small_limits_without_load_and_the_load_with_usual_limits_are_clear() {
    Report::of("tcp-memory", "twin").assert_silent();
    let usual = Report::of("tcp-memory", "usual");
    assert_eq!(usual.check(CODE)["outcome"], "clear");
    usual.assert_silent();
}
