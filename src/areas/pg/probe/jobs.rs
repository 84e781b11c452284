//! What the scheduler of the database did.

use super::{
    super::facts::jobs::{Job, Jobs},
    Look,
    row::{Row, rows},
    sql,
};
use crate::model::{Kept, Reading, Seen, Sql, Why};

impl Look<'_> {
    /// Jobs of `pg_cron`, where it is in this database.
    pub(super) fn jobs(&mut self) -> Seen<Jobs> {
        let cron = self.alone("pg_cron", sql::CRON)?;
        let Some(r) = cron.first().and_then(|t| rows(t).next()) else { return Err(Why::Malformed) };
        if !r.yes("there") {
            return Ok(Jobs { absent: true, ..Jobs::default() });
        }
        let (own_only, unlogged) = (!r.yes("sees_all"), !(r.yes("logged") && r.yes("log_run")));
        let tables = self.alone("jobs of pg_cron and their runs", sql::JOBS)?;
        let jobs = tables.first().map(|t| rows(t).map(|r| job(&r)).collect()).unwrap_or_default();
        Ok(Jobs { absent: false, own_only, unlogged, jobs: Kept::whole(jobs) })
    }
}

fn job(r: &Row) -> Job {
    let running = r.get("running").unwrap_or_default();
    Job {
        id: r.number("id").unwrap_or(0),
        name: r.text("name"),
        schedule: r.text("schedule"),
        database: r.text("database"),
        active: r.yes("active"),
        runs: r.number("runs").unwrap_or(0),
        failed: r.number("failed").unwrap_or(0),
        failed_last: r.number("failed_last").unwrap_or(0),
        overlaps: r.number("overlaps").unwrap_or(0),
        running_s: running.split(',').filter_map(|s| s.parse().ok()).collect(),
        since_s: r.seconds("since_s"),
        period_s: Reading::unseen(Why::Malformed),
        message: Sql::from(r.get("message").unwrap_or_default()).shape().as_str().to_string(),
    }
}
