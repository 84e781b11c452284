//! A process that somebody else started, held by a descriptor: what is sent to it reaches it or nobody.

use super::Gone;
use crate::source::proc::Stat;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal},
};
use std::{
    fs, io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

/// Ancestors of ours that are looked for.
const GENERATIONS: usize = 128;

/// One process of this machine.
pub struct Held {
    pid: i32,
    start_ticks: u64,
    descriptor: OwnedFd,
    gone: Option<Gone>,
}

impl Held {
    /// Takes hold of it. Ourselves, whoever started us, and the first process of our namespace are refused: we would end with
    /// them.
    ///
    /// # Errors
    /// Why not, in one sentence.
    pub fn of(pid: i32) -> Result<Self, String> {
        let own = getpid().as_raw_nonzero().get();
        if pid == own {
            return Err(format!("pid {pid} is paramedic itself"));
        }
        if pid == 1 {
            return Err(
                "pid 1 is the first process of the namespace that paramedic runs in: with it everything here ends, \
                 paramedic too; rehearse it from outside of the container, or start it anew: shutdown --as-pid1 -- CMD"
                    .into(),
            );
        }
        if ancestors(own).contains(&pid) {
            return Err(format!("pid {pid} runs paramedic: whatever it was started from would end with it"));
        }
        let number = Pid::from_raw(pid).ok_or("that is no pid")?;
        let gone = || format!("there is no process {pid}");
        let descriptor = pidfd_open(number, PidfdFlags::empty()).map_err(|e| match e {
            rustix::io::Errno::SRCH => gone(),
            rustix::io::Errno::INVAL => format!("{pid} is a thread, not a process"),
            e => format!("process {pid}: {}", io::Error::from(e)),
        })?;
        // Read after it is held: it is of that process and of no later one.
        let stat = fs::read(format!("/proc/{pid}/stat")).map_err(|_| gone())?;
        let stat = Stat::parse(&stat).filter(|s| !matches!(s.state, b'Z' | b'X')).ok_or_else(gone)?;
        if stat.kernel_thread {
            return Err(format!("pid {pid} is a kernel thread"));
        }
        if rustix::process::test_kill_process(number) == Err(rustix::io::Errno::PERM) {
            return Err(format!(
                "pid {pid} may not be sent signals by us: run paramedic as its user or as root"
            ));
        }
        let start_ticks = stat.start_ticks;
        Ok(Self { pid, start_ticks, descriptor, gone: None })
    }
    /// Its pid.
    pub fn pid(&self) -> i32 {
        self.pid
    }
    /// Its start, clock ticks since boot.
    pub fn start_ticks(&self) -> u64 {
        self.start_ticks
    }
    /// Sends it a signal.
    ///
    /// # Errors
    /// What the system said: it has ended, or we have no right.
    pub fn signal(&self, signal: i32) -> io::Result<Instant> {
        let signal = Signal::from_named_raw(signal).ok_or(io::ErrorKind::InvalidInput)?;
        pidfd_send_signal(&self.descriptor, signal)?;
        Ok(Instant::now())
    }
    /// When it was seen to have ended; waits so long for that. How it ended its parent alone is told.
    pub fn ended(&mut self, patience: Duration) -> Option<Gone> {
        let wait = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
        if self.gone.is_none()
            && matches!(poll(&mut [PollFd::new(&self.descriptor, PollFlags::IN)], Some(&wait)), Ok(1..))
        {
            self.gone = Some(Gone { at: Instant::now(), how: None });
        }
        self.gone
    }
}

/// Whoever started us, and whoever started those.
fn ancestors(own: i32) -> Vec<i32> {
    let mut out = Vec::new();
    let mut at = own;
    for _ in 0..GENERATIONS {
        let parent = fs::read(format!("/proc/{at}/stat")).ok().and_then(|s| Some(Stat::parse(&s)?.ppid));
        match parent {
            Some(parent) if parent > 0 => out.push(parent),
            _ => break,
        }
        at = out[out.len() - 1];
    }
    out
}
