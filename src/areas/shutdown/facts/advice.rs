//! What helps, by what went wrong and by what the service is made with. Names of settings are those of the versions that are
//! in use: <https://nodejs.org/api/http.html#serverclosecallback>, <https://docs.gunicorn.org/en/stable/settings.html>,
//! <https://www.uvicorn.org/settings/>, <https://nginx.org/en/docs/control.html>, <https://pkg.go.dev/net/http#Server.Shutdown>.

use super::{Ears, Rehearsal, Runtime, Started};
use crate::model::{role::Role, signal, sigterm::Handler};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Requests that it had were cut off.
    Dropped,
    /// It did not end within the grace period.
    Killed,
    /// It refused connections while routing still pointed there.
    LateRefused,
    /// It did not tell clients to let go of their connections.
    NotDrained,
    /// It ended with a status that reads as a failure.
    Status,
}

/// One line of advice.
pub fn advice(runtime: Runtime, loss: Loss) -> &'static str {
    use Loss::{Dropped, Killed, LateRefused, NotDrained, Status};
    match (runtime, loss) {
        (Runtime::Node, Dropped) => {
            "on SIGTERM let requests end before the exit: server.close(() => process.exit(0)), which also closes idle connections \
             from Node.js 18.19 on (before: server.closeIdleConnections()), and a timer as the last resort"
        }
        (Runtime::Node, Killed) => {
            "process.on('SIGTERM', () => server.close(() => process.exit(0))), with a timer for what does not end by itself: \
             sockets, intervals and pools keep Node.js alive"
        }
        (Runtime::Node, LateRefused) => {
            "server.close() stops accepting at once: call it so much later as routing needs (setTimeout), or sleep in preStop"
        }
        (Runtime::Node, NotDrained) => {
            "from SIGTERM on answer with res.setHeader('Connection', 'close'), then server.close() and server.closeIdleConnections()"
        }
        (Runtime::Gunicorn, Dropped) => {
            "sleep in preStop until routing is withdrawn, graceful_timeout above the longest request and below the grace period, \
             --worker-class gthread: a sync worker drops what waits in its queue"
        }
        (Runtime::Gunicorn, Killed) => {
            "graceful_timeout (30s by default) below the grace period less preStop"
        }
        (Runtime::Gunicorn, LateRefused) => {
            "gunicorn closes its listener as soon as SIGTERM comes: sleep in preStop until routing is withdrawn"
        }
        (Runtime::Uvicorn, Dropped) => {
            "sleep in preStop until routing is withdrawn: uvicorn closes listener and idle connections at once; requests in \
             flight are waited for"
        }
        (Runtime::Uvicorn, Killed) => {
            "--timeout-graceful-shutdown below the grace period (uvicorn 0.22 and later): without it one open connection keeps it \
             waiting for ever"
        }
        (Runtime::Uvicorn, LateRefused) => {
            "uvicorn closes its listener as soon as SIGTERM comes: sleep in preStop until routing is withdrawn"
        }
        (Runtime::Python, Dropped | Killed) => {
            "signal.signal(signal.SIGTERM, …) that stops accepting, joins the threads that still answer, and exits 0; http.server \
             itself has none of that: gunicorn or uvicorn do"
        }
        (Runtime::Java, Dropped) => {
            "a shutdown hook that ends requests in flight: HttpServer.stop(seconds) with an executor of its own; Spring Boot: \
             server.shutdown=graceful and spring.lifecycle.timeout-per-shutdown-phase"
        }
        (Runtime::Java, Killed) => {
            "spring.lifecycle.timeout-per-shutdown-phase and shutdown hooks below the grace period; no -Xrs, which drops SIGTERM"
        }
        (Runtime::Java, LateRefused) => {
            "sleep in preStop until routing is withdrawn: shutdown hooks, Spring's graceful one too, stop accepting at once"
        }
        (Runtime::Go, Dropped) => {
            "signal.NotifyContext, then srv.SetKeepAlivesEnabled(false), time.Sleep until routing is withdrawn, srv.Shutdown(ctx), and \
             wait for it before main returns"
        }
        (Runtime::Go, Killed) => {
            "srv.Shutdown(ctx) with a context whose deadline lies below the grace period"
        }
        (Runtime::Go, LateRefused) => {
            "srv.Shutdown closes listeners at once: time.Sleep before it, or a sleep in preStop, until routing is withdrawn"
        }
        (Runtime::Go, NotDrained) => {
            "srv.SetKeepAlivesEnabled(false) as soon as the signal comes, srv.Shutdown(ctx) later"
        }
        (Runtime::Nginx, Dropped) => {
            "SIGQUIT is nginx's graceful stop, SIGTERM its fast one: STOPSIGNAL SIGQUIT, or preStop: nginx -s quit"
        }
        (Runtime::Nginx, Killed) => "worker_shutdown_timeout below the grace period",
        (Runtime::Nginx, LateRefused) => {
            "nginx closes its listeners at once under either signal: sleep in preStop until routing is withdrawn"
        }
        (_, Dropped) => {
            "on the signal go on accepting until routing is withdrawn (or sleep in preStop), answer with Connection: close, end what is \
             in flight, then exit"
        }
        (_, Killed) => {
            "handle the signal: end what is in flight and exit before the grace period is over, or give it a longer one"
        }
        (_, LateRefused) => {
            "sleep in preStop until routing is withdrawn, or go on accepting for so long after the signal"
        }
        (_, NotDrained) => {
            "from the signal on answer with Connection: close, and close idle connections before the exit"
        }
        (_, Status) => {
            "exit with 0 when the end was in good order: whatever else is reported as an error of the container"
        }
    }
}

