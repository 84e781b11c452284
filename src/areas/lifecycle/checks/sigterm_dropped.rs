//! `lifecycle/sigterm-dropped`

use super::{
    super::facts::{Facts, Home, Init, Judged, Role, Verdict},
    alike, and_others, brief,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Thing, Why},
};

check! {
    /// ## What it sees
    ///
    /// The first process (pid 1) of a container that has no handler for SIGTERM. The kernel skips the default action of a
    /// signal for the first process of a pid namespace, also when the signal comes from outside: what ends every other
    /// process does nothing to this one.
    ///
    /// The masks in `/proc/PID/status` are not believed blindly. Who sits in `sigtimedwait`, as tini does, shows no
    /// handler and hears the signal all the same; Node.js shows a handler whether or not the program has one, and is
    /// therefore never accused as long as it does. The first process of the machine itself, and of sandboxes inside a
    /// service, is nobody that is asked to end this way. A container that only sleeps, or a shell that waits for
    /// somebody to type, is a notice: nothing is lost when it is killed.
    ///
    /// ## Why it matters
    ///
    /// Every deploy and every scale-down begins with SIGTERM. A process that does not hear it serves on until the grace
    /// period is over and is then killed in the middle of its requests; connections are reset, nothing is flushed, and
    /// the rollout waits for the whole grace period each time.
    ///
    /// ## Confirm
    ///
    /// `grep Sig /proc/1/status` inside the container: bit 15 (`4000`) of `SigCgt` is a handler. `docker stop` or deleting
    /// the pod takes exactly the grace period, and the exit code is 137 where it should be 143 or 0. An image that names
    /// another `STOPSIGNAL` is stopped by that one: then this code can be ignored for it. What the end costs in requests, also
    /// where masks tell nothing: `paramedic shutdown --as-pid1 -- CMD` rehearses it.
    ///
    /// ## Fix
    ///
    /// Install a handler that stops accepting, ends the requests in flight and exits. Node.js:
    /// `process.on('SIGTERM', () => server.close(() => process.exit(0)))`. Python:
    /// `signal.signal(signal.SIGTERM, handler)`. Java: leave out `-Xrs`. Where there is nothing to be ended in order, an
    /// init in front (`docker run --init`, `tini -- CMD`) brings the default action back, which ends the process at once.
    "lifecycle/sigterm-dropped": "the first process of a container that does not hear SIGTERM"
    {
        age_s: "a process younger than this may still be starting: a notice, seconds" = 30;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let (mut told, mut untold, mut dropped) = (0, 0, Vec::new());
    for init in f.inits.top() {
        if init.home != Home::Container || init.ours {
            told += 1;
            out.looked(1);
        } else if out.aside(&init.judged).is_some_and(|j| j.verdict == Verdict::Unknown) {
            // Looked at, and it cannot be told: that is a hole and not "clear".
            untold += 1;
            out.unseen(1, Why::Unsupported);
        } else if let Some(judged) = out.see(&init.judged).copied() {
            told += 1;
            let sure = judged.confidence >= Confidence::Medium;
            if judged.verdict == Verdict::Dropped && sure {
                let young = out.aside(&init.age_s).is_some_and(|s| *s < at.age_s.value());
                dropped.push((init, (judged, young)));
            }
        }
    }
    for (init, (judged, young), others) in alike(dropped) {
        let finding = finding(init, judged, young, out);
        out.find(and_others(finding, &others));
    }
    if told == 0 && untold > 0 {
        let untold: Reading<()> = Reading::unseen(Why::Unsupported);
        let _ = out.part(
            &untold,
            "Node.js shows a handler whether or not the program has one: `paramedic shutdown` rehearses it",
        );
    }
    // They come worst first: those left out are no worse than every row that was judged.
    out.looked(f.inits.total() - f.inits.top().len() as u64);
    f.inits_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
}

fn finding(init: &Init, judged: Judged, young: bool, out: &mut Judging) -> Finding {
    let p = &init.process;
    let severity = if init.idles() || young { Severity::Notice } else { Severity::Warning };
    let title = format!("{} does not hear SIGTERM: it is killed when the grace period is over", p.label());
    let mut finding = Finding::new(severity, judged.confidence, Thing::Process(p.clone()), title)
        .evidence("verdict", judged.verdict.name())
        .evidence("handler", &init.handler.map(|h| h.name()))
        .evidence("runtime", init.role.name())
        .evidence("pid_in_namespace", 1u64)
        .because(judged.reason.sentence());
    if let Some(command) = out.aside(&init.command).filter(|c| !c.as_str().is_empty()) {
        finding = finding.because(format!("it runs: {}", brief(command)));
    }
    if young {
        finding = finding.because("it has just started and may still install one");
    }
    if init.idles() {
        finding = finding.because("it serves nobody, so nothing is lost but the time of the grace period");
    }
    finding.remedy(remedy(init.role)).next(format!("lifecycle --pid {} -o wide", p.pid))
}

fn remedy(role: Role) -> &'static str {
    match role {
        Role::Node => {
            "process.on('SIGTERM', …) that closes the server and exits; or an init in front: docker run --init"
        }
        Role::Python => {
            "signal.signal(signal.SIGTERM, handler) that ends requests in flight; or an init in front: docker run --init"
        }
        Role::Java => "start java without -Xrs; or an init in front: docker run --init",
        Role::KeepAlive | Role::Prompt => "start it under an init: docker run --init, or tini -- CMD",
        _ => {
            "install a handler for SIGTERM that ends requests in flight; or an init in front: docker run --init, tini -- CMD"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::lifecycle::facts::{Handler, Reason},
        model::{Cell, Kept, Outcome},
    };

    #[test]
    fn the_process_is_named_with_its_masks_and_the_reason() {
        let f = &found(&CHECK, &with(init(Role::Python, Handler::Default)))[0];
        assert_eq!(f.title, "app (pid 1) does not hear SIGTERM: it is killed when the grace period is over");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Process(process(1, "app")));
        assert_eq!(
            f.evidence,
            [
                ("verdict", Cell::from("dropped")),
                ("handler", Cell::from("default")),
                ("runtime", Cell::from("python")),
                ("pid_in_namespace", Cell::from(1u64)),
            ]
        );
        assert_eq!(f.because, [Reason::NoHandler.sentence(), "it runs: app --port 80"]);
        assert!(f.remedy.contains("signal.signal"), "{}", f.remedy);
        assert_eq!(f.next, ["lifecycle --pid 1 -o wide"]);
    }

    #[test]
    fn who_hears_it_is_left_alone() {
        for (role, handler) in [
            (Role::Python, Handler::Caught),
            (Role::Java, Handler::Caught),
            (Role::Program, Handler::Blocked),
            (Role::Forwarder, Handler::Default),
            (Role::Supervisor, Handler::Caught),
            (Role::Wrapper, Handler::Default),
        ] {
            assert_eq!(clear(&CHECK, &with(init(role, handler))), (1, 0), "{role:?} {handler:?}");
        }
    }

    #[test]
    fn node_that_cannot_be_told_is_unknown_and_never_accused() {
        let outcome = outcome(&CHECK, &with(init(Role::Node, Handler::Caught)));
        assert!(matches!(outcome, Outcome::Unknown { why: Why::Unsupported, .. }), "{outcome:?}");
        let f = &found(&CHECK, &with(init(Role::Node, Handler::Default)))[0];
        assert!(f.because[0].contains("one came"), "{:?}", f.because);
    }

    #[test]
    fn nobody_asks_machines_sandboxes_and_ourselves_to_end() {
        for home in [Home::Machine, Home::Sandbox] {
            let init = Init { home, ..init(Role::Program, Handler::Default) };
            assert_eq!(clear(&CHECK, &with(init)), (1, 0));
        }
        let ours = Init { ours: true, ..init(Role::Program, Handler::Default) };
        assert_eq!(clear(&CHECK, &with(ours)), (1, 0));
    }

    #[test]
    fn sleepers_prompts_and_the_newly_started_are_notices() {
        for role in [Role::KeepAlive, Role::Prompt] {
            assert_eq!(found(&CHECK, &with(init(role, Handler::Ignored)))[0].severity, Severity::Notice);
        }
        for (age, severity) in [(29.9, Severity::Notice), (30.0, Severity::Warning)] {
            let young = Init { age_s: Reading::seen(age), ..init(Role::Python, Handler::Default) };
            assert_eq!(found(&CHECK, &with(young))[0].severity, severity);
        }
    }

    #[test]
    fn unseen_masks_and_namespaces_are_counted() {
        let blind = Init { judged: Reading::unseen(Why::Denied), ..init(Role::Program, Handler::Default) };
        let facts = Facts { inits_unseen: [(Why::TooMany, 40)].into(), ..with(blind) };
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::TooMany, .. }));
        let rows = vec![init(Role::Java, Handler::Caught)];
        let facts = Facts { inits: Kept::worst(250, rows), ..facts };
        assert_eq!(clear(&CHECK, &facts), (250, 40));
    }
}
