//! Many pods at once: one `kubectl proxy` on a unix socket that nobody else can open, and an exec over it that costs a
//! hundredth of a `kubectl exec`. Who we are, and to whom we speak, stays kubectl's business.
#![allow(unsafe_code)] // what the new process does before it becomes kubectl

mod exec;
mod frame;
mod http;

pub use exec::Outcome;

use super::{Input, Kubectl, Refused, talk::end};
use crate::model::PodStatus;
use rustix::{
    fs::{Mode, OFlags, open},
    process::{Signal, set_parent_process_death_signal},
};
use std::{
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
    thread,
    time::{Duration, Instant},
};

/// From so many pods on it is worth its start: a kubectl is 50 MB and a twentieth of a second of the processor each time.
pub const FROM: usize = 31;
/// A proxy that does not listen by then is done without.
const START: Duration = Duration::from_secs(10);
/// It is looked for so often.
const AGAIN: Duration = Duration::from_millis(5);

/// A running `kubectl proxy`. It ends with us, however we end.
#[derive(Debug)]
pub struct Proxy {
    kubectl: Child,
    /// Its socket, which has no name any more: whoever has no descriptor of it cannot open it, and nothing is left behind.
    socket: OwnedFd,
    /// What was learnt about execs over it: [`UNKNOWN`], [`WRONG`] or [`RIGHT`].
    learnt: AtomicU8,
}

/// Nothing was refused yet.
const UNKNOWN: u8 = 0;
/// An exec over it was refused that kubectl itself was granted: kubectl is asked for the others too.
const WRONG: u8 = 1;
/// One was refused, and kubectl was refused too: there is no use in asking it again.
const RIGHT: u8 = 2;

impl Proxy {
    /// Starts one. It must be called on a thread that lives as long as the proxy shall: the end of that thread ends it.
    ///
    /// # Errors
    /// Why there is none.
    pub fn start(kubectl: &Kubectl, until: Instant) -> io::Result<Self> {
        let until = until.min(Instant::now() + START);
        let folder = tempfile::Builder::new().prefix("paramedic-").tempdir()?; // 0700
        let path = folder.path().join("s");
        let mut line = kubectl.begin();
        // By default the proxy lets nobody exec; this one is nobody's but ours.
        line.extend([
            "proxy".into(),
            format!("--unix-socket={}", path.display()),
            "--reject-paths=^$".into(),
        ]);
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0);
        // SAFETY: one system call without memory, between fork and exec.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        let mut child = command.spawn()?;
        match listens(&mut child, &path, until) {
            Ok(socket) => Ok(Self { kubectl: child, socket, learnt: AtomicU8::new(UNKNOWN) }),
            Err(e) => {
                end(&mut child);
                Err(e)
            }
        }
        // The folder goes here, and the name of the socket with it.
    }

    /// Runs `argv` in a pod; [`Outcome::Elsewhere`] when only kubectl itself can.
    ///
    /// # Errors
    /// As for [`super::Reach::ask`].
    pub fn exec(
        &self,
        pod: &PodStatus,
        argv: &[String],
        input: &Input,
        most: usize,
        until: Instant,
    ) -> Result<Outcome, Refused> {
        if self.learnt.load(Ordering::Relaxed) == WRONG {
            return Ok(Outcome::Elsewhere(None));
        }
        let Ok(stream) = connect(&self.socket) else {
            // It is gone: each of the others costs a kubectl.
            self.learn(true);
            return Ok(Outcome::Elsewhere(None));
        };
        match exec::exec(stream, pod, argv, input, most, until)? {
            Outcome::Elsewhere(Some(refused)) if self.learnt.load(Ordering::Relaxed) == RIGHT => Err(refused),
            outcome => Ok(outcome),
        }
    }

    /// What came of asking kubectl for an exec that was refused over the proxy.
    pub fn learn(&self, granted: bool) {
        self.learnt.store(if granted { WRONG } else { RIGHT }, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        end(&mut self.kubectl);
    }
}

/// Waits until the socket can be connected to, and keeps it by its inode.
fn listens(child: &mut Child, path: &Path, until: Instant) -> io::Result<OwnedFd> {
    loop {
        if let Ok(socket) = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
            && connect(&socket).is_ok()
        {
            return Ok(socket);
        }
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("kubectl proxy ended with {status}")));
        }
        if Instant::now() >= until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(AGAIN);
    }
}

/// A connection to a socket by its descriptor: the kernel follows this link to the inode, name or not.
/// <https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html>
fn connect(socket: &OwnedFd) -> io::Result<UnixStream> {
    UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd()))
}

/// Fills it with bytes that nobody can foresee.
fn random(bytes: &mut [u8]) -> io::Result<()> {
    if rustix::rand::getrandom(&mut *bytes, rustix::rand::GetRandomFlags::empty()) != Ok(bytes.len()) {
        File::open("/dev/urandom")?.read_exact(bytes)?;
    }
    Ok(())
}
