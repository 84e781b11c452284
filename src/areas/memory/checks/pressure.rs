//! `memory/pressure`

use super::{cgroup, look_at, with_biggest};
use crate::{
    areas::memory::facts::{Facts, Group, Others, above},
    check,
    model::{Confidence, Finding, Judging, Level, Psi, Severity, Thing, Why},
};

check! {
    /// ## What it sees
    ///
    /// A control group in which all tasks wait for memory at once for a good part of the time, by its own
    /// `memory.pressure`. Both the last ten seconds and the last minute count: what is over is no finding. The machine's
    /// `/proc/pressure/memory` is judged only where the machine is what is looked at; inside a container it speaks of
    /// the neighbours. Pressure that the kernel does not count (version 1, `psi=0`) is unknown, not nought.
    ///
    /// ## Why it matters
    ///
    /// Waiting for memory means that the kernel takes pages away and the tasks need them again: everything is slow,
    /// probes time out, and no other figure says why, for the processor idles and no process is killed yet.
    ///
    /// ## Confirm
    ///
    ///     cat /sys/fs/cgroup/memory.pressure
    ///     grep -E '^(workingset_refault|pgmajfault)' /sys/fs/cgroup/memory.stat
    ///
    /// twice, some seconds apart: `total` and the refaults rise.
    ///
    /// ## Fix
    ///
    /// Give the group more memory, or have it use less: `paramedic memory` shows whether what cannot be freed fills the
    /// limit (a leak, a heap that does not know the limit) or leaves too little page cache for the files that it reads.
    /// Where `memory.high` is set below `memory.max` the throttling there is the wait: raise it.
    "memory/pressure": "all tasks of a group wait for memory"
    {
        full_avg60_pct: "all tasks waited, % of the last minute" = 5, 25;
        full_avg10_pct: "and still wait, % of the last ten seconds" = 5;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let mut groups: Vec<&Group> = f.groups.top().iter().collect();
    groups.sort_by_key(|g| std::cmp::Reverse(g.path.as_str().len()));
    let mut told: Vec<&Group> = Vec::new();
    for g in groups {
        let Some(psi) = out.see(&g.psi).copied() else { continue };
        let Some(severity) = severity(&psi, at) else { continue };
        // Where a group waits those above it wait with it.
        if !told.iter().any(|lower| above(&g.path, &lower.path)) {
            out.find(group(g, &psi, severity));
        }
        told.push(g);
    }
    if at.full_avg60_pct.warning < Others::PRESSURE_FLOOR_PCT {
        out.unseen(f.others.calm, Why::NotAsked);
    } else {
        out.looked(f.others.calm);
    }
    f.others.pressure_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let Some(machine) = out.aside(&f.machine) else { return };
    let Some(psi) = machine.psi.as_ref().and_then(|psi| out.see(psi)).copied() else { return };
    if let Some(severity) = severity(&psi, at).filter(|_| told.is_empty()) {
        out.find(whole(f, &psi, severity));
    }
}

/// Without a line for all tasks there is nothing that says that everything waits.
fn severity(psi: &Psi, at: &Limits) -> Option<Severity> {
    let full = psi.full?;
    let still = full.avg10 >= at.full_avg10_pct.value();
    let level: Level = at.full_avg60_pct;
    level.of(full.avg60).filter(|_| still)
}

fn evidence(finding: Finding, psi: &Psi) -> Finding {
    finding
        .evidence("some_avg10_pct", psi.some.avg10)
        .evidence("some_avg60_pct", psi.some.avg60)
        .evidence("full_avg10_pct", psi.full.map(|f| f.avg10))
        .evidence("full_avg60_pct", psi.full.map(|f| f.avg60))
}

fn share(psi: &Psi) -> f64 {
    psi.full.map_or(0.0, |f| f.avg60)
}

fn group(g: &Group, psi: &Psi, severity: Severity) -> Finding {
    let title =
        format!("all tasks of {} waited for memory for {:.0} % of the last minute", g.path, share(psi));
    let finding = evidence(Finding::new(severity, Confidence::High, cgroup(&g.path), title), psi);
    with_biggest(finding, g)
        .remedy("give the group more memory, or have its biggest process use less")
        .next(look_at(&g.path, " --window 60s"))
}

fn whole(f: &Facts, psi: &Psi, severity: Severity) -> Finding {
    let title =
        format!("all tasks of the machine waited for memory for {:.0} % of the last minute", share(psi));
    let mut finding = evidence(Finding::new(severity, Confidence::High, Thing::Host, title), psi);
    if let Some(row) = f.processes.top().first() {
        let (who, size) = (row.process.label(), crate::model::rates::bytes(row.rss_bytes));
        finding = finding
            .about(Thing::Process(row.process.clone()))
            .because(format!("of what is visible {who} is the biggest: {size} resident"));
    }
    finding.remedy("end or move what is not needed here").next("memory --sort size")
}
