//! `cpu/pressure`

use super::{
    super::facts::{Facts, Group, Thread},
    cores,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Psi, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// The pressure of each visible control group (`cpu.pressure`): the share of the time in which at least one of its tasks
    /// (`some`) or all that could have run (`full`) waited for a processor, over the last ten seconds and the last minute.
    /// It is the group's own, not that of the machine, whose pressure stands beside it only where the real root of the
    /// control groups can be seen. Version 1 has none: there it is unknown, not nought. The threads that waited longest over
    /// the window are told with it.
    ///
    /// That all of a group waited is a warning. That some of it did is a notice only: whoever has more threads than
    /// processors and enough to do, a compiler or a batch, lives so.
    ///
    /// ## Why it matters
    ///
    /// A group that waits with all it has does not move: its quota is used up, or others on the machine have taken the
    /// processors. Every request takes that much longer, and heartbeats, health checks and leases run out.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// cat /sys/fs/cgroup/cpu.pressure        # inside the container, version 2
    /// paramedic cpu --sort wait --window 10s
    /// ```
    ///
    /// ## Fix
    ///
    /// See whether `cpu/throttled` names a quota: then that is the cause. Otherwise give the group more weight
    /// (`resources.requests.cpu`, `cpu.weight`), move the neighbours away, or let it do less at once.
    "cpu/pressure": "tasks wait for a processor"
    {
        full_pct: "time in which all tasks of a group waited, % of each of both averages" = 25;
        some_pct: "time in which at least one task waited, % of each of both averages; a notice" = 80;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(groups) = out.part(&f.groups, "control groups") else { return };
    groups.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let left = groups.rows.total() - groups.rows.top().len() as u64;
    out.looked(groups.others.min(left));
    out.unseen(left.saturating_sub(groups.others), Why::TooMany);
    for g in groups.rows.top() {
        let Some(psi) = out.see(&g.pressure).copied() else { continue };
        let full = psi.full.filter(|_| !g.machine).map_or(0.0, |l| l.avg10.min(l.avg60));
        let some = psi.some.avg10.min(psi.some.avg60);
        let severity = match () {
            () if full >= at.full_pct.value() => Severity::Warning,
            () if some >= at.some_pct.value() => Severity::Notice,
            () => continue,
        };
        let threads = out.aside(&f.threads).map_or(&[][..], |t| t.top());
        let held = out.aside(&g.window).copied().filter(|p| p.throttled > 0);
        let mut finding = finding(g, &psi, severity, threads);
        if let Some(p) = held {
            let (throttled, periods) = (rates::count(p.throttled), rates::count(p.periods));
            finding = finding
                .because(format!("its quota ran out in {throttled} of {periods} periods of the window"));
        }
        let free = out.aside(&g.quota_cores).is_some_and(Option::is_none);
        if severity == Severity::Warning && free && groups.parents_hidden {
            finding =
                finding.because("a quota on a parent that cannot be seen from here would look like this");
        }
        out.find(finding);
    }
}

fn finding(g: &Group, psi: &Psi, severity: Severity, threads: &[Thread]) -> Finding {
    let (subject, what) = match g.machine {
        true => (Thing::Host, "the machine".to_string()),
        // The root of a namespace: the container that we are in.
        false if g.path.as_str() == "/" => (Thing::Cgroup { path: g.path.clone() }, "this container".into()),
        false => (Thing::Cgroup { path: g.path.clone() }, g.path.to_string()),
    };
    let full = psi.full.filter(|_| !g.machine);
    let title = match (severity, full) {
        (Severity::Notice, _) | (_, None) => {
            format!("tasks of {what} waited for a processor in {:.0} % of the last minute", psi.some.avg60)
        }
        (_, Some(l)) => {
            format!("{what} stood still for {:.0} % of the last minute: no processor for it", l.avg60)
        }
    };
    let sure = if severity == Severity::Warning { Confidence::High } else { Confidence::Medium };
    let mut finding = Finding::new(severity, sure, subject, title)
        .evidence("some_avg10_pct", psi.some.avg10)
        .evidence("some_avg60_pct", psi.some.avg60)
        .evidence("full_avg10_pct", full.map(|l| l.avg10))
        .evidence("full_avg60_pct", full.map(|l| l.avg60));
    finding = match severity {
        Severity::Notice => {
            finding.because("others of it ran meanwhile: more to do than processors, as a batch has it")
        }
        _ => finding.because("all of its tasks that could have run waited at the same time"),
    };
    if let Some((p, used)) = &g.busiest {
        finding = finding.about(Thing::Process(p.clone())).because(format!(
            "{} used most over the window: {} cores",
            p.label(),
            cores(*used)
        ));
    }
    // Which thread is in which group is not known of all; of the machine's any may be told.
    let here = |t: &&Thread| g.machine || g.busiest.as_ref().is_some_and(|(p, _)| *p == t.process);
    let starved = threads.iter().filter(here).max_by(|a, b| a.wait_pct.total_cmp(&b.wait_pct));
    if let Some(t) = starved.filter(|t| t.wait_pct >= 1.0) {
        finding = finding.because(format!(
            "thread {} ({}) of {} was ready and waited for {:.0} % of the time",
            t.name,
            t.tid,
            t.process.label(),
            t.wait_pct
        ));
    }
    finding
        .remedy("see whether a quota throttles it; else more weight for it, or fewer neighbours")
        .next("cpu --sort wait --window 10s")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Kept, Outcome, Reading};

    fn pressed(some: f64, full: Option<f64>) -> Group {
        Group { pressure: Reading::seen(psi(some, full)), ..free("/pod/app") }
    }
    fn severity(g: Group) -> Option<Severity> {
        findings(&CHECK, &with_groups(1.0, vec![g])).first().map(|f| f.severity)
    }

    #[test]
    fn a_group_that_stands_still_is_named_with_who_starves_in_it() {
        let mut facts = with_groups(1.0, vec![pressed(70.0, Some(48.0))]);
        let thread = |pid, wait_pct| Thread {
            process: process(pid, "node"),
            tid: 45,
            name: "worker".into(),
            state: 'R',
            share_pct: 30.0,
            wait_pct,
        };
        facts.threads = Reading::seen(Kept::whole(vec![thread(41, 62.0), thread(99, 90.0)]));
        let f = &found(&CHECK, &facts)[0];
        assert_eq!(f.title, "/pod/app stood still for 48 % of the last minute: no processor for it");
        assert_eq!((f.severity, &f.subject), (Severity::Warning, &Thing::Cgroup { path: "/pod/app".into() }));
        assert_eq!(f.about, [Thing::Process(process(41, "node"))]);
        let keys: Vec<_> = f.evidence.iter().map(|e| e.0).collect();
        assert_eq!(keys, ["some_avg10_pct", "some_avg60_pct", "full_avg10_pct", "full_avg60_pct"]);
        assert!(
            f.because.iter().any(|b| b.contains("thread worker (45) of node (pid 41)")),
            "{:?}",
            f.because
        );
    }

    #[test]
    fn inside_a_container_its_quota_may_be_one_that_cannot_be_seen() {
        let mut facts = with_groups(1.0, vec![Group { path: "/".into(), ..pressed(70.0, Some(48.0)) }]);
        facts.groups = facts.groups.map(|g| crate::areas::cpu::facts::Groups { parents_hidden: true, ..g });
        let f = &found(&CHECK, &facts)[0];
        assert!(f.title.starts_with("this container stood still"), "{}", f.title);
        assert!(f.because.iter().any(|b| b.contains("a parent that cannot be seen")), "{:?}", f.because);
    }

    #[test]
    fn levels_begin_exactly_at_their_share_and_both_averages_count() {
        assert_eq!(severity(pressed(70.0, Some(25.0))), Some(Severity::Warning));
        assert_eq!(severity(pressed(79.0, Some(24.9))), None);
        assert_eq!(severity(pressed(80.0, Some(0.0))), Some(Severity::Notice));
        let mut over = psi(90.0, Some(60.0));
        (over.some.avg10, over.full.as_mut().unwrap().avg10) = (2.0, 0.0);
        assert_eq!(severity(Group { pressure: Reading::seen(over), ..free("/a") }), None, "it is over");
    }

    #[test]
    fn older_kernels_and_the_whole_machine_have_no_full_and_give_a_notice_at_most() {
        assert_eq!(severity(pressed(99.0, None)), Some(Severity::Notice));
        let host = Group { machine: true, path: "/".into(), ..pressed(99.0, Some(0.0)) };
        let f = &found(&CHECK, &with_groups(1.0, vec![host]))[0];
        assert_eq!((f.severity, &f.subject), (Severity::Notice, &Thing::Host));
        assert_eq!(f.evidence[2], ("full_avg10_pct", Cell::None));
    }

    #[test]
    fn version_1_has_none_and_that_is_unknown_while_nought_is_clear() {
        let none = |why| Group { pressure: Reading::unseen(why), ..free("/a") };
        for why in [Why::Unsupported, Why::Absent] {
            let outcome = outcome(&CHECK, &with_groups(1.0, vec![none(why)]));
            assert!(matches!(outcome, Outcome::Unknown { why: w, .. } if w == why), "{outcome:?}");
        }
        let calm = with_groups(0.0, vec![pressed(0.0, Some(0.0)), none(Why::Unsupported)]);
        assert_eq!(clear(&CHECK, &calm), (1, 1));
        let once =
            Facts { window_s: Reading::unseen(Why::NotAsked), ..with_groups(0.0, vec![pressed(0.0, None)]) };
        assert_eq!(clear(&CHECK, &once), (1, 0), "the kernel's averages need no window of ours");
    }
}
