//! Deadlocks out of the text of a server's log: the graph that statistics only count.
//!
//! [`Scan`] takes the bytes as they come and keeps little of them. It goes by the SQLSTATE 40P01 where the format has one
//! and by the shape of the report, for its words are translated: `src/backend/storage/lmgr/deadlock.c` of Postgres.

mod csv;
mod detail;
mod group;
mod json;
mod scan;
mod text;
mod when;

pub use scan::Scan;
pub use when::When;

use super::locks::{Mode, Tag};
use crate::model::{Kept, Untrusted};
use serde::{Deserialize, Serialize};

/// What a log says of deadlocks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LogFacts {
    /// Formats in it; none when nothing looked like the log of a server.
    pub formats: Vec<Format>,
    /// Bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Our time was up before its end.
    pub ended_early: bool,
    /// Time of its first record, if its prefix has one.
    pub first: Option<When>,
    /// Time of its last record.
    pub last: Option<When>,
    /// Deadlocks whose graph was understood.
    pub deadlocks: u64,
    /// Records of deadlocks of which the graph was not understood: cut, terse, or in an unknown form.
    pub unread: u64,
    /// Records in csv or json that could not be read at all.
    pub malformed: u64,
    /// Lines longer than is borne, of which the end was left out.
    pub cut_lines: u64,
    /// Deadlocks that are alike: the most frequent first.
    pub groups: Kept<Group>,
    /// Times that somebody had waited for `deadlock_timeout`: only with `log_lock_waits`.
    pub long_waits: u64,
    /// Deadlocks that the server avoided by reordering a queue: only with `log_lock_waits`.
    pub avoided: u64,
}

/// A format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `log_destination = stderr`, with any prefix.
    Text,
    /// `csvlog`.
    Csv,
    /// `jsonlog`, or json lines of an operator.
    Json,
}

/// Deadlocks with the same locks and the same statements, whoever was the victim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Each waits for the next, the last for the first; of long cycles the first 8.
    pub steps: Vec<Step>,
    /// How many there are in the cycle.
    pub members: u64,
    /// How often it happened.
    pub count: u64,
    /// Times an hour, over the whole log; none without times or in a log of less than a minute.
    pub per_hour: Option<f64>,
    /// The first time.
    pub first: Option<When>,
    /// The last time.
    pub last: Option<When>,
    /// Relations by name that victims were in, at most 4.
    pub relations: Vec<Untrusted>,
    /// Databases of the victims, at most 4.
    pub databases: Vec<Untrusted>,
    /// Applications of the victims, at most 4.
    pub applications: Vec<Untrusted>,
}

/// One of a deadlock, as it was the last time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its process on the server.
    pub pid: i32,
    /// What it waits for.
    pub tag: Tag,
    /// In which mode.
    pub mode: Mode,
    /// What it was doing, not always what took the lock that the other wants; none when the log does not say.
    pub statement: Option<Untrusted>,
    /// How often it was the victim.
    pub victim: u64,
    /// Who had the lock, by `log_lock_waits`.
    pub holders: Vec<i32>,
    /// Who stood in the queue, in no order.
    pub queue: Vec<i32>,
}

#[cfg(test)]
mod tests;
