//! What became of requests that were sent to somebody else's server. Every request ends in exactly one fate, so the fates add up
//! to the requests sent.

use super::Kept;
use serde::{Deserialize, Serialize};

/// Requests that were lost and are kept one by one; the rest is counted.
pub const MOST_LOST: usize = 20;
/// Status codes that are kept apart.
const STATUSES: usize = 20;
/// Steps that a time line has at most: beyond it two become one.
const STEPS: usize = 600;
/// A step of a time line to begin with, ms.
const STEP_MS: u64 = 100;

/// How a request ended. Stored by place: new ones come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Answered, to the last byte.
    Whole,
    /// Answered to the last byte with a status of 500 or more: what a balancer says when the server behind it is gone.
    ServerError,
    /// A part of the answer came and no more, or another length than was expected: a loss, whatever its status.
    Truncated,
    /// The connection was closed or reset before any byte of the answer, and nothing says that it was idle to the server.
    ResetBefore,
    /// Reset, not closed, when a part of the answer had come.
    ResetAfter,
    /// The server had closed the connection as idle when the request was on its way: it was never read.
    ClosedIdle,
    /// No connection: refused, or no way there.
    Refused,
    /// No end of the answer, or no connection, within the time that a request has.
    TimedOut,
    /// What came is no HTTP.
    Garbled,
    /// Sent after the end had begun and answered to the last byte.
    LateAccepted,
    /// Sent after the end had begun: no connection.
    LateRefused,
}

impl Fate {
    /// All, in their order.
    pub const ALL: [Fate; 11] = [
        Fate::Whole,
        Fate::ServerError,
        Fate::Truncated,
        Fate::ResetBefore,
        Fate::ResetAfter,
        Fate::ClosedIdle,
        Fate::Refused,
        Fate::TimedOut,
        Fate::Garbled,
        Fate::LateAccepted,
        Fate::LateRefused,
    ];
    /// As keys of tables and evidence have it.
    pub fn key(self) -> &'static str {
        match self {
            Fate::Whole => "whole",
            Fate::ServerError => "server_error",
            Fate::Truncated => "truncated",
            Fate::ResetBefore => "reset_before",
            Fate::ResetAfter => "reset_after",
            Fate::ClosedIdle => "closed_idle",
            Fate::Refused => "refused",
            Fate::TimedOut => "timed_out",
            Fate::Garbled => "garbled",
            Fate::LateAccepted => "late_accepted",
            Fate::LateRefused => "late_refused",
        }
    }
    /// In a sentence: `3 requests were …`.
    pub fn phrase(self) -> &'static str {
        match self {
            Fate::Whole => "answered whole",
            Fate::ServerError => "answered with 5xx",
            Fate::Truncated => "answered in part",
            Fate::ResetBefore => "cut off before the first byte of an answer",
            Fate::ResetAfter => "reset in the middle of the answer",
            Fate::ClosedIdle => "sent into a connection that the server was closing as idle",
            Fate::Refused => "refused a connection",
            Fate::TimedOut => "not answered in time",
            Fate::Garbled => "answered with what is no HTTP",
            Fate::LateAccepted => "sent late and answered whole",
            Fate::LateRefused => "sent late and refused a connection",
        }
    }
    /// The client has its answer.
    pub fn well(self) -> bool {
        matches!(self, Fate::Whole | Fate::LateAccepted)
    }
    /// The same ending of a request that was sent after the end had begun.
    pub fn late(self) -> Fate {
        match self {
            Fate::Whole => Fate::LateAccepted,
            Fate::Refused => Fate::LateRefused,
            other => other,
        }
    }
}

/// How many requests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fates([u64; Fate::ALL.len()]);

impl Fates {
    /// One more.
    pub fn add(&mut self, fate: Fate) {
        self.0[fate as usize] += 1;
    }
    /// These as well.
    pub fn join(&mut self, more: &Fates) {
        self.0.iter_mut().zip(more.0).for_each(|(a, b)| *a += b);
    }
    /// Those that ended so.
    pub fn of(&self, fate: Fate) -> u64 {
        self.0[fate as usize]
    }
    /// All.
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }
    /// Those whose client has no answer.
    pub fn lost(&self) -> u64 {
        Fate::ALL.iter().filter(|f| !f.well()).map(|f| self.of(*f)).sum()
    }
    /// Those there are, in order.
    pub fn each(&self) -> impl Iterator<Item = (Fate, u64)> + '_ {
        Fate::ALL.into_iter().map(|f| (f, self.of(f))).filter(|(_, n)| *n > 0)
    }
}

/// What kind of connection a request went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// One of its own.
    New,
    /// One that carries request after request.
    Kept,
    /// One that had been idle for long.
    Idle,
    /// One over which the body of the request is sent slowly.
    Slow,
}

