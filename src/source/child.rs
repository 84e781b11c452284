//! Questions that may never be answered, asked in one child process for all of them.
//!
//! `statvfs` of a mount whose server is gone, `stat` of a file on it and `/proc/PID/cmdline` of a process stuck in a page
//! fault hang for ever and cannot be interrupted, so none of them is asked by this process. The child is forked, not
//! executed: one for all questions costs a millisecond, one for each mount twenty. When an answer is late the child is
//! killed and left (nobody can wait for what does not end), the question is the culprit, and the next one gets a new child.
#![allow(unsafe_code)] // fork, kill, waitpid and what happens between fork and _exit exist only as C functions

mod within;

use crate::model::{Seen, Why};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use std::{
    cell::RefCell,
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
    time::{Duration, Instant},
};

/// A killed child that was not stuck is gone after less than a millisecond; one that still is there after this is left.
const FAREWELL: Duration = Duration::from_millis(20);
/// A child that is ready to run and gets no processor is not stuck: it may be late by so many times the patience.
const STARVED: u32 = 6;
/// A new child has so long to answer its first question, which cannot hang: what it needs is read from the disk then.
const WARM_UP: Duration = Duration::from_secs(1);
/// So many children that cannot die are left behind, then nobody is asked any more.
const LEFT_MOST: usize = 32;
/// The longest path that the kernel takes; `PATH_MAX`.
const PATH_MOST: usize = 4096;
/// No file is answered with more bytes than this.
pub const READ_MOST: usize = 128 << 10;

/// Whether a process of this name and parent is one of ours: it is no part of what is looked at.
pub fn is_ours(name: &str, parent: i32, own: Option<i32>) -> bool {
    Some(parent) == own && within::NAME.to_str() == Ok(name)
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    /// It hangs: the child was not waiting for a processor and had not answered after this time.
    Late(Duration),
    /// The kernel's own error, an errno.
    Error(i32),
    /// It was not put: no child could be had, or it would not have been heard in time on a machine that is too busy.
    Unasked(Why),
}

impl From<No> for Why {
    fn from(no: No) -> Why {
        match no {
            No::Late(_) => Why::TimedOut,
            No::Error(errno) => Why::from(&io::Error::from_raw_os_error(errno)),
            No::Unasked(why) => why,
        }
    }
}

/// What `statvfs(3)` says of a file system, and which mount the path led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statvfs {
    /// Unit of the three counts below, bytes; `f_frsize`.
    pub block: u64,
    /// All blocks.
    pub blocks: u64,
    /// Free for root.
    pub free: u64,
    /// Free for everybody else.
    pub avail: u64,
    /// All inodes; 0 where there is no such limit.
    pub files: u64,
    /// Free inodes for root.
    pub ffree: u64,
    /// `ST_RDONLY` and the like.
    pub flags: u64,
    /// What the file system calls itself.
    pub fsid: u64,
    /// Id of the mount that the path led to, as in `mountinfo`; none before Linux 5.8.
    pub mount_id: Option<u64>,
}

/// What `stat(2)` says of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Type and permissions.
    pub mode: u64,
    /// Length, bytes.
    pub size: u64,
    /// What it takes on its file system, bytes.
    pub held: u64,
    /// Device, major number.
    pub major: u64,
    /// Device, minor number.
    pub minor: u64,
    /// Inode.
    pub inode: u64,
    /// Names that it has; 0 when it was deleted.
    pub links: u64,
    /// Id of the mount that it was opened through, as in `mountinfo`; none before Linux 5.8.
    pub mount_id: Option<u64>,
}

/// The bytes of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// From its begin.
    pub bytes: Vec<u8>,
    /// There was more.
    pub cut: bool,
}

/// Whoever is asked. It is started by the first question and ends with [`Child::rest`] or with us.
#[derive(Default)]
pub struct Child(RefCell<State>);

#[derive(Default)]
struct State {
    at_work: Option<Worker>,
    /// Killed, and not gone yet.
    left: Vec<libc::pid_t>,
}

impl Child {
    /// How full a file system is.
    ///
    /// # Errors
    /// When nothing came within `patience`, or what the kernel said.
    pub fn statvfs(&self, path: &Path, patience: Duration) -> Result<Statvfs, No> {
        let (answer, _) = self.ask(within::STATVFS, path, 0, patience)?;
        let v: [u64; 9] = numbers(&answer)?;
        let [block, blocks, free, avail, files, ffree, flags, fsid, mount] = v;
        let mount_id = (mount != u64::MAX).then_some(mount);
        Ok(Statvfs { block, blocks, free, avail, files, ffree, flags, fsid, mount_id })
    }

