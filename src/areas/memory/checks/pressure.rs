//! `memory/pressure`

use super::{cgroup, look_at, with_biggest};
use crate::{
    areas::memory::facts::{Facts, Group, Others, above},
    check,
    model::{Arrange, Confidence, Finding, Judging, Level, Psi, Severity, Thing, Why},
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
        full_avg10_pct: "and they still wait, % of the shortest span of the pressure file" = 5;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let mut groups: Vec<&Group> = f.groups.top().iter().collect();
    groups.arrange_by_key(|g| std::cmp::Reverse(g.path.as_str().len()));
    let mut told: Vec<&Group> = Vec::new();
    for g in groups {
        let Some(psi) = out.see(&g.psi).copied() else { continue };
        let Some(severity) = severity(&psi, at) else { continue };
        // Where a group waits those above it wait with it.
        if !told.iter().any(|lower| above(&g.path, &lower.path)) {
            out.find(of_group(g, &psi, severity));
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

fn of_group(g: &Group, psi: &Psi, severity: Severity) -> Finding {
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

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::memory::facts::Machine,
        model::{Outcome, PsiLine, Reading},
    };

    fn waits(path: &str, full: f64) -> Group {
        Group { psi: Reading::seen(psi(full, full)), ..group(path, 20, Some(100)) }
    }
    fn severity_of(psi: Psi) -> Option<Severity> {
        let g = Group { psi: Reading::seen(psi), ..group("/pod/app", 20, Some(100)) };
        match outcome(&CHECK, &with(vec![g])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        }
    }

    #[test]
    fn the_group_that_waits_is_named_with_its_biggest_process() {
        let f = &found(&CHECK, &with(vec![waits("/pod/app", 12.0)]))[0];
        assert_eq!(f.title, "all tasks of /pod/app waited for memory for 12 % of the last minute");
        assert_eq!((f.severity, &f.subject), (Severity::Warning, &Thing::Cgroup { path: "/pod/app".into() }));
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["some_avg10_pct", "some_avg60_pct", "full_avg10_pct", "full_avg60_pct"]);
        assert_eq!(f.about, [Thing::Process(process(41, "node"))]);
    }

    #[test]
    fn levels_and_what_is_over() {
        let full = |avg10, avg60| {
            let line = PsiLine { avg10, avg60, avg300: 0.0, total_us: 1 };
            severity_of(Psi { some: line, full: Some(line) })
        };
        assert_eq!(
            [4.99, 5.0, 24.99, 25.0].map(|s| full(50.0, s)),
            [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]
        );
        assert_eq!(full(4.99, 60.0), None, "it is over");
        assert_eq!(severity_of(Psi { full: None, ..psi(90.0, 0.0) }), None);
        assert_eq!(severity_of(psi(60.0, 0.0)), None, "some wait, most work");
    }

    #[test]
    fn the_lowest_group_is_told_and_not_those_above_it_nor_the_machine() {
        let whole = |full| Machine { psi: Some(Reading::seen(psi(full, full))), ..machine() };
        let groups =
            vec![waits("/", 12.0), waits("/pod", 12.0), waits("/pod/app", 12.0), waits("/pod/side", 0.0)];
        let facts = Facts { machine: Reading::seen(whole(12.0)), ..with(groups) };
        let found_here = found(&CHECK, &facts);
        assert_eq!(found_here.len(), 1, "{found_here:?}");
        assert!(found_here[0].title.contains("/pod/app"));
        let host = Facts { machine: Reading::seen(whole(30.0)), ..with(vec![waits("/pod", 0.0)]) };
        let f = &found(&CHECK, &host)[0];
        assert_eq!((f.severity, &f.subject), (Severity::Critical, &Thing::Host));
    }

    #[test]
    fn not_available_is_unknown_and_in_a_container_the_machine_is_not_asked() {
        let old = Group { psi: Reading::unseen(Why::Unsupported), ..waits("/pod/app", 0.0) };
        let container = Machine { psi: None, ..machine() };
        let facts = Facts { machine: Reading::seen(container), ..with(vec![old.clone()]) };
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Unsupported, .. }));
        assert_eq!(clear(&CHECK, &with(vec![old])), (1, 1), "the machine tells, the group does not");
        assert_eq!(clear(&CHECK, &with(vec![waits("/pod/app", 0.0)])), (2, 0));
    }
}
