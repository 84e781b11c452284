//! `lifecycle/tasks-near-limit`

use super::super::facts::{Facts, Group, Machine, Parent};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Tasks near the limit of a control group (`pids.current` against `pids.max`), of the patient's own or of any visible
    /// parent, and tasks of the whole machine near `kernel.threads-max` or `kernel.pid_max`. A task is a process or a
    /// thread; zombies count until they are collected. A limit that is small on purpose, as hardened units of systemd
    /// have it, counts only when a task was refused.
    ///
    /// ## Why it matters
    ///
    /// At the limit `fork` and `clone` fail with EAGAIN: "Resource temporarily unavailable", "unable to create native
    /// thread", "can't start new thread". Services that are up lose single requests, health checks by `exec` fail, and
    /// nobody can log in to look.
    ///
    /// ## Confirm
    ///
    /// `cat /sys/fs/cgroup/pids.current /sys/fs/cgroup/pids.max` inside the container (version 1:
    /// `/sys/fs/cgroup/pids/…`); `max` in `pids.events` counts what was refused. `ps -eLf | wc -l` counts threads.
    ///
    /// ## Fix
    ///
    /// Find what has so many: `paramedic lifecycle` names the process with the most threads, and zombies by parent. A
    /// pool that grows with the load needs a bound. When the need is real raise the limit: `--pids-limit` of docker,
    /// `podPidsLimit` of the kubelet, `TasksMax=` of systemd.
    "lifecycle/tasks-near-limit": "processes and threads near the limit of a control group or of the machine"
    {
        used_pct: "tasks, % of the limit" = 80, 95;
        min_limit: "smaller limits are walls on purpose, unless a task was refused" = 32;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let zombies = out.aside(&f.zombies).and_then(|z| z.parents.top().first());
    if let Some(tasks) = out.see(&f.tasks) {
        for group in tasks.groups.top() {
            of_group(group, zombies, at, out);
        }
        // They come nearest first: those left out are below every one that was judged.
        out.looked(tasks.groups.total() + tasks.unlimited);
        if tasks.parents_hidden {
            // The limit of a pod is set on the group above those of its containers.
            out.unseen(1, Why::Denied);
        }
        tasks.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    }
    if let Some(machine) = out.see(&f.machine).copied() {
        of_machine(&machine, at, out);
    }
}

fn of_group(g: &Group, zombies: Option<&Parent>, at: &Limits, out: &mut Judging) {
    let Some(severity) = at.used_pct.of(g.used_pct()) else { return };
    let refused = out.aside(&g.refused).copied();
    if (g.limit as f64) < at.min_limit.value() && refused.unwrap_or(0) == 0 {
        return;
    }
    let subject = Thing::Cgroup { path: g.path.clone() };
    let title = format!(
        "control group {} has {} of {} tasks ({:.0} %)",
        g.path,
        rates::count(g.tasks),
        rates::count(g.limit),
        g.used_pct()
    );
    let mut finding =
        figures(Finding::new(severity, Confidence::High, subject, title), g.tasks, g.limit, g.used_pct());
    if let Some((process, threads)) = g.biggest.as_ref() {
        finding = finding
            .because(format!(
                "of what is visible {} has most: {} threads",
                process.label(),
                rates::count(*threads)
            ))
            .about(Thing::Process(process.clone()));
    }
    if let Some(p) = zombies.filter(|p| p.zombies.saturating_mul(10) >= g.tasks) {
        finding = finding
            .because(format!("zombies count too: {} keeps {}", p.process.label(), rates::count(p.zombies)))
            .about(Thing::Process(p.process.clone()));
    }
    match refused {
        Some(n) if n > 0 => {
            finding =
                finding.because(format!("{} tasks were refused since the group was made", rates::count(n)));
        }
        Some(_) => finding = finding.because("no task was refused so far"),
        None => {}
    }
    out.find(
        finding
            .remedy("bound what starts so many, or raise the limit: --pids-limit, podPidsLimit, TasksMax=")
            .next("lifecycle -o wide"),
    );
}

