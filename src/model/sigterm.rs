//! The decision table: what becomes of a SIGTERM that is sent to the first process of a pid namespace. The kernel drops a
//! signal whose action is the default one when its target is such a process, also when it comes from outside
//! (`SIGNAL_UNKILLABLE` in `kernel/signal.c`); the runtime of the container then waits for the grace period and kills.

use super::role::Role;
use crate::model::Confidence;
use serde::{Deserialize, Serialize};

/// What the masks say of SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    /// There is one.
    Caught,
    /// There is none.
    Default,
    /// Held back, for `signalfd` or `sigwait`.
    Blocked,
    /// Ignored.
    Ignored,
}

impl Handler {
    /// As evidence and tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Handler::Caught => "caught",
            Handler::Default => "default",
            Handler::Blocked => "blocked",
            Handler::Ignored => "ignored",
        }
    }
}

/// What becomes of a SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody hears it.
    Dropped,
    /// A shell hears it or drops it, and the process that does the work does not.
    ShellWrapper,
    /// Cannot be told from outside.
    Unknown,
    /// Something answers; whether requests are ended in good order only a rehearsal tells.
    Handled,
    /// An init takes it and gives it on.
    Delegated,
}

impl Verdict {
    /// As evidence and tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Dropped => "dropped",
            Verdict::ShellWrapper => "shell wrapper",
            Verdict::Unknown => "unknown",
            Verdict::Handled => "handler present (not proof)",
            Verdict::Delegated => "delegated to init",
        }
    }
}

/// What was seen of a first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// What it is there for.
    pub role: Role,
    /// What its main thread does with SIGTERM.
    pub handler: Handler,
    /// It sits in `sigtimedwait`, which shows a signal neither blocked nor caught. Unseen without the right to trace it.
    pub in_sigwait: Option<bool>,
    /// A SIGTERM was sent and nobody took it, in every look.
    pub pending: bool,
    /// A shell with a living child.
    pub works: bool,
}

/// A verdict, how sure it is, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What becomes of a SIGTERM.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why.
    pub reason: Reason,
}

/// Why a verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A known init.
    KnownInit,
    /// The shell drops it.
    ShellDrops,
    /// The shell has a trap.
    ShellTraps,
    /// The shell holds it back for a moment.
    ShellHolds,
    /// Ignored on purpose.
    Ignored,
    /// It came and nobody took it.
    NobodyTookIt,
    /// Held back: somebody may wait for it.
    HeldBack,
    /// Node.js catches it in any case.
    NodeAlwaysCatches,
    /// Node.js gave its handler up when a SIGTERM came.
    NodeGaveUp,
    /// A Java machine runs its shutdown hooks.
    ShutdownHooks,
    /// There is a handler.
    HasHandler,
    /// It waits for signals without a handler.
    WaitsForIt,
    /// No handler, and it does not wait for signals.
    NoHandler,
    /// No handler; whether it waits for signals could not be seen.
    NoHandlerSeen,
}

impl Reason {
    /// A sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Reason::KnownInit => "it is an init that is known to give signals on",
            Reason::ShellDrops => "the shell has no handler, and shells do not give signals to what they run",
            Reason::ShellTraps => {
                "the shell has a trap; whether that reaches its child cannot be seen from outside"
            }
            Reason::ShellHolds => "shells do not give signals to what they run",
            Reason::Ignored => "it ignores SIGTERM",
            Reason::NobodyTookIt => "a SIGTERM was sent and still waits: it is blocked and nobody takes it",
            Reason::HeldBack => "it blocks SIGTERM, as those do that wait for it by signalfd or sigwait",
            Reason::NodeAlwaysCatches => {
                "Node.js catches SIGTERM in any case and, without a handler of the program, drops it as the first process"
            }
            Reason::NodeGaveUp => {
                "Node.js gives its own handler up at the first SIGTERM: one came, and the program has none"
            }
            Reason::ShutdownHooks => "the Java machine has its handler, which runs the shutdown hooks",
            Reason::HasHandler => "it has a handler",
            Reason::WaitsForIt => "it waits for signals in sigtimedwait",
            Reason::NoHandler => {
                "it has no handler, and the kernel drops SIGTERM for the first process of a pid namespace"
            }
            Reason::NoHandlerSeen => {
                "it has no handler, and the kernel drops SIGTERM for the first process of a pid namespace; whether it waits \
                 in sigtimedwait could not be seen"
            }
        }
    }
}

