//! `memory/oom-killed`

use super::{cgroup, earlier, look_at};
use crate::{
    areas::memory::facts::{Facts, Group, Kills},
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// Processes that the kernel killed for want of memory, as the group counts them in which they ran (`oom_kill` of
    /// `memory.events.local`, or of `memory.oom_control` in version 1). `oom` is not counted: it says that the limit was
    /// hit somewhere, not that anybody died. A kill within the window is critical, one since the group was made is a
    /// warning, and after a long time a notice. Kills in groups that have ended since are told as a notice of the group
    /// above, as long as they are not of this window.
    ///
    /// A restart of a container makes a new group that counts from nought. So "none" means none since the oldest process
    /// of the group began; what was before cannot be seen from inside, and the line that knows it is printed.
    ///
    /// ## Why it matters
    ///
    /// When the killed process is a child (a worker, a shell command, a browser, a converter), PID 1 lives on, the pod
    /// counts no restart and nobody is told: requests are lost, jobs stop half way, and the log ends in mid-sentence.
    ///
    /// ## Confirm
    ///
    ///     cat /sys/fs/cgroup/memory.events.local
    ///     cat /sys/fs/cgroup/memory/memory.oom_control
    ///     dmesg -T | grep -i 'killed process'
    ///     kubectl describe pod POD
    ///
    /// The first in version 2, the second in version 1; the third on the node, the last shows `OOMKilled` as the last
    /// state of a container.
    ///
    /// ## Fix
    ///
    /// Find what needed the memory: the kernel log of the node names the process, its size and its group. Then raise the
    /// limit, or bound what one request or job may use (workers, concurrency, upload size). `memory.oom.group` set to 1
    /// makes the whole container end together and be restarted, which Kubernetes does by itself from 1.28 on with
    /// version 2 (`singleProcessOOMKill` turns it off). Processes that exit with 137 or by SIGKILL should be logged by
    /// whoever started them.
    "memory/oom-killed": "processes of this group were killed for want of memory"
    {
        old_s: "seconds since the group began, from which on kills that are not of now are a notice" = 604800;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let hidden = match out.aside(&f.tree) {
        Some(tree) => tree.parents_hidden,
        None => {
            without_groups(f, at, out);
            return;
        }
    };
    for g in f.groups.top() {
        let Some(kills) = out.see(&g.kills).copied() else { continue };
        let now = out.aside(&kills.window).copied().unwrap_or_default();
        if kills.own > 0 {
            out.find(own(g, kills, now.0, at, hidden));
        } else if kills.ended > 0 {
            out.find(ended(g, kills, now.1));
        }
    }
    out.looked(f.others.unkilled);
    f.others.kills_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
}

fn times(n: u64) -> String {
    if n == 1 { "1 process".into() } else { format!("{} processes", rates::count(n)) }
}
fn was(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}

fn own(g: &Group, kills: Kills, now: u64, at: &Limits, hidden: bool) -> Finding {
    let old = g.age_s.is_some_and(|s| s >= at.old_s.value());
    let (severity, title) = match (now, old) {
        (1.., _) => {
            (Severity::Critical, format!("{} of {} {} OOM-killed just now", times(now), g.path, was(now)))
        }
        (0, old) => {
            let ago = g.age_s.map_or_else(String::new, |s| format!(", {} ago or earlier", rates::span(s)));
            let severity = if old { Severity::Notice } else { Severity::Warning };
            (
                severity,
                format!(
                    "{} of {} {} OOM-killed since the group was made{ago}",
                    times(kills.own),
                    g.path,
                    was(kills.own)
                ),
            )
        }
    };
    let mut finding = Finding::new(severity, Confidence::High, cgroup(&g.path), title)
        .evidence("kills", kills.own)
        .evidence("kills_in_window", now)
        .evidence("span_s", g.age_s);
    if let Some(p) = &g.oldest {
        let who = if p.pid == 1 { format!("PID 1, {},", p.name) } else { p.label() };
        finding = finding
            .about(Thing::Process(p.clone()))
            .because(format!("{who} lives on: whoever watches only that one saw nothing"));
    }
    if kills.whole > 0 {
        let n = rates::count(kills.whole);
        finding = finding.because(format!("the whole group was killed at once {n} times (memory.oom.group)"));
    }
    if let Some(line) = earlier(&g.path, hidden) {
        finding = finding.because(line);
    }
    finding
        .remedy("raise the limit or bound what one job may use; the node's kernel log names who was killed")
        .next(look_at(&g.path, " --window 60s"))
}

fn ended(g: &Group, kills: Kills, now: u64) -> Finding {
    let (n, severity, when) = match now {
        0 => (kills.ended, Severity::Notice, String::new()),
        n => (n, Severity::Critical, " just now".to_string()),
    };
    let title =
        format!("{} {} OOM-killed{when} in groups below {} that have ended", times(n), was(n), g.path);
    let mut finding = Finding::new(severity, Confidence::High, cgroup(&g.path), title)
        .evidence("kills", kills.ended)
        .evidence("kills_in_window", now)
        .evidence("span_s", g.age_s)
        .because(
            "a container or service that is restarted gets a new group: only the one above still counts them",
        );
    if let Some(p) = &g.oldest {
        finding = finding.about(Thing::Process(p.clone()));
    }
    finding
        .remedy("the node's kernel log names the process and its group: dmesg -T | grep -i 'killed process'")
        .next(look_at(&g.path, ""))
}

/// No control group is visible: the machine counts its kills, whosever they were.
fn without_groups(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(machine) = out.part(&f.machine, "proc/meminfo") else { return };
    let Some(&kills) = out.see(&machine.kills) else { return };
    let now = out.aside(&machine.kills_now).copied().unwrap_or(0);
    if kills == 0 {
        return;
    }
    let (severity, n, when) = if now > 0 {
        (Severity::Critical, now, "just now")
    } else {
        (Severity::Notice, kills, "since the machine was started")
    };
    out.find(
        Finding::new(
            severity,
            Confidence::High,
            Thing::Host,
            format!("{} of this machine {} OOM-killed {when}", times(n), was(n)),
        )
        .evidence("kills", kills)
        .evidence("kills_in_window", now)
        .because("no tree of control groups is mounted here, so whose processes they were cannot be told")
        .remedy("the kernel log names the process and its group: dmesg -T | grep -i 'killed process'")
        .next("memory --sort size"),
    );
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::memory::facts::{Machine, Others, Tree},
        model::{Cell, Outcome, Reading, Why},
    };

    fn killed(own: u64, now: u64) -> Group {
        Group { kills: Reading::seen(kills(own, now)), ..group("/pod/app", 20, Some(100)) }
    }
    fn one(g: Group) -> Finding {
        found(&CHECK, &with(vec![g])).remove(0)
    }

    #[test]
    fn a_kill_that_left_pid_1_alive_is_told_with_its_span() {
        let f = one(killed(2, 0));
        assert_eq!(
            f.title,
            "2 processes of /pod/app were OOM-killed since the group was made, 1h00m ago or earlier"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Cgroup { path: "/pod/app".into() });
        assert_eq!(f.about, [Thing::Process(process(1, "node"))]);
        assert_eq!(
            f.evidence,
            [("kills", Cell::Int(2)), ("kills_in_window", Cell::Int(0)), ("span_s", Cell::Num(3600.0))]
        );
        assert!(f.because[0].starts_with("PID 1, node, lives on"), "{:?}", f.because);
    }

    #[test]
    fn just_now_is_critical_and_long_ago_is_a_notice() {
        let now = one(killed(3, 1));
        assert_eq!(
            (now.severity, now.title.as_str()),
            (Severity::Critical, "1 process of /pod/app was OOM-killed just now")
        );
        let aged = |age_s| one(Group { age_s, ..killed(1, 0) }).severity;
        assert_eq!(aged(Some(604_799.0)), Severity::Warning);
        assert_eq!(aged(Some(604_800.0)), Severity::Notice);
        assert_eq!(aged(None), Severity::Warning);
        assert_eq!(one(Group { age_s: Some(1e9), ..killed(1, 1) }).severity, Severity::Critical);
    }

    #[test]
    fn one_look_knows_of_no_window_and_still_of_the_kills() {
        let mut g = killed(1, 0);
        g.kills = Reading::seen(Kills { window: Reading::unseen(Why::NotAsked), ..kills(1, 0) });
        assert_eq!(one(g).severity, Severity::Warning);
    }

    #[test]
    fn kills_in_groups_that_have_ended_are_a_notice_of_the_group_above_unless_they_are_of_now() {
        let of = |now| {
            let ended = Kills { ended: 4, window: Reading::seen((0, now)), ..kills(0, 0) };
            one(Group { kills: Reading::seen(ended), ..group("/kubepods/pod1", 20, None) })
        };
        assert_eq!(of(0).severity, Severity::Notice);
        assert_eq!(of(0).title, "4 processes were OOM-killed in groups below /kubepods/pod1 that have ended");
        assert_eq!(of(1).severity, Severity::Critical);
    }

    #[test]
    fn in_a_container_the_line_that_knows_of_earlier_ones_is_given() {
        let hidden = Facts { tree: Reading::seen(Tree { parents_hidden: true }), ..with(vec![killed(1, 0)]) };
        let says = |f: &Finding| f.because.iter().any(|b| b.contains("kubectl describe pod"));
        assert!(says(&found(&CHECK, &hidden)[0]));
        assert!(!says(&one(killed(1, 0))), "on a plain host there is no pod");
    }

    #[test]
    fn no_kill_is_clear_and_what_was_not_seen_is_counted() {
        assert_eq!(clear(&CHECK, &with(vec![killed(0, 0)])), (1, 0));
        let old = Group { kills: Reading::unseen(Why::Unsupported), ..killed(0, 0) };
        let facts = Facts {
            others: Others { unkilled: 9, kills_unseen: [(Why::Denied, 2)].into(), ..Others::default() },
            ..with(vec![killed(0, 0), old])
        };
        assert_eq!(clear(&CHECK, &facts), (10, 3));
    }

    #[test]
    fn without_groups_the_machine_is_asked_and_an_old_kernel_is_unknown() {
        let of = |kills: Reading<u64>, now: Reading<u64>| {
            let machine = Machine { kills, kills_now: now, ..machine() };
            outcome(
                &CHECK,
                &Facts { tree: Reading::unseen(Why::Absent), machine: Reading::seen(machine), ..facts() },
            )
        };
        let none = || Reading::unseen(Why::NotAsked);
        assert!(matches!(of(Reading::unseen(Why::Unsupported), none()), Outcome::Unknown { .. }));
        assert!(matches!(of(Reading::seen(0), none()), Outcome::Clear { looked: 1, .. }));
        for (now, severity) in [(none(), Severity::Notice), (Reading::seen(1), Severity::Critical)] {
            match of(Reading::seen(3), now) {
                Outcome::Found { findings, .. } => assert_eq!(findings[0].severity, severity),
                other => panic!("{other:?}"),
            }
        }
    }
}
