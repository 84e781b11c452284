//! Reports made by hand, for the tests of every renderer.

use crate::model::{
    Cell, Column, Confidence, Finding, Gap, Process, Severity, Stamp, Thing, Why,
    report::{BlockV1, CheckV1, FindingV1, Host, OutcomeV1, Report, SCHEMA, SectionV1, Status},
};

/// 2026-11-21T22:33:00.123Z.
pub(super) const TAKEN_AT: Stamp = Stamp::from_ms(1_795_300_380_123);

pub(super) fn process(pid: i32, name: &str) -> Thing {
    let user = Some("app".into());
    let start = Some(TAKEN_AT.earlier(33_120.0));
    Thing::Process(Process { pid, start_ticks: 812_334, start, name: name.into(), user })
}

/// A finding with its code, and what it causes and is caused by.
pub(super) fn linked(code: &'static str, f: Finding, causes: &[usize], caused_by: &[usize]) -> FindingV1 {
    let causes = causes.to_vec();
    FindingV1 { causes, caused_by: caused_by.to_vec(), ..FindingV1::from(&Finding { code, ..f }) }
}

fn leak() -> Finding {
    let title = "node (pid 1) never closes its connections to 10.0.3.7:443";
    Finding::new(Severity::Warning, Confidence::High, process(1, "node"), title)
        .about(Thing::Peer { address: "10.0.3.7:443".into() })
        .evidence("count", 2611u64)
        .evidence("oldest_s", 32_940u64)
        .evidence("per_min", 4.6)
        .evidence("eof_unread", 0u64)
        .because("2,611 connections in CLOSE_WAIT: the peer closed, node read the end of the stream and kept them.")
        .because("Ages 8s to 9h09m, evenly spread: one more every 13s since the start.")
        .since(Some(TAKEN_AT.earlier(32_940.0)))
        .remedy("read or cancel every response body, then close; a restart buys about 13h")
        .next("sockets --pid 1 --peer 10.0.3.7:443 --state close-wait -o wide")
}

fn descriptors() -> Finding {
    let title = "node (pid 1) has 3,449 of its 4,096 descriptors open";
    Finding::new(Severity::Critical, Confidence::High, process(1, "node"), title)
        .evidence("open", 3449u64)
        .evidence("soft_limit", 4096u64)
        .evidence("used_pct", 84.2)
        .because(
            "At this rate none are left in 2h20m: then every open, accept and connect fails with EMFILE.",
        )
        .remedy("mend the leak above; raising the soft limit only buys time")
        .next("fds --pid 1")
}

fn slow_peer() -> Finding {
    let title = "python3 (pid 77) sends to 10.0.9.2:9000, which does not read";
    Finding::new(Severity::Warning, Confidence::Medium, process(77, "python3"), title)
        .evidence("count", 3u64)
        .evidence("bytes", 4_404_019u64)
        .evidence("oldest_s", 41u64)
        .because("The window of the peer stays shut while bytes wait here.")
        .remedy("give the sending a deadline; look at what 10.0.9.2 does")
        .next("sockets --pid 77 --peer 10.0.9.2:9000")
}

fn no_keepalive(peer: &str) -> Finding {
    let title = format!("node (pid 1) would not notice that {peer} is gone");
    Finding::new(Severity::Notice, Confidence::High, process(1, "node"), title)
        .evidence("count", 10u64)
        .evidence("oldest_idle_s", 5400u64)
        .remedy("switch keepalive on in the pool")
        .next(format!("sockets --pid 1 --peer {peer}"))
}

fn check(code: &'static str, outcome: OutcomeV1) -> CheckV1 {
    CheckV1 { code, outcome }
}

