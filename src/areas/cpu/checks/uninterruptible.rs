//! `cpu/uninterruptible`

use super::{
    super::facts::{Facts, Stuck},
    WINDOW,
};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity, Thing, Why, rates},
};
use std::collections::BTreeMap;

check! {
    /// ## What it sees
    ///
    /// Tasks in uninterruptible sleep (state `D`) that stay in it: seen so in every look, and by the kernel's own count of
    /// turns not on a processor once in between. A task in `D` in one look, or one that a busy disk puts there again and
    /// again, is no finding. Tasks of one name that wait in the same place are one finding about the oldest. For how long:
    /// since the task last ran, by the clock of its processor, where the kernel shows it to us; else only what was watched,
    /// so that a long window may be needed.
    ///
    /// The first thread of every process is watched. Of the others as many as are cheap; the rest is counted as not seen,
    /// and `paramedic cpu --threads all` looks at them too. Threads of the kernel itself are left out.
    ///
    /// ## Why it matters
    ///
    /// Such a task answers nobody, hears no signal (most not even SIGKILL), and keeps its locks, descriptors and memory.
    /// Others soon wait for it. The load average counts it although no processor does anything.
    ///
    /// ## Confirm
    ///
    /// ```sh
    /// ps -eLo pid,tid,stat,wchan:32,etime,comm | awk '$3 ~ /^D/'
    /// cat /proc/PID/task/TID/stack        # as root
    /// dmesg | grep -A 20 'blocked for more than'
    /// ```
    ///
    /// ## Fix
    ///
    /// Mend what it waits for, which the wait channel tells:
    ///
    /// - `nfs…`, `rpc…`: the server of a mount does not answer; bring it back, or `umount -f`, at last `umount -l`.
    /// - `fuse…`, `request_wait_answer`: the daemon of a FUSE mount hangs; `echo 1 > /sys/fs/fuse/connections/N/abort`.
    /// - `io_schedule`, `folio_wait…`, `blk…`, `jbd2…`: a disk that does not answer; see `dmesg` and the storage.
    /// - `kernel_clone`, `wait_for_vfork_done`: a child made by `vfork` has not yet become another program; look at the child.
    /// - `__refrigerator`: the control group is frozen (`docker pause`, a node that suspends); thaw it.
    "cpu/uninterruptible": "tasks sleep in the kernel and do not come back"
    {
        age_s: "seconds that the oldest has not run" = 10, 120;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(blocked) = out.part(&f.blocked, WINDOW) else { return };
    blocked.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    let all = &blocked.stuck;
    out.unseen(all.total() - all.top().len() as u64, Why::TooMany);
    out.looked(blocked.looked.saturating_sub(all.total()));
    // The same name in the same place is the same trouble.
    let mut groups: BTreeMap<(&str, &str), Vec<(f64, &Stuck)>> = BTreeMap::new();
    for s in all.top() {
        let age = out.aside(&s.still_s).copied();
        // Watched for too short a time to say, and the kernel does not tell: not clear.
        let Some(age) = age.or_else(|| (s.watched_s >= at.age_s.warning).then_some(s.watched_s)) else {
            out.see(&s.still_s);
            continue;
        };
        out.looked(1);
        let wchan = out.aside(&s.wchan).and_then(|w| w.as_ref()).map_or("", |w| w.as_str());
        groups.entry((s.process.name.as_str(), wchan)).or_default().push((age, s));
    }
    let mut found: Vec<_> = groups.into_iter().collect();
    for (_, tasks) in &mut found {
        tasks.arrange_by(|a, b| b.0.total_cmp(&a.0));
    }
    found.arrange_by(|a, b| b.1[0].0.total_cmp(&a.1[0].0));
    for ((_, wchan), tasks) in found {
        if let Some(severity) = at.age_s.of(tasks[0].0) {
            out.find(finding(&tasks, wchan, severity));
        }
    }
}

/// What a place in the kernel stands for, and how to mend it.
fn meaning(wchan: &str) -> Option<(&'static str, &'static str)> {
    let has = |parts: &[&str]| parts.iter().any(|p| wchan.contains(p));
    Some(match () {
        () if has(&["refrigerator"]) => {
            ("its control group is frozen: somebody paused it", "thaw the control group (docker unpause)")
        }
        () if has(&["vfork", "kernel_clone", "do_fork"]) => (
            "it waits for a child made by vfork that has not yet become another program",
            "look at what its child waits for",
        ),
        () if has(&["fuse", "request_wait_answer"]) => {
            ("it waits for the daemon of a FUSE mount", "mend or abort the FUSE mount")
        }
        () if has(&["nfs", "rpc_", "cifs", "smb2"]) => (
            "it waits for the server of a network mount",
            "bring the server of the mount back, or unmount it by force",
        ),
        () if has(&[
            "io_schedule",
            "folio_wait",
            "wait_on_page",
            "bit_wait",
            "blk_",
            "submit_bio",
            "jbd2",
            "xfs_",
            "ext4_",
        ]) =>
        {
            ("it waits for a disk", "see in dmesg and at the storage why the disk does not answer")
        }
        () => return None,
    })
}

fn finding(tasks: &[(f64, &Stuck)], wchan: &str, severity: Severity) -> Finding {
    let (age, oldest) = tasks[0];
    let p = &oldest.process;
    let span = rates::span(age);
    let place = if wchan.is_empty() { String::new() } else { format!(" in {wchan}") };
    let title = match tasks.len() {
        1 => format!("{} has been stuck in the kernel{place} for {span}", p.label()),
        n => format!("{n} tasks of {} are stuck in the kernel{place}, {} for {span}", p.name, p.label()),
    };
    let known = meaning(wchan);
    // Whoever was paused on purpose is not ill.
    let severity = if wchan.contains("refrigerator") { Severity::Notice } else { severity };
    let mut finding = Finding::new(severity, Confidence::High, Thing::Process(p.clone()), title)
        .evidence("count", tasks.len())
        .evidence("wchan", Some(wchan).filter(|w| !w.is_empty()))
        .evidence("oldest_s", age)
        .because("in state D in every look, and not on a processor once between them");
    if oldest.tid != u64::try_from(p.pid).unwrap_or(0) {
        finding =
            finding.because(format!("it is thread {} of the process; its others may well go on", oldest.tid));
    }
    if let Some((what, _)) = known {
        finding = finding.because(what);
    }
    let mut others: Vec<Thing> = Vec::new();
    for (_, s) in &tasks[1..] {
        let thing = Thing::Process(s.process.clone());
        if s.process != *p && !others.contains(&thing) && others.len() < 8 {
            others.push(thing);
        }
    }
    finding = others.into_iter().fold(finding, Finding::about);
    let remedy = known.map_or("mend what it waits for: the wait channel and /proc/PID/stack tell", |k| k.1);
    finding.remedy(remedy).next(format!("cpu --pid {} --threads all", p.pid))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::cpu::facts::Blocked,
        model::{Cell, Outcome, Reading},
    };

    fn severity(s: Stuck) -> Option<Severity> {
        findings(&CHECK, &with_stuck(vec![s])).first().map(|f| f.severity)
    }

    #[test]
    fn a_stuck_task_is_named_with_its_place_and_its_age() {
        let f = &found(&CHECK, &with_stuck(vec![stuck(41, "java", "nfs4_wait_clnt_recover", 75.0)]))[0];
        assert_eq!(f.title, "java (pid 41) has been stuck in the kernel in nfs4_wait_clnt_recover for 1m15s");
        assert_eq!(
            f.evidence,
            [
                ("count", Cell::Int(1)),
                ("wchan", Cell::Text("nfs4_wait_clnt_recover".into())),
                ("oldest_s", Cell::Num(75.0))
            ]
        );
        assert!(f.because.iter().any(|b| b.contains("network mount")), "{:?}", f.because);
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
    }

    #[test]
    fn levels_begin_exactly_at_their_age() {
        let at = |s| severity(stuck(41, "cp", "io_schedule", s));
        assert_eq!(at(9.9), None, "a slow disk");
        assert_eq!(at(10.0), Some(Severity::Warning));
        assert_eq!(at(119.9), Some(Severity::Warning));
        assert_eq!(at(120.0), Some(Severity::Critical));
    }

    #[test]
    fn many_in_one_place_are_one_finding_about_the_oldest() {
        let mut rows: Vec<Stuck> =
            (0..30).map(|n| stuck(100 + n, "php-fpm", "rpc_wait", 20.0 + f64::from(n))).collect();
        rows.push(stuck(7, "php-fpm", "io_schedule", 11.0));
        let found = found(&CHECK, &with_stuck(rows));
        assert_eq!(found.len(), 2);
        assert!(matches!(&found[0].subject, Thing::Process(p) if p.pid == 129), "{}", found[0].title);
        assert_eq!((&found[0].evidence[0].1, found[0].about.len()), (&Cell::Int(30), 8));
    }

    #[test]
    fn without_the_kernels_clock_only_what_was_watched_counts() {
        let watched = |s| Stuck {
            still_s: Reading::unseen(Why::Unsupported),
            watched_s: s,
            ..stuck(41, "cp", "", 0.0)
        };
        assert_eq!(severity(watched(10.0)), Some(Severity::Warning));
        assert_eq!(clear(&CHECK, &with_stuck(vec![watched(1.0)])), (199, 1), "that is not clear");
        let f = &found(&CHECK, &with_stuck(vec![watched(12.0)]))[0];
        assert_eq!(
            (f.title.as_str(), &f.evidence[1].1),
            ("cp (pid 41) has been stuck in the kernel for 12s", &Cell::None)
        );
    }

    #[test]
    fn who_was_frozen_on_purpose_is_a_notice() {
        assert_eq!(severity(stuck(41, "app", "__refrigerator", 900.0)), Some(Severity::Notice));
    }

    #[test]
    fn one_look_is_skipped_and_threads_that_were_not_looked_at_are_counted() {
        assert!(matches!(outcome(&CHECK, &facts()), Outcome::Skipped { .. }));
        let mut facts = with_stuck(vec![]);
        facts.blocked = facts.blocked.map(|b| Blocked { unseen: [(Why::TooMany, 900)].into(), ..b });
        assert_eq!(clear(&CHECK, &facts), (200, 900));
    }
}
