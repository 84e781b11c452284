//! `lifecycle/zombies`

use super::super::facts::{Facts, Home, Parent, SETTLED_S};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Thing, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A process whose children ended and were never collected (`wait`). When a child ended nothing in the kernel tells:
    /// its age is that of its start. So it counts here when it was dead in every look of the window, and started so long
    /// ago; with a window as long as the limit it was seen dead for all of it, and the confidence is high.
    ///
    /// ## Why it matters
    ///
    /// A zombie holds no memory worth the name but a pid and a place under the task limit of the container. A leak of
    /// them ends in EAGAIN ("Resource temporarily unavailable") for whatever starts a process or a thread, health checks
    /// by `exec` among it. They also show that the parent never looks at how its children end.
    ///
    /// ## Confirm
    ///
    /// `ps -eo pid,ppid,stat,etime,comm | awk '$3 ~ /^Z/'`, twice, a minute apart: the same pids. `paramedic lifecycle
    /// --window 60s` looks for a whole minute.
    ///
    /// ## Fix
    ///
    /// Make the parent collect its children: `waitpid(-1, …, WNOHANG)` in a loop at SIGCHLD, `subprocess.run` instead of
    /// `Popen` without `wait` in Python, `cmd.Wait()` after `cmd.Start()` in Go. A first process that inherits the
    /// children of others needs an init in front: `docker run --init`, `tini -- CMD`, `shareProcessNamespace` in a pod.
    /// A zombie goes away when its parent does.
    "lifecycle/zombies": "children that ended and are never collected"
    {
        count: "zombies of one parent" = 20;
        for_s: "they are dead, or at least have existed, for so many seconds" = 60;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(z) = out.part(&f.zombies, "the process table") else { return };
    if z.window_s < SETTLED_S {
        // One look cannot tell what is being collected from what never will be.
        let _ = out.part(&Reading::<()>::unseen(Why::NotAsked), "a window: --window 1s");
        return;
    }
    for parent in z.parents.top() {
        one(parent, z.window_s, at, out);
    }
    out.looked(z.parents.total().max(1));
    out.unseen(z.orphaned, Why::Absent);
}

fn one(p: &Parent, window_s: f64, at: &Limits, out: &mut Judging) {
    let enough = |n: u64| n as f64 >= at.count.value();
    let for_s = at.for_s.value();
    let confidence = match () {
        () if enough(p.dead_for(for_s)) => Confidence::High,
        () if enough(p.born_before(for_s)) => Confidence::Medium,
        () => return,
    };
    let process = &p.process;
    let title =
        format!("{} does not collect its children: {} zombies", process.label(), rates::count(p.zombies));
    let mut finding = Finding::new(Severity::Warning, confidence, Thing::Process(process.clone()), title)
        .evidence("count", p.zombies)
        .evidence("oldest_s", p.oldest_s)
        .because(format!(
            "{} of them were dead all of the {} looked at",
            rates::count(p.settled),
            rates::span(window_s)
        ))
        .because(format!("most are called {}; the oldest started {} ago", p.name, rates::span(p.oldest_s)));
    if let Some((_, role)) = p.first.filter(|(home, role)| *home != Home::Machine && !role.reaps()) {
        finding = finding.because(format!(
            "it is the first process of its namespace ({}) and so inherits what others leave behind",
            role.name()
        ));
    }
    out.find(
        finding
            .remedy("make it wait for its children; for inherited ones an init in front: docker run --init, tini -- CMD")
            .next(format!("lifecycle --tree {} --window 60s", process.pid)),
    );
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::lifecycle::facts::{Role, Zombies},
        model::{Cell, Kept, Outcome},
    };

    #[test]
    fn the_parent_is_named_with_what_was_seen_and_what_is_only_likely() {
        let f = &found(&CHECK, &with_parents(1.0, vec![parent(25, 600.0, 1.0)]))[0];
        assert_eq!(f.title, "app (pid 1) does not collect its children: 25 zombies");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert_eq!(f.evidence, [("count", Cell::Int(25)), ("oldest_s", Cell::Num(600.0))]);
        assert!(f.because[0].contains("25 of them were dead all of the 1s"), "{:?}", f.because);
        let f = &found(&CHECK, &with_parents(61.0, vec![parent(25, 61.0, 60.0)]))[0];
        assert_eq!(f.confidence, Confidence::High);
    }

    #[test]
    fn few_young_and_unsettled_ones_are_ordinary() {
        for p in [parent(19, 600.0, 600.0), parent(500, 59.0, 1.0)] {
            assert_eq!(clear(&CHECK, &with_parents(1.0, vec![p])), (1, 0));
        }
        // Plenty at this moment, and every one was collected before the next look.
        let busy = Parent { settled: 0, dead: [0; 12], born: [0; 12], ..parent(500, 600.0, 0.0) };
        assert_eq!(clear(&CHECK, &with_parents(1.0, vec![busy])), (1, 0));
        assert_eq!(clear(&CHECK, &facts()), (1, 0));
    }

    #[test]
    fn one_look_proves_nothing() {
        let outcome = outcome(&CHECK, &with_parents(0.0, vec![parent(500, 600.0, 0.0)]));
        assert!(matches!(outcome, Outcome::Skipped { .. }), "{outcome:?}");
    }

    #[test]
    fn zombies_without_a_visible_parent_are_a_hole() {
        let zombies = Zombies { total: 3, window_s: 1.0, parents: Kept::default(), orphaned: 3 };
        assert_eq!(clear(&CHECK, &Facts { zombies: Reading::seen(zombies), ..facts() }), (1, 3));
        let unseen = Facts { zombies: Reading::unseen(Why::TimedOut), ..facts() };
        assert!(matches!(outcome(&CHECK, &unseen), Outcome::Unknown { why: Why::TimedOut, .. }));
    }

    #[test]
    fn a_first_process_that_inherits_is_said_to() {
        let first = Parent { first: Some((Home::Container, Role::Node)), ..parent(25, 600.0, 1.0) };
        let f = &found(&CHECK, &with_parents(1.0, vec![first]))[0];
        assert!(f.because.iter().any(|b| b.contains("inherits")), "{:?}", f.because);
    }
}
