//! `shutdown/killed`

use super::{
    super::facts::{Facts, Loss, Rehearsal},
    about, because, rehearsal, see_also,
};
use crate::{
    check,
    model::{Finding, Judging, Severity, rates::span, signal},
};

check! {
    /// ## What it sees
    ///
    /// The service had not ended when the grace period was over, and was killed as an orchestrator kills it. The grace period begins
    /// with the end: what runs before the signal (`preStop`) takes its part of it. What kept the signal from being heard is
    /// said where it can be told: PID 1 without a handler, a shell in between, a signal that is ignored, Node.js that drops it.
    ///
    /// ## Why it matters
    ///
    /// Whatever is in flight at that moment is cut off, nothing is flushed, nobody is told. Each deploy and each drain of a node
    /// waits for the whole grace period first. The exit code is 137, which looks like the end of a process that had no memory left.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pod POD -o jsonpath='{.status.containerStatuses[*].lastState.terminated.exitCode}'` says 137; `time docker stop
    /// CONTAINER` takes the whole grace period. `paramedic lifecycle` in the container says who would hear the signal.
    ///
    /// ## Fix
    ///
    /// Handle the signal and exit: Node.js `process.on('SIGTERM', …)` with a timer as the last resort; `exec` in shell scripts, or an
    /// init in front (`docker run --init`); gunicorn `graceful_timeout`, uvicorn `--timeout-graceful-shutdown`, Spring
    /// `timeout-per-shutdown-phase` below what `preStop` leaves of the grace period. Where the work needs longer, give
    /// `terminationGracePeriodSeconds` more.
    "shutdown/killed": "a service that had to be killed when the grace period was over"
    {}
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(r) = rehearsal(f, out) else { return };
    if r.killed {
        let finding = finding(r, out);
        out.find(finding);
    }
}

fn finding(r: &Rehearsal, out: &mut Judging) -> Finding {
    let (grace, name) = (span(r.plan.grace_s), signal::name(r.plan.signal));
    let title = format!("{} does not end within {grace} of {name}: it is killed", r.label());
    let title = match r.before {
        Some(_) => title
            .replace(&format!("within {grace} of {name}"), &format!("within {grace} of preStop and {name}")),
        None => title,
    };
    let mut finding = about(r, Severity::Warning, title).evidence("grace_s", r.plan.grace_s);
    if let Some(before) = r.before {
        finding = finding.evidence("prestop_s", before.took_s);
        if before.took_s >= r.plan.grace_s {
            finding =
                finding.because("preStop took the whole grace period: the signal came with the SIGKILL");
        }
    }
    if let Some(ears) = out.aside(&r.ears) {
        finding = finding.evidence("role", ears.role.name()).evidence("handler", ears.handler.name());
        if r.ate(ears).is_none() {
            finding = finding.because("it has a handler, which did not come to its end");
        }
    }
    finding = because(r, finding, out);
    finding = finding.because(r.arithmetic());
    see_also(r, finding.remedy(r.advice(out.aside(&r.ears), Loss::Killed)))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::shutdown::facts::{Before, Exit, Started},
        model::{Reading, role::Role, sigterm::Handler},
    };

    fn killed() -> Rehearsal {
        let mut r = drained();
        (r.killed, r.exit) = (true, Reading::seen(Exit::Signal(9)));
        r.times.exit_s = Some(32.0);
        r
    }

    #[test]
    fn who_ate_the_signal_is_named() {
        let mut r = killed();
        r.started = Started::AsPid1;
        let f = &found(&CHECK, &facts(r.clone()))[0];
        assert_eq!(f.title, "node (pid 41) does not end within 30s of SIGTERM: it is killed");
        assert!(f.because[0].contains("drops it as PID 1"), "{:?}", f.because);
        r.ears = Reading::seen(ears(Role::Wrapper, Handler::Default));
        assert!(found(&CHECK, &facts(r.clone()))[0].because[0].contains("shell"));
        r.ears = Reading::seen(ears(Role::Forwarder, Handler::Default));
        assert!(found(&CHECK, &facts(r.clone()))[0].because[0].contains("the child did not end"));
        r.ears = Reading::seen(ears(Role::Program, Handler::Caught));
        assert!(found(&CHECK, &facts(r))[0].because[0].contains("did not come to its end"));
    }

    #[test]
    fn a_prestop_that_takes_it_all_is_said() {
        let mut r = killed();
        r.before = Some(Before { took_s: 30.0, exit: Reading::seen(Exit::Signal(9)) });
        let f = &found(&CHECK, &facts(r))[0];
        assert!(f.title.contains("of preStop and SIGTERM"), "{}", f.title);
        assert!(f.because[0].contains("whole grace period"), "{:?}", f.because);
    }

    #[test]
    fn who_ends_by_itself_is_left_alone() {
        assert_eq!(clear(&CHECK, &facts(drained())), (1, 0));
    }
}
