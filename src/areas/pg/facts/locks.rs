//! Who waits for whom: the lock table of a server as a forest with the culprits as its roots.
//!
//! *Hard*: a lock that somebody has and that conflicts with the one wanted. *Soft*: a request that conflicts and stands
//! ahead in the queue, which the server may reorder. A cycle of hard ones is a deadlock, one with a soft one need not be:
//! `src/backend/storage/lmgr/README` of Postgres.

mod cycle;
mod forest;
mod graph;
mod mode;
mod pids;
mod queue;
mod table;
mod tag;

pub use mode::Mode;
pub use table::{Row, Table};
pub use tag::Tag;

use crate::model::Kept;
use serde::{Deserialize, Serialize};

/// All sessions that wait for locks, each below what it waits for. Sessions of one parallel query count as one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Forest {
    /// Sessions that wait for a lock.
    pub waiting: u64,
    /// Of them those for whom nothing is in the way any more: locks and blockers are read one after the other.
    pub changed: u64,
    /// Waits whose place in the queue was not read: there were too many.
    pub unlisted: u64,
    /// Rows of the lock table that were left out: there were too many.
    pub left_out: u64,
    /// Those who wait for nobody, and cycles: first deadlocks, then who has most behind.
    pub roots: Kept<Root>,
    /// Requests that wait for a relation themselves and hold up others that could go on without them.
    pub queues: Kept<Queue>,
}

/// One at whom waiting ends, or a cycle that waits for itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// What it is.
    pub kind: RootKind,
    /// Who; of a cycle all, each waiting for the next and the last for the first, at most 32.
    pub who: Vec<Who>,
    /// Of a cycle what each of them waits for.
    #[serde(default)]
    pub cycle: Vec<Wait>,
    /// How many they are.
    pub members: u64,
    /// Requests for what it has, those of sessions that stand below another root too.
    pub direct: u64,
    /// All sessions below it here, those of a cycle itself not counted. Who waits for several stands below one of them.
    pub behind: u64,
    /// The longest chain of sessions behind it.
    pub depth: u32,
    /// The longest wait behind it, or in it, microseconds; none before 14.
    pub longest_us: Option<i64>,
    /// What is behind it: each line below the nearest one above it that is less deep.
    pub below: Vec<Branch>,
    /// Sessions behind it that are in no line.
    pub more: u64,
}

/// What a root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootKind {
    /// A cycle of locks that they have: nothing but the end of one of them ends it.
    Deadlock,
    /// A cycle with a place in a queue: the server may reorder the queue.
    SoftCycle,
    /// A session.
    Session,
    /// A prepared transaction, which belongs to no session.
    Prepared,
}

/// Somebody who has locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Who {
    /// A session; of a parallel query its leader.
    Session {
        /// Its process on the server.
        pid: i32,
    },
    /// A prepared transaction.
    Prepared {
        /// Its name, if it could be told.
        gid: Option<String>,
    },
}

impl Who {
    /// Its process, if it is a session.
    pub fn pid(&self) -> Option<i32> {
        match self {
            Who::Session { pid } => Some(*pid),
            Who::Prepared { .. } => None,
        }
    }
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// The object.
    pub tag: Tag,
    /// In which mode.
    pub mode: Mode,
    /// The row, where the wait is for the transaction that has it: who waits first has the row's own lock.
    pub row: Option<Tag>,
    /// For a lock that the other has, not for its place in the queue.
    pub hard: bool,
}

/// Sessions that wait for the same, with nobody behind them, or one session with those behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// How far below the root; 1 waits for it directly.
    pub depth: u32,
    /// What for.
    pub wait: Wait,
    /// How many.
    pub sessions: u64,
    /// Who waits longest, at most 8.
    pub pids: Vec<i32>,
    /// How long that is, microseconds; none before 14.
    pub longest_us: Option<i64>,
    /// Others who have what the first of them wants, beside the one above.
    pub others: u64,
    /// Sessions further behind.
    pub behind: u64,
}

/// A request for a relation that waits, and whom it holds up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Who asks.
    pub pid: i32,
    /// What for.
    pub tag: Tag,
    /// In which mode.
    pub mode: Mode,
    /// For how long, microseconds; none before 14.
    pub for_us: Option<i64>,
    /// Who has what it wants, at most 8.
    pub waits_for: Vec<Who>,
    /// How many they are.
    pub holders: u64,
    /// Sessions that wait only because it waits.
    pub queued: u64,
    /// Those of them that wait longest, at most 8.
    pub pids: Vec<i32>,
    /// The longest of their waits, microseconds; none before 14.
    pub longest_us: Option<i64>,
}

/// Where a session stands in the forest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who.
    pub who: Who,
    /// Whom it waits for, the nearest; none for roots.
    pub blocker: Option<Who>,
    /// Sessions behind it.
    pub behind: u32,
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
