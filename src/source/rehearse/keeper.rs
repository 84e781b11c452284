//! The process between us and what we start. It is the parent that orphans come to, and it ends everything below it when
//! it is told to or when we are gone, in whatever way: nothing of what was started outlives us.
#![allow(unsafe_code)] // fork

use super::{
    Gone, How,
    drain::{Tail, drain},
    within::{self, Given, Line, Message},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair},
    process::{Pid, WaitOptions, getgid, getuid, waitpid},
};
use std::{
    env,
    ffi::{CString, OsStr, OsString},
    fs::{self, File},
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{ffi::OsStrExt, fs::PermissionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The service among the lines of a keeper, and what runs before its signal.
const SERVICE: u64 = 0;
const BEFORE: u64 = 1;
/// How long starting a program may take: exec of a file on a slow disk.
const START: Duration = Duration::from_secs(10);
/// How long the end of everything may take: longer than the keeper itself tries.
const END: Duration = Duration::from_secs(5);
/// Ends of other processes that are remembered.
const OTHERS: usize = 256;

/// Programs that were started, and the process that keeps them.
pub struct Keeper {
    socket: OwnedFd,
    pid: Pid,
    tail: Tail,
    service: Option<i32>,
    /// What runs before the signal.
    before: Option<i32>,
    ended: Vec<(i32, Gone)>,
    signalled: Option<(Instant, i32)>,
    refused: Option<(u64, u64)>,
    over: Option<bool>,
}

impl Keeper {
    /// Starts the service, if there is a line of one, as the first process of a pid namespace if `first`. Its environment and
    /// working directory are ours, its input is empty. `before` is a line for a shell, started by [`Keeper::before`].
    ///
    /// # Errors
    /// What was in the way, in one sentence.
    pub fn start(service: &[OsString], before: Option<&str>, first: bool) -> Result<Self, String> {
        let mut owned: Vec<(CString, Vec<CString>)> = Vec::new();
        owned.push(match service.split_first() {
            Some((program, _)) => (text(found(program)?.as_os_str())?, texts(service)?),
            None => (text(OsStr::new("/bin/false"))?, vec![]),
        });
        if let Some(line) = before {
            let words = ["sh", "-c", line].map(OsString::from);
            owned.push((text(OsStr::new("/bin/sh"))?, texts(&words)?));
        }
        let environment: Vec<CString> = env::vars_os()
            .filter_map(|(name, value)| text(&[&name, OsStr::new("="), &value].concat_os()).ok())
            .collect();
        let pointers =
            |of: &[CString]| of.iter().map(|t| t.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>();
        let lists: Vec<_> = owned.iter().map(|(_, words)| pointers(words)).collect();
        let lines: Vec<Line> = owned
            .iter()
            .zip(&lists)
            .map(|((path, _), list)| Line { path: path.as_ptr(), argv: list.as_ptr() })
            .collect();
        let environment_list = pointers(&environment);
        let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
        let maps = [format!("{uid} {uid} 1"), format!("{gid} {gid} 1")];

        let failed = |what: &'static str| move |e: io::Error| format!("{what}: {e}");
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (ours, theirs) = pair.map_err(io::Error::from).map_err(failed("a pair of sockets"))?;
        let (heard, printed) = io::pipe().map_err(failed("a pipe"))?;
        let null = File::options().read(true).write(true).open("/dev/null").map_err(failed("/dev/null"))?;
        let given = Given {
            socket: theirs.as_raw_fd(),
            out: printed.as_raw_fd(),
            null: null.as_raw_fd(),
            lines: &lines,
            environment: environment_list.as_ptr(),
            first,
            maps: [maps[0].as_bytes(), maps[1].as_bytes()],
        };
        // SAFETY: the child calls nothing but `keep`, which makes only async-signal-safe calls and never returns; what the
        // pointers lead to lives in its copy of our memory.
        let pid = match unsafe { libc::fork() } {
            -1 => return Err(failed("a process of our own")(io::Error::last_os_error())),
            // SAFETY: we are the child, and the descriptors are open.
            0 => unsafe { within::keep(&given) },
            pid => Pid::from_raw(pid).ok_or("a process without a number")?,
        };
        drop((theirs, printed, null));
        let mut keeper = Self {
            socket: ours,
            pid,
            tail: drain(heard.into()),
            service: None,
            before: None,
            ended: vec![],
            signalled: None,
            refused: None,
            over: None,
        };
        if let Some(program) = service.first() {
            keeper.service = Some(keeper.launch(SERVICE, program)?);
        }
        Ok(keeper)
    }

    /// The process that was started as the service; none when there is none.
    pub fn service(&self) -> Option<i32> {
        self.service
    }
    /// The keeper itself: all that was started is below it.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }
    /// The last lines that were printed, as they are: from outside.
    pub fn printed(&self) -> Vec<u8> {
        self.tail.last()
    }

    fn launch(&mut self, which: u64, program: &OsStr) -> Result<i32, String> {
        self.order([within::START, which, 0, 0]);
        let until = Instant::now() + START;
        let started = |k: &Self| if which == SERVICE { k.service } else { k.before };
        while started(self).is_none() && self.refused.is_none() && self.over.is_none() {
            if Instant::now() >= until {
                return Err(format!("{}: it could not be started in time", program.display()));
            }
            self.hear(Duration::from_millis(100));
        }
        match (started(self), self.refused.take()) {
            (Some(pid), _) => Ok(pid),
            (None, Some((at, errno))) => Err(refusal(at, errno as i32, program)),
            (None, None) => Err("the process that was to keep it is gone".into()),
        }
    }

    /// Runs what comes before the signal.
    ///
    /// # Errors
    /// When it could not be started.
    pub fn before(&mut self) -> Result<(), String> {
        self.before = None;
        self.launch(BEFORE, OsStr::new("/bin/sh")).map(|_| ())
    }
    /// How what came before the signal ended, when it has.
    pub fn before_ended(&self) -> Option<Gone> {
        self.before.and_then(|pid| self.end_of(pid))
    }

    /// Sends a signal to the first process of the service, as orchestrators do, and to no other. When that was.
    ///
    /// # Errors
    /// `NotFound`-like errnos when it has ended.
    pub fn signal(&mut self, signal: i32) -> io::Result<Instant> {
        self.signalled = None;
        self.order([within::SIGNAL, signal as u64, 0, 0]);
        let until = Instant::now() + END;
        while self.signalled.is_none() && self.over.is_none() && Instant::now() < until {
            self.hear(Duration::from_millis(100));
        }
        match self.signalled {
            Some((at, 0)) => Ok(at),
            Some((_, errno)) => Err(io::Error::from_raw_os_error(errno)),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// How the service ended, when it has; waits so long for news.
    pub fn ended(&mut self, patience: Duration) -> Option<Gone> {
        self.hear(patience);
        self.service.and_then(|pid| self.end_of(pid))
    }

    fn end_of(&self, pid: i32) -> Option<Gone> {
        self.ended.iter().find(|(p, _)| *p == pid).map(|(_, gone)| *gone)
    }

    fn order(&self, message: Message) {
        let bytes: Vec<u8> = message.iter().flat_map(|n| n.to_ne_bytes()).collect();
        let _ = send(&self.socket, &bytes, SendFlags::NOSIGNAL);
    }

    /// Takes in what the keeper has to tell; waits so long for the first word.
    fn hear(&mut self, patience: Duration) {
        let mut wait =
            Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
        while self.over.is_none() {
            match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&wait)) {
                Ok(0) => return,
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(_) => return,
            }
            wait = Timespec { tv_sec: 0, tv_nsec: 0 };
            let mut bytes = [0u8; size_of::<Message>()];
            match recv(&self.socket, &mut bytes, RecvFlags::DONTWAIT) {
                Ok((n, _)) if n == bytes.len() => self.take(&bytes),
                Err(Errno::AGAIN | Errno::INTR) => {}
                // It is gone: somebody killed it.
                _ => self.over = Some(false),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let word = |i: usize| {
            bytes.get(i * 8..i * 8 + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_ne_bytes)
        };
        let (pid, value, at) = (word(1) as i32, word(2), instant(word(3)));
        match word(0) {
            within::STARTED if value == SERVICE => self.service = Some(pid),
            within::STARTED => self.before = Some(pid),
            within::REFUSED => self.refused = Some((value >> 32, value & 0xffff_ffff)),
            within::SIGNALLED => self.signalled = Some((at, value as i32)),
            within::OVER => self.over = Some(value == 0),
            within::ENDED => {
                let known = Some(pid) == self.service || Some(pid) == self.before;
                if known || self.ended.len() < OTHERS {
                    self.ended.push((pid, Gone { at, how: Some(How::of(value as i32)) }));
                }
            }
            _ => {}
        }
    }

    /// Ends everything that was started. False when something is left that cannot be killed.
    pub fn end(&mut self) -> bool {
        if self.over.is_none() {
            self.order([within::END, 0, 0, 0]);
        }
        let until = Instant::now() + END;
        while self.over.is_none() && Instant::now() < until {
            self.hear(Duration::from_millis(100));
        }
        while Instant::now() < until {
            match waitpid(Some(self.pid), WaitOptions::NOHANG) {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                _ => break,
            }
        }
        self.over == Some(true)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if self.over.is_none() {
            self.end();
        }
    }
}

/// The moment of a time of the monotonic clock, which is what `Instant` counts by.
fn instant(nanoseconds: u64) -> Instant {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
    let ago = Duration::from_nanos(now.saturating_sub(nanoseconds));
    Instant::now().checked_sub(ago).unwrap_or_else(Instant::now)
}

fn refusal(at: u64, errno: i32, program: &OsStr) -> String {
    let said = io::Error::from_raw_os_error(errno);
    let program = program.display();
    match at {
        within::AT_NAMESPACE if errno == libc::EPERM => {
            "--as-pid1 needs the right to make a pid namespace (root, or CAP_SYS_ADMIN), and this machine gives no user \
             namespace either: run it as root, or leave the flag out"
                .into()
        }
        within::AT_NAMESPACE => format!("--as-pid1: no pid namespace can be had here: {said}"),
        within::AT_PROC => format!("--as-pid1: no /proc can be mounted for the namespace: {said}"),
        within::AT_FORK => format!("no process could be started: {said}"),
        _ if errno == libc::ENOEXEC => {
            format!("{program} is no program: a script needs #! and its interpreter in the first line")
        }
        // The interpreter of a script, or the loader of a program.
        _ if errno == libc::ENOENT => {
            format!("{program} cannot be started: its interpreter or loader is not there")
        }
        _ => format!("{program} cannot be started: {said}"),
    }
}

/// Where a program is: as it is written when there is a `/` in it, else in the PATH.
fn found(program: &OsStr) -> Result<PathBuf, String> {
    let runs =
        |path: &Path| fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    if program.as_bytes().contains(&b'/') {
        let path = PathBuf::from(program);
        return match fs::metadata(&path) {
            Err(e) => Err(format!("{}: {e}", path.display())),
            Ok(m) if m.is_dir() => Err(format!("{} is a directory", path.display())),
            Ok(_) if !runs(&path) => Err(format!("{} may not be run: it is not executable", path.display())),
            Ok(_) => Ok(path),
        };
    }
    let places = env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let found = env::split_paths(&places).map(|dir| dir.join(program)).find(|path| runs(path));
    found.ok_or_else(|| format!("there is no command `{}` in the PATH", program.display()))
}

fn text(of: &OsStr) -> Result<CString, String> {
    CString::new(of.as_bytes()).map_err(|_| "a NUL is in the command".into())
}

fn texts(of: &[OsString]) -> Result<Vec<CString>, String> {
    of.iter().map(|t| text(t)).collect()
}

/// `[a, b].concat()` for texts of the system.
trait ConcatOs {
    fn concat_os(&self) -> OsString;
}
impl ConcatOs for [&OsStr; 3] {
    fn concat_os(&self) -> OsString {
        let mut out = OsString::new();
        self.iter().for_each(|part| out.push(part));
        out
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
