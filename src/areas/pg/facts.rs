//! What was seen of a Postgres server: plain data, bounded, without any literal of a statement.

pub mod bound;
pub mod jobs;
pub mod locks;
pub mod log;
pub mod replication;
pub mod schedule;
pub mod server;
pub mod session;
pub mod waits;

use crate::model::{Kept, Reading, Why};
use bound::Bound;
use jobs::{Jobs, Queue};
use log::LogFacts;
use replication::Replication;
use serde::{Deserialize, Serialize};
use server::{Database, Door, Server};
use session::Activity;
use waits::Locks;

/// One server, seen through one connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Who, where, how encrypted: `app@10.0.3.7:5432/shop sslmode=verify-full`.
    pub target: String,
    /// `-d TARGET` without a password, where one was given: what reaches it again.
    #[serde(default)]
    pub again: Option<String>,
    /// Whether we were let in; not asked for when only a log is read.
    pub door: Reading<Door>,
    /// What it says of itself.
    pub server: Reading<Server>,
    /// Its sessions.
    pub activity: Reading<Activity>,
    /// Who waits for whom.
    pub locks: Reading<Locks>,
    /// Its databases.
    pub databases: Reading<Kept<Database>>,
    /// Standbys, slots, prepared transactions, age of transactions.
    pub replication: Reading<Replication>,
    /// What `pg_cron` did.
    pub jobs: Reading<Jobs>,
    /// Tables that are queues, as the settings name them.
    pub queues: Reading<Vec<Queue>>,
    /// What a log says of deadlocks.
    pub log: Reading<LogFacts>,
    /// The plan of pools that somebody gave, or none.
    pub budget: Option<Bound>,
}

impl Facts {
    /// Nothing was looked at.
    pub fn unseen(why: Why) -> Self {
        Self {
            target: String::new(),
            again: None,
            door: Reading::unseen(why),
            server: Reading::unseen(why),
            activity: Reading::unseen(why),
            locks: Reading::unseen(why),
            databases: Reading::unseen(why),
            replication: Reading::unseen(why),
            jobs: Reading::unseen(why),
            queues: Reading::unseen(why),
            log: Reading::unseen(why),
            budget: None,
        }
    }
}
