//! `shutdown/exit-status`

use super::{
    super::facts::{Exit, Facts, Loss, Rehearsal, advice},
    about, rehearsal, see_also,
};
use crate::{
    check,
    model::{Finding, Judging, Severity, signal},
};

check! {
    /// ## What it sees
    ///
    /// The status with which the service ended by itself, where that is neither nought nor the usual one for the signal: 128 and the
    /// number of the signal, which Java and shells exit with, or the signal itself. A service that was killed when the grace
    /// period was over is `shutdown/killed`.
    ///
    /// ## Why it matters
    ///
    /// Whatever is not nought is reported as an error of the container: alerts, failed jobs, restarts with a growing pause. More than
    /// that it says that the end went another way than was meant: an exception in the handler, an abort, a Go program that has no
    /// handler and dies with 2.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pod POD -o jsonpath='{.status.containerStatuses[*].lastState.terminated}'` shows exit code and reason; what the
    /// service printed last is in `kubectl logs --previous POD`.
    ///
    /// ## Fix
    ///
    /// Exit with nought when the end was in good order: `process.exit(0)`, `sys.exit(0)`, a `main` that returns after
    /// `srv.Shutdown`. Look for an error in the handler of the signal.
    "shutdown/exit-status": "a status that reads as a failure at the end of the service"
    {}
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(r) = rehearsal(f, out) else { return };
    if r.killed {
        return;
    }
    if r.times.exit_s.is_none() {
        return;
    }
    let Some(exit) = out.see(&r.exit).copied() else { return };
    if !usual(exit, r.plan.signal) {
        out.find(finding(r, exit));
    }
}

/// What reads as an end in good order, or as that of the signal.
fn usual(exit: Exit, signal: i32) -> bool {
    match exit {
        Exit::Code(code) => code == 0 || code == 128 + signal,
        Exit::Signal(by) => by == signal,
    }
}

fn finding(r: &Rehearsal, exit: Exit) -> Finding {
    let name = signal::name(r.plan.signal);
    let how = match exit {
        Exit::Code(code) => format!("exits with {code}"),
        Exit::Signal(by) => format!("is ended by {}", signal::name(by)),
    };
    let title = format!("{} {how} after {name}", r.label());
    let mut finding = about(r, Severity::Warning, title)
        .evidence("exit_status", exit.status())
        .because(format!("0 or {} is usual after {name}", 128 + r.plan.signal));
    finding = match exit {
        Exit::Code(2) if r.runtime.name() == "go" => {
            finding.because("a Go program that has no handler dies of the signal with 2")
        }
        Exit::Signal(9) => {
            finding.because("somebody else killed it: the limit of its memory, or a supervisor")
        }
        Exit::Signal(_) => finding.because("another signal than the one that was sent ended it"),
        Exit::Code(_) => finding,
    };
    see_also(r, finding.remedy(advice(r.runtime, Loss::Status)))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Reading, Why};

    fn ended(exit: Exit) -> Rehearsal {
        Rehearsal { exit: Reading::seen(exit), ..drained() }
    }

    #[test]
    fn what_is_neither_nought_nor_the_signals_own_is_named() {
        let f = &found(&CHECK, &facts(ended(Exit::Code(1))))[0];
        assert_eq!(f.title, "node (pid 41) exits with 1 after SIGTERM");
        let f = &found(&CHECK, &facts(ended(Exit::Signal(11))))[0];
        assert_eq!(f.title, "node (pid 41) is ended by SIGSEGV after SIGTERM");
        assert!(f.evidence.contains(&("exit_status", Cell::from(139u64))), "{:?}", f.evidence);
    }

    #[test]
    fn nought_and_the_signals_own_are_usual() {
        for exit in [Exit::Code(0), Exit::Code(143), Exit::Signal(15)] {
            clear(&CHECK, &facts(ended(exit)));
        }
        let mut quit = ended(Exit::Code(143));
        quit.plan.signal = 3;
        assert_eq!(found(&CHECK, &facts(quit)).len(), 1, "143 is not that of SIGQUIT");
    }

    #[test]
    fn one_that_was_killed_is_another_code_and_one_that_nobody_told_us_is_unseen() {
        let killed = Rehearsal { killed: true, ..ended(Exit::Signal(9)) };
        clear(&CHECK, &facts(killed));
        let untold = Rehearsal { exit: Reading::unseen(Why::Unsupported), ..drained() };
        assert_eq!(clear(&CHECK, &facts(untold)), (1, 1));
    }
}
