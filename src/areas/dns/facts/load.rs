//! What servers did under load, step by step, and what part of it may be our own doing.

use super::wire::{REFUSED, SERV_FAIL, Try};
use crate::model::{Reading, Why};
use serde::{Deserialize, Serialize};

/// Sends later than this against their schedule, one in a hundred of them, are no schedule any more; unless the answers
/// take longer than that: then the answers are what was measured. Well below what the check calls slow.
const LATE_MS: f64 = 50.0;
/// A step that reached less than this of what was asked is not that step.
const REACHED: f64 = 0.9;

/// A load, server by server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    /// Step by step until it fails, not one rate that somebody named.
    pub ramp: bool,
    /// What was asked for, in turn: `db.test A`.
    pub questions: Vec<String>,
    /// Without an answer for so long a question was given up, milliseconds.
    pub timeout_ms: f64,
    /// Each server, one after the other.
    pub servers: Vec<Loaded>,
}

/// One server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// Its address as the settings have it.
    pub address: String,
    /// `address:port`.
    pub peer: String,
    /// The middle one of its answers to the same questions just before, nothing else being asked, milliseconds.
    pub idle_ms: Reading<f64>,
    /// The steps in order. Unseen when none began: `Absent` when the server failed already before.
    pub steps: Reading<Vec<Step>>,
    /// One question when the load was over; not asked when nothing failed.
    pub after: Reading<Try>,
}

/// Why sending ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// Too much failed.
    Failed,
    /// The run ended.
    Deadline,
}

/// One rate, or one number of workers. Units are in the names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Questions a second that were asked for; of workers none.
    pub asked_per_s: Option<f64>,
    /// Workers with one question each; of a rate none.
    pub workers: Option<u32>,
    /// That left.
    pub sent_per_s: f64,
    /// That were answered, with any code.
    pub answered_per_s: f64,
    /// From the first question to the end of sending.
    pub length_s: f64,
    /// Questions that left.
    pub sent: u64,
    /// Due, and kept back because too many others were open.
    pub shed: u64,
    /// Due, and the kernel would not send them.
    pub barred: u64,
    /// Answered with any code.
    pub answered: u64,
    /// Answers by response code.
    pub rcodes: Vec<(u8, u64)>,
    /// Answers that did not fit.
    pub truncated: u64,
    /// Without an answer for the timeout.
    pub silent: u64,
    /// An ICMP message said that nobody listens.
    pub closed: u64,
    /// Answered after the timeout.
    pub late: u64,
    /// Packets that nobody waited for.
    pub foreign: u64,
    /// Answers that came twice.
    pub duplicate: u64,
    /// Open when our own deadline came: not lost, not seen.
    pub cut: u64,
    /// Why it ended before its time.
    pub stopped: Option<Stopped>,
    /// From when each question was due: what a user waits.
    pub from_schedule: Times,
    /// From when each question left: what the server takes.
    pub service: Times,
    /// What we did to the figures.
    pub own: Own,
}

/// A distribution.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Times {
    /// How many there are.
    pub n: u64,
    /// Quantiles that so many bear, rising, by their share in ten thousand: 5000 is the median.
    pub quantiles: Vec<(u16, Quantile)>,
    /// The longest.
    pub max: Option<Quantile>,
    /// How many there are between the [`EDGES_MS`].
    pub counts: Vec<u64>,
    /// How many had not ended.
    pub beyond: u64,
}

/// One quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// Milliseconds.
    pub ms: f64,
    /// It is this or more.
    #[serde(default)]
    pub at_least: bool,
}

/// Our own part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Own {
    /// How late questions left against their schedule, the 99th of a hundred, milliseconds.
    pub lag_p99_ms: f64,
    /// The latest, milliseconds.
    pub lag_max_ms: f64,
    /// Datagrams that our own sockets dropped because we did not read them in time.
    pub socket_drops: Reading<u64>,
    /// Datagrams that any socket of this network namespace dropped for that reason meanwhile.
    pub receive_errors: Reading<u64>,
    /// Sockets that were wanted and not had.
    pub ports_exhausted: u64,
    /// Times our own control group, or one above it, was throttled meanwhile.
    pub throttled: Reading<u64>,
    /// Processor time that it took, % of one processor.
    pub cpu_pct: f64,
}

/// Quantiles that are kept, in ten thousandths.
pub const QUANTILES: [u16; 5] = [5000, 9000, 9500, 9900, 9990];
/// Where the distribution is counted: six steps a decade, from the fastest answer of this machine to the longest wait.
pub const EDGES_MS: [f64; 30] = [
    0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0,
    70.0, 100.0, 150.0, 200.0, 300.0, 500.0, 700.0, 1000.0, 1500.0, 2000.0, 3000.0,
];