    /// What a path leads to, links followed; nothing is fetched from a server when the kernel knows it.
    ///
    /// # Errors
    /// As for [`Child::statvfs`].
    pub fn stat(&self, path: &Path, patience: Duration) -> Result<Stat, No> {
        let (answer, _) = self.ask(within::STAT, path, 0, patience)?;
        let [mode, size, held, major, minor, inode, links, mount] = numbers(&answer)?;
        let mount_id = (mount != u64::MAX).then_some(mount);
        Ok(Stat { mode, size, held, major, minor, inode, links, mount_id })
    }

    /// The first `most` bytes of a file, never more than [`READ_MOST`].
    ///
    /// # Errors
    /// Why nothing was read; `TimedOut` when nothing came within `patience`.
    pub fn read(&self, path: &Path, most: usize, patience: Duration) -> Seen<Bytes> {
        let most = most.min(READ_MOST) as u32;
        let (bytes, cut) = self.ask(within::READ, path, most, patience).map_err(Why::from)?;
        Ok(Bytes { bytes, cut })
    }

    /// Ends the child, so that no memory is kept twice while nobody asks. The next question starts another.
    pub fn rest(&self) {
        let mut state = self.0.borrow_mut();
        if let Some(worker) = state.at_work.take() {
            state.dismiss(worker);
        }
        state.reap();
    }

    fn ask(&self, kind: u32, path: &Path, most: u32, patience: Duration) -> Result<(Vec<u8>, bool), No> {
        let path = path.as_os_str().as_bytes();
        if path.len() >= PATH_MOST || path.contains(&0) {
            return Err(No::Error(libc::ENAMETOOLONG));
        }
        self.0.borrow_mut().ask(&question(kind, path, most), patience)
    }

    /// Somebody answers at all: one who was late was not late because nobody gets a turn on this machine.
    pub fn answers(&self, patience: Duration) -> bool {
        !matches!(self.statvfs(Path::new(CANNOT_HANG), patience), Err(No::Late(_) | No::Unasked(_)))
    }
}

/// Where a question costs the kernel nothing.
const CANNOT_HANG: &str = "/proc";

fn question(kind: u32, path: &[u8], most: u32) -> Vec<u8> {
    let mut question = Vec::with_capacity(within::HEADER + path.len() + 1);
    [kind, most, path.len() as u32 + 1].iter().for_each(|n| question.extend(n.to_ne_bytes()));
    question.extend(path);
    question.push(0);
    question
}

impl Drop for Child {
    fn drop(&mut self) {
        self.rest();
    }
}

impl State {
    fn ask(&mut self, question: &[u8], patience: Duration) -> Result<(Vec<u8>, bool), No> {
        self.reap();
        // One that was ended from outside, by the OOM killer for example, is replaced once.
        for _ in 0..2 {
            let worker = match self.at_work.take() {
                Some(w) => w,
                None => self.start()?,
            };
            match worker.ask(question, patience) {
                Ok(answer) => {
                    self.at_work = Some(worker);
                    return answer.map_err(No::Error);
                }
                Err(Lost::Late(no)) => {
                    self.dismiss(worker);
                    return Err(no);
                }
                Err(Lost::Ended) => self.dismiss(worker),
            }
        }
        Err(No::Unasked(Why::Unsupported))
    }

    /// A child that has answered once: it is at work, and what it runs is in memory.
    fn start(&mut self) -> Result<Worker, No> {
        if self.left.len() >= LEFT_MOST {
            return Err(No::Unasked(Why::TooMany));
        }
        let worker = Worker::start().map_err(|e| No::Unasked(Why::from(&e)))?;
        match worker.ask(&question(within::STATVFS, CANNOT_HANG.as_bytes(), 0), WARM_UP) {
            Ok(_) => Ok(worker),
            Err(lost) => {
                self.dismiss(worker);
                Err(No::Unasked(if matches!(lost, Lost::Ended) { Why::Unsupported } else { Why::TimedOut }))
            }
        }
    }

