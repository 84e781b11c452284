//! `pg/job-overlap`

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
    /// Work of `pg_cron` that is done twice at a time, or would be: a run that began while another of the same job was under way;
    /// two active jobs with the same command, database and schedule; and a job that takes much longer than its schedule
    /// leaves until the next run. `pg_cron` starts no job a second time while it runs: such a job is always late instead, and one run
    /// follows the other without a pause.
    ///
    /// ## Why it matters
    ///
    /// Two runs of what was written to run alone do the work twice, wait for each other's locks, or delete what the other
    /// one reads. A job that never pauses takes a session and a processor for good, keeps old row versions alive, and holds
    /// the place of other jobs (`cron.max_running_jobs`).
    ///
    /// ## Confirm
    ///
    /// `SELECT jobid, start_time, end_time - start_time FROM cron.job_run_details WHERE jobid = ID ORDER BY runid DESC LIMIT 10`, and `SELECT jobid,
    /// jobname, schedule FROM cron.job WHERE command = (SELECT command FROM cron.job WHERE jobid = ID)`.
    ///
    /// ## Fix
    ///
    /// Twins: `SELECT cron.unschedule(ID)` for one of them; `cron.schedule` with a name replaces the job of that name, without one
    /// it adds another each time a migration runs. Long runs: do less in each (batches), give them an index, or schedule them less
    /// often. Let the command itself refuse to run twice: `SELECT pg_try_advisory_lock(…)`.
    "pg/job-overlap": "a scheduled job runs twice at a time, or without a pause"
    {
        overlaps: "runs of the last day that began while another was under way" = 1, 100;
        long: "longest run, in shortest gaps of its schedule" = 1.5, 10;
        least_s: "seconds; a run that takes fewer is not long" = 60;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(jobs) = cron::jobs(f, out) else { return };
    let server = peer(f, out);
    for job in jobs.jobs.top().iter().filter(|j| j.active) {
        if let Some(twin) = job.twin {
            out.find(doubled(job, twin, &server));
        }
        if job.since_s.is_none() {
            out.unseen(1, if jobs.cut { Why::TooMany } else { Why::Absent });
            continue;
        }
        cron::looked(jobs, out);
        if let Some(severity) = l.overlaps.of(job.overlaps as f64) {
            out.find(at_once(job, severity, &server));
            continue;
        }
        // Without a schedule that is understood, overlaps alone are judged.
        let Some(every) = out.aside(&job.every_s).copied() else { continue };
        let longest = job.running_s.iter().copied().chain(job.longest_s).fold(0.0, f64::max);
        if let Some(severity) = l.long.of(longest / every).filter(|_| longest >= l.least_s.value()) {
            out.find(without_a_pause(job, severity, longest, every, &server));
        }
    }
}

fn found(job: &Job, severity: Severity, title: String, server: &str) -> Finding {
    Finding::new(severity, Confidence::High, named(server, What::Job, job.key()), title)
        .about(named(server, What::Database, &job.database))
        .about(Thing::Peer { address: server.into() })
        .evidence("schedule", job.schedule.as_str())
        .next("pg jobs")
}

fn doubled(job: &Job, twin: i64, server: &str) -> Finding {
    let title = format!("{} is there twice: job {twin} does the same at the same times", job.label());
    found(job, Severity::Warning, title, server)
        .evidence("job", job.id.unsigned_abs())
        .evidence("twin", twin.unsigned_abs())
        .because(format!("both are active, with the same command, database and schedule ({})", job.schedule))
        .remedy(format!("SELECT cron.unschedule({}), if it is not meant", job.id))
}

fn at_once(job: &Job, severity: Severity, server: &str) -> Finding {
    let times =
        if job.overlaps == 1 { "once".into() } else { format!("{} times", rates::count(job.overlaps)) };
    found(
        job,
        severity,
        format!("{} began while it was under way, {times} in the last day", job.label()),
        server,
    )
    .evidence("overlaps", job.overlaps)
    .evidence("runs", job.runs)
    .evidence("longest_s", job.longest_s)
    .because("a run of it is written down that began before an earlier one ended")
    .remedy("let its command refuse to run twice: pg_try_advisory_lock; and see who starts it beside pg_cron")
}

fn without_a_pause(job: &Job, severity: Severity, longest: f64, every: f64, server: &str) -> Finding {
    let now = job.running_s.iter().any(|s| *s >= longest);
    let title = match now {
        true => format!(
            "{} has run for {}, and is due every {}",
            job.label(),
            rates::span(longest),
            rates::span(every)
        ),
        false => {
            format!("{} took {}, and is due every {}", job.label(), rates::span(longest), rates::span(every))
        }
    };
    found(job, severity, title, server)
        .evidence("longest_s", longest)
        .evidence("every_s", every)
        .evidence("runs", job.runs)
        .because("pg_cron starts no job while it runs: the next run waits, and later ones are left out")
        .remedy("do less in each run, or schedule it less often")
}

#[cfg(test)]
mod tests {
    use super::super::cron::tests::{all, hides_nothing, job, judged};
    use super::*;
    use crate::model::{Outcome, Reading};

    fn found_in(job: Job) -> Vec<(Severity, String)> {
        match judged(&CHECK, all(vec![job])) {
            Outcome::Found { findings, .. } => findings.into_iter().map(|f| (f.severity, f.title)).collect(),
            Outcome::Clear { looked: 1, unseen: 0 } => vec![],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn runs_at_a_time_are_found() {
        assert_eq!(
            found_in(Job { overlaps: 1, ..job() }),
            [(
                Severity::Warning,
                "job refresh began while it was under way, once in the last day".to_string()
            )]
        );
        assert_eq!(found_in(Job { overlaps: 100, ..job() })[0].0, Severity::Critical);
    }

    #[test]
    fn a_run_that_outlasts_its_schedule_by_much_is_found_and_a_little_is_not() {
        let took = |s| Job { longest_s: Some(s), ..job() };
        assert!(found_in(took(89.0)).is_empty());
        assert_eq!(
            found_in(took(90.0))[0],
            (Severity::Warning, "job refresh took 1m30s, and is due every 1m".into())
        );
        assert_eq!(found_in(took(600.0))[0].0, Severity::Critical);
        let now = Job { running_s: vec![400.0], ..job() };
        assert!(found_in(now)[0].1.starts_with("job refresh has run for 6m40s"));
        let quick = Job { every_s: Reading::seen(5.0), longest_s: Some(59.0), ..job() };
        assert!(found_in(quick).is_empty(), "a job of every few seconds that takes some");
        let nightly = Job { every_s: Reading::seen(86_400.0), longest_s: Some(7200.0), ..job() };
        assert!(found_in(nightly).is_empty());
        let reboot = Job { every_s: Reading::unseen(Why::Malformed), longest_s: Some(1e5), ..job() };
        assert!(found_in(reboot).is_empty());
    }

    #[test]
    fn twins_are_found_also_before_they_ran() {
        let twin = Job { twin: Some(3), since_s: None, ..job() };
        let Outcome::Found { findings, unseen: 1 } = judged(&CHECK, all(vec![twin])) else { panic!() };
        assert_eq!(findings[0].title, "job refresh is there twice: job 3 does the same at the same times");
        assert!(findings[0].remedy.contains("cron.unschedule(7)"));
        hides_nothing(&CHECK);
    }
}