/// The verdict on the first process of a pid namespace.
pub fn decide(s: &Signs) -> Judged {
    use Confidence::{High, Low, Medium};
    let (verdict, confidence, reason) = match (s.role, s.handler) {
        (Role::Forwarder | Role::GroupForwarder | Role::Supervisor, handler) => {
            // A name is only a name: what the process does confirms it.
            let confirmed =
                s.in_sigwait == Some(true) || matches!(handler, Handler::Caught | Handler::Blocked);
            (Verdict::Delegated, if confirmed { High } else { Medium }, Reason::KnownInit)
        }
        (Role::Wrapper, Handler::Caught) if s.works => (Verdict::ShellWrapper, Low, Reason::ShellTraps),
        (Role::Wrapper, Handler::Blocked) if s.works => (Verdict::ShellWrapper, Medium, Reason::ShellHolds),
        (Role::Wrapper, _) if s.works => (Verdict::ShellWrapper, High, Reason::ShellDrops),
        (_, Handler::Ignored) => (Verdict::Dropped, High, Reason::Ignored),
        (_, Handler::Blocked) if s.pending => (Verdict::Dropped, Medium, Reason::NobodyTookIt),
        (_, Handler::Blocked) => (Verdict::Handled, Medium, Reason::HeldBack),
        (Role::Node, Handler::Caught) => (Verdict::Unknown, Low, Reason::NodeAlwaysCatches),
        (Role::Node, Handler::Default) => (Verdict::Dropped, High, Reason::NodeGaveUp),
        (Role::Java, Handler::Caught) => (Verdict::Handled, High, Reason::ShutdownHooks),
        (_, Handler::Caught) => (Verdict::Handled, Medium, Reason::HasHandler),
        (_, Handler::Default) => match s.in_sigwait {
            Some(true) => (Verdict::Handled, High, Reason::WaitsForIt),
            Some(false) => (Verdict::Dropped, High, Reason::NoHandler),
            None => (Verdict::Dropped, Medium, Reason::NoHandlerSeen),
        },
    };
    Judged { verdict, confidence, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Confidence::{High, Low, Medium};
    use Handler::{Blocked, Caught, Default, Ignored};

    const ASLEEP: Signs = Signs {
        role: Role::Program,
        handler: Default,
        in_sigwait: Some(false),
        pending: false,
        works: false,
    };

    fn of(s: Signs) -> (Verdict, Confidence) {
        let judged = decide(&s);
        (judged.verdict, judged.confidence)
    }

    #[test]
    fn node_with_and_without_a_handler_look_the_same_and_are_not_guessed() {
        let node = Signs { role: Role::Node, handler: Caught, ..ASLEEP };
        assert_eq!(of(node), (Verdict::Unknown, Low));
        // After the first SIGTERM the masks tell them apart: measured with Node.js 20.
        let spent = Signs { handler: Default, ..node };
        assert_eq!(of(spent), (Verdict::Dropped, High));
        assert_eq!(decide(&spent).reason, Reason::NodeGaveUp);
    }

    #[test]
    fn python_without_a_handler_drops_and_with_one_has_one() {
        let python = Signs { role: Role::Python, ..ASLEEP };
        assert_eq!(of(python), (Verdict::Dropped, High));
        assert_eq!(of(Signs { handler: Caught, ..python }), (Verdict::Handled, Medium));
    }

    #[test]
    fn perl_nginx_and_whatever_else_has_a_handler_has_one() {
        assert_eq!(of(Signs { handler: Caught, ..ASLEEP }), (Verdict::Handled, Medium));
    }

    #[test]
    fn java_runs_its_hooks_unless_it_was_told_not_to() {
        let java = Signs { role: Role::Java, handler: Caught, ..ASLEEP };
        assert_eq!(of(java), (Verdict::Handled, High));
        // java -Xrs
        assert_eq!(of(Signs { handler: Default, ..java }), (Verdict::Dropped, High));
    }

    #[test]
    fn shells_that_run_something_are_wrappers() {
        for handler in [Default, Ignored] {
            // dash, bash -c with several commands, busybox, a script
            let shell = Signs { role: Role::Wrapper, handler, works: true, ..ASLEEP };
            assert_eq!(of(shell), (Verdict::ShellWrapper, High));
        }
        let shell = Signs { role: Role::Wrapper, works: true, ..ASLEEP };
        assert_eq!(of(Signs { handler: Caught, ..shell }), (Verdict::ShellWrapper, Low));
        assert_eq!(of(Signs { handler: Blocked, ..shell }), (Verdict::ShellWrapper, Medium));
        // Between two commands it is a program like any other.
        assert_eq!(of(Signs { works: false, ..shell }), (Verdict::Dropped, High));
    }

    #[test]
    fn a_shell_that_became_its_program_is_that_program() {
        // bash -c 'exec sleep 100' and sh -c 'exec node …' are sleep and node by now.
        assert_eq!(of(Signs { role: Role::KeepAlive, ..ASLEEP }), (Verdict::Dropped, High));
        assert_eq!(of(Signs { role: Role::Node, handler: Caught, ..ASLEEP }), (Verdict::Unknown, Low));
    }

    #[test]
    fn an_interactive_shell_drops() {
        assert_eq!(
            of(Signs { role: Role::Prompt, handler: Ignored, works: true, ..ASLEEP }),
            (Verdict::Dropped, High)
        );
    }

    #[test]
    fn tini_shows_neither_and_gives_it_on() {
        let tini = Signs { role: Role::Forwarder, in_sigwait: Some(true), ..ASLEEP };
        assert_eq!(of(tini), (Verdict::Delegated, High));
        // Without the right to see where it sleeps the name has to do.
        assert_eq!(of(Signs { in_sigwait: None, ..tini }), (Verdict::Delegated, Medium));
        // An init that nobody knows by name.
        assert_eq!(of(Signs { role: Role::Program, ..tini }), (Verdict::Handled, High));
        assert_eq!(of(Signs { role: Role::Program, in_sigwait: None, ..tini }), (Verdict::Dropped, Medium));
    }

    #[test]
    fn systemd_and_busybox_init_end_their_services_themselves() {
        assert_eq!(
            of(Signs { role: Role::Supervisor, handler: Blocked, ..ASLEEP }),
            (Verdict::Delegated, High)
        );
        assert_eq!(
            of(Signs { role: Role::Supervisor, handler: Caught, ..ASLEEP }),
            (Verdict::Delegated, High)
        );
    }

    #[test]
    fn what_is_blocked_is_waited_for_until_it_stays_pending() {
        let s = Signs { handler: Blocked, ..ASLEEP };
        assert_eq!(of(s), (Verdict::Handled, Medium));
        assert_eq!(of(Signs { pending: true, ..s }), (Verdict::Dropped, Medium));
        assert_eq!(of(Signs { handler: Ignored, ..s }), (Verdict::Dropped, High));
    }

    #[test]
    fn every_reason_is_a_sentence_without_a_full_stop() {
        for role in [Role::Forwarder, Role::Wrapper, Role::Node, Role::Java, Role::Program] {
            for handler in [Caught, Default, Blocked, Ignored] {
                for works in [true, false] {
                    let said = decide(&Signs { role, handler, works, ..ASLEEP }).reason.sentence();
                    assert!(said.len() > 10 && !said.ends_with('.'), "{said}");
                }
            }
        }
    }
}
