//! The server itself: the door, its settings, its databases.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What came of the one attempt to connect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "door", rename_all = "snake_case")]
pub enum Door {
    /// Let in.
    Open {
        /// From the first packet to the first prompt, milliseconds.
        ms: f64,
    },
    /// No slot was free: SQLSTATE 53300.
    Full {
        /// Which slots.
        slots: Slots,
        /// The server's own words.
        text: String,
        /// `address:port` that refused.
        peer: String,
    },
    /// Anything else that kept us out.
    Shut {
        /// A word for it: `auth`, `tls`, `unreachable` …
        kind: String,
        /// SQLSTATE, when the server spoke.
        sqlstate: Option<String>,
        /// The whole chain of reasons.
        text: String,
        /// `address:port` that was tried last.
        peer: String,
    },
}

/// Which slots were all taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slots {
    /// Every slot there is, those for superusers too.
    All,
    /// The ordinary ones: what is left is reserved.
    Ordinary,
    /// Those of the role.
    Role,
    /// Those of the database.
    Database,
    /// Those of a pooler in front: it is not the server that refused.
    Pooler,
}

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// `address:port`, or the socket: the name by which findings and links know it.
    pub peer: String,
    /// `15.18`.
    pub version: String,
    /// `150018`.
    pub version_num: u32,
    /// The database that we are in.
    pub database: String,
    /// The role that we are.
    pub user: String,
    /// A standby.
    pub in_recovery: bool,
    /// Whether the role may see what other sessions do: `pg_read_all_stats`.
    pub reads_all: bool,
    /// Superuser: it may see everything, and may take the reserved slots.
    pub superuser: bool,
    /// How long it has been up, seconds.
    pub up_s: f64,
    /// `TLS 1.3, certificate and name verified`, `none`, …
    pub encryption: String,
    /// There is a pooler in between.
    pub pooler: bool,
    /// Settings by name, as a new session of our role has them, without units: milliseconds, 8 kB pages.
    pub settings: BTreeMap<String, String>,
    /// Sessions that our role may have; none is no limit of its own.
    #[serde(default)]
    pub role_limit: Option<u32>,
    /// Timeouts that roles and databases have of their own.
    #[serde(default)]
    pub own: Vec<Own>,
}

/// A setting that a role, a database or both have of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// The role; none is every role.
    pub role: Option<String>,
    /// The database; none is every database.
    pub database: Option<String>,
    /// Name of the setting.
    pub name: String,
    /// It is not 0.
    pub on: bool,
}

impl Server {
    /// A whole number of the settings.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.settings.get(name)?.parse().ok()
    }
    /// Slots that any role may take; `None` when the settings were not seen.
    pub fn ordinary_slots(&self) -> Option<u64> {
        let all = self.number("max_connections")?;
        let superuser = self.number("superuser_reserved_connections")?;
        // Since 16.
        let reserved = self.number("reserved_connections").unwrap_or(0);
        u64::try_from(all - superuser - reserved).ok()
    }
    /// Whether what other roles' sessions do is shown to us.
    pub fn sees_all(&self) -> bool {
        self.reads_all || self.superuser
    }
}

/// One database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Sessions that it may have; none is no limit of its own.
    pub limit: Option<u32>,
    /// Age of its oldest transaction id that is not frozen, transactions.
    pub xid_age: u64,
    /// The same of multixacts.
    pub mxid_age: u64,
    /// Deadlocks since its counters were reset.
    pub deadlocks: u64,
    /// How long ago that was, seconds; none when never.
    pub reset_s: Option<f64>,
    /// Deadlocks since we first looked, and over how many seconds; none with one look, or when they were reset between.
    pub lately: Option<(u64, f64)>,
}