impl Over {
    /// All, in their order.
    pub const ALL: [Over; 4] = [Over::New, Over::Kept, Over::Idle, Over::Slow];
    /// In tables.
    pub fn name(self) -> &'static str {
        match self {
            Over::New => "new",
            Over::Kept => "keep-alive",
            Over::Idle => "idle",
            Over::Slow => "slow body",
        }
    }
}

/// One request that has ended. Times are seconds since the load began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// What it went over.
    pub over: Over,
    /// When it was sent.
    pub sent_s: f64,
    /// When its fate was known.
    pub ended_s: f64,
    /// How.
    pub fate: Fate,
    /// The status, when the head of the answer came.
    pub status: Option<u16>,
    /// Bytes of the body that came.
    pub bytes: u64,
    /// What the system or the protocol said, in our own words: `connection reset by peer`.
    pub detail: String,
}

/// How many requests ended how, over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeLine {
    /// Length of a step, ms.
    pub step_ms: u64,
    /// From the begin of the load; by the time at which the fate was known.
    pub steps: Vec<Fates>,
}

impl Default for TimeLine {
    fn default() -> Self {
        Self { step_ms: STEP_MS, steps: vec![] }
    }
}

impl TimeLine {
    fn add(&mut self, at_s: f64, fate: Fate) {
        let at = |step: u64| (at_s.max(0.0) * 1000.0) as usize / step as usize;
        while at(self.step_ms) >= STEPS {
            self.halve();
        }
        let at = at(self.step_ms);
        if self.steps.len() <= at {
            self.steps.resize(at + 1, Fates::default());
        }
        self.steps[at].add(fate);
    }
    fn halve(&mut self) {
        self.step_ms *= 2;
        let both = |pair: &[Fates]| {
            let mut sum = pair[0];
            pair[1..].iter().for_each(|more| sum.join(more));
            sum
        };
        self.steps = self.steps.chunks(2).map(both).collect();
    }
}

/// What became of all requests of a load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Requests that were sent, or for which a connection was asked.
    pub sent: u64,
    /// By what they went over, in the order of [`Over::ALL`].
    pub over: [Fates; Over::ALL.len()],
    /// Over time.
    pub line: TimeLine,
    /// Status codes and how often they came, as they came up.
    pub statuses: Vec<(u16, u64)>,
    /// The first that were lost.
    pub lost: Kept<Ended>,
}

impl Traffic {
    /// One has ended.
    pub fn add(&mut self, ended: Ended) {
        self.over[ended.over as usize].add(ended.fate);
        self.line.add(ended.ended_s, ended.fate);
        if let Some(status) = ended.status {
            match self.statuses.iter().position(|(s, _)| *s == status) {
                Some(at) => self.statuses[at].1 += 1,
                None if self.statuses.len() < STATUSES => self.statuses.push((status, 1)),
                None => {}
            }
        }
        if !ended.fate.well() {
            self.lost.push(ended, MOST_LOST);
        }
    }
    /// All fates.
    pub fn fates(&self) -> Fates {
        let mut all = Fates::default();
        self.over.iter().for_each(|f| all.join(f));
        all
    }
    /// The fates of those over this kind of connection.
    pub fn over(&self, over: Over) -> &Fates {
        &self.over[over as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(at: f64, fate: Fate) -> Ended {
        Ended {
            over: Over::New,
            sent_s: at,
            ended_s: at,
            fate,
            status: Some(200),
            bytes: 0,
            detail: String::new(),
        }
    }

    #[test]
    fn fates_add_up_whatever_the_length_of_the_time_line() {
        let mut traffic = Traffic::default();
        for n in 0..5000_u32 {
            traffic.add(ended(f64::from(n) * 0.15, Fate::ALL[n as usize % Fate::ALL.len()]));
        }
        let all = traffic.fates();
        assert_eq!(all.all(), 5000);
        let mut line = Fates::default();
        traffic.line.steps.iter().for_each(|f| line.join(f));
        assert_eq!((line, traffic.line.step_ms), (all, 1600));
        assert!(traffic.line.steps.len() <= STEPS);
        assert_eq!(traffic.lost.total(), all.lost());
        assert_eq!(traffic.lost.top().len(), MOST_LOST);
        assert_eq!(traffic.statuses, [(200, 5000)]);
        assert_eq!(all.each().map(|(_, n)| n).sum::<u64>(), 5000);
    }

    #[test]
    fn what_is_stored_by_place_stands_in_its_place() {
        for (at, fate) in Fate::ALL.into_iter().enumerate() {
            assert_eq!(fate as usize, at);
        }
        for (at, over) in Over::ALL.into_iter().enumerate() {
            assert_eq!(over as usize, at);
        }
        assert!(Fate::Refused.late() == Fate::LateRefused && Fate::Truncated.late() == Fate::Truncated);
    }
}
