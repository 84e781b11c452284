//! `cpu/throttled`

use super::{
    super::facts::{Facts, Group, Periods},
    WINDOW, cores,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// The quota of processor time of each visible control group (`cpu.max`, in version 1 `cpu.cfs_quota_us`), and in how
    /// many of its periods it ran out, as a difference over the window. Only periods count in which somebody had something
    /// to do. A group without a quota gives no signal, which is not the same as "not throttled"; the quota may also be one
    /// of a parent, such as the pod, and that parent is named.
    ///
    /// A long window decides by itself. A short one is believed only when the whole life of the group, or the pressure of
    /// the last minute, says the same: a quota that was hit while the service started, and no more, is no fault. Otherwise
    /// it is a notice that says which window decides.
    ///
    /// ## Why it matters
    ///
    /// When the quota of a period is used up every thread of the group stands still until the next one begins: requests
    /// take some tens of milliseconds more, or many times that with more threads than the quota has processors, while the
    /// processors of the machine look idle and the average use looks low.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// paramedic cpu --window 30s
    /// cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu.stat        # version 2, inside the container
    /// cat /sys/fs/cgroup/cpu/cpu.stat                           # version 1
    /// ```
    ///
    /// twice, some seconds apart: `nr_throttled` rises nearly as fast as `nr_periods`.
    ///
    /// ## Fix
    ///
    /// Raise the quota (`resources.limits.cpu`), take it away and rely on requests, or let the program use fewer threads:
    ///
    /// - Go: `GOMAXPROCS` as the quota, by Go from 1.25 on or `automaxprocs`.
    /// - Java: `-XX:ActiveProcessorCount`; the collector's threads count too.
    /// - Node: `UV_THREADPOOL_SIZE`, fewer workers; the collector of V8 has threads of its own (`--single-threaded-gc`).
    /// - Python: fewer workers (gunicorn `--workers`); `OMP_NUM_THREADS` for numerical libraries.
    "cpu/throttled": "the quota of processor time holds the group back"
    {
        throttled_pct: "periods in which the quota ran out, %" = 25;
        span_s: "seconds that must be seen so" = 30;
        periods: "fewer periods than this in a long window tell nothing" = 20;
        least: "so many throttled periods there must be in any window" = 2;
        own_pct: "when more of what was used than this was our own, the window tells nothing, %" = 50;
    }
    judge(Facts)
}

/// What a quota is held to by.
enum Span {
    /// The window was long enough.
    Window(f64),
    /// The group's whole life says so, and so does the window.
    Life(Periods, f64),
    /// The pressure of the last minute says so, and so does the window.
    Minute(f64),
    /// Only a short window says so.
    Short(f64),
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(groups) = out.part(&f.groups, "control groups") else { return };
    groups.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let Some(&window_s) = out.part(&f.window_s, WINDOW) else { return };
    let left = groups.rows.total() - groups.rows.top().len() as u64;
    out.unseen(left.saturating_sub(groups.others), Why::TooMany);
    let (mut quotas, mut free) = (0, 0);
    for g in groups.rows.top() {
        match out.aside(&g.quota_cores).copied() {
            Some(Some(quota)) => {
                quotas += 1;
                one(g, quota, window_s, at, out);
            }
            Some(None) => free += 1,
            None => {
                out.see(&g.quota_cores);
            }
        }
    }
    if quotas == 0 && free > 0 {
        let what = match groups.parents_hidden {
            true => "no quota on any visible group, so no signal; a parent's cannot be seen from here",
            false => "no quota on any group, so no signal",
        };
        out.part(&Reading::<()>::unseen(Why::NotAsked), what);
    }
}

fn one(g: &Group, quota: f64, window_s: f64, at: &Limits, out: &mut Judging) {
    if out.aside(&g.own_pct).is_some_and(|pct| *pct > at.own_pct.value()) {
        // What we use counts against the quota of whoever we look at.
        out.unseen(1, Why::Unsupported);
        return;
    }
    let Some(&now) = out.see(&g.window) else { return };
    let enough = |p: &Periods| p.pct() >= at.throttled_pct.value();
    if !enough(&now) || (now.throttled as f64) < at.least.value() {
        return;
    }
    let long = window_s >= at.span_s.value();
    if long && (now.periods as f64) < at.periods.value() {
        return;
    }
    let life = out.aside(&g.life).copied().filter(|l| enough(l) && lived_s(l, g) >= at.span_s.value());
    let minute = out.aside(&g.pressure).and_then(|p| p.full);
    let minute = minute.filter(|l| l.avg60.min(l.avg10) >= at.throttled_pct.value());
    let span = match (life, minute) {
        _ if long => Span::Window(window_s),
        (Some(life), _) => Span::Life(life, lived_s(&life, g)),
        (None, Some(line)) => Span::Minute(line.avg60),
        (None, None) => Span::Short(window_s),
    };
    out.find(finding(g, quota, &now, window_s, &span));
}

