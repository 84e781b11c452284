//! `memory/growing`

use super::{cgroup, look_at};
use crate::{
    areas::memory::facts::{Facts, Grower, Rise, Riser},
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Memory that rises towards a limit: what cannot be freed of a control group with a limit, of the machine, and the
    /// resident memory of processes. The rate is the median slope over all pairs of looks (Theil–Sen), and it counts
    /// only when even its lower bound is above nought and the least value of each quarter of the time is above that of
    /// the quarter before: neither the saw of a garbage collector, nor a burst, nor a cache that fills and stops is a
    /// leak. The process that gains most is named.
    ///
    /// A window speaks only when the limit is close at this rate, and never of a process that has just started: it warms
    /// up. From hours of history on a rise is a finding by itself.
    ///
    /// ## Why it matters
    ///
    /// A leak passes every test and ends in an OOM kill after hours or days, at the worst moment, in all replicas of the
    /// same age at once. A restart mends it for as long as the last run took.
    ///
    /// ## Confirm
    ///
    /// `paramedic memory --pid PID --window 5m`: a leak keeps its rate when the load falls. `grep VmRSS /proc/PID/status`
    /// some minutes apart.
    ///
    /// ## Fix
    ///
    /// - Node: two heap snapshots (`--heapsnapshot-signal=SIGUSR2`) compared by constructor; look for listeners added
    ///   for each request, maps without an end, timers.
    /// - Java: `jcmd PID GC.class_histogram` twice; `-XX:+HeapDumpOnOutOfMemoryError`. Flat heap and rising process:
    ///   `-XX:NativeMemoryTracking=summary`.
    /// - Go: `/debug/pprof/heap` with `-diff_base`, and `/debug/pprof/goroutine`.
    /// - Python: `tracemalloc` snapshots compared; worker recycling (`--max-requests`) until then.
    ///
    /// When the group rises and no process does, it is tmpfs, shared memory, or memory of the kernel such as sockets.
    "memory/growing": "memory rises at every look"
    {
        left_s: "seconds until the limit at this rate, over a window; fewer are worse" = 600, 120;
        far_s: "with more seconds left than this a rise over hours is nobody's worry" = 604800;
        long_s: "from so many seconds of history on, a rise is a finding by itself" = 21600;
        short_s: "over fewer seconds of window nothing is judged" = 10;
        young_s: "a process that has lived for fewer seconds than this warms up" = 60;
        min_gained_bytes: "a rise of fewer bytes may be anything" = 4194304;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    const LONGER: &str = "a window, such as --window 60s";
    let Some(growth) = out.part(&f.growth, LONGER) else { return };
    if growth.window_s < at.short_s.value() {
        // Over a moment everything rises that works: nobody can be cleared either.
        out.part(&Reading::<()>::unseen(Why::NotAsked), LONGER);
        return;
    }
    out.looked(growth.followed);
    growth.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let mut named: Vec<&Grower> = Vec::new();
    for r in &growth.limited {
        let limit = out.aside(&r.limit).copied().flatten();
        let Some(severity) = severity(r, limit, at) else { continue };
        let culprit = culprit(r);
        // A group and the one above it rise together.
        if culprit.is_some_and(|c| named.iter().any(|n| n.process == c.process)) {
            continue;
        }
        named.extend(culprit);
        out.find(finding(r, culprit, limit, severity));
    }
    for r in growth.processes.iter().filter(|r| r.rise.span_s >= at.long_s.value()) {
        let limit = out.aside(&r.limit).copied().flatten();
        let Some(grower) = r.process.as_ref() else { continue };
        let far = limit.and_then(|l| r.rise.left_s(l.1)).is_some_and(|left| left > at.far_s.value());
        let known = named.iter().any(|n| n.process == grower.process);
        if rises(&r.rise, at) && !far && !known {
            out.find(finding(r, Some(grower), limit, Severity::Warning));
        }
    }
}

fn rises(rise: &Rise, at: &Limits) -> bool {
    rise.sure() && rise.gained as f64 >= at.min_gained_bytes.value() && rise.span_s >= at.short_s.value()
}

/// How bad the rise of a limited group is.
fn severity(r: &Riser, limit: Option<(u64, u64)>, at: &Limits) -> Option<Severity> {
    let left = r.rise.left_s(limit?.1)?;
    // The culprit's age where there is one, else that of the container.
    let age = culprit(r).map_or(r.age_s, |c| c.age_s);
    let old = age.is_some_and(|s| s >= at.young_s.value());
    if !rises(&r.rise, at) || !old {
        return None;
    }
    let long = r.rise.span_s >= at.long_s.value() && left <= at.far_s.value();
    match () {
        () if left < at.left_s.critical => Some(Severity::Critical),
        () if left < at.left_s.warning || long => Some(Severity::Warning),
        () => None,
    }
}

/// The process that gains most, when it explains at least half of what the group gains.
fn culprit(r: &Riser) -> Option<&Grower> {
    r.process.as_ref().filter(|g| g.rise.per_s * 2.0 >= r.rise.per_s)
}

fn finding(r: &Riser, culprit: Option<&Grower>, limit: Option<(u64, u64)>, severity: Severity) -> Finding {
    let rise = culprit.map_or(r.rise, |c| c.rise);
    let whole = r.group.as_ref().map_or(Thing::Host, cgroup);
    let place = r.group.as_ref().map_or("the machine".to_string(), ToString::to_string);
    let subject = culprit.map_or_else(|| whole.clone(), |c| Thing::Process(c.process.clone()));
    let who = culprit.map_or_else(|| place.clone(), |c| c.process.label());
    let left = limit.and_then(|l| r.rise.left_s(l.1));
    let mut title = format!("{who} gains {}", rate(rise.per_s));
    if let Some(left) = left {
        title += &format!(", {place} is full in ~{}", rates::span(left));
    }
    let per_h = |s: f64| s * 3600.0;
    let mut finding = Finding::new(severity, Confidence::Medium, subject, title);
    if culprit.is_some() {
        finding = finding.about(whole);
    }
    finding = finding
        .evidence("rss_bytes", rise.now)
        .evidence("per_h_bytes", per_h(rise.per_s))
        .evidence("low_per_h_bytes", rise.low_per_s.map(per_h))
        .evidence("high_per_h_bytes", rise.high_per_s.map(per_h))
        .evidence("left_s", left)
        .evidence("limit_bytes", limit.map(|l| l.0))
        .evidence("window_s", rise.span_s)
        .because(format!(
            "{} more in {}, more in each quarter of that time than in the one before",
            rates::bytes(rise.gained),
            rates::span(rise.span_s)
        ));
    if let (Some(low), Some(high)) = (rise.low_per_s, rise.high_per_s) {
        finding = finding.because(format!("the rate lies between {} and {}", rate(low), rate(high)));
    }
    finding = match (culprit, &r.process) {
        (None, _) => finding
            .because("no process explains it: tmpfs, shared memory, or memory of the kernel such as sockets"),
        (Some(_), _) => finding,
    };
    let next = match (culprit, &r.group) {
        (Some(c), _) => format!("memory --pid {} --window 5m", c.process.pid),
        (None, Some(path)) => look_at(path, " --window 5m"),
        (None, None) => "memory --sort growth --window 5m".into(),
    };
    finding.remedy("find what it keeps; a restart before the time is over only begins anew").next(next)
}

/// A rate as people say it: by the second, the minute or the hour, whichever gives at least a megabyte.
fn rate(per_s: f64) -> String {
    const MIB: f64 = 1_048_576.0;
    let (n, unit) = match per_s {
        r if r >= MIB => (r, "a second"),
        r if r * 60.0 >= MIB => (r * 60.0, "a minute"),
        r => (r * 3600.0, "an hour"),
    };
    format!("{} {unit}", rates::bytes(n.max(0.0).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome};

    fn severity_of(r: Riser) -> Option<Severity> {
        match outcome(&CHECK, &growing(vec![r], vec![])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        }
    }
    /// 2 MiB a second for a minute.
    fn leak(left: u64) -> Riser {
        riser(left, rise(300, 2.0, 60.0))
    }
    fn changed(left: u64, change: impl Fn(&mut Rise)) -> Riser {
        let mut r = leak(left);
        change(&mut r.rise);
        r.process.iter_mut().for_each(|p| p.rise = r.rise);
        r
    }

    #[test]
    fn the_process_is_named_with_its_rate_its_bounds_and_the_time_left() {
        let f = &found(&CHECK, &growing(vec![leak(600)], vec![]))[0];
        assert_eq!(f.title, "node (pid 41) gains 2.0 MiB a second, /pod/app is full in ~5m");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert_eq!(f.subject, Thing::Process(process(41, "node")));
        assert_eq!(f.about, [Thing::Cgroup { path: "/pod/app".into() }]);
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(
            keys,
            [
                "rss_bytes",
                "per_h_bytes",
                "low_per_h_bytes",
                "high_per_h_bytes",
                "left_s",
                "limit_bytes",
                "window_s"
            ]
        );
        assert_eq!(f.evidence[4].1, Cell::Num(300.0));
        assert_eq!(f.next, ["memory --pid 41 --window 5m"]);
    }

    #[test]
    fn a_window_speaks_only_when_the_limit_is_close() {
        assert_eq!(severity_of(leak(1200)), None, "exactly the time is not less");
        assert_eq!(severity_of(leak(1199)), Some(Severity::Warning));
        assert_eq!(severity_of(leak(240)), Some(Severity::Warning));
        assert_eq!(severity_of(leak(239)), Some(Severity::Critical));
        assert_eq!(severity_of(Riser { limit: Reading::seen(None), ..leak(9) }), None, "nothing to hit");
    }

    #[test]
    fn what_is_not_sure_small_short_or_young_is_silent() {
        assert!(severity_of(changed(60, |_| {})).is_some());
        assert_eq!(severity_of(changed(60, |r| r.steady = false)), None);
        assert_eq!(severity_of(changed(60, |r| r.low_per_s = Some(0.0))), None);
        assert_eq!(severity_of(changed(60, |r| r.low_per_s = None)), None);
        assert_eq!(severity_of(changed(60, |r| r.gained = 4 * MIB - 1)), None);
        assert_eq!(severity_of(changed(60, |r| r.span_s = 9.9)), None);
        let mut young = leak(60);
        young.process.iter_mut().for_each(|p| p.age_s = Some(59.9));
        assert_eq!(severity_of(young), None);
    }

    #[test]
    fn a_short_window_is_skipped_and_never_clear() {
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Skipped { .. }));
        let mut moment = growing(vec![riser(1, rise(300, 9.0, 1.0))], vec![]);
        moment.growth = moment.growth.map(|g| crate::areas::memory::facts::Growth { window_s: 1.0, ..g });
        assert!(matches!(outcome(&CHECK, &moment), Outcome::Skipped { .. }), "a second proves nothing");
        assert_eq!(clear(&CHECK, &growing(vec![], vec![])), (9, 0));
    }

    #[test]
    fn over_hours_a_rise_is_a_finding_by_itself_unless_the_limit_is_weeks_away() {
        let slow = |left: u64, span| riser(left, rise(300, 0.01, span));
        assert_eq!(severity_of(slow(1000, 21_600.0)), Some(Severity::Warning), "28 hours left");
        assert_eq!(severity_of(slow(1000, 21_599.0)), None);
        assert_eq!(severity_of(slow(7000, 21_600.0)), None, "eight days left");
        let lone = Riser { limit: Reading::seen(None), ..slow(0, 21_600.0) };
        let f = &found(&CHECK, &growing(vec![], vec![lone]))[0];
        assert_eq!(f.title, "node (pid 41) gains 36.0 MiB an hour");
        assert_eq!(f.evidence[4].1, Cell::None);
    }

    #[test]
    fn a_group_and_the_one_above_it_are_one_leak_and_a_tmpfs_is_nobodys() {
        let pod = Riser { group: Some("/pod".into()), ..leak(700) };
        assert_eq!(found(&CHECK, &growing(vec![leak(600), pod], vec![leak(600)])).len(), 1);
        let mut tmpfs = leak(600);
        tmpfs.process.iter_mut().for_each(|p| p.rise.per_s = 0.4 * MIB as f64);
        let f = &found(&CHECK, &growing(vec![tmpfs], vec![]))[0];
        assert_eq!(f.subject, Thing::Cgroup { path: "/pod/app".into() });
        assert!(f.because.last().is_some_and(|b| b.contains("tmpfs")), "{:?}", f.because);
        assert!(f.about.is_empty());
        let machine = Riser { group: None, process: None, ..leak(600) };
        assert_eq!(found(&CHECK, &growing(vec![machine], vec![]))[0].subject, Thing::Host);
    }

    #[test]
    fn what_could_not_be_followed_is_counted() {
        let mut facts = growing(vec![], vec![]);
        facts.growth = facts
            .growth
            .map(|g| crate::areas::memory::facts::Growth { unseen: [(Why::Denied, 3)].into(), ..g });
        assert_eq!(clear(&CHECK, &facts), (9, 3));
    }

    #[test]
    fn rates_are_said_in_the_unit_that_gives_a_megabyte() {
        assert_eq!(rate(2.0 * MIB as f64), "2.0 MiB a second");
        assert_eq!(rate(MIB as f64 / 30.0), "2.0 MiB a minute");
        assert_eq!(rate(MIB as f64 / 1200.0), "3.0 MiB an hour");
    }
}
