//! The whole screen.

use super::*;
use crate::model::report::{CheckV1, Host, OutcomeV1, Report};
use crate::render::sample;

fn screen(width: usize) -> Style {
    Style { width: Some(width), ..Style::default() }
}

#[test]
fn the_screen_of_80_columns() {
    insta::assert_snapshot!(text(&sample::sick(), &screen(80)), @r"
    CRITICAL  web-7f · namespace prod · seen as uid 1000 · 22:33:00Z

    ▲ node (pid 1) never closes its connections to 10.0.3.7:443      confidence high
      2,611 connections in CLOSE_WAIT: the peer closed, node read the end of the
      stream and kept them.
      Ages 8s to 9h09m, evenly spread: one more every 13s since the start.
      count 2,611 · oldest 9h09m · 4.6/min · eof unread 0 · since 13:24:00Z (9h09m)
      └▶ ■ node (pid 1) has 3,449 of its 4,096 descriptors open             critical
         At this rate none are left in 2h20m: then every open, accept and connect
         fails with EMFILE.
         open 3,449 · soft limit 4,096 · used 84.2%
      next  paramedic sockets --pid 1 --peer 10.0.3.7:443 --state close-wait \
            -o wide
            paramedic fds --pid 1
      fix   read or cancel every response body, then close; a restart buys about 13h
      why   paramedic explain sockets/close-wait-leak
            paramedic explain fds/near-limit

    ▲ python3 (pid 77) sends to 10.0.9.2:9000, which does not      confidence medium
      read
      The window of the peer stays shut while bytes wait here.
      count 3 · 4.2 MiB · oldest 41s
      next  paramedic sockets --pid 77 --peer 10.0.9.2:9000
      fix   give the sending a deadline; look at what 10.0.9.2 does
      why   paramedic explain sockets/peer-not-reading

      processes
      PROCESS            OPEN  SOFT_LIMIT   USED
      node (pid 1)      3,449       4,096  84.2%
      python3 (pid 77)     31       1,024     3%
      sh (pid 80)           ?       1,024      ?

      peers
      PEER           CONNS  CLOSE_WAIT  OLDEST_WAIT
      10.0.3.7:443   2,631       2,611        9h09m
      10.0.5.4:5432     10           0         0.3s
      10.0.9.2:9000      3           0            ?
      … and 38 more: paramedic sockets

    ✓ CLEAR     6 checks in 1s: fds 2, sockets 4
                in part: sockets/dead-peer saw 840 of 868
    ? NOT SEEN  14 descriptor lists of processes: permission denied; e.g. pid 1337
                (envoy)
                  sudo paramedic fds
                38 owners of sockets: permission denied; e.g. uid 1337: another
                container of this pod
                  kubectl debug -it web-7f --target istio-proxy --image paramedic \
                  -- paramedic sockets
                why the last container ended: not there; this one began 9h12m ago
                  kubectl describe pod web-7f
                sockets/conntrack-near-limit undecided: not available here, the
                table of another network namespace
                28 things that sockets/peer-not-reading could not judge
    · NOT RUN   1 check, not asked for: a window of 10s or more
    · RISKS     2, none urgent: paramedic check --risks

    1 critical, 2 warnings · exit 2 · 1.1s
    ");
}

#[test]
fn the_screen_in_ascii_with_the_program_as_typed() {
    let style = Style { utf8: false, program: "./paramedic".into(), ..screen(80) };
    insta::assert_snapshot!(text(&sample::sick(), &style), @r"
    CRITICAL  web-7f - namespace prod - seen as uid 1000 - 22:33:00Z

    ! node (pid 1) never closes its connections to 10.0.3.7:443      confidence high
      2,611 connections in CLOSE_WAIT: the peer closed, node read the end of the
      stream and kept them.
      Ages 8s to 9h09m, evenly spread: one more every 13s since the start.
      count 2,611 - oldest 9h09m - 4.6/min - eof unread 0 - since 13:24:00Z (9h09m)
      `-> !! node (pid 1) has 3,449 of its 4,096 descriptors open           critical
         At this rate none are left in 2h20m: then every open, accept and connect
         fails with EMFILE.
         open 3,449 - soft limit 4,096 - used 84.2%
      next  ./paramedic sockets --pid 1 --peer 10.0.3.7:443 --state close-wait \
            -o wide
            ./paramedic fds --pid 1
      fix   read or cancel every response body, then close; a restart buys about 13h
      why   ./paramedic explain sockets/close-wait-leak
            ./paramedic explain fds/near-limit

    ! python3 (pid 77) sends to 10.0.9.2:9000, which does not      confidence medium
      read
      The window of the peer stays shut while bytes wait here.
      count 3 - 4.2 MiB - oldest 41s
      next  ./paramedic sockets --pid 77 --peer 10.0.9.2:9000
      fix   give the sending a deadline; look at what 10.0.9.2 does
      why   ./paramedic explain sockets/peer-not-reading

      processes
      PROCESS            OPEN  SOFT_LIMIT   USED
      node (pid 1)      3,449       4,096  84.2%
      python3 (pid 77)     31       1,024     3%
      sh (pid 80)           ?       1,024      ?

      peers
      PEER           CONNS  CLOSE_WAIT  OLDEST_WAIT
      10.0.3.7:443   2,631       2,611        9h09m
      10.0.5.4:5432     10           0         0.3s
      10.0.9.2:9000      3           0            ?
      ... and 38 more: ./paramedic sockets

    ok CLEAR     6 checks in 1s: fds 2, sockets 4
                 in part: sockets/dead-peer saw 840 of 868
    ?  NOT SEEN  14 descriptor lists of processes: permission denied; e.g. pid 1337
                 (envoy)
                   sudo ./paramedic fds
                 38 owners of sockets: permission denied; e.g. uid 1337: another
                 container of this pod
                   kubectl debug -it web-7f --target istio-proxy --image paramedic \
                   -- paramedic sockets
                 why the last container ended: not there; this one began 9h12m ago
                   kubectl describe pod web-7f
                 sockets/conntrack-near-limit undecided: not available here, the
                 table of another network namespace
                 28 things that sockets/peer-not-reading could not judge
    -  NOT RUN   1 check, not asked for: a window of 10s or more
    -  RISKS     2, none urgent: ./paramedic check --risks

    1 critical, 2 warnings - exit 2 - 1.1s
    ");
}

#[test]
fn the_screen_of_the_healthy_says_how_long_it_looked_and_that_nothing_was_missed() {
    insta::assert_snapshot!(text(&sample::healthy(), &screen(80)), @r"
    CLEAR  db-1 · seen as uid 0 · 22:33:00Z

    ✓ CLEAR     3 checks in one look: fds 1, sockets 2
    ? NOT SEEN  no gaps: all that was looked for was seen

    no warnings · exit 0 · 12ms
    ");
}

#[test]
fn risks_are_shown_when_asked_for_and_checks_with_v() {
    let style = Style { risks: true, verbose: 1, ..screen(80) };
    let text = text(&sample::sick(), &style);
    let tail = &text[text.find("  CHECK").unwrap()..];
    insta::assert_snapshot!(tail, @r"
      CHECK                         OUTCOME  OF WHAT
      fds/near-limit                found
      fds/growing                   not run  a window of 10s or more
      fds/system-near-limit         clear    1 looked at
      fds/inotify-exhausted         clear    1 looked at
      sockets/close-wait-leak       found
      sockets/peer-not-reading      found    28 not seen
      sockets/no-keepalive          found
      sockets/accept-queue-full     clear    12 looked at
      sockets/listen-drops          clear    12 looked at
      sockets/dead-peer             clear    840 looked at, 28 not seen
      sockets/connect-hanging       clear    840 looked at
      sockets/conntrack-near-limit  unknown  not available here: the table of anoth…

    ✓ CLEAR     6 checks in 1s: fds 2, sockets 4
                in part: sockets/dead-peer saw 840 of 868
    ? NOT SEEN  14 descriptor lists of processes: permission denied; e.g. pid 1337
                (envoy)
                  sudo paramedic fds
                38 owners of sockets: permission denied; e.g. uid 1337: another
                container of this pod
                  kubectl debug -it web-7f --target istio-proxy --image paramedic \
                  -- paramedic sockets
                why the last container ended: not there; this one began 9h12m ago
                  kubectl describe pod web-7f
                sockets/conntrack-near-limit undecided: not available here, the
                table of another network namespace
                28 things that sockets/peer-not-reading could not judge
    · NOT RUN   1 check, not asked for: a window of 10s or more
    · RISKS     2, none urgent

    · node (pid 1) would not notice that 10.0.5.4:5432 is gone
      count 10 · oldest idle 1h30m
      next  paramedic sockets --pid 1 --peer 10.0.5.4:5432
      fix   switch keepalive on in the pool
      why   paramedic explain sockets/no-keepalive

    · node (pid 1) would not notice that 10.0.5.5:5432 is gone
      count 10 · oldest idle 1h30m
      next  paramedic sockets --pid 1 --peer 10.0.5.5:5432
      fix   switch keepalive on in the pool
      why   paramedic explain sockets/no-keepalive

    1 critical, 2 warnings · exit 2 · 1.1s
    ");
}

#[test]
fn quiet_is_the_first_and_the_last_line() {
    let style = Style { quiet: true, ..screen(80) };
    insta::assert_snapshot!(text(&sample::sick(), &style), @r"
    CRITICAL  web-7f · namespace prod · seen as uid 1000 · 22:33:00Z
    1 critical, 2 warnings · exit 2 · 1.1s
    ");
}

#[test]
fn a_command_of_one_area_shows_all_rows_of_all_its_tables() {
    let mut report = sample::sick();
    report.command = "sockets".into();
    report.sections.remove(0);
    let text = text(&report, &screen(80));
    assert!(text.contains("  … and 38 more: --rows N or --all\n"), "{text}");
    assert!(text.contains("2, none urgent: paramedic check sockets --risks\n"), "{text}");
    assert!(text.contains("✓ CLEAR     4 checks in 1s: sockets 4\n"), "{text}");
}

#[test]
fn check_gives_a_glimpse_of_areas_in_which_something_was_found() {
    let mut report = sample::sick();
    let BlockV1::Table { rows, total, .. } = &mut report.sections[0].blocks[0] else { panic!("a table") };
    *rows = vec![rows[0].clone(); 9];
    *total = 9;
    let shown = text(&report, &screen(80));
    assert_eq!(shown.matches("\n  node (pid 1)  ").count(), 5, "{shown}");
    assert!(shown.contains("  … and 4 more: paramedic fds\n"), "{shown}");
    report.findings.retain(|f| !f.code.starts_with("fds/"));
    report.findings[0].causes.clear();
    assert!(!text(&report, &screen(80)).contains("SOFT_LIMIT"));
}

#[test]
fn no_gap_is_not_called_all_seen_when_it_was_not() {
    let mut report = sample::healthy();
    report.sections[0].checks[0].outcome = OutcomeV1::Clear { looked: 3, unseen: 4 };
    let shown = text(&report, &screen(80));
    assert!(
        shown.contains("in part: fds/near-limit saw 3 of 7\n? NOT SEEN  what the checks above"),
        "{shown}"
    );
    report.sections.clear();
    let shown = text(&report, &screen(80));
    assert!(shown.contains("· CLEAR     no check was run\n? NOT SEEN  nothing was looked at\n"), "{shown}");
}

#[test]
fn checks_that_were_not_asked_for_each_by_its_own_reason_are_one_line_and_not_hidden() {
    let mut report = sample::healthy();
    let checks = &mut report.sections[0].checks;
    let one = checks[0].clone();
    let reasons = ["a window", "name one", "a window", "the command dns", "name a process"];
    checks.extend(reasons.map(|detail| CheckV1 { outcome: OutcomeV1::Skipped { detail }, ..one.clone() }));
    let says = |report: &Report, verbose: u8, line: &str| {
        let shown = text(report, &Style { verbose, ..screen(80) });
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(line), "{shown}");
    };
    says(
        &report,
        0,
        "NOT RUN 5 checks, not asked for: a window (2 checks), each for its own reason: fds 3 (-v)",
    );
    says(&report, 1, "asked for: a window (2 checks), name a process, name one, the command dns no warnings");
    // Two are read as they are.
    report.sections[0].checks.pop();
    says(
        &report,
        0,
        "NOT RUN 4 checks, not asked for: a window (2 checks), name one, the command dns no warnings",
    );
}

#[test]
fn who_asks_others_is_not_whom_the_report_is_about() {
    let section = SectionV1 { area: "pods", ..sample::sick().sections.remove(0) };
    let host = Host { namespace: Some("prod".into()), ..Host::default() };
    let report = Report { command: "pods".into(), sections: vec![section], host, ..sample::sick() };
    let style = Style { again: Some("-n prod pods -l app=web".into()), ..screen(80) };
    let screen = text(&report, &style);
    assert!(screen.starts_with("CRITICAL  pods · namespace prod · "), "{screen}");
    assert!(screen.contains("none urgent: paramedic -n prod pods -l app=web --risks\n"), "{screen}");
}
