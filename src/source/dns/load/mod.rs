//! Load on one nameserver, for as long as was asked and no longer: a fixed schedule whose latencies count from the moment
//! each question was due, or a number of workers with one question each. What was lost stays in the figures as "at least".

mod asked;
mod datagrams;
mod latency;
mod open;
mod own;
mod ports;
mod run;
mod schedule;
mod tally;

pub use latency::{Bucket, Latency, Quantile};

use super::Question;
use rustix::io::Errno;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// What is asked of whom, how fast, and where it ends.
#[derive(Clone, Debug)]
pub struct Load {
    /// Who is asked.
    pub server: SocketAddr,
    /// What, in turn.
    pub questions: Vec<Question>,
    /// How fast.
    pub shape: Shape,
    /// So long questions are sent; answers are awaited for [`timeout`](Self::timeout) more.
    pub length: Duration,
    /// Without an answer for so long a question is [`silent`](Loaded::silent).
    pub timeout: Duration,
    /// Where the run ends: what it cuts is [`cut`](Loaded::cut).
    pub deadline: Instant,
    /// Open questions at most (at most [`MOST_WAITING`]). A question that is due beyond it waits for its turn, and the wait
    /// counts as latency; after [`timeout`](Self::timeout), or at the end, it is [`shed`](Loaded::shed).
    pub most_waiting: u32,
    /// Sending ends when this share of the questions failed: silent, closed, barred, SERVFAIL or REFUSED. Judged from
    /// [`LEAST_FAILED`] failures on, over all questions of this load and over those of the last second.
    pub stop_at_failed_pct: f64,
}

/// Open questions at most, whatever is asked for.
pub const MOST_WAITING: u32 = 65_536;
/// Fewer failures than this never stop a load: one lost of three says nothing.
pub const LEAST_FAILED: u64 = 5;

/// When the next question is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// On a fixed schedule, whatever the server does: as many users who know nothing of each other.
    Open {
        /// Questions a second.
        per_s: f64,
    },
    /// As soon as a worker has its answer: as a pool of threads, Node's of two.
    Closed {
        /// Each with one open question.
        workers: u32,
        /// No faster than this, all together.
        most_per_s: f64,
    },
}

/// Why sending ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Too many questions failed.
    FailedPct,
    /// The run ended.
    Deadline,
}

/// What came of it. `sent = answered + silent + closed + cut`, and of an open schedule
/// `intended = sent + shed + barred`.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Questions a second that were asked for; none of a closed shape.
    pub per_s_asked: Option<f64>,
    /// Questions a second that left.
    pub per_s_sent: f64,
    /// Answers a second, of any code.
    pub per_s_answered: f64,
    /// From the first question to the end of sending.
    pub length: Duration,
    /// Questions that were due while sending.
    pub intended: u64,
    /// That left.
    pub sent: u64,
    /// That were due and never left, because [`most_waiting`](Load::most_waiting) others were open.
    pub shed: u64,
    /// That the kernel refused to send: a rule on this machine, a full table of connections, no way there.
    pub barred: u64,
    /// With which error it refused last.
    pub barred_by: Option<Errno>,
    /// With an answer of any code.
    pub answered: u64,
    /// Answers by code, without what EDNS adds.
    pub rcodes: [u64; 16],
    /// Answers that did not fit into the packet.
    pub truncated: u64,
    /// Without an answer for the timeout.
    pub silent: u64,
    /// That an ICMP message said nobody listens for.
    pub closed: u64,
    /// Answers after the timeout; the question stays silent.
    pub late: u64,
    /// Datagrams with an id or a question that is not open.
    pub foreign: u64,
    /// Answers to what was answered.
    pub duplicate: u64,
    /// Still open when the run ended: not seen, never lost.
    pub cut: u64,
    /// Why sending ended early.
    pub stopped: Option<Stopped>,
    /// From the moment a question was due to its answer: what a user waits. Silent, shed and cut ones are in it as "at
    /// least so long". Of a closed shape it is [`service`](Self::service) with what a schedule as fast as the median would
    /// have met during long waits, so that one worker in a stall weighs as much as the stall was long.
    pub from_schedule: Latency,
    /// From the moment a question left to its answer. Silent and cut ones are in it as "at least so long".
    pub service: Latency,
    /// What this program itself did to the figures.
    pub own: Own,
}

impl Loaded {
    /// Questions that failed: silent, closed, barred, SERVFAIL or REFUSED.
    pub fn failed(&self) -> u64 {
        self.silent + self.closed + self.barred + self.rcodes[2] + self.rcodes[5]
    }
    /// Questions whose end is known: answered, silent, closed or barred.
    pub fn settled(&self) -> u64 {
        self.answered + self.silent + self.closed + self.barred
    }
}

/// The limits of this program, so that they are not taken for those of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Own {
    /// How late questions left that had a free place, against their schedule: the 99th of a hundred, µs.
    pub lag_p99_us: f64,
    /// The latest, µs.
    pub lag_max_us: f64,
    /// UDP datagrams that this network namespace dropped meanwhile because a socket's buffer was full, ours or another's.
    pub receive_errors: Option<u64>,
    /// Datagrams that our own sockets dropped.
    pub socket_drops: Option<u64>,
    /// Times the kernel had no room for a question (EAGAIN, ENOBUFS); it was tried again.
    pub send_full: u64,
    /// Sockets that were wanted and not had: no port or no descriptor left.
    pub ports_exhausted: u64,
    /// Answers whose time of arrival the kernel did not tell, or told implausibly (a clock that was set): timed by us.
    pub unstamped: u64,
    /// Processor time of this thread, as a share of one processor.
    pub cpu_pct: f64,
}

/// Runs the load in this thread and its network namespace. `progress` hears about ten times a second how many questions
/// were sent and how many failed.
///
/// # Errors
/// When no socket can be had or connected, or a question cannot be written.
pub fn load(what: &Load, progress: &dyn Fn(u64, u64)) -> Result<Loaded, Errno> {
    run::Run::new(what).map(|run| run.run(progress))
}

#[cfg(test)]
mod tests;