/// Time in which somebody had something to do, in seconds.
fn lived_s(p: &Periods, g: &Group) -> f64 {
    p.periods as f64 * g.period_s
}

fn finding(g: &Group, quota: f64, now: &Periods, window_s: f64, span: &Span) -> Finding {
    let (severity, sure) = match span {
        Span::Window(_) | Span::Life(..) => (Severity::Warning, Confidence::High),
        Span::Minute(_) => (Severity::Warning, Confidence::Medium),
        Span::Short(_) => (Severity::Notice, Confidence::Medium),
    };
    let (shown, span_s) = match span {
        Span::Life(life, lived) => (life, *lived),
        Span::Window(s) | Span::Short(s) => (now, *s),
        Span::Minute(_) => (now, 60.0),
    };
    let quota = cores(quota);
    let many = if quota == "1" { "core" } else { "cores" };
    // The root of a namespace: the container that we are in.
    let group = if g.path.as_str() == "/" { "this container" } else { g.path.as_str() };
    let title =
        format!("the quota of {quota} {many} throttles {group} in {:.0} % of its periods", shown.pct());
    let title = match &g.busiest {
        Some((p, _)) => format!("{title}; busiest is {}", p.label()),
        None => title,
    };
    let window = format!(
        "{} of {} periods in the last {}",
        rates::count(now.throttled),
        rates::count(now.periods),
        rates::span(window_s)
    );
    let mut finding = Finding::new(severity, sure, Thing::Cgroup { path: g.path.clone() }, title)
        .evidence("throttled_pct", shown.pct())
        .evidence("periods", shown.periods)
        .evidence("throttled_s", shown.throttled_s)
        .evidence("quota_cores", quota.parse().unwrap_or(0.0))
        .evidence("span_s", span_s)
        .because(format!("the quota ran out in {window}"));
    finding = match span {
        Span::Window(_) => finding,
        Span::Life(life, lived) => finding.because(format!(
            "and in {} of {} since the group was made: {} with something to do",
            rates::count(life.throttled),
            rates::count(life.periods),
            rates::span(*lived)
        )),
        Span::Minute(pct) => finding
            .because(format!("and its tasks stood still for {pct:.0} % of the last minute (cpu.pressure)")),
        Span::Short(_) => finding.because("whether that is more than a moment, a longer window tells"),
    };
    let mut remedy = "raise the quota or take it away, or let fewer threads compute at once".to_string();
    if let Some((p, used)) = &g.busiest {
        finding = finding.about(Thing::Process(p.clone())).because(format!(
            "{} used {} cores of it over the window",
            p.label(),
            cores(*used)
        ));
        if g.below {
            finding = finding
                .because("the quota is one of a parent: the group of the process itself is not held back");
            remedy += "; the limit is set on the parent group, such as the pod";
        }
    }
    finding.remedy(remedy).next("cpu --window 30s")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome};

    fn throttled(window: Periods, life: Periods) -> Group {
        Group { window: Reading::seen(window), life: Reading::seen(life), ..group("/pod/app") }
    }
    fn severity(window_s: f64, g: Group) -> Option<(Severity, Confidence)> {
        findings(&CHECK, &with_groups(window_s, vec![g])).first().map(|f| (f.severity, f.confidence))
    }
    const SURE: Option<(Severity, Confidence)> = Some((Severity::Warning, Confidence::High));

    #[test]
    fn a_long_window_decides_and_names_the_busiest() {
        let f =
            &found(&CHECK, &with_groups(30.0, vec![throttled(periods(300, 252), periods(9_000, 252))]))[0];
        assert_eq!(
            f.title,
            "the quota of 0.5 cores throttles /pod/app in 84 % of its periods; busiest is node (pid 41)"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Cgroup { path: "/pod/app".into() });
        assert_eq!(f.about, [Thing::Process(process(41, "node"))]);
        assert_eq!(
            f.evidence,
            [
                ("throttled_pct", Cell::Num(84.0)),
                ("periods", Cell::Int(300)),
                ("throttled_s", Cell::Num(12.6)),
                ("quota_cores", Cell::Num(0.5)),
                ("span_s", Cell::Num(30.0))
            ]
        );
    }

    #[test]
    fn levels_begin_exactly_at_their_share_and_span() {
        let life = periods(9_000, 0);
        assert_eq!(severity(30.0, throttled(periods(300, 75), life)), SURE);
        assert_eq!(severity(30.0, throttled(periods(300, 74), life)), None);
        assert_eq!(severity(29.9, throttled(periods(300, 75), life)).map(|s| s.0), Some(Severity::Notice));
        assert_eq!(severity(30.0, throttled(periods(20, 20), life)), SURE);
        assert_eq!(severity(30.0, throttled(periods(19, 19), life)), None, "mostly idle");
        assert_eq!(
            severity(1.0, throttled(periods(2, 1), periods(9_000, 9_000))),
            None,
            "one may be anything"
        );
    }

    #[test]
    fn a_short_window_is_believed_when_the_life_of_the_group_says_the_same() {
        let now = periods(10, 8);
        assert_eq!(severity(1.0, throttled(now, periods(300, 75))), SURE);
        let f = &found(&CHECK, &with_groups(1.0, vec![throttled(now, periods(12_000, 9_000))]))[0];
        assert!(f.title.contains("in 75 % of its periods"), "{}", f.title);
        assert_eq!(f.evidence[4], ("span_s", Cell::Num(1200.0)));
        assert_eq!(severity(1.0, throttled(now, periods(300, 74))).map(|s| s.0), Some(Severity::Notice));
        assert_eq!(severity(1.0, throttled(now, periods(299, 299))).map(|s| s.0), Some(Severity::Notice));
    }

    #[test]
    fn what_ran_out_while_the_service_started_and_no_more_is_silent() {
        assert_eq!(severity(1.0, throttled(periods(10, 0), periods(400, 390))), None);
        assert_eq!(severity(60.0, throttled(periods(600, 3), periods(1_000, 390))), None);
    }

    #[test]
    fn after_a_long_healthy_life_the_pressure_of_the_last_minute_speaks() {
        let now = |full| Group {
            pressure: Reading::seen(psi(60.0, full)),
            ..throttled(periods(10, 9), periods(90_000, 300))
        };
        assert_eq!(severity(1.0, now(Some(40.0))), Some((Severity::Warning, Confidence::Medium)));
        assert_eq!(severity(1.0, now(Some(24.0))).map(|s| s.0), Some(Severity::Notice));
        assert_eq!(severity(1.0, now(None)).map(|s| s.0), Some(Severity::Notice));
        let f = &findings(&CHECK, &with_groups(1.0, vec![now(None)]))[0];
        assert_eq!(f.next, ["cpu --window 30s"]);
    }

    #[test]
    fn a_parent_that_throttles_is_named_as_one() {
        let pod = Group { below: true, ..throttled(periods(300, 290), periods(300, 290)) };
        let f = &found(&CHECK, &with_groups(30.0, vec![pod, free("/pod/app/inner")]))[0];
        assert!(f.because.iter().any(|b| b.contains("one of a parent")), "{:?}", f.because);
    }

    #[test]
    fn no_quota_is_no_signal_and_one_look_is_none_either() {
        let skipped = |f: &Facts| match outcome(&CHECK, f) {
            Outcome::Skipped { detail } => detail,
            other => panic!("{other:?}"),
        };
        assert_eq!(skipped(&with_groups(1.0, vec![free("/")])), "no quota on any group, so no signal");
        let mut hidden = with_groups(1.0, vec![free("/")]);
        hidden.groups = hidden.groups.map(|g| crate::areas::cpu::facts::Groups { parents_hidden: true, ..g });
        assert!(skipped(&hidden).contains("a parent's cannot be seen"));
        let once = Facts { window_s: Reading::unseen(Why::NotAsked), ..with_groups(1.0, vec![group("/a")]) };
        assert!(skipped(&once).contains("--window"));
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Unknown { why: Why::Absent, .. }));
    }

    #[test]
    fn what_was_not_seen_is_counted_and_what_we_used_ourselves_is_not_held_against_the_patient() {
        let denied = Group { quota_cores: Reading::unseen(Why::Denied), ..group("/b") };
        let ours = Group { own_pct: Reading::seen(51.0), ..throttled(periods(10, 10), periods(900, 900)) };
        assert_eq!(clear(&CHECK, &with_groups(1.0, vec![group("/a"), denied.clone(), ours])), (1, 2));
        assert!(matches!(
            outcome(&CHECK, &with_groups(1.0, vec![denied])),
            Outcome::Unknown { why: Why::Denied, .. }
        ));
    }
}
