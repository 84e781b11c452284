//! `lifecycle/no-init`

use super::super::facts::{Facts, Home, Init, Parent, Role};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A container whose first process is a service and no init. The kernel gives every orphan of the namespace to it; a
    /// service that does not expect children of others never collects them. With many zombies under it that have
    /// existed for a while it is a warning; with few, or with none yet but processes two levels below that it would
    /// inherit, it is a notice.
    ///
    /// ## Why it matters
    ///
    /// Each orphan that ends keeps its pid and its place under the task limit. It comes from health checks by `exec` that
    /// start helpers, from browsers and converters that a service starts, from `kubectl exec`. Nothing is wrong for weeks;
    /// then `fork` fails with EAGAIN.
    ///
    /// ## Confirm
    ///
    /// `ps -eo pid,ppid,stat,comm` inside the container: zombies (`Z`) whose parent is 1 and which 1 never started.
    ///
    /// ## Fix
    ///
    /// Put an init in front: `docker run --init`, `init: true` in compose, `ENTRYPOINT ["tini", "--"]`, or
    /// `shareProcessNamespace: true` in a pod, which makes the pause container the one that collects. A service that
    /// starts processes of its own waits for each of them too.
    "lifecycle/no-init": "a first process that inherits orphans and does not collect them"
    {
        zombies: "uncollected zombies of the first process; fewer are a notice" = 20;
        for_s: "they have existed for so many seconds" = 60;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let parents = out.aside(&f.zombies).map_or(&[][..], |z| z.parents.top());
    for init in f.inits.top() {
        if init.home != Home::Container || init.ours || init.role.reaps() {
            out.looked(1);
        } else if out.see(&init.command).is_some() {
            // Without its arguments a program may be an init that nobody knows by name.
            one(init, parents.iter().find(|p| p.process == init.process), at, out);
        }
    }
    out.looked(f.inits.total() - f.inits.top().len() as u64);
    f.inits_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
}

fn one(init: &Init, parent: Option<&Parent>, at: &Limits, out: &mut Judging) {
    let old = parent.map_or(0, |p| p.born_before(at.for_s.value()));
    let inherited = parent.map_or(0, |p| p.inherited);
    let label = init.process.label();
    let (severity, confidence, title) = if old > 0 {
        let many = old as f64 >= at.zombies.value();
        let severity = if many { Severity::Warning } else { Severity::Notice };
        let title = format!("{label} is no init and keeps {} zombies of its namespace", rates::count(old));
        (severity, Confidence::Medium, title)
    } else if init.grandchildren > 0 && init.role != Role::KeepAlive {
        let title =
            format!("{label} is no init and would inherit {} processes", rates::count(init.grandchildren));
        (Severity::Notice, Confidence::Low, title)
    } else {
        return;
    };
    let mut finding = Finding::new(severity, confidence, Thing::Process(init.process.clone()), title)
        .evidence("zombies", parent.map_or(0, |p| p.zombies))
        .evidence("adopted", inherited)
        .because("the kernel gives every orphan of a pid namespace to its first process");
    if let Some(p) = parent.filter(|_| old > 0) {
        finding = finding.because(format!(
            "most of the zombies are called {}; the oldest started {} ago",
            p.name,
            rates::span(p.oldest_s)
        ));
    }
    out.find(
        finding
            .remedy("an init in front: docker run --init, tini -- CMD, shareProcessNamespace in a pod")
            .next(format!("lifecycle --tree {} -o wide", init.process.pid)),
    );
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::lifecycle::facts::{Handler, Zombies},
        model::{Cell, Kept, Outcome, Reading, Why},
    };

    fn service(zombies: Vec<Parent>) -> Facts {
        let grown = with_parents(1.0, zombies);
        Facts { zombies: grown.zombies, ..with(init(Role::Node, Handler::Caught)) }
    }

    #[test]
    fn many_old_zombies_under_a_service_are_a_warning() {
        let p = Parent { inherited: 24, ..parent(25, 600.0, 1.0) };
        let f = &found(&CHECK, &service(vec![p]))[0];
        assert_eq!(f.title, "app (pid 1) is no init and keeps 25 zombies of its namespace");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert_eq!(f.evidence, [("zombies", Cell::Int(25)), ("adopted", Cell::Int(24))]);
        let f = &found(&CHECK, &service(vec![parent(19, 600.0, 1.0)]))[0];
        assert_eq!(f.severity, Severity::Notice);
    }

    #[test]
    fn a_risk_is_a_notice_and_young_zombies_are_none() {
        assert_eq!(clear(&CHECK, &service(vec![parent(300, 59.0, 1.0)])), (1, 0));
        let risky = Init { children: 1, grandchildren: 3, ..init(Role::Python, Handler::Caught) };
        let f = &found(&CHECK, &with(risky.clone()))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Notice, Confidence::Low));
        let sleeps = Init { role: Role::KeepAlive, ..risky };
        assert_eq!(clear(&CHECK, &with(sleeps)), (1, 0));
    }

    #[test]
    fn inits_shells_machines_and_ourselves_collect_or_are_not_asked() {
        let p = || vec![parent(25, 600.0, 1.0)];
        for role in [Role::Forwarder, Role::Supervisor, Role::Wrapper] {
            let facts = Facts { zombies: service(p()).zombies, ..with(init(role, Handler::Caught)) };
            assert_eq!(clear(&CHECK, &facts), (1, 0), "{role:?}");
        }
        let machine = Init { home: Home::Machine, ..init(Role::Program, Handler::Caught) };
        assert_eq!(clear(&CHECK, &Facts { zombies: service(p()).zombies, ..with(machine) }), (1, 0));
    }

    #[test]
    fn another_parents_zombies_are_not_its_own() {
        let other = Parent { process: process(9, "cron"), ..parent(25, 600.0, 1.0) };
        assert_eq!(clear(&CHECK, &service(vec![other])), (1, 0));
        let zombies = Zombies { total: 0, window_s: 0.0, parents: Kept::default(), orphaned: 0 };
        let facts = Facts { zombies: Reading::seen(zombies), ..service(vec![]) };
        assert_eq!(clear(&CHECK, &facts), (1, 0));
    }

    #[test]
    fn a_command_line_that_was_not_read_is_a_hole() {
        let blind = Init { command: Reading::unseen(Why::TimedOut), ..init(Role::Program, Handler::Caught) };
        assert!(matches!(outcome(&CHECK, &with(blind)), Outcome::Unknown { why: Why::TimedOut, .. }));
    }
}