impl Times {
    /// Whether `n` values bear this quantile: ten are to lie above it, so that 1,000 bear a p99 and 10,000 a p99.9.
    pub fn bears(n: u64, quantile: u16) -> bool {
        n * u64::from(10_000 - quantile) >= 10 * 10_000
    }
    /// The quantile, when there are enough values for it.
    pub fn at(&self, quantile: u16) -> Option<Quantile> {
        self.quantiles.iter().find(|(share, _)| *share == quantile).map(|(_, q)| *q)
    }
    /// The highest quantile up to p95 that there is: what is slow for one in twenty is slow.
    pub fn usual(&self) -> Option<(u16, Quantile)> {
        self.quantiles.iter().rfind(|(share, _)| *share <= 9500).copied()
    }
}

/// What of us may stand behind the figures of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    /// Questions were kept back.
    Shed,
    /// The kernel would not send: a rule, or a full table of connections.
    Barred,
    /// No port or no descriptor was left.
    Ports,
    /// Answers came and were dropped before we read them.
    Drops,
    /// The load was not that of the schedule, because our control group was throttled.
    Throttled,
    /// The load was not that of the schedule.
    Late,
    /// The end of the run cut it.
    Cut,
}

impl Ours {
    /// Why there is no verdict, in words.
    pub fn reason(self) -> &'static str {
        match self {
            Ours::Shed => {
                "this machine was the limit: more questions were open than it bears, and some were kept back"
            }
            Ours::Barred => {
                "this machine was the limit: it would not send, by a rule or a full table of connections"
            }
            Ours::Ports => "this machine was the limit: it had no port or no descriptor left",
            Ours::Drops => {
                "this machine was the limit: it dropped answers that had arrived before they were read"
            }
            Ours::Throttled => {
                "this machine was the limit: our own control group was throttled, questions left late"
            }
            Ours::Late => "this machine was the limit: questions left later than the schedule had them",
            Ours::Cut => "the end of the run came before the answers",
        }
    }
    /// What to call it where there is little room.
    pub fn word(self) -> &'static str {
        match self {
            Ours::Shed => "kept back",
            Ours::Barred => "barred",
            Ours::Ports => "no ports",
            Ours::Drops => "drops",
            Ours::Throttled => "throttled",
            Ours::Late => "late",
            Ours::Cut => "cut",
        }
    }
    /// Why, as checks say it.
    pub fn why(self) -> Why {
        if self == Ours::Cut { Why::TimedOut } else { Why::TooMany }
    }
}

impl Step {
    /// Answers that say that the server could not: SERVFAIL and REFUSED.
    pub fn refusals(&self) -> u64 {
        self.code(SERV_FAIL) + self.code(REFUSED)
    }
    /// Answers with this code.
    pub fn code(&self, rcode: u8) -> u64 {
        self.rcodes.iter().find(|(code, _)| *code == rcode).map_or(0, |(_, n)| *n)
    }
    /// Questions that ended, well or not.
    pub fn ended(&self) -> u64 {
        self.answered + self.silent + self.closed
    }
    /// Questions that failed.
    pub fn failed(&self) -> u64 {
        self.refusals() + self.silent + self.closed
    }
    /// The share that failed, %. None when nothing ended.
    pub fn failed_pct(&self) -> Option<f64> {
        (self.ended() > 0).then(|| pct(self.failed(), self.ended()))
    }
    /// Where nothing failed: less than this, %, at 95 of 100 such looks (the rule of three).
    pub fn below_pct(&self) -> Option<f64> {
        (self.failed() == 0 && self.ended() > 0).then(|| (300.0 / self.ended() as f64).min(100.0))
    }
    /// `100/s` or `2 workers`.
    pub fn name(&self) -> String {
        match (self.asked_per_s, self.workers) {
            (Some(per_s), _) => format!("{per_s}/s"),
            (None, Some(1)) => "1 worker".into(),
            (None, n) => format!("{} workers", n.unwrap_or(0)),
        }
    }
    /// What makes a figure of us out of the figures of this step, if anything does; `throttled` is whether our control
    /// group is known to have been.
    pub fn ours(&self, throttled: bool) -> Option<Ours> {
        let stopped = self.stopped == Some(Stopped::Failed);
        let reached = |per_s: f64| stopped || self.sent_per_s >= per_s * REACHED;
        let usual = self.service.at(5000).map_or(0.0, |q| q.ms);
        let late = self.own.lag_p99_ms > LATE_MS.max(usual) || !self.asked_per_s.is_none_or(reached);
        match () {
            () if self.barred > 0 => Some(Ours::Barred),
            () if self.own.ports_exhausted > 0 => Some(Ours::Ports),
            () if self.shed > 0 => Some(Ours::Shed),
            () if late && throttled => Some(Ours::Throttled),
            () if late => Some(Ours::Late),
            () if self.cut > 0 || self.stopped == Some(Stopped::Deadline) => Some(Ours::Cut),
            () => None,
        }
    }
}

/// `part` of `whole`, %.
pub fn pct(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_wants_ten_values_above_it() {
        for (quantile, n) in [(5000, 20), (9000, 100), (9500, 200), (9900, 1000), (9990, 10_000)] {
            assert!(Times::bears(n, quantile) && !Times::bears(n - 1, quantile), "{quantile}");
        }
    }

    #[test]
    fn edges_rise() {
        assert!(EDGES_MS.windows(2).all(|w| w[0] < w[1]));
    }
}
