//! `fds/growing`

use super::{
    super::{
        Kind,
        facts::{Facts, Riser, share, words},
    },
    rate,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A process that holds more descriptors at every look and never fewer: a leak. The rate is the median slope over
    /// all pairs of looks (Theil–Sen) and counts only when even its lower bound is above nought; one fall, a single
    /// burst, or a start that levels off is no leak. The kind is the one that gained most between two counts, or else
    /// the most frequent among the descriptors with the newest numbers.
    ///
    /// It needs a window. Over a short one it speaks only when the limit is close at this rate, over a very short one
    /// only for processes that are near it already; over a long one it names whatever keeps growing.
    ///
    /// ## Why it matters
    ///
    /// A leak passes every test and fails after hours or days, always at the worst moment: when the limit is reached
    /// nothing can be accepted, opened or resolved any more. A restart mends it for as long as the last run took.
    ///
    /// ## Confirm
    ///
    /// `paramedic fds --pid PID --window 5m --kinds all`: a leak keeps its rate when the load falls. A cache or a pool
    /// that fills up levels off.
    ///
    /// ## Fix
    ///
    /// Close what the growing kind names: response bodies that are never read or cancelled (sockets), streams without
    /// an error path (files), children whose output is never read (pipes), watchers made for each request (inotify).
    /// Until then restart before the time that is left has passed.
    "fds/growing": "open descriptors grow at every look"
    {
        left_s: "seconds until the soft limit at this rate, over a short window; fewer are worse" = 600, 60;
        far_s: "with more seconds left than this a slow leak is nobody's worry" = 604800;
        fast_per_s: "so many a second are a leak, however far the limit" = 1;
        long_s: "from so many seconds of window on, a rise is a finding by itself" = 60;
        short_s: "over fewer seconds of window only processes near the limit are judged" = 10;
        near_pct: "near, in % of the soft limit" = 50;
        min_gained: "a rise of fewer descriptors may be anything" = 8;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    const LONGER: &str = "a window, such as --window 60s";
    let Some(growth) = out.part(&f.growth, LONGER) else { return };
    out.looked(growth.followed.saturating_sub(growth.rising.top().len() as u64));
    growth.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    for r in growth.rising.top() {
        let soft = out.see(&r.soft_limit).copied();
        if let Some(severity) = severity(r, soft.flatten(), at) {
            let kind = out.aside(&r.kind).copied();
            out.find(finding(r, soft, severity, kind));
        }
    }
    if growth.window_s < at.short_s.value() {
        // What is found near the limit stands; "clear" of leaks nobody can be after so short a time.
        out.part(&Reading::<()>::unseen(Why::NotAsked), LONGER);
    }
}

fn severity(r: &Riser, soft: Option<u64>, at: &Limits) -> Option<Severity> {
    let sure = r.steady && r.low_per_s.is_some_and(|low| low > 0.0);
    if !sure || (r.gained as f64) < at.min_gained.value() {
        return None;
    }
    let left = r.left_s(soft);
    let within = |s: f64| left.is_some_and(|left| left < s);
    let near = share(r.open, soft).is_some_and(|pct| pct >= at.near_pct.value());
    let long = r.span_s >= at.long_s.value();
    let worth = match () {
        () if long => r.per_s >= at.fast_per_s.value() || within(at.far_s.value()),
        // It fell before this rise: a busy server, until a long window proves otherwise.
        () if !r.whole => false,
        () => (near || r.span_s >= at.short_s.value()) && within(at.left_s.warning),
    };
    let enough = r.span_s >= at.short_s.value();
    let hurts = if enough && within(at.left_s.critical) { Severity::Critical } else { Severity::Warning };
    worth.then_some(hurts)
}

fn finding(r: &Riser, soft: Option<Option<u64>>, severity: Severity, kind: Option<Kind>) -> Finding {
    let p = &r.process;
    let left = r.left_s(soft.flatten());
    let what = kind.map_or_else(|| "descriptors".to_string(), |k| words(k, r.gained));
    let mut title = format!("{} gains {}", p.label(), rate(r.per_s, &what));
    if let Some(left) = left {
        title += &format!(", no descriptor left in ~{}", rates::span(left));
    }
    let mut finding = Finding::new(severity, Confidence::Medium, Thing::Process(p.clone()), title)
        .evidence("open", r.open)
        .evidence("soft_limit", &r.soft_limit)
        .evidence("per_s", r.per_s)
        .evidence("left_s", left)
        .evidence("kind", &r.kind.map(Kind::name))
        .evidence("window_s", r.span_s)
        .because(format!(
            "{} more in {}, at every look and never fewer",
            rates::count(r.gained),
            rates::span(r.span_s)
        ));
    if let (Some(low), Some(high)) = (r.low_per_s, r.high_per_s) {
        let (low, high) = (rate(low, ""), rate(high, ""));
        if low != high {
            finding = finding.because(format!("the rate lies between {low} and {high}"));
        }
    }
    let mend = match left {
        Some(left) => format!(
            "close what it opens; a restart buys time, until ~{} from now none is left",
            rates::span(left)
        ),
        None => "close what it opens; a restart only begins anew".to_string(),
    };
    finding.remedy(mend).next(format!("fds --pid {} --window 5m --kinds all", p.pid))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome};

    fn one(r: Riser) -> Facts {
        with_growth(r.span_s, vec![r])
    }
    fn severity_of(r: Riser) -> Option<Severity> {
        match outcome(&CHECK, &one(r)) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        }
    }

    #[test]
    fn a_leak_is_named_with_its_kind_its_rate_and_the_time_left() {
        let leak = Riser { kind: Reading::seen(Kind::Socket), ..riser(2_000, Some(4_096), 20.0, 60.0) };
        let f = &found(&CHECK, &one(leak))[0];
        assert_eq!(f.title, "node (pid 41) gains 20 sockets a second, no descriptor left in ~1m45s");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["open", "soft_limit", "per_s", "left_s", "kind", "window_s"]);
        assert_eq!(f.evidence[3].1, Cell::Num(104.8));
        assert_eq!(f.evidence[4].1, Cell::Text("socket".into()));
    }

    #[test]
    fn from_a_long_window_on_a_rise_is_a_finding_by_itself() {
        assert_eq!(severity_of(riser(300, Some(1_048_576), 20.0, 60.0)), Some(Severity::Warning));
        assert_eq!(
            severity_of(riser(300, None, 20.0, 60.0)),
            Some(Severity::Warning),
            "no limit, and still a leak"
        );
        assert_eq!(severity_of(riser(300, Some(1_048_576), 20.0, 59.0)), None, "rising, and far away");
        assert_eq!(severity_of(riser(300, Some(1_048_576), 0.2, 60.0)), None, "slow and far away");
        assert_eq!(
            severity_of(riser(300, Some(4_096), 0.2, 60.0)),
            Some(Severity::Warning),
            "slow, but hours away"
        );
    }

    #[test]
    fn a_short_window_speaks_only_when_the_limit_is_close() {
        assert_eq!(
            severity_of(riser(400, Some(1_000), 1.0, 10.0)),
            None,
            "exactly the limit of time is not less"
        );
        assert_eq!(severity_of(riser(401, Some(1_000), 1.0, 10.0)), Some(Severity::Warning));
        assert_eq!(severity_of(riser(401, Some(1_000), 10.0, 10.0)), Some(Severity::Critical));
        assert_eq!(severity_of(riser(300, Some(1_000), 10.0, 9.0)), None, "too short, and not near");
        assert_eq!(
            severity_of(riser(500, Some(1_000), 10.0, 9.0)),
            Some(Severity::Warning),
            "near, never critical"
        );
    }

    #[test]
    fn what_falls_levels_off_or_may_be_chance_is_silent() {
        let leak = || riser(900, Some(1_000), 20.0, 30.0);
        assert!(severity_of(leak()).is_some());
        assert_eq!(severity_of(Riser { steady: false, ..leak() }), None);
        assert_eq!(severity_of(Riser { whole: false, ..leak() }), None);
        assert_eq!(severity_of(Riser { low_per_s: Some(0.0), ..leak() }), None);
        assert_eq!(severity_of(Riser { low_per_s: None, ..leak() }), None);
        assert_eq!(severity_of(Riser { gained: 7, ..leak() }), None);
    }

    #[test]
    fn one_look_or_a_moment_is_skipped_and_never_clear() {
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Skipped { .. }));
        assert!(matches!(outcome(&CHECK, &with_growth(1.0, vec![])), Outcome::Skipped { .. }));
        assert_eq!(clear(&CHECK, &with_growth(10.0, vec![])), (5, 0));
    }

    #[test]
    fn processes_that_could_not_be_followed_are_counted() {
        let mut facts = with_growth(60.0, vec![]);
        facts.growth =
            facts.growth.map(|g| crate::areas::fds::facts::Growth { unseen: [(Why::Denied, 9)].into(), ..g });
        assert_eq!(clear(&CHECK, &facts), (5, 9));
    }
}
