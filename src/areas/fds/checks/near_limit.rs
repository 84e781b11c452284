//! `fds/near-limit`

use super::{
    super::facts::{Facts, Riser, Row, sentence},
    rate,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A process whose open descriptors come near its *soft* limit (`RLIMIT_NOFILE`), the one that binds. The hard limit
    /// is shown beside it: it only says how far the process may raise the soft one. A process without a soft limit has
    /// nothing to be near; one whose soft limit is nought has locked itself up on purpose and is left alone.
    ///
    /// The count needs no right on the process where the kernel keeps it as the size of `/proc/PID/fd`; on older kernels
    /// the directory is listed, and what may not be listed is said to be unseen. The kinds are told by one read for each
    /// descriptor, and only of processes for which it matters.
    ///
    /// ## Why it matters
    ///
    /// At the limit `accept`, `open`, `socket` and `pipe` fail with EMFILE ("too many open files"): new clients hang in
    /// the accept queue, logs and DNS lookups fail, and the health check often still passes on a connection that is
    /// already open.
    ///
    /// ## Confirm
    ///
    /// `ls /proc/PID/fd | wc -l` beside `grep 'open files' /proc/PID/limits`. `paramedic fds --pid PID --kinds all` tells
    /// what they are, `paramedic fds --pid PID --window 60s` whether they become more.
    ///
    /// ## Fix
    ///
    /// When the count keeps rising it is a leak: find what opens and never closes; a higher limit only buys time. When it
    /// follows the load, the limit is too low: raise it where the process is started (`LimitNOFILE=` of systemd,
    /// `ulimit -n`, `nofile` of the container runtime). `prlimit --pid PID --nofile=SOFT:HARD` raises it in the running
    /// process, up to the hard limit without a privilege.
    "fds/near-limit": "open descriptors near the soft limit"
    {
        used_pct: "open descriptors, % of the soft limit" = 50, 80;
        min_open: "fewer open descriptors than this are never near" = 10;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    for row in f.processes.top() {
        // Seen when both are: one process is one thing looked at, or one hole.
        let Some(Some(pct)) = out.see(&row.used_pct).copied() else { continue };
        let (open, soft) = (out.aside(&row.open).copied(), out.aside(&row.soft_limit).copied().flatten());
        if let Some((open, soft)) = open.zip(soft) {
            one(f, row, (open, soft, pct), at, out);
        }
    }
    // They come nearest first: those left out are below every row that was judged.
    out.looked(f.others);
    f.others_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
}

fn one(f: &Facts, row: &Row, (open, soft, pct): (u64, u64, f64), at: &Limits, out: &mut Judging) {
    let few = (open as f64) < at.min_open.value() || soft == 0;
    let Some(severity) = at.used_pct.of(pct).filter(|_| !few) else { return };
    let p = &row.process;
    let title = format!(
        "{} holds {} of {} descriptors ({pct:.0} %)",
        p.label(),
        rates::count(open),
        rates::count(soft)
    );
    let mut finding = Finding::new(severity, Confidence::High, Thing::Process(p.clone()), title)
        .evidence("open", open)
        .evidence("soft_limit", soft)
        .evidence("hard_limit", &row.hard_limit)
        .evidence("used_pct", pct);
    if let Some(kinds) = out.aside(&row.kinds).filter(|k| !k.is_empty()) {
        finding = finding.because(sentence(kinds));
    }
    let hard = out.aside(&row.hard_limit).copied();
    finding = finding.because(match hard {
        Some(Some(hard)) if hard <= soft => "the hard limit is the same".to_string(),
        Some(Some(hard)) => format!("the hard limit is {}", rates::count(hard)),
        Some(None) => "there is no hard limit".to_string(),
        None => "the hard limit was not seen".to_string(),
    });
    let rising = out.aside(&f.growth).and_then(|g| g.rising.top().iter().find(|r| r.process == *p));
    // A busy process rises half of the time: only what never fell says anything about the time left.
    if let Some(r) = rising.filter(|r| r.whole && r.steady && r.per_s > 0.0) {
        finding = finding.evidence("per_s", r.per_s).because(growth(r, soft));
    }
    out.find(
        finding
            .remedy(remedy(p.pid, soft, hard))
            .next(format!("fds --pid {} --kinds all", p.pid))
            .next(format!("fds --pid {} --window 60s", p.pid)),
    );
}

fn growth(r: &Riser, soft: u64) -> String {
    let span = rates::span(r.span_s);
    match r.left_s(Some(soft)) {
        Some(left) => {
            format!(
                "rising for {span}: {}; at this rate none left in ~{}",
                rate(r.per_s, ""),
                rates::span(left)
            )
        }
        None => format!("rising for {span}: {}", rate(r.per_s, "")),
    }
}

fn remedy(pid: i32, soft: u64, hard: Option<Option<u64>>) -> String {
    let raise = match hard {
        Some(Some(hard)) if hard > soft => {
            format!(
                "raise the limit: prlimit --pid {pid} --nofile={hard}:{hard} does it in the running process"
            )
        }
        Some(None) => {
            format!(
                "raise the limit: prlimit --pid {pid} --nofile=SOFT:unlimited does it in the running process"
            )
        }
        Some(Some(_)) => {
            "raise both limits where the process is started: the hard one leaves no room".to_string()
        }
        None => "raise the limit where the process is started".to_string(),
    };
    format!("close what leaks if the count keeps rising, else {raise}")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome, Reading, Severity, Why};

    #[test]
    fn the_process_is_named_with_both_limits_and_its_kinds() {
        let mut r = row(41, 2_949, Some(4_096), Some(4_096));
        r.kinds = Reading::seen(
            [(crate::areas::fds::Kind::Tcp, 2_611), (crate::areas::fds::Kind::File, 338)].into(),
        );
        let f = &found(&CHECK, &with_rows(vec![r]))[0];
        assert_eq!(f.title, "node (pid 41) holds 2,949 of 4,096 descriptors (72 %)");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Process(process(41, "node")));
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["open", "soft_limit", "hard_limit", "used_pct"]);
        assert_eq!(f.because, ["2,611 TCP sockets, 338 files", "the hard limit is the same"]);
        assert!(f.remedy.contains("no room"), "{}", f.remedy);
        assert_eq!(f.next[0], "fds --pid 41 --kinds all");
    }

    #[test]
    fn the_levels_begin_exactly_at_their_share() {
        for (open, severity) in [
            (499, None),
            (500, Some(Severity::Warning)),
            (799, Some(Severity::Warning)),
            (800, Some(Severity::Critical)),
        ] {
            let got = outcome(&CHECK, &with_rows(vec![row(1, open, Some(1_000), None)]));
            let got = match got {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                _ => None,
            };
            assert_eq!(got, severity, "{open}");
        }
    }

    #[test]
    fn small_limits_count_and_a_handful_of_descriptors_never_does() {
        let f = &found(&CHECK, &with_rows(vec![row(1, 15, Some(16), Some(1_024))]))[0];
        assert_eq!(f.severity, Severity::Critical);
        assert!(f.remedy.contains("prlimit --pid 1 --nofile=1024:1024"), "{}", f.remedy);
        assert_eq!(clear(&CHECK, &with_rows(vec![row(1, 9, Some(10), None)])).1, 0);
    }

    #[test]
    fn healthy_unlimited_huge_and_locked_up_processes_are_silent() {
        let rows = vec![
            row(1, 499, Some(1_024), Some(524_288)),
            row(2, 900_000, None, None),
            row(3, 50_000, Some(1_073_741_816), Some(1_073_741_816)),
            row(4, 12, Some(0), Some(0)),
        ];
        assert_eq!(clear(&CHECK, &with_rows(rows)), (4, 0));
    }

    #[test]
    fn what_was_not_seen_is_counted_and_is_not_nought() {
        let mut denied = row(1, 0, Some(1_024), None);
        denied.open = Reading::unseen(Why::Denied);
        denied.used_pct = Reading::unseen(Why::Denied);
        let facts = Facts {
            others: 30,
            others_unseen: [(Why::Denied, 4)].into(),
            ..with_rows(vec![denied, row(2, 3, Some(1_024), None)])
        };
        assert_eq!(clear(&CHECK, &facts), (31, 5));
        let mut blind = row(1, 15, None, None);
        blind.soft_limit = Reading::unseen(Why::Absent);
        blind.used_pct = Reading::unseen(Why::Absent);
        match outcome(&CHECK, &with_rows(vec![blind])) {
            Outcome::Unknown { why, .. } => assert_eq!(why, Why::Absent),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_rise_in_the_window_is_told_with_the_time_left() {
        let mut facts = with_growth(10.0, vec![riser(600, Some(1_000), 20.0, 10.0)]);
        facts.processes = crate::model::Kept::whole(vec![row(41, 600, Some(1_000), None)]);
        let f = &found(&CHECK, &facts)[0];
        assert!(
            f.because.iter().any(|b| b == "rising for 10s: 20 a second; at this rate none left in ~20s"),
            "{f:?}"
        );
        assert!(f.evidence.contains(&("per_s", Cell::Num(20.0))));

        let busy = Riser { whole: false, ..riser(600, Some(1_000), 20.0, 10.0) };
        facts.growth = with_growth(10.0, vec![busy]).growth;
        let f = &found(&CHECK, &facts)[0];
        assert!(f.because.iter().all(|b| !b.starts_with("rising")), "it fell too: {f:?}");
    }
}
