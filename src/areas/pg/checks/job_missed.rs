//! `pg/job-missed`

use super::{
    super::facts::{
        Facts,
        jobs::{Job, Jobs},
    },
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
    /// Jobs of `pg_cron` that did not run for longer than their schedule ever leaves between two runs: from nine to five on
    /// weekdays that is a weekend, on the last day of each month a month. Counted is only time in which the server was up and the
    /// job as it is now, which runs of other jobs tell: `pg_cron` writes down nowhere when a job was made. A job that
    /// runs at this moment has not missed anything, and one that is turned off is not due.
    ///
    /// ## Why it matters
    ///
    /// A job that does not run leaves no trace at all, no error and no line in a log: what it was to do is simply not done.
    ///
    /// ## Confirm
    ///
    /// `SELECT max(start_time) FROM cron.job_run_details WHERE jobid = ID`. Is the scheduler there: `SELECT * FROM pg_stat_activity WHERE
    /// application_name = 'pg_cron scheduler'`. Times of schedules are UTC, unless `cron.timezone` says otherwise.
    ///
    /// ## Fix
    ///
    /// No scheduler: `pg_cron` has to be in `shared_preload_libraries`, and the server's log tells why its worker ended. As many
    /// jobs at once as may run (`cron.max_running_jobs`): others wait; make them shorter, or allow more. A server that was
    /// promoted or restarted just when the job was due: run its command by hand. A schedule that never comes, such as `0 0 30 2 *`: mend it.
    "pg/job-missed": "a scheduled job did not run"
    {
        late: "time without a run, in longest gaps of its schedule" = 1.1, 3;
        grace_s: "seconds that any job may be late" = 300;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(jobs) = cron::jobs(f, out) else { return };
    let Some(server) = out.part(&f.server, "since when the server is up was not seen") else { return };
    let peer = peer(f, out);
    let mut missed: Vec<(Severity, &Job, f64, f64)> = vec![];
    for job in jobs.jobs.top().iter().filter(|j| j.active) {
        if !job.running_s.is_empty() {
            cron::looked(jobs, out);
            continue;
        }
        // `see` counts what it opens; where others are hidden nothing counts as looked at.
        let Some(period) = out.aside(&job.period_s).copied() else {
            out.unseen(1, Why::Malformed);
            continue;
        };
        let late = |s: f64| l.late.of((s - l.grace_s.value()) / period);
        let Some(severity) = late(job.since_s.unwrap_or(f64::INFINITY).min(server.up_s)) else {
            cron::looked(jobs, out);
            continue;
        };
        match (job.since_s, job.unchanged_s) {
            // It may have run before the oldest of the runs that were looked at.
            (None, _) if jobs.cut => out.unseen(1, Why::TooMany),
            // Nothing tells since when it is as it is.
            (_, None) => out.unseen(1, Why::Absent),
            (_, Some(unchanged)) => {
                cron::looked(jobs, out);
                let without = job.since_s.unwrap_or(f64::INFINITY).min(server.up_s).min(unchanged);
                if let Some(s) = late(without) {
                    missed.push((s.min(severity), job, without, period));
                }
            }
        }
    }
    match missed.first() {
        Some((_, _, without, _)) if !jobs.scheduler => out.find(nobody(jobs, missed.len(), *without, &peer)),
        _ => missed.iter().for_each(|(severity, job, without, period)| {
            out.find(late_one(job, *severity, *without, *period, &peer));
        }),
    }
}

fn nobody(jobs: &Jobs, missed: usize, without: f64, server: &str) -> Finding {
    let title = format!(
        "the scheduler of pg_cron does not run: {missed} of {} jobs did not run when they should have",
        rates::count(jobs.jobs.total())
    );
    Finding::new(Severity::Critical, Confidence::High, Thing::Peer { address: server.into() }, title)
        .evidence("missed", missed)
        .evidence("without_s", without)
        .because("no session calls itself \"pg_cron scheduler\", and jobs are overdue")
        .remedy("is pg_cron in shared_preload_libraries? The server's log tells why its worker ended")
        .next("pg jobs")
}

fn late_one(job: &Job, severity: Severity, without: f64, period: f64, server: &str) -> Finding {
    let title = match job.since_s {
        Some(s) => format!("{} has not run for {}, and was due", job.label(), rates::span(s)),
        None => format!("{} has not run at all, and was due", job.label()),
    };
    let mut finding = Finding::new(severity, Confidence::High, named(server, What::Job, job.key()), title)
        .about(named(server, What::Database, &job.database))
        .about(Thing::Peer { address: server.into() })
        .evidence("without_s", without)
        .evidence("since_s", job.since_s)
        .evidence("period_s", period)
        .evidence("schedule", job.schedule.as_str())
        .because(format!("\"{}\" leaves at most {} between two runs", job.schedule, rates::span(period)));
    finding = match job.since_s {
        None => finding.because("no run of it is written down"),
        Some(s) if s > without => finding.because(format!(
            "its last run began {} ago; only time is counted in which the server was up and the job as it is",
            rates::span(s)
        )),
        Some(_) => finding,
    };
    finding
        .remedy("see whether too many jobs run at once (cron.max_running_jobs), and read the server's log of when it was due")
        .next("pg jobs")
}

#[cfg(test)]
mod tests {
    use super::super::cron::tests::{all, hides_nothing, job, judged};
    use super::*;
    use crate::model::{Outcome, Reading};

    fn found(job: Job) -> Option<Severity> {
        match judged(&CHECK, all(vec![job])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            Outcome::Clear { looked: 1, unseen: 0 } => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_job_is_missed_after_its_longest_gap_and_some_grace() {
        let day = 86_400.0;
        let daily = |since| Job {
            period_s: Reading::seen(day),
            since_s: Some(since),
            unchanged_s: Some(1e7),
            ..job()
        };
        assert_eq!(found(daily(day)), None);
        assert_eq!(found(daily(1.1 * day + 299.0)), None);
        assert_eq!(found(daily(1.1 * day + 301.0)), Some(Severity::Warning));
        assert_eq!(found(daily(3.0 * day + 301.0)), Some(Severity::Critical));
        // Of every minute: the grace is what decides.
        assert_eq!(found(Job { since_s: Some(360.0), ..job() }), None);
        assert_eq!(found(Job { since_s: Some(370.0), ..job() }), Some(Severity::Warning));
        let Outcome::Found { findings, .. } = judged(&CHECK, all(vec![daily(2.0 * day)])) else { panic!() };
        assert_eq!(findings[0].title, "job refresh has not run for 2d0h, and was due");
        assert_eq!(findings[0].subject, named("s", What::Job, "refresh"));
    }

    #[test]
    fn what_runs_now_what_is_new_and_what_is_off_has_missed_nothing() {
        let late = Job { since_s: Some(1e6), unchanged_s: Some(1e6), ..job() };
        assert_eq!(found(Job { running_s: vec![1e6], ..late.clone() }), None);
        assert_eq!(
            found(Job { unchanged_s: Some(100.0), ..late.clone() }),
            None,
            "changed since its last run"
        );
        assert_eq!(found(Job { since_s: None, unchanged_s: Some(100.0), ..late.clone() }), None, "just made");
        assert_eq!(found(Job { since_s: None, ..late.clone() }), Some(Severity::Critical), "never ran");
        let off = Job { active: false, ..late.clone() };
        assert!(matches!(judged(&CHECK, all(vec![off])), Outcome::Clear { looked: 0, unseen: 0 }));
        let reboot = Job { period_s: Reading::unseen(Why::Malformed), ..late.clone() };
        assert!(matches!(judged(&CHECK, all(vec![reboot])), Outcome::Unknown { why: Why::Malformed, .. }));
        let untold = Job { unchanged_s: None, ..late.clone() };
        assert!(matches!(judged(&CHECK, all(vec![untold])), Outcome::Unknown { why: Why::Absent, .. }));
        let cut = Jobs { cut: true, ..all(vec![Job { since_s: None, ..late }]) };
        assert!(matches!(judged(&CHECK, cut), Outcome::Unknown { why: Why::TooMany, .. }));
        hides_nothing(&CHECK);
    }

    #[test]
    fn without_a_scheduler_it_is_one_finding() {
        let late = Job { since_s: Some(1e6), unchanged_s: Some(1e6), ..job() };
        let jobs = Jobs { scheduler: false, ..all(vec![late.clone(), Job { id: 8, ..late }, job()]) };
        let Outcome::Found { findings, .. } = judged(&CHECK, jobs) else { panic!() };
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("scheduler of pg_cron does not run: 2 of 3"),
            "{}",
            findings[0].title
        );
        let well = Jobs { scheduler: false, ..all(vec![job()]) };
        assert!(
            matches!(judged(&CHECK, well), Outcome::Clear { .. }),
            "a standby has none, and its jobs ran"
        );
    }
}
