//! `lifecycle/shell-wrapper`

use super::{
    super::facts::{Facts, Handler, Home, Init, Verdict, Wrapper},
    alike, and_others, brief,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// A shell between SIGTERM and the process that does the work. Either the first process of a container is a shell
    /// that runs a line (`sh -c 'node server.js; true'`) or a script, and the service is its child: the shell drops
    /// SIGTERM as every first process without a handler does, and shells give signals to nobody. Or the first process is
    /// a small init such as tini, and the shell is its child: the shell dies of the signal, the init ends after it, and
    /// the kernel kills the service with the namespace, although it has a handler.
    ///
    /// A shell with a trap may do it right; that cannot be seen from outside and is a notice with low confidence, or
    /// nothing where the child was started in the background, as those do that wait for it. What sleeps behind a shell
    /// is a notice too.
    ///
    /// ## Why it matters
    ///
    /// The service may have the best of handlers and is never asked: each deploy cuts the requests in flight, and a
    /// rollout waits for the whole grace period.
    ///
    /// ## Confirm
    ///
    /// `ps -o pid,ppid,args` inside the container: pid 1 is a shell and the service has another pid. `docker inspect -f
    /// '{{json .Config.Cmd}} {{json .Config.Entrypoint}}' IMAGE` shows `["/bin/sh","-c",…]` for the shell form of `CMD`.
    /// `paramedic shutdown --as-pid1 -- sh -c LINE` rehearses what becomes of the signal and of the requests.
    ///
    /// ## Fix
    ///
    /// `exec` the service, so that the shell becomes it: `exec node server.js` as the last line of a script, `sh -c 'exec
    /// node server.js'`, or the exec form `CMD ["node", "server.js"]`. A script that must stay: start the service in the
    /// background, `trap 'kill -TERM "$pid"' TERM`, `wait "$pid"`. Below tini: `tini -g` sends to the whole group.
    "lifecycle/shell-wrapper": "a shell that keeps SIGTERM from the process that does the work"
    {
        age_s: "a shell younger than this may still be on its way to exec: a notice, seconds" = 30;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let mut deaf = Vec::new();
    for init in f.inits.top() {
        if init.home != Home::Container || init.ours {
            out.looked(1);
            continue;
        }
        // Without its arguments nothing tells a shell that runs something from one that does not.
        if out.see(&init.command).is_none() {
            continue;
        }
        if let Some(wrapper) = &init.wrapper {
            let grave = if wrapper.below_init { below(wrapper, out) } else { first(init, wrapper, out) };
            if let Some((severity, confidence)) = grave {
                let young = out.aside(&init.age_s).is_some_and(|s| *s < at.age_s.value());
                let severity = if young { Severity::Notice } else { severity };
                deaf.push((init, (severity, confidence)));
            }
        }
    }
    for (init, (severity, confidence), others) in alike(deaf) {
        if let Some(wrapper) = &init.wrapper {
            let finding = finding(init, wrapper, severity, confidence, out);
            out.find(and_others(finding, &others));
        }
    }
    // They come worst first: those left out are no worse than every row that was judged.
    out.looked(f.inits.total() - f.inits.top().len() as u64);
    f.inits_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
}

/// The shell is the first process itself.
fn first(init: &Init, wrapper: &Wrapper, out: &mut Judging) -> Option<(Severity, Confidence)> {
    let judged = out.aside(&init.judged).filter(|j| j.verdict == Verdict::ShellWrapper)?;
    match judged.confidence {
        // A trap and a child in the background: somebody thought of it.
        Confidence::Low if wrapper.background => None,
        Confidence::Low => Some((Severity::Notice, Confidence::Low)),
        c if init.idles() => Some((Severity::Notice, c)),
        c => Some((Severity::Warning, c)),
    }
}

/// The shell is the child of a small init. Where the service has no handler either nothing is lost by the shell.
fn below(wrapper: &Wrapper, out: &mut Judging) -> Option<(Severity, Confidence)> {
    let handler = |of, out: &mut Judging| out.aside(of).copied();
    let dies = handler(&wrapper.handler, out) == Some(Handler::Default);
    let would_hear = matches!(handler(&wrapper.child_handler, out), Some(Handler::Caught | Handler::Blocked));
    (dies && would_hear && !wrapper.child_idles).then_some((Severity::Warning, Confidence::Medium))
}

fn finding(
    init: &Init,
    w: &Wrapper,
    severity: Severity,
    confidence: Confidence,
    out: &mut Judging,
) -> Finding {
    let title = format!("{} keeps SIGTERM from {}", w.shell.label(), w.child.label());
    let mut finding = Finding::new(severity, confidence, Thing::Process(w.shell.clone()), title)
        .about(Thing::Process(w.child.clone()))
        .evidence("shell", &w.shell.name)
        .evidence("handler", &w.handler.map(|h| h.name()))
        .evidence("child_pid", u64::try_from(w.child.pid).unwrap_or(0))
        .evidence("child", &w.child.name)
        .evidence("child_handler", &w.child_handler.map(|h| h.name()));
    if w.below_init {
        finding = finding
            .because(format!("{} gives SIGTERM to the shell, and the shell dies of it", init.process.label()))
            .because("the init ends after its child, and the kernel kills what is left in the namespace");
    } else if let Some(judged) = out.aside(&init.judged) {
        finding = finding.because(judged.reason.sentence());
    }
    if let Some(command) = out.aside(&init.command).filter(|_| !w.below_init) {
        finding = finding.because(format!("it runs: {}", brief(command)));
    }
    if let Some(command) = out.aside(&w.command) {
        finding = finding.because(format!("its child runs: {}", brief(command)));
    }
    if w.child_idles {
        finding =
            finding.because("the child only sleeps, so nothing is lost but the time of the grace period");
    }
    let remedy = if w.below_init {
        "exec the service: sh -c 'exec CMD'; or tini -g, which sends to the whole group"
    } else {
        "exec the service, so that the shell becomes it: sh -c 'exec CMD', the last line of a script, CMD [\"…\"]"
    };
    finding.remedy(remedy).next(format!("lifecycle --tree {} -o wide", init.process.pid))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::lifecycle::facts::Role,
        model::{Cell, Outcome, Reading, Why},
    };

    fn shell(handler: Handler) -> Init {
        init(Role::Wrapper, handler)
    }

    /// tini -- sh -c 'node s.js; true'
    fn below_tini(handler: Handler, child_handler: Handler) -> Init {
        let wrapper = Wrapper {
            shell: process(6, "sh"),
            child_handler: Reading::seen(child_handler),
            below_init: true,
            ..wrapper(handler)
        };
        Init { wrapper: Some(wrapper), ..init(Role::Forwarder, Handler::Default) }
    }

    #[test]
    fn the_shell_is_blamed_and_the_child_is_named() {
        let f = &found(&CHECK, &with(shell(Handler::Default)))[0];
        assert_eq!(f.title, "sh (pid 1) keeps SIGTERM from node (pid 7)");
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Process(process(1, "sh")));
        assert_eq!(f.about, [Thing::Process(process(7, "node"))]);
        assert_eq!(f.evidence[0], ("shell", Cell::from("sh")));
        assert_eq!((f.evidence[2].0, f.evidence[3].clone()), ("child_pid", ("child", Cell::from("node"))));
        assert!(f.because.contains(&"its child runs: node s.js".to_string()), "{:?}", f.because);
        assert_eq!(f.next, ["lifecycle --tree 1 -o wide"]);
    }

    #[test]
    fn a_trap_is_a_notice_and_one_with_a_child_in_the_background_is_nothing() {
        let f = &found(&CHECK, &with(shell(Handler::Caught)))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Notice, Confidence::Low));
        let mut waits = shell(Handler::Caught);
        waits.wrapper.as_mut().unwrap().background = true;
        assert_eq!(clear(&CHECK, &with(waits)), (1, 0));
        let mut deaf = shell(Handler::Default);
        deaf.wrapper.as_mut().unwrap().background = true;
        assert_eq!(found(&CHECK, &with(deaf))[0].severity, Severity::Warning);
    }

    #[test]
    fn what_only_sleeps_and_what_has_just_started_is_a_notice() {
        let mut sleeps = shell(Handler::Default);
        sleeps.wrapper.as_mut().unwrap().child_idles = true;
        assert_eq!(found(&CHECK, &with(sleeps))[0].severity, Severity::Notice);
        let young = Init { age_s: Reading::seen(29.0), ..shell(Handler::Default) };
        assert_eq!(found(&CHECK, &with(young))[0].severity, Severity::Notice);
    }

    #[test]
    fn below_an_init_the_child_must_have_something_to_lose() {
        let f = &found(&CHECK, &with(below_tini(Handler::Default, Handler::Caught)))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert_eq!(f.subject, Thing::Process(process(6, "sh")));
        assert!(f.remedy.contains("tini -g"), "{}", f.remedy);
        for (shell, child) in [(Handler::Default, Handler::Default), (Handler::Caught, Handler::Caught)] {
            assert_eq!(clear(&CHECK, &with(below_tini(shell, child))), (1, 0), "{shell:?} {child:?}");
        }
    }

    #[test]
    fn no_shell_no_container_and_ourselves_are_clear() {
        assert_eq!(clear(&CHECK, &with(init(Role::Node, Handler::Caught))), (1, 0));
        for home in [Home::Machine, Home::Sandbox] {
            assert_eq!(clear(&CHECK, &with(Init { home, ..shell(Handler::Default) })), (1, 0));
        }
        assert_eq!(clear(&CHECK, &with(Init { ours: true, ..shell(Handler::Default) })), (1, 0));
        let alone = Init { wrapper: None, ..shell(Handler::Default) };
        assert_eq!(clear(&CHECK, &with(alone)), (1, 0));
    }

    #[test]
    fn a_command_line_that_was_not_read_is_a_hole() {
        let blind = Init { command: Reading::unseen(Why::TimedOut), ..init(Role::Program, Handler::Default) };
        assert!(matches!(outcome(&CHECK, &with(blind)), Outcome::Unknown { why: Why::TimedOut, .. }));
    }
}
