//! What several looks tell.

use crate::model::{Process, Reading, Untrusted, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What several looks tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Growth {
    /// From the first look to the last, in seconds; a history makes it days.
    pub window_s: f64,
    /// Groups with a limit, and processes, that were seen at least twice.
    pub followed: u64,
    /// Those that could not be followed, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// Where a limit is set and what cannot be given back rises, the soonest at its limit first; the machine is one too.
    pub limited: Vec<Riser>,
    /// Processes whose resident memory rises, the fastest first.
    pub processes: Vec<Riser>,
}

/// How something rose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rise {
    /// Bytes at the last look.
    pub now: u64,
    /// How many more than at the first.
    pub gained: u64,
    /// From the first look to the last, in seconds.
    pub span_s: f64,
    /// Its least value rose from each quarter of that time to the next: neither a burst, nor a start that levels off,
    /// nor a heap between two collections.
    pub steady: bool,
    /// Bytes a second.
    pub per_s: f64,
    /// Lower bound of the same; `None` after too few looks.
    pub low_per_s: Option<f64>,
    /// Upper bound of the same.
    pub high_per_s: Option<f64>,
}

impl Rise {
    /// It rises beyond doubt.
    pub fn sure(&self) -> bool {
        self.steady && self.low_per_s.is_some_and(|low| low > 0.0)
    }
    /// Seconds until `room` more bytes are used.
    pub fn left_s(&self, room: u64) -> Option<f64> {
        Some(room as f64 / self.per_s).filter(|s| self.per_s > 0.0 && s.is_finite())
    }
}

/// A group, the machine or a process that rises.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Riser {
    /// The group that it is, or whose limit binds the process; `None` is the machine.
    pub group: Option<Untrusted>,
    /// How it rose.
    pub rise: Rise,
    /// The limit that is set there, and what is left of it; `None` is no limit.
    pub limit: Reading<Option<(u64, u64)>>,
    /// The process itself; of a group the one in it that rises fastest, if any does.
    pub process: Option<Grower>,
    /// For how long the oldest process there has lived, in seconds.
    pub age_s: Option<f64>,
}

/// A process and how its resident memory rose.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grower {
    /// Which.
    pub process: Process,
    /// How.
    pub rise: Rise,
    /// For how long it has lived, in seconds.
    pub age_s: Option<f64>,
}
