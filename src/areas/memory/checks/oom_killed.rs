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
            let ago = g.age_s.map_or_else(String::new, |s| format!(" {} ago", rates::span(s)));
            let severity = if old { Severity::Notice } else { Severity::Warning };
            (
                severity,
                format!(
                    "{} of {} {} OOM-killed since it began{ago}",
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