fn of_machine(m: &Machine, at: &Limits, out: &mut Judging) {
    let Some(severity) = at.used_pct.of(m.used_pct()) else { return };
    let title = format!(
        "the machine has {} of {} tasks ({:.0} % of {})",
        rates::count(m.tasks),
        rates::count(m.limit),
        m.used_pct(),
        m.limit_name()
    );
    let finding = Finding::new(severity, Confidence::High, Thing::Host, title);
    out.find(
        figures(finding, m.tasks, m.limit, m.used_pct())
            .because("every container of the machine counts, whatever is visible from here")
            .remedy(format!("end what started so many; sysctl {}=N raises the limit at once", m.limit_name()))
            .next("lifecycle -o wide"),
    );
}

fn figures(finding: Finding, tasks: u64, limit: u64, used_pct: f64) -> Finding {
    finding.evidence("tasks", tasks).evidence("limit", limit).evidence("used_pct", used_pct)
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::lifecycle::facts::Tasks,
        model::{Cell, Kept, Outcome, Reading, Severity},
    };

    #[test]
    fn the_group_is_named_and_its_biggest_process() {
        let g = Group { refused: Reading::seen(7), ..group(96, 100) };
        let f = &found(&CHECK, &with_groups(vec![g]))[0];
        assert_eq!(f.title, "control group /pod/app has 96 of 100 tasks (96 %)");
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(f.subject, Thing::Cgroup { path: "/pod/app".into() });
        assert_eq!(f.about, [Thing::Process(process(41, "java"))]);
        assert_eq!(
            f.evidence,
            [("tasks", Cell::Int(96)), ("limit", Cell::Int(100)), ("used_pct", Cell::Num(96.0))]
        );
        assert!(f.because.iter().any(|b| b.starts_with("7 tasks were refused")), "{:?}", f.because);
    }

    #[test]
    fn the_levels_begin_exactly_at_their_share() {
        for (tasks, severity) in [(79, None), (80, Some(Severity::Warning)), (95, Some(Severity::Critical))] {
            let got = match outcome(&CHECK, &with_groups(vec![group(tasks, 100)])) {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                _ => None,
            };
            assert_eq!(got, severity, "{tasks}");
        }
    }

    #[test]
    fn walls_on_purpose_count_only_when_somebody_ran_into_them() {
        // The reading of the tree, two groups without a limit and this one; the machine was not seen.
        assert_eq!(clear(&CHECK, &with_groups(vec![group(4, 4)])), (4, 1));
        let hit = Group { refused: Reading::seen(1), ..group(4, 4) };
        assert_eq!(found(&CHECK, &with_groups(vec![hit]))[0].severity, Severity::Critical);
    }

    #[test]
    fn the_machine_counts_too() {
        let machine = |tasks, by_pid_max| Facts {
            machine: Reading::seen(Machine { tasks, limit: 32_768, by_pid_max }),
            ..facts()
        };
        assert_eq!(clear(&CHECK, &machine(20_000, true)), (1, 1));
        let f = &found(&CHECK, &machine(27_000, true))[0];
        assert_eq!((f.severity, &f.subject), (Severity::Warning, &Thing::Host));
        assert!(
            f.title.contains("kernel.pid_max") && f.remedy.contains("sysctl kernel.pid_max"),
            "{}",
            f.title
        );
        assert!(found(&CHECK, &machine(32_000, false))[0].title.contains("kernel.threads-max"));
    }

    #[test]
    fn zombies_that_make_up_a_good_part_are_named_with_their_parent() {
        let of = |zombies| {
            let parent = Parent { process: process(9, "cron"), ..parent(zombies, 600.0, 1.0) };
            let facts =
                Facts { tasks: with_groups(vec![group(90, 100)]).tasks, ..with_parents(1.0, vec![parent]) };
            found(&CHECK, &facts)[0].about.clone()
        };
        assert_eq!(of(9), [Thing::Process(process(41, "java")), Thing::Process(process(9, "cron"))]);
        assert_eq!(of(8), [Thing::Process(process(41, "java"))]);
    }

    #[test]
    fn nothing_seen_is_unknown_and_holes_are_counted() {
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Unknown { why: Why::Absent, .. }));
        let tasks = Tasks {
            groups: Kept::worst(300, vec![group(10, 100)]),
            unlimited: 5,
            unseen: [(Why::Denied, 2)].into(),
            parents_hidden: true,
        };
        assert_eq!(clear(&CHECK, &Facts { tasks: Reading::seen(tasks), ..facts() }), (306, 4));
    }
}
