//! The other end of the socket: starts the child, puts questions to it in one go, and leaves it when it is late.
#![allow(unsafe_code)] // fork, kill and waitpid exist only as C functions

use super::{Budget, No, PATH_MOST, READ_MOST, within};
use crate::{model::Why, source::proc::Stat};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use std::{
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
/// A child that is ready to run and gets no processor is not stuck: so long it may be late.
const STARVED: Duration = Duration::from_secs(3);
/// A new child has so long to answer its first question, which cannot hang: what it needs is read from the disk then.
const WARM_UP: Duration = Duration::from_secs(1);
/// Where a question costs the kernel nothing.
const CANNOT_HANG: &str = "/proc";
/// So many children that cannot die are left behind, then nobody is asked any more.
const LEFT_MOST: usize = 32;
/// Less time than this is no time to answer in.
pub(super) const LEAST: Duration = Duration::from_millis(40);

/// What came back, and whether it was cut.
pub(super) type Answer = (Vec<u8>, bool);

/// A question as the child reads it.
pub(super) struct Question {
    /// None when the path is none.
    bytes: Option<Vec<u8>>,
    patience: Duration,
}

impl Question {
    pub fn new(kind: u32, path: &Path, most: u32, patience: Duration) -> Self {
        let path = path.as_os_str().as_bytes();
        let bytes = (path.len() < PATH_MOST && !path.contains(&0)).then(|| {
            let mut bytes = Vec::with_capacity(within::HEADER + path.len() + 1);
            [kind, most, path.len() as u32 + 1].iter().for_each(|n| bytes.extend(n.to_ne_bytes()));
            bytes.extend(path);
            bytes.push(0);
            bytes
        });
        Self { bytes, patience }
    }
}

/// The child at work, and those that were left.
#[derive(Default)]
pub(super) struct State {
    pub at_work: Option<Worker>,
    /// Killed, and not gone yet.
    pub left: Vec<libc::pid_t>,
}

impl State {
    /// One answer for each question, in their order. Who is late is the culprit; the rest is put to a new child.
    pub fn ask(&mut self, questions: Vec<Question>, budget: &mut Budget) -> Vec<Result<Answer, No>> {
        self.reap();
        let put: Vec<&Question> = questions.iter().filter(|q| q.bytes.is_some()).collect();
        let mut heard = Vec::with_capacity(put.len());
        let mut ended = false;
        while heard.len() < put.len() {
            if budget.late < LEAST || Instant::now() >= budget.until {
                heard.push(Err(No::Unasked(Why::TimedOut)));
                continue;
            }
            let worker = match self.at_work.take().map_or_else(|| self.start(), Ok) {
                Ok(worker) => worker,
                // Whoever cannot begin will not begin for the next question either.
                Err(no) => {
                    heard.resize_with(put.len(), || Err(no));
                    break;
                }
            };
            let rest = put.get(heard.len()..).unwrap_or_default();
            match worker.ask(rest, budget, &mut heard) {
                Ok(()) => self.at_work = Some(worker),
                Err(Lost::Late(waited)) => {
                    budget.late = budget.late.saturating_sub(waited);
                    self.dismiss(worker);
                    // Where the next one cannot even begin, nobody gets a turn: that proves nothing.
                    match self.start() {
                        Ok(next) => {
                            self.at_work = Some(next);
                            heard.push(Err(No::Late(waited)));
                        }
                        Err(no) => heard.resize_with(put.len(), || Err(no)),
                    }
                }
                Err(Lost::Starved) => {
                    self.dismiss(worker);
                    heard.push(Err(No::Unasked(Why::TimedOut)));
                }
                // One that was ended from outside, by the OOM killer for example, is replaced once.
                Err(Lost::Ended) => {
                    self.dismiss(worker);
                    if std::mem::replace(&mut ended, true) {
                        heard.push(Err(No::Unasked(Why::Unsupported)));
                    }
                }
            }
        }
        let mut heard = heard.into_iter();
        let answer = |q: &Question| match q.bytes {
            Some(_) => heard.next().unwrap_or(Err(No::Unasked(Why::Broken))),
            None => Err(No::Error(libc::ENAMETOOLONG)),
        };
        questions.iter().map(answer).collect()
    }

    /// Ends the child and sees off who can be seen off.
    pub fn rest(&mut self) {
        if let Some(worker) = self.at_work.take() {
            self.dismiss(worker);
        }
        self.reap();
    }

    /// A child that has answered once: it is at work, and what it runs is in memory.
    fn start(&mut self) -> Result<Worker, No> {
        if self.left.len() >= LEFT_MOST {
            return Err(No::Unasked(Why::TooMany));
        }
        let worker = Worker::start().map_err(|e| No::Unasked(Why::from(&e)))?;
        let first = Question::new(within::STATVFS, Path::new(CANNOT_HANG), 0, WARM_UP);
        match worker.ask(&[&first], &Budget::late(WARM_UP), &mut Vec::new()) {
            Ok(()) => Ok(worker),
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
        let _ = wait(&worker.socket, PollFlags::empty(), Instant::now() + FAREWELL);
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
    /// It is stuck.
    Late(Duration),
    /// It got no processor.
    Starved,
    Ended,
}

pub(super) struct Worker {
    pub pid: libc::pid_t,
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

    /// Puts all questions, as many at a time as the socket takes, and hears the answers.
    fn ask(
        &self,
        questions: &[&Question],
        budget: &Budget,
        heard: &mut Vec<Result<Answer, No>>,
    ) -> Result<(), Lost> {
        let mut saying =
            Saying { rest: questions.iter().filter_map(|q| q.bytes.as_deref()).collect(), at: 0 };
        saying.rest.reverse();
        for question in questions {
            let mut turn = Turn { asked: Instant::now(), patience: question.patience.min(budget.late) };
            let mut header = [0u8; within::HEADER];
            self.fill(&mut header, &mut saying, &mut turn)?;
            let word = |i: usize| {
                header.get(i * 4..i * 4 + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
            };
            let (errno, len, cut) = (word(0), word(1) as usize, word(2) != 0);
            let mut bytes = vec![0; len.min(READ_MOST)];
            self.fill(&mut bytes, &mut saying, &mut turn)?;
            heard.push(if errno == 0 { Ok((bytes, cut)) } else { Err(No::Error(errno as i32)) });
        }
        Ok(())
    }

    fn fill(&self, mut into: &mut [u8], saying: &mut Saying, turn: &mut Turn) -> Result<(), Lost> {
        let mut until = turn.asked + turn.patience;
        while !into.is_empty() {
            saying.go_on(&self.socket)?;
            let more = if saying.rest.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            if !wait(&self.socket, PollFlags::IN | more, until).unwrap_or(false) {
                let waited = turn.asked.elapsed();
                if !self.runs() {
                    return Err(Lost::Late(waited));
                }
                if waited >= STARVED {
                    return Err(Lost::Starved);
                }
                until += turn.patience.max(LEAST);
                continue;
            }
            match recv(&self.socket, &mut *into, RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(Lost::Ended),
                Ok((n, _)) => into = into.get_mut(n..).unwrap_or_default(),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => return Err(Lost::Ended),
            }
        }
        Ok(())
    }

    /// It wants a processor and waits for nothing else. False where that cannot be told.
    fn runs(&self) -> bool {
        // A `/proc` of another pid namespace has somebody else under this number, whose parent is not us.
        fs::read(format!("/proc/{}/stat", self.pid)).is_ok_and(|bytes| {
            Stat::parse(&bytes)
                .is_some_and(|s| s.state == b'R' && u32::try_from(s.ppid) == Ok(std::process::id()))
        })
    }
}

/// The question whose answer is waited for.
struct Turn {
    asked: Instant,
    patience: Duration,
}

/// What is still to be said, the next at the end, and how much of it was said.
struct Saying<'q> {
    rest: Vec<&'q [u8]>,
    at: usize,
}

impl Saying<'_> {
    /// Says as much as the socket takes without waiting.
    fn go_on(&mut self, socket: &OwnedFd) -> Result<(), Lost> {
        while let Some(next) = self.rest.last() {
            let bytes = next.get(self.at..).unwrap_or_default();
            match send(socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(n) if n == bytes.len() => {
                    self.rest.pop();
                    self.at = 0;
                }
                Ok(n) => self.at += n,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(_) => return Err(Lost::Ended),
            }
        }
        Ok(())
    }
}

/// Waits until something is to be read or can be said, the end included; false at the deadline.
fn wait(socket: &OwnedFd, what: PollFlags, until: Instant) -> io::Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(socket, what)], Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}
