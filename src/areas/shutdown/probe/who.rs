//! Who the service is: what it is made with, and what the signal will meet, read before it is sent.

use super::super::facts::{Below, Ears, Runtime};
use crate::{
    model::{
        Process, Reading, Seen, Untrusted, Why,
        role::{Role, role},
        sigterm::{Handler, Signs, decide},
    },
    source::{
        Moment,
        http::Once,
        proc::{self, Disposition, Status, argv, sleeps_in},
        rehearse::{Service, is_go, tree},
    },
};
use std::time::Duration;

/// A process that does not give its arguments after this is stuck.
const PATIENCE: Duration = Duration::from_millis(300);

/// What was found out.
pub(super) struct Who {
    /// The process that gets the signal.
    pub service: Process,
    /// Its argument list.
    pub command: Reading<Untrusted>,
    /// Who listens, when that is another.
    pub listener: Option<Process>,
    /// What it is made with.
    pub runtime: Runtime,
    /// What the signal meets.
    pub ears: Reading<Ears>,
}

/// Looks at the service.
pub(super) fn look(m: &Moment, service: &Service, listener: Option<i32>, said: &Once, signal: i32) -> Who {
    let (pid, root) = (service.pid(), service.root());
    let mut all = tree(m.world, root, m.deadline);
    if let Service::Running(..) = service {
        all.extend(m.processes().iter().filter(|p| p.pid == pid).cloned());
    }
    let find = |pid: i32| all.iter().find(|p| p.pid == pid);
    let unknown = || Process { pid, start_ticks: 0, start: None, name: "?".into(), user: None };
    let listener = listener.filter(|l| *l != pid).and_then(find);
    let own = found(m, pid);
    let worker = listener.map(|l| found(m, l.pid));
    Who {
        service: find(pid).map_or_else(unknown, |p| m.name(p)),
        command: own.1.clone().into(),
        listener: listener.map(|p| m.name(p)),
        runtime: runtime(m, listener.map_or(pid, |l| l.pid), worker.as_ref().unwrap_or(&own), said),
        ears: ears(m, &all, pid, own.0, signal).into(),
    }
}

/// What a process is there for, its arguments as they may be shown, and as a text to look for names in.
fn found(m: &Moment, pid: i32) -> (Role, Seen<Untrusted>, String) {
    let exe = argv::exe(m.world, pid).ok();
    let comm = m.world.text(&format!("{pid}/comm")).unwrap_or_default();
    let argv = argv::argv(m.world, pid, PATIENCE.min(m.left()));
    let args: Vec<&[u8]> = argv.as_ref().map_or_else(|_| vec![], |a| a.args().take(64).collect());
    let first: Vec<String> = args.iter().take(4).map(|a| String::from_utf8_lossy(a).into_owned()).collect();
    let role = role(&args, comm.trim(), exe.as_deref());
    (role, argv.map(|a| a.shown()), format!("{} {}", comm.trim(), first.join(" ")))
}

fn runtime(m: &Moment, pid: i32, (role, _, names): &(Role, Seen<Untrusted>, String), said: &Once) -> Runtime {
    let server = String::from_utf8_lossy(said.server.as_deref().unwrap_or_default()).to_ascii_lowercase();
    // What answers may be a proxy elsewhere: only a process that is no known runtime is judged by what it says.
    match role {
        _ if names.contains("gunicorn") => Runtime::Gunicorn,
        _ if names.contains("uvicorn") => Runtime::Uvicorn,
        _ if names.starts_with("nginx") => Runtime::Nginx,
        Role::Node => Runtime::Node,
        Role::Java => Runtime::Java,
        Role::Python if server.starts_with("gunicorn") => Runtime::Gunicorn,
        Role::Python if server.starts_with("uvicorn") => Runtime::Uvicorn,
        Role::Python => Runtime::Python,
        _ if is_go(m.world, pid) => Runtime::Go,
        _ => Runtime::Other,
    }
}

fn ears(m: &Moment, all: &[proc::Process], pid: i32, role: Role, signal: i32) -> Seen<Ears> {
    let handler = handler(m, pid, signal)?;
    let below = |of: i32| all.iter().filter(move |p| p.ppid == of);
    let child = below(pid).min_by_key(|p| p.start_ticks);
    let in_sigwait = sleeps_in(m.world, pid).map(|f| f.contains("sigtimedwait"));
    let works = child.is_some();
    let judged = decide(&Signs { role, handler, in_sigwait, pending: false, works });
    let passes_on = role.delegates() || role == Role::Wrapper;
    let below = child.filter(|_| passes_on).map(|p| Below {
        process: m.name(p),
        role: found(m, p.pid).0,
        handler: handler_of(m, p.pid, signal),
        works: below(p.pid).next().is_some(),
    });
    Ok(Ears { role, handler, judged, below })
}

fn handler_of(m: &Moment, pid: i32, signal: i32) -> Reading<Handler> {
    handler(m, pid, signal).into()
}

fn handler(m: &Moment, pid: i32, signal: i32) -> Seen<Handler> {
    let mut buf = vec![0u8; 8192];
    let status = Status::read(m.world, pid, &mut buf).map_err(|e| Why::from(&e))?;
    let number = u32::try_from(signal).map_err(|_| Why::Malformed)?;
    Ok(match status.disposition(number).ok_or(Why::Unsupported)? {
        Disposition::Caught => Handler::Caught,
        Disposition::Default => Handler::Default,
        Disposition::Blocked => Handler::Blocked,
        Disposition::Ignored => Handler::Ignored,
    })
}
