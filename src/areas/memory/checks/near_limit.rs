//! `memory/near-limit`

use super::{cgroup, look_at, with_biggest};
use crate::{
    areas::memory::facts::{Charge, Facts, Group, HitsNow, Machine, above, share},
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A control group whose memory comes near its limit, in the group where the limit is set: `memory.max`, `memory.high`
    /// (version 2) or `memory.limit_in_bytes` (version 1), and the machine itself (`MemAvailable`). What counts is what
    /// the kernel cannot take away: memory of processes and shared memory that fits into no swap, and its own memory
    /// where it tells how much of that can be freed (version 1 does not, so there the figure is a lower bound). Page cache
    /// does not count, however much of the limit it fills; working set and raw use are shown beside it.
    ///
    /// Many programs live close to their limit on purpose, a Java heap above all. So a warning needs a sign that it
    /// hurts: tasks that wait for memory (the group's own pressure), or a limit that is run into within the window while
    /// pages that were taken away come back. Very close to the limit no sign is needed, unless the limit is so big that
    /// much is left all the same. At `memory.high` nobody is
    /// killed, so there a sign is always needed. Limits of groups that cannot be seen from here are not judged, and that
    /// is said.
    ///
    /// ## Why it matters
    ///
    /// At `memory.max` the kernel kills a process of the group, mid-request and without a word in its log; before that
    /// the group stalls, for its program code is page cache too and is read from disk again and again. At `memory.high`
    /// every allocation is slowed down: latency rises while the processor idles.
    ///
    /// ## Confirm
    ///
    ///     cat /sys/fs/cgroup/memory.current /sys/fs/cgroup/memory.max
    ///     grep -E '^(anon|shmem|kernel|slab_reclaimable|inactive_file) ' /sys/fs/cgroup/memory.stat
    ///     cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory.pressure
    ///
    /// in the group that is named. Version 1: `memory.usage_in_bytes`, `memory.stat`, `memory.failcnt` below
    /// `/sys/fs/cgroup/memory`.
    ///
    /// ## Fix
    ///
    /// Does it keep rising? `paramedic memory --window 5m` tells; then it is a leak. If not, the limit is too small for
    /// the load, or the runtime does not know the limit:
    ///
    /// - Node: `--max-old-space-size` at three quarters of the limit; buffers are outside of it.
    /// - Java: `-XX:MaxRAMPercentage`, and room for metaspace, threads and direct buffers.
    /// - Go: `GOMEMLIMIT` below the limit. Python, Ruby, nginx: fewer workers, or restart them after so many requests.
    ///
    /// Files in tmpfs (`emptyDir` with `medium: Memory`, `/dev/shm`) are charged too and go only when they are deleted.
    "memory/near-limit": "memory that cannot be freed is near the limit"
    {
        used_pct: "memory that cannot be freed, % of the limit; the first number needs a sign that it hurts" = 90, 97;
        spare_bytes: "with so many bytes left even a full limit needs a sign" = 2147483648.0;
        full_avg60_pct: "a sign: all tasks waited for memory for more than this % of the last minute" = 1;
        max_events: "a sign: the limit was run into so often within the window, and pages came back" = 1;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let hidden = match out.aside(&f.tree) {
        Some(tree) => tree.parents_hidden,
        None => out.see(&f.tree).is_some(),
    };
    out.unseen(hidden.into(), Why::Unsupported);
    // From the bottom up: a group above is told only what those below do not explain.
    let mut groups: Vec<&Group> = f.groups.top().iter().collect();
    groups.arrange_by_key(|g| std::cmp::Reverse(g.path.as_str().len()));
    let mut told: Vec<(&Group, u64)> = Vec::new();
    for g in groups {
        let Some(pct) = out.see(&g.used_pct).copied() else { continue };
        let Some(charge) = out.aside(&g.charge).copied() else { continue };
        let explained = told.iter().any(|(lower, used)| {
            above(&g.path, &lower.path) && used.saturating_mul(5) >= charge.unreclaimable.saturating_mul(4)
        });
        let limit = out.aside(&g.limit).copied().flatten().zip(pct);
        let high = out.aside(&g.high).copied().flatten();
        let finding = match limit.and_then(|(limit, pct)| at_limit(g, limit, pct, &charge, at, out)) {
            Some(finding) => Some(finding),
            None => high.and_then(|high| at_high(g, high, &charge, at, out)),
        };
        if let Some(finding) = finding {
            told.push((g, charge.unreclaimable));
            if !explained {
                out.find(finding);
            }
        }
    }
    if f.others.top_pct < at.used_pct.warning {
        out.looked(f.others.seen);
    } else {
        out.unseen(f.others.seen, Why::TooMany);
    }
    f.others.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    match out.aside(&f.machine) {
        Some(machine) => whole(f, machine, at, out),
        None => {
            let _ = out.see(&f.machine);
        }
    }
}

/// Whether anything says that it hurts; `None` when neither pressure nor what happened within the window was seen.
fn hurts(g: &Group, at: &Limits, out: &mut Judging, hit: fn(u64, u64) -> u64) -> Option<bool> {
    let psi = out.aside(&g.psi).copied();
    let waits = psi.and_then(|p| p.full).map(|full| full.avg60 > at.full_avg60_pct.value());
    let window = window(g, out);
    let runs = window.map(|now| {
        // Page cache that is written once and dropped runs into the limit all the time and hurts nobody.
        let quiet = psi.is_some_and(|p| p.some.avg10 == 0.0) || now.refaults == Some(0);
        hit(now.max, now.high) as f64 >= at.max_events.value() && !quiet
    });
    match (waits, runs) {
        (None, None) => None,
        (a, b) => Some(a == Some(true) || b == Some(true)),
    }
}

fn window(g: &Group, out: &mut Judging) -> Option<HitsNow> {
    let hits = out.aside(&g.hits)?;
    out.aside(&hits.window).copied()
}

/// How bad a share is. What is left of a big limit is a lot even when hardly any share of it is.
fn level(pct: f64, left: u64, at: &Limits) -> Option<Severity> {
    let severity = at.used_pct.of(pct)?;
    Some(if left as f64 >= at.spare_bytes.value() { Severity::Warning } else { severity })
}

fn at_limit(
    g: &Group,
    limit: u64,
    pct: f64,
    charge: &Charge,
    at: &Limits,
    out: &mut Judging,
) -> Option<Finding> {
    let severity = match level(pct, limit.saturating_sub(charge.unreclaimable), at)? {
        Severity::Warning => match hurts(g, at, out, |max, _| max) {
            Some(true) => Severity::Warning,
            Some(false) => return None,
            None => {
                // Close, and whether it hurts was not seen: one look in a tree of version 1, for example.
                out.unseen(1, Why::NotAsked);
                return None;
            }
        },
        critical => critical,
    };
    let said = format!(
        "at the limit a process of it is killed; {} are left",
        rates::bytes(limit - charge.unreclaimable.min(limit))
    );
    Some(finding(g, severity, (limit, pct, g.limit_file()), charge, &said, out))
}

fn at_high(g: &Group, high: u64, charge: &Charge, at: &Limits, out: &mut Judging) -> Option<Finding> {
    let pct = share(charge.unreclaimable, high);
    let severity = at.used_pct.of(pct)?;
    match hurts(g, at, out, |_, high| high) {
        Some(true) => {
            let said = "above memory.high nobody is killed: whoever allocates is slowed down instead";
            Some(finding(g, severity, (high, pct, "memory.high"), charge, said, out))
        }
        Some(false) => None,
        None => {
            out.unseen(1, Why::NotAsked);
            None
        }
    }
}

fn finding(
    g: &Group,
    severity: Severity,
    (limit, pct, file): (u64, f64, &'static str),
    charge: &Charge,
    said: &str,
    out: &mut Judging,
) -> Finding {
    let psi = out.aside(&g.psi).copied();
    let window = window(g, out);
    let events = window.map(|w| if file == "memory.high" { w.high } else { w.max });
    let (used, all) = (rates::bytes(charge.unreclaimable), rates::bytes(limit));
    let title = format!("{} holds {used} of {all} that cannot be freed ({pct:.0} %)", g.path);
    let full = psi.and_then(|p| p.full).map(|l| l.avg60);
    let mut finding = Finding::new(severity, Confidence::High, cgroup(&g.path), title)
        .evidence("unreclaimable_bytes", charge.unreclaimable)
        .evidence("working_set_bytes", charge.working_set)
        .evidence("current_bytes", charge.current)
        .evidence("limit_bytes", limit)
        .evidence("used_pct", pct);
    // Nothing stands where nothing was seen, and not 0.
    if let Some(full) = full {
        finding = finding.evidence("full_avg60_pct", full);
    }
    if let Some(events) = events {
        finding = finding.evidence("max_events", events);
    }
    finding = with_biggest(finding.evidence("limit", file).because(said), g);
    if let Some(full) = full.filter(|f| *f > 0.0) {
        finding =
            finding.because(format!("all its tasks waited for memory for {full:.1} % of the last minute"));
    }
    if let Some(n) = events.filter(|n| *n > 0) {
        finding =
            finding.because(format!("it ran into the limit {} times within the window", rates::count(n)));
    }
    if g.version == 1
        && let Some(kernel) = charge.kernel
    {
        let kernel = rates::bytes(kernel);
        finding = finding
            .because(format!("memory of the kernel is not counted in: {kernel}, of which some can be freed"));
    }
    finding
        .remedy("raise the limit or have the biggest process use less; when it keeps rising it is a leak")
        .next(look_at(&g.path, " --window 60s"))
}

fn whole(f: &Facts, m: &Machine, at: &Limits, out: &mut Judging) {
    let (pct, used) = (m.used_pct(), m.unreclaimable());
    let (Some(&pct), Some(&used)) = (out.see(&pct), out.aside(&used)) else { return };
    let psi = m.psi.as_ref().and_then(|psi| out.aside(psi)).copied();
    let full = psi.and_then(|p| p.full).map(|l| l.avg60);
    let hurts = full.map(|f| f > at.full_avg60_pct.value());
    let severity = match (level(pct, m.total.saturating_sub(used), at), hurts) {
        (None, _) | (Some(Severity::Warning), Some(false)) => return,
        (Some(Severity::Warning), None) => return out.unseen(1, Why::NotAsked),
        (Some(severity), _) => severity,
    };
    let (held, all) = (rates::bytes(used), rates::bytes(m.total));
    let title = format!("the machine has {held} of {all} in use that cannot be freed ({pct:.0} %)");
    let mut finding = Finding::new(severity, Confidence::High, Thing::Host, title)
        .evidence("unreclaimable_bytes", used)
        .evidence("working_set_bytes", m.working_set())
        .evidence("current_bytes", m.current())
        .evidence("limit_bytes", m.total)
        .evidence("used_pct", pct);
    if let Some(full) = full {
        finding = finding.evidence("full_avg60_pct", full);
    }
    finding = finding.evidence("limit", "machine");
    if let Some(row) = f.processes.top().first() {
        let (who, size) = (row.process.label(), rates::bytes(row.rss_bytes));
        finding = finding
            .about(Thing::Process(row.process.clone()))
            .because(format!("of what is visible {who} is the biggest: {size} resident"));
    }
    out.find(
        finding
            .because("without memory the kernel kills whatever is biggest, in whichever group that is")
            .remedy(
                "end or move what is not needed here; limits on the groups keep one from starving the others",
            )
            .next("memory --sort size"),
    );
}

#[cfg(test)]
#[path = "near_limit_tests.rs"]
mod tests;
