//! What the checks of `pg_cron` have to see before any of them can say anything.

use super::super::facts::{Facts, jobs::Jobs};
use crate::model::{Judging, Reading, Why};

/// The jobs, when what they did can be judged. Jobs that row-level security hides make the check unknown, unless ours alone
/// show a fault: [`looked`] then counts nothing.
pub(super) fn jobs<'f>(f: &'f Facts, out: &mut Judging) -> Option<&'f Jobs> {
    let jobs = out.part(&f.jobs, "nobody asked for jobs")?;
    let mut not = |why, what| out.part(&Reading::<()>::unseen(why), what).is_some();
    if jobs.absent {
        match jobs.elsewhere {
            Some(_) => not(Why::NotAsked, "pg_cron keeps its jobs in another database: connect to that one"),
            None => true,
        };
        return None;
    }
    if jobs.unlogged {
        not(Why::Unsupported, "what jobs did is not written down: cron.log_run is off");
        return None;
    }
    if jobs.own_only {
        out.unseen(1, Why::Denied);
    }
    out.unseen(jobs.jobs.total() - jobs.jobs.top().len() as u64, Why::TooMany);
    Some(jobs)
}

/// One more job was looked at. Where others are hidden, those that are seen do not make it clear.
pub(super) fn looked(jobs: &Jobs, out: &mut Judging) {
    if !jobs.own_only {
        out.looked(1);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::{jobs::Job, server::Server},
        model::{Check, Defaults, Kept, Outcome},
    };

    /// A job of every minute that ran half a minute ago and is well.
    pub fn job() -> Job {
        Job {
            id: 7,
            name: "refresh".into(),
            schedule: "* * * * *".into(),
            database: "shop".into(),
            active: true,
            runs: 1000,
            failed: 0,
            failed_last: 0,
            overlaps: 0,
            longest_s: Some(3.0),
            running_s: vec![],
            since_s: Some(30.0),
            unchanged_s: Some(86_400.0),
            period_s: Reading::seen(60.0),
            every_s: Reading::seen(60.0),
            twin: None,
            message: String::new(),
        }
    }
    pub fn judged(check: &Check<Facts>, jobs: Jobs) -> Outcome {
        let server = Server { peer: "s".into(), up_s: 1e7, ..Server::default() };
        let facts = Facts {
            server: Reading::seen(server),
            jobs: Reading::seen(jobs),
            ..Facts::unseen(Why::NotAsked)
        };
        Judging::run(check, &facts, &Defaults)
    }
    pub fn all(jobs: Vec<Job>) -> Jobs {
        Jobs { scheduler: true, jobs: Kept::whole(jobs), ..Jobs::default() }
    }
    /// What every check of jobs says of jobs that are well, hidden, not written down, elsewhere, or not there.
    #[track_caller]
    pub fn hides_nothing(check: &Check<Facts>) {
        assert!(matches!(judged(check, all(vec![job()])), Outcome::Clear { looked: 1.., unseen: 0 }));
        let own = Jobs { own_only: true, ..all(vec![job()]) };
        assert!(matches!(judged(check, own), Outcome::Unknown { why: Why::Denied, .. }));
        let unlogged = Jobs { unlogged: true, ..all(vec![job()]) };
        assert!(matches!(judged(check, unlogged), Outcome::Unknown { why: Why::Unsupported, .. }));
        let elsewhere = Jobs { absent: true, elsewhere: Some("postgres".into()), ..all(vec![]) };
        assert!(matches!(judged(check, elsewhere), Outcome::Skipped { .. }));
        let absent = Jobs { absent: true, ..all(vec![]) };
        assert!(matches!(judged(check, absent), Outcome::Clear { looked: 0, unseen: 0 }));
        let facts = Facts::unseen(Why::Denied);
        assert!(matches!(Judging::run(check, &facts, &Defaults), Outcome::Unknown { why: Why::Denied, .. }));
    }
}