    /// Kills a child and sees it off, if it goes.
    fn dismiss(&mut self, worker: Worker) {
        let pid = worker.pid;
        // SAFETY: a signal to our own child, which nobody has waited for yet, so that its pid is not another's.
        unsafe { libc::kill(pid, libc::SIGKILL) };
        // Its end of the socket closes when it ends.
        let _ = wait(&worker.socket, Instant::now() + FAREWELL);
        let until = Instant::now() + FAREWELL / 4;
        self.left.push(pid);
        while self.left.contains(&pid) && Instant::now() < until {
            self.reap();
            std::thread::yield_now();
        }
    }

    /// Waits for whoever has ended, and for nobody else.
    fn reap(&mut self) {
        self.left.retain(|pid| {
            // SAFETY: WNOHANG: it returns at once; a null status is allowed.
            unsafe { libc::waitpid(*pid, std::ptr::null_mut(), libc::WNOHANG) == 0 }
        });
    }
}

/// No answer, and the child is of no use any more.
enum Lost {
    Late(No),
    Ended,
}

struct Worker {
    pid: libc::pid_t,
    socket: OwnedFd,
}

impl Worker {
    fn start() -> io::Result<Self> {
        let (socket, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // All that the child needs is there before it begins: it may not allocate. Untouched pages take no memory.
        let mut question = vec![0u8; within::HEADER + PATH_MOST];
        let mut answer = vec![0u8; within::HEADER + READ_MOST];
        let parent = i32::try_from(std::process::id()).unwrap_or(0);
        // SAFETY: the child calls nothing but `serve`, which makes only async-signal-safe calls and never returns.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            // SAFETY: we are the child, the descriptor is open and nobody else uses the buffers of this process.
            0 => unsafe { within::serve(theirs.as_raw_fd(), parent, &mut question, &mut answer) },
            pid => Ok(Self { pid, socket }),
        }
    }

    /// The answer or the kernel's error.
    fn ask(&self, question: &[u8], patience: Duration) -> Result<Result<(Vec<u8>, bool), i32>, Lost> {
        // The socket's buffer is empty and much larger than a question: this neither waits nor writes half.
        match send(&self.socket, question, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Ok(n) if n == question.len() => {}
            _ => return Err(Lost::Ended),
        }
        let asked = Instant::now();
        let mut header = [0u8; within::HEADER];
        self.fill(&mut header, asked, patience)?;
        let word = |i: usize| {
            header.get(i * 4..i * 4 + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
        };
        let (errno, len, cut) = (word(0), word(1) as usize, word(2) != 0);
        if errno != 0 {
            return Ok(Err(errno as i32));
        }
        let mut bytes = vec![0; len.min(READ_MOST)];
        self.fill(&mut bytes, asked, patience)?;
        Ok(Ok((bytes, cut)))
    }

    fn fill(&self, mut into: &mut [u8], asked: Instant, patience: Duration) -> Result<(), Lost> {
        let mut until = asked + patience;
        while !into.is_empty() {
            if !wait(&self.socket, until).unwrap_or(false) {
                if !self.runs() {
                    return Err(Lost::Late(No::Late(asked.elapsed())));
                }
                if until >= asked + patience * STARVED {
                    return Err(Lost::Late(No::Unasked(Why::TimedOut)));
                }
                until += patience;
                continue;
            }
            match recv(&self.socket, &mut *into, RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(Lost::Ended),
                Ok((n, _)) => into = into.get_mut(n..).unwrap_or_default(),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(_) => return Err(Lost::Ended),
            }
        }
        Ok(())
    }

    /// It wants a processor and waits for nothing else. False where that cannot be told.
    fn runs(&self) -> bool {
        // A `/proc` of another pid namespace has somebody else under this number, whose parent is not us.
        fs::read(format!("/proc/{}/stat", self.pid)).is_ok_and(|bytes| {
            super::proc::Stat::parse(&bytes)
                .is_some_and(|s| s.state == b'R' && u32::try_from(s.ppid) == Ok(std::process::id()))
        })
    }
}

/// Waits until something is to be read, the end included; false at the deadline.
fn wait(socket: &OwnedFd, until: Instant) -> io::Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

fn numbers<const N: usize>(bytes: &[u8]) -> Result<[u64; N], No> {
    let mut out = [0; N];
    if bytes.len() != N * 8 {
        return Err(No::Unasked(Why::Broken));
    }
    out.iter_mut().zip(bytes.chunks_exact(8)).for_each(|(n, b)| {
        *n = b.try_into().map_or(0, u64::from_ne_bytes);
    });
    Ok(out)
}

#[cfg(test)]
mod tests;
