//! Standbys, slots, prepared transactions, and what keeps old row versions alive.

use crate::model::{Kept, Reading};
use serde::{Deserialize, Serialize};

/// What hangs on the write-ahead log and on old row versions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Replication {
    /// Standbys and other receivers, the furthest behind first.
    pub standbys: Kept<Standby>,
    /// Slots, those that keep most first.
    pub slots: Kept<Slot>,
    /// Transactions prepared and not ended, the oldest first.
    pub prepared: Kept<Prepared>,
    /// Vacuums of tables that are close to wraparound, and what they wait for.
    pub vacuums: Kept<Vacuum>,
    /// As a standby: how far we are behind.
    pub receiver: Option<Receiver>,
}

/// A receiver of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standby {
    /// Its application name.
    pub name: String,
    /// Its address; none is a unix socket.
    pub client: Option<String>,
    /// `streaming`, `catchup`, `backup` …; unseen when hidden from our role.
    pub state: Reading<String>,
    /// `sync`, `async`, `quorum`, `potential`.
    pub sync: String,
    /// Log written here and not yet replayed there, bytes.
    pub lag_bytes: Reading<u64>,
    /// How long that took at last, seconds; none when it is idle.
    pub lag_s: Option<f64>,
}

/// A replication slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Logical, not physical.
    pub logical: bool,
    /// Somebody reads from it.
    pub active: bool,
    /// Its database, of a logical one.
    pub database: Option<String>,
    /// Log kept for it, bytes; none when it has never kept any.
    pub retained_bytes: Option<u64>,
    /// `reserved`, `extended`, `unreserved`, `lost`; since 13.
    pub wal_status: Option<String>,
    /// Log that may still be written before it is lost, bytes; none is no limit.
    pub safe_bytes: Option<i64>,
    /// Age of the oldest row version kept for it, transactions.
    pub xmin_age: Option<u64>,
    /// The same of the catalog.
    pub catalog_xmin_age: Option<u64>,
}

/// A transaction that belongs to no session any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// Its name.
    pub gid: String,
    /// Its database.
    pub database: String,
    /// Its owner.
    pub owner: String,
    /// Its age, seconds.
    pub age_s: f64,
    /// Its age, transactions.
    pub xid_age: u64,
    /// Sessions that wait for it.
    pub blocks: u32,
}

/// A vacuum at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vacuum {
    /// Its process on the server.
    pub pid: i32,
    /// Start of its session, microseconds since 1970.
    pub started_us: i64,
    /// What it says of itself: `autovacuum: VACUUM public.orders (to prevent wraparound)`.
    pub what: String,
    /// For how long, seconds.
    pub for_s: f64,
    /// It waits for a lock.
    pub waits: bool,
    /// Whom for.
    pub blocked_by: Vec<i32>,
}

/// What a standby says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receiver {
    /// Received and not replayed, bytes.
    pub lag_bytes: Option<u64>,
    /// Since the last transaction that was replayed, seconds: also large when nothing is written.
    pub since_s: Option<f64>,
    /// Replay is paused.
    pub paused: bool,
}
