//! Work that runs by itself: scheduled jobs, and tables that are queues.

use crate::model::{Kept, Reading};
use serde::{Deserialize, Serialize};

/// What `pg_cron` was told, and what it did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Jobs {
    /// There is no `pg_cron` in this database.
    pub absent: bool,
    /// Row-level security shows us our own jobs only.
    pub own_only: bool,
    /// What it did is not written down: `cron.log_run` is off.
    pub unlogged: bool,
    /// Jobs, the worst first.
    pub jobs: Kept<Job>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Its name; may be empty.
    pub name: String,
    /// When it is to run.
    pub schedule: String,
    /// Its database.
    pub database: String,
    /// Whether it is to run at all.
    pub active: bool,
    /// Runs looked at: the last day's, at most 1,000 of a job.
    pub runs: u64,
    /// Of them failed.
    pub failed: u64,
    /// Failed at last, in a row.
    pub failed_last: u64,
    /// Of them begun while another was running.
    pub overlaps: u64,
    /// Running now, for so many seconds.
    pub running_s: Vec<f64>,
    /// Since the last run began, seconds; none when there was none.
    pub since_s: Option<f64>,
    /// The longest time that may lie between two runs by its schedule, seconds; unseen when that is not understood.
    pub period_s: Reading<f64>,
    /// Why it failed at last, every literal a `?`.
    pub message: String,
}

/// A table that is a queue or an outbox, as the settings name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Name in the settings.
    pub name: String,
    /// Rows that wait; unseen when they could not be counted in time.
    pub waiting: Reading<u64>,
    /// Age of the oldest of them, seconds; none when none waits.
    pub oldest_s: Reading<Option<f64>>,
    /// Rows given up.
    pub dead: Reading<u64>,
}