/// For a shell that stands between the signal and the service.
const EXEC: &str = "exec the service, so that the shell becomes it (sh -c 'exec CMD', the exec form of CMD in a Dockerfile); below tini that \
                    or tini -g";

impl Ears {
    /// A shell stands between the signal and whoever does the work: the first process itself, or the child of a small init.
    pub fn through_a_shell(&self) -> bool {
        let shell = self.below.as_ref().is_some_and(|b| b.role == Role::Wrapper && b.works);
        self.role == Role::Wrapper && self.handler == Handler::Default
            || self.role == Role::Forwarder && shell
    }
}

impl Rehearsal {
    /// What helps here.
    pub fn advice(&self, ears: Option<&Ears>, loss: Loss) -> &'static str {
        match ears.is_some_and(Ears::through_a_shell) {
            true => EXEC,
            false => advice(self.runtime, loss),
        }
    }
    /// Why the signal did not do what it is for, as far as the masks told before it was sent: what took it.
    pub fn ate(&self, ears: &Ears) -> Option<String> {
        let (name, label) = (signal::name(self.plan.signal), self.label());
        let first = self.started == Started::AsPid1;
        // An init tells its child; when that is a shell, it dies and the init ends with it, whoever else is at work.
        let shell = ears.below.as_ref().filter(|_| ears.role == Role::Forwarder && ears.through_a_shell());
        if let Some(shell) = shell {
            return Some(format!(
                "{label} gives {name} to its child alone: {}, a shell, which tells nobody; when it ends the service below it is killed",
                shell.process.label()
            ));
        }
        let said = match (ears.role, ears.handler) {
            (_, Handler::Ignored) if self.killed => format!("{label} ignores {name}"),
            (Role::Wrapper | Role::Prompt, Handler::Default) if first => {
                format!(
                    "{label} is a shell: as PID 1 it has no handler for {name}, and shells give signals to nobody"
                )
            }
            (Role::Wrapper | Role::Prompt, Handler::Default) => {
                format!(
                    "{label} is a shell, and shells give signals to nobody: the service below it was never told"
                )
            }
            (Role::Node, Handler::Caught) if first && self.killed => {
                format!(
                    "Node.js catches {name} in any case and, without a handler of the program, drops it as PID 1"
                )
            }
            (role, Handler::Default) if first && self.killed && !role.delegates() => {
                format!("{label} has no handler for {name}, and the kernel drops it for PID 1")
            }
            (role, _) if role.delegates() && self.killed => {
                format!("{label} is an init that gives {name} to its child: the child did not end")
            }
            _ => return None,
        };
        Some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_has_advice_for_every_loss_on_one_line() {
        for runtime in [
            Runtime::Node,
            Runtime::Gunicorn,
            Runtime::Uvicorn,
            Runtime::Python,
            Runtime::Java,
            Runtime::Go,
            Runtime::Nginx,
            Runtime::Other,
        ] {
            for loss in [Loss::Dropped, Loss::Killed, Loss::LateRefused, Loss::NotDrained, Loss::Status] {
                let line = advice(runtime, loss);
                assert!(line.len() > 20 && !line.ends_with('.') && !line.contains("  "), "{line}");
            }
        }
        assert!(advice(Runtime::Nginx, Loss::Dropped).contains("SIGQUIT"));
    }
}
