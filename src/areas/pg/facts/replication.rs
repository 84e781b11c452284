//! Standbys, slots, prepared transactions, and what keeps old row versions alive.

use crate::model::{Kept, Reading};
use serde::{Deserialize, Serialize};

/// What hangs on the write-ahead log and on old row versions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replication {
    /// Standbys and other receivers, the furthest behind first.
    pub standbys: Kept<Standby>,
    /// Slots, those that keep most first.
    pub slots: Kept<Slot>,
    /// Transactions prepared and not ended, the oldest first.
    pub prepared: Reading<Kept<Prepared>>,
    /// Automatic vacuums at work, those that wait first; unseen when our role may not see background processes.
    pub vacuums: Reading<Kept<Vacuum>>,
    /// As a standby: how far we are behind.
    pub receiver: Option<Receiver>,
}

impl Default for Replication {
    /// A primary on which nothing hangs.
    fn default() -> Self {
        Self {
            standbys: Kept::default(),
            slots: Kept::default(),
            prepared: Reading::seen(Kept::default()),
            vacuums: Reading::seen(Kept::default()),
            receiver: None,
        }
    }
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
    /// Log written here and not yet replayed there, bytes; of a receiver that does not replay, not yet kept there.
    pub lag_bytes: Reading<u64>,
    /// Of it not even sent, bytes.
    #[serde(default)]
    pub unsent_bytes: Option<u64>,
    /// Of it kept there and not replayed, bytes.
    #[serde(default)]
    pub unreplayed_bytes: Option<u64>,
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
    /// How long nobody has read from it, seconds; since 17.
    #[serde(default)]
    pub inactive_s: Option<f64>,
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
    /// It waits for a lock, or for a page that somebody pins.
    pub waits: bool,
    /// How long it has waited for a lock, seconds; none when the server does not say.
    #[serde(default)]
    pub waits_s: Option<f64>,
    /// Whom for: 0 is a prepared transaction. Nobody is known who pins a page.
    pub blocked_by: Vec<i32>,
}

impl Vacuum {
    /// It is one that the server does not give up for anybody.
    pub fn against_wraparound(&self) -> bool {
        self.what.contains("(to prevent wraparound)")
    }
    /// The table, as the server writes it; none for what is no vacuum of a table.
    pub fn table(&self) -> Option<&str> {
        let rest = self.what.strip_prefix("autovacuum: ")?;
        let rest = rest.strip_prefix("VACUUM ")?;
        let rest = rest.strip_prefix("ANALYZE ").unwrap_or(rest);
        Some(rest.strip_suffix(" (to prevent wraparound)").unwrap_or(rest))
    }
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
    /// Somebody sends it log.
    #[serde(default)]
    pub receiving: bool,
    /// It was told whom to receive from; unseen when our role may not see that.
    pub follows: Reading<bool>,
    /// It replays only so long after the commit, milliseconds: `recovery_min_apply_delay`.
    #[serde(default)]
    pub delay_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_told_from_what_the_worker_says() {
        let vacuum = |what: &str| Vacuum {
            pid: 1,
            started_us: 0,
            what: what.into(),
            for_s: 0.0,
            waits: false,
            waits_s: None,
            blocked_by: vec![],
        };
        for (what, table, wraparound) in [
            ("autovacuum: VACUUM public.orders (to prevent wraparound)", Some("public.orders"), true),
            ("autovacuum: VACUUM ANALYZE public.orders", Some("public.orders"), false),
            ("autovacuum: ANALYZE public.orders", None, false),
            ("autovacuum: BRIN summarize public.i 3", None, false),
            ("", None, false),
        ] {
            let v = vacuum(what);
            assert_eq!((v.table(), v.against_wraparound()), (table, wraparound), "{what}");
        }
    }
}