/// A leak that eats the descriptors, a peer that does not read, two risks, and holes in what was seen.
pub(super) fn sick() -> Report {
    let clear = |looked, unseen| OutcomeV1::Clear { looked, unseen };
    let found = OutcomeV1::Found { unseen: 0 };
    let fds = SectionV1 {
        area: "fds",
        span_s: 1.0021,
        blocks: vec![BlockV1::Table {
            name: "processes",
            columns: vec![
                Column::new("process"),
                Column::new("open"),
                Column::new("soft_limit"),
                Column::unit("used_pct", "pct"),
                Column::new("cgroup").wide(),
            ],
            rows: vec![
                vec!["node (pid 1)".into(), 3449u64.into(), 4096u64.into(), 84.2.into(), "/app".into()],
                vec!["python3 (pid 77)".into(), 31u64.into(), 1024u64.into(), 3.0.into(), "/job".into()],
                vec!["sh (pid 80)".into(), Cell::Unseen, 1024u64.into(), Cell::Unseen, Cell::None],
            ],
            total: 3,
        }],
        checks: vec![
            check("fds/near-limit", found.clone()),
            check("fds/growing", OutcomeV1::Skipped { detail: "a window of 10s or more" }),
            check("fds/system-near-limit", clear(1, 0)),
            check("fds/inotify-exhausted", clear(1, 0)),
        ],
        gaps: vec![
            Gap { count: 14, ..Gap::new("descriptor lists of processes", Why::Denied, "pid 1337 (envoy)") }
                .remedy("sudo paramedic fds"),
        ],
    };
    let peers =
        [("10.0.3.7:443", 2631u64, 2611u64, Cell::Int(32_940)), ("10.0.5.4:5432", 10, 0, Cell::Num(0.3))];
    let mut rows: Vec<Vec<Cell>> =
        peers.map(|(p, n, c, age)| vec![p.into(), n.into(), c.into(), age]).into_iter().collect();
    rows.push(vec!["10.0.9.2:9000".into(), 3u64.into(), 0u64.into(), Cell::Unseen]);
    let sockets = SectionV1 {
        area: "sockets",
        span_s: 1.0021,
        blocks: vec![BlockV1::Table {
            name: "peers",
            columns: vec![
                Column::new("peer"),
                Column::new("conns"),
                Column::new("close_wait"),
                Column::unit("oldest_wait_s", "s"),
            ],
            rows,
            total: 41,
        }],
        checks: vec![
            check("sockets/close-wait-leak", found.clone()),
            check("sockets/peer-not-reading", OutcomeV1::Found { unseen: 28 }),
            check("sockets/no-keepalive", found),
            check("sockets/accept-queue-full", clear(12, 0)),
            check("sockets/listen-drops", clear(12, 0)),
            check("sockets/dead-peer", clear(840, 28)),
            check("sockets/connect-hanging", clear(840, 0)),
            check(
                "sockets/conntrack-near-limit",
                OutcomeV1::Unknown {
                    why: Why::Unsupported,
                    detail: "the table of another network namespace",
                },
            ),
        ],
        gaps: vec![
            Gap {
                count: 38,
                ..Gap::new("owners of sockets", Why::Denied, "uid 1337: another container of this pod")
            }
            .remedy("kubectl debug -it web-7f --target istio-proxy --image paramedic -- paramedic sockets"),
            Gap::new("why the last container ended", Why::Absent, "this one began 9h12m ago")
                .remedy("kubectl describe pod web-7f"),
        ],
    };
    Report {
        schema: SCHEMA,
        version: "0.0.0",
        command: "check".into(),
        taken_at: TAKEN_AT,
        duration_ms: 1104.2,
        host: Host {
            hostname: Some("web-7f".into()),
            kernel: Some("6.1.0".into()),
            pod: Some("web-7f".into()),
            namespace: Some("prod".into()),
            seen_as_uid: Some(1000),
            ..Host::default()
        },
        status: Status::Critical,
        exit_code: 2,
        findings: vec![
            linked("sockets/close-wait-leak", leak(), &[1], &[]),
            linked("fds/near-limit", descriptors(), &[], &[0]),
            linked("sockets/peer-not-reading", slow_peer(), &[], &[]),
            linked("sockets/no-keepalive", no_keepalive("10.0.5.4:5432"), &[], &[]),
            linked("sockets/no-keepalive", no_keepalive("10.0.5.5:5432"), &[], &[]),
        ],
        sections: vec![fds, sockets],
        suppressed: vec![],
        on: vec![],
        members: vec![],
    }
}

/// Everything seen, nothing found.
pub(super) fn healthy() -> Report {
    let clear = |code| check(code, OutcomeV1::Clear { looked: 40, unseen: 0 });
    let section = |area, checks| SectionV1 { area, span_s: 0.0, blocks: vec![], checks, gaps: vec![] };
    Report {
        command: "check".into(),
        duration_ms: 12.4,
        host: Host { hostname: Some("db-1".into()), seen_as_uid: Some(0), ..Host::default() },
        status: Status::Clear,
        exit_code: 0,
        findings: vec![],
        sections: vec![
            section("fds", vec![clear("fds/near-limit")]),
            section("sockets", vec![clear("sockets/dead-peer"), clear("sockets/orphans")]),
        ],
        ..sick()
    }
}
