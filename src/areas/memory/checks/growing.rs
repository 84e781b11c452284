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
