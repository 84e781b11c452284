//! Work that runs by itself: scheduled jobs, and tables that are queues.

use crate::model::{Kept, Reading};
use serde::{Deserialize, Serialize};

/// What `pg_cron` was told, and what it did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Jobs {
    /// There is no `pg_cron` in this database.
    pub absent: bool,
    /// It is in that database of this server, where we are not.
    #[serde(default)]
    pub elsewhere: Option<String>,
    /// Its scheduler runs.
    #[serde(default)]
    pub scheduler: bool,
    /// Row-level security shows us our own jobs only.
    pub own_only: bool,
    /// What it does is not written down: `cron.log_run` is off, or this version has no such table.
    pub unlogged: bool,
    /// More runs are written down than were looked at: of a job without runs it is not known whether it ever ran.
    #[serde(default)]
    pub cut: bool,
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
    /// Runs of the last day among those looked at.
    pub runs: u64,
    /// Of them failed.
    pub failed: u64,
    /// Failed at last, in a row, whenever that was.
    pub failed_last: u64,
    /// Runs of the last day that began while another was running.
    pub overlaps: u64,
    /// The longest of the last day's, seconds.
    #[serde(default)]
    pub longest_s: Option<f64>,
    /// Running now, for so many seconds.
    pub running_s: Vec<f64>,
    /// Since the last run began, seconds; none when none was seen.
    pub since_s: Option<f64>,
    /// It has been as it is now for at least so many seconds: something else ran and ended since it was made or changed. None
    /// when nothing tells.
    #[serde(default)]
    pub unchanged_s: Option<f64>,
    /// The longest time that may lie between two runs by its schedule, seconds; unseen when that is not understood.
    pub period_s: Reading<f64>,
    /// The shortest.
    pub every_s: Reading<f64>,
    /// Another active job that does the same in the same database at the same times.
    #[serde(default)]
    pub twin: Option<i64>,
    /// Why it failed at last, every literal a `?`.
    pub message: String,
}

impl Job {
    /// Its name, else its number.
    pub fn label(&self) -> String {
        match self.name.as_str() {
            "" => format!("job {}", self.id),
            name => format!("job {name}"),
        }
    }
    /// By what a finding knows it: its name where it has one, else its number.
    pub fn key(&self) -> String {
        match self.name.as_str() {
            "" => self.id.to_string(),
            name => name.to_string(),
        }
    }
}

/// A table that is a queue or an outbox, as the settings name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Name in the settings.
    pub name: String,
    /// Its table.
    pub table: String,
    /// Rows that wait, counted up to a bound; unseen when they could not be counted in time.
    pub waiting: Reading<u64>,
    /// There are more: the count stopped at its bound.
    pub more: bool,
    /// Age of the oldest of them, seconds; none when none waits.
    pub oldest_s: Reading<Option<f64>>,
    /// Rows given up, counted up to a bound; none when the settings do not say which those are.
    pub dead: Option<Reading<u64>>,
    /// By how many rows it grew since the look before, and over how many seconds; none at the first look.
    pub grown: Option<(i64, f64)>,
    /// Ages of the oldest row that the settings call a warning and critical, seconds.
    pub limits: Option<(f64, f64)>,
}
