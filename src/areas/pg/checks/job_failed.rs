//! `pg/job-failed`

use super::{
    super::facts::{Facts, jobs::Job},
    cron,
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Jobs of `pg_cron` whose last runs failed, several in a row, or a single one of a job that runs rarely; and jobs of which
    /// much of the last day's runs failed. It reads `cron.job_run_details`. Row-level security shows a role only its own jobs,
    /// and `cron.log_run = off` leaves nothing to read: both make the check unknown, not clear. Jobs that are turned off are left out.
    ///
    /// ## Why it matters
    ///
    /// Nobody sees a job fail: it has no client, and its error stands in a table and in the server's log. What it was to do is
    /// not done: old rows are not deleted, reports are of yesterday, partitions of tomorrow do not exist.
    ///
    /// ## Confirm
    ///
    /// `SELECT jobid, status, return_message, start_time FROM cron.job_run_details WHERE jobid = ID ORDER BY runid DESC LIMIT 10`, as its
    /// owner or a superuser.
    ///
    /// ## Fix
    ///
    /// The message tells: a table that was renamed, a right that was taken, a timeout (`ALTER ROLE … SET statement_timeout` holds for
    /// jobs too), no connection (`cron.host`, `pg_hba.conf`; or `cron.use_background_workers = on`), no worker left
    /// (`max_worker_processes`). Run its command by hand as its owner. So that a monitoring role sees all jobs: `GRANT USAGE ON SCHEMA
    /// cron TO monitor`, and on `cron.job` and `cron.job_run_details` a policy `FOR SELECT TO monitor USING (true)`.
    "pg/job-failed": "a scheduled job fails"
    {
        in_a_row: "runs that failed in a row, up to the last one" = 2, 10;
        rare_s: "seconds; a job that runs no more often than this is found after one run that failed" = 3600;
        failed_pct: "of the last day's runs, % that failed" = 50, 101;
        least_runs: "runs of the last day; fewer tell no share" = 10;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(jobs) = cron::jobs(f, out) else { return };
    let server = peer(f, out);
    for job in jobs.jobs.top().iter().filter(|j| j.active) {
        if job.since_s.is_none() {
            // It never ran, or not among the runs that were looked at.
            out.unseen(1, if jobs.cut { Why::TooMany } else { Why::Absent });
            continue;
        }
        cron::looked(jobs, out);
        let rare = out.aside(&job.every_s).is_some_and(|s| *s >= l.rare_s.value());
        if let Some(severity) = severity(job, rare, l) {
            out.find(failed(job, severity, &server));
        }
    }
}

fn severity(job: &Job, rare: bool, l: &Limits) -> Option<Severity> {
    let once = (rare && job.failed_last > 0).then_some(Severity::Warning);
    let share = (job.runs > 0 && job.runs as f64 >= l.least_runs.value())
        .then(|| l.failed_pct.of(job.failed as f64 / job.runs as f64 * 100.0))
        .flatten();
    l.in_a_row.of(job.failed_last as f64).max(once).max(share)
}

fn failed(job: &Job, severity: Severity, server: &str) -> Finding {
    let title = match job.failed_last {
        0 => format!("{} fails: {} of {} runs of the last day", job.label(), job.failed, job.runs),
        1 => format!("{} failed when it last ran", job.label()),
        n => format!("{} failed the last {} times that it ran", job.label(), rates::count(n)),
    };
    let mut finding = Finding::new(severity, Confidence::High, named(server, What::Job, job.key()), title)
        .about(named(server, What::Database, &job.database))
        .about(Thing::Peer { address: server.into() })
        .evidence("failed_last", job.failed_last)
        .evidence("failed", job.failed)
        .evidence("runs", job.runs)
        .evidence("since_s", job.since_s)
        .evidence("schedule", job.schedule.as_str());
    if !job.message.is_empty() {
        finding =
            finding.evidence("message", job.message.as_str()).because(format!("it said: {}", job.message));
    }
    finding
        .because(format!("job {} in {}, due at \"{}\"", job.id, job.database, job.schedule))
        .remedy(format!(
            "read cron.job_run_details of job {}, and run its command by hand as its owner",
            job.id
        ))
        .next("pg jobs")
}

#[cfg(test)]
mod tests {
    use super::super::cron::tests::{all, hides_nothing, job, judged};
    use super::*;
    use crate::{
        areas::pg::facts::jobs::Jobs,
        model::{Outcome, Reading},
    };

    fn found(job: Job) -> Option<Severity> {
        match judged(&CHECK, all(vec![job])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            Outcome::Clear { looked: 1, unseen: 0 } => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failures_in_a_row_are_found_and_one_of_a_frequent_job_is_not() {
        for (in_a_row, every, severity) in [
            (0, 60.0, None),
            (1, 60.0, None),
            (1, 3599.0, None),
            (1, 3600.0, Some(Severity::Warning)),
            (2, 60.0, Some(Severity::Warning)),
            (9, 60.0, Some(Severity::Warning)),
            (10, 60.0, Some(Severity::Critical)),
        ] {
            let job = Job { failed_last: in_a_row, failed: in_a_row, every_s: Reading::seen(every), ..job() };
            assert_eq!(found(job), severity, "{in_a_row} {every}");
        }
        let job = Job { failed_last: 3, failed: 9, message: "ERROR: division by zero".into(), ..job() };
        let Outcome::Found { findings, .. } = judged(&CHECK, all(vec![job])) else { panic!() };
        let f = &findings[0];
        assert_eq!(f.title, "job refresh failed the last 3 times that it ran");
        assert_eq!(f.subject, named("s", What::Job, "refresh"));
        assert!(f.because[0].contains("division by zero"));
    }

    #[test]
    fn a_job_that_fails_every_other_time_is_found_when_it_ran_often_enough() {
        let half = |runs, failed| found(Job { runs, failed, failed_last: 0, ..job() });
        assert_eq!(half(10, 5), Some(Severity::Warning));
        assert_eq!(half(10, 4), None);
        assert_eq!(half(9, 9), None, "too few to tell");
        assert_eq!(half(0, 0), None);
        assert_eq!(half(1000, 1000), Some(Severity::Warning));
    }

    #[test]
    fn jobs_turned_off_are_left_out_and_those_that_never_ran_are_unseen() {
        let off = Job { active: false, failed_last: 50, ..job() };
        assert!(matches!(judged(&CHECK, all(vec![off])), Outcome::Clear { looked: 0, unseen: 0 }));
        let never = Job { since_s: None, runs: 0, ..job() };
        assert!(matches!(
            judged(&CHECK, all(vec![never.clone()])),
            Outcome::Unknown { why: Why::Absent, .. }
        ));
        let cut = Jobs { cut: true, ..all(vec![never]) };
        assert!(matches!(judged(&CHECK, cut), Outcome::Unknown { why: Why::TooMany, .. }));
        hides_nothing(&CHECK);
    }

    #[test]
    fn our_own_job_that_fails_is_found_also_where_others_are_hidden() {
        let own = Jobs { own_only: true, ..all(vec![Job { failed_last: 2, ..job() }]) };
        assert!(matches!(judged(&CHECK, own), Outcome::Found { unseen: 1, .. }));
    }
}
