//! `pg/job-failed`, `pg/job-missed` and `pg/job-overlap`: jobs of a real pg_cron. Its version here starts a job once a minute at
//! the most: too slow for a case. So the jobs are real, and what came of them is written as pg_cron writes it.

use crate::harness::{Case, LIMITS, Postgres, Report, soon};

const CRON: [(&str, &str); 2] =
    [("shared_preload_libraries", "pg_cron"), ("cron.use_background_workers", "on")];
/// Hours cannot be waited for.
const SOON: &str = "[limits.\"pg/job-missed\"]\nlate = [0.0005, 1e6]\ngrace_s = 0\n";
/// Job, how long ago each run began, how long it took, what came of it.
const RUN: &str = "create function run(named text, ago interval, took interval, came text, said text default '') returns void language sql as $$
    insert into cron.job_run_details (jobid, runid, job_pid, database, username, command, status, return_message, start_time, end_time)
    select jobid, nextval('cron.runid_seq'), 1, database, username, command, came, said, now() - ago, now() - ago + took
    from cron.job where jobname = named $$;";

/// A server with these jobs; none of them is due within the next half hour.
fn scheduled<'a>(case: &'a Case, settings: &[(&str, &str)], statements: &str) -> Postgres<'a> {
    let pg = case.postgres(&[&CRON[..], settings].concat());
    pg.sql("postgres", &format!("create extension pg_cron; {RUN} {statements}"));
    pg
}

fn look(case: &Case, pg: &Postgres, user: &str, database: &str) -> Report {
    case.paramedic(&["pg", "jobs", "-d", &pg.url(user, database), "--config", LIMITS])
}

#[test]
fn jobs_that_fail_run_twice_or_not_at_all_are_named() {
    let case = Case::new("db");
    case.write(LIMITS, SOON);
    let leap = "0 0 29 2 *";
    let pg = scheduled(
        &case,
        &[],
        &format!(
            "select cron.schedule('report', '{leap}', 'select 1/0'), cron.schedule('purge', '{leap}', 'select 2'),
               cron.schedule('hourly', ((extract(minute from now()) + 30)::int % 60) || ' * * * *', 'select 3'),
               cron.schedule('well', '{leap}', 'select 4');
             select run('well', '2 hours', '1 second', 'succeeded'), run('well', '1 hour', '1 second', 'succeeded');"
        ),
    );
    // The twin, by the limits of production: what ran well, and what was made just now.
    let before = case.paramedic(&["pg", "jobs", "-d", &pg.url("postgres", "postgres")]);
    before.must_be_silent();
    assert_eq!(before.rows("jobs").len(), 4, "{before}");

    pg.sql(
        "postgres",
        "select run('report', '2 hours', '1 second', 'succeeded'), run('report', '1 hour', '1 second', 'failed', 'ERROR: no ''secret-17'''),
           run('report', '30 minutes', '1 second', 'failed', 'ERROR: no ''secret-17''');
         select run('purge', '3 hours', '2 hours', 'succeeded'), run('purge', '2 hours', '1 second', 'succeeded');
         select run('hourly', '3 hours', '1 second', 'succeeded');
         
         select cron.schedule('0 0 29 2 *', 'vacuum'), cron.schedule('0 0 29 2 *', 'vacuum')",
    );
    let report = look(&case, &pg, "postgres", "postgres");
    let failed = report.must_find("pg/job-failed").must_be("warning").must_blame_named("job", "report");
    failed.must_say("failed_last", 2).must_say("failed", 2).must_say("runs", 3);
    assert!(
        failed.said("message").contains("ERROR") && !report.json.to_string().contains("secret-17"),
        "{report}"
    );
    let overlaps = report.all("pg/job-overlap");
    assert_eq!(overlaps.len(), 2, "{report}");
    for f in overlaps {
        match f.subject()["name"].as_str() {
            Some("purge") => f.must_say("overlaps", 1),
            _ => f.must_say("twin", 5).must_say("job", 6),
        };
    }
    // The server is up for long enough to have started what was due.
    let missed = soon(|| {
        let report = look(&case, &pg, "postgres", "postgres");
        if report.all("pg/job-missed").is_empty() { Err(report.to_string()) } else { Ok(report) }
    });
    assert_eq!(missed.all("pg/job-missed").len(), 1, "{missed}");
    let late = missed.must_find("pg/job-missed").must_be("warning").must_blame_named("job", "hourly");
    late.must_say("period_s", 3600.0).must_measure("since_s", 10_800.0..11_400.0);
    let started = "select count(*) from pg_stat_activity where application_name = 'pg_cron scheduler'";
    assert_eq!(pg.sql("postgres", started), "1", "patient");

    hidden_jobs(&case, &pg);
}

/// What a role may not see is not clear; nor is what another database holds.
fn hidden_jobs(case: &Case, pg: &Postgres) {
    let codes = ["pg/job-failed", "pg/job-missed", "pg/job-overlap"];
    let outcomes = |report: &Report, outcome: &str| {
        for code in codes {
            assert_eq!(report.outcome(code), outcome, "{code} in {report}");
        }
    };
    pg.sql("postgres", "create role low login; create database shop");
    let low = look(case, pg, "low", "postgres");
    outcomes(&low, "unknown");
    low.gap("denied", "jobs of pg_cron");
    // The right to look is not enough: row-level security shows it its own jobs, of which there are none.
    pg.sql("postgres", "grant usage on schema cron to low");
    outcomes(&look(case, pg, "low", "postgres"), "unknown");
    pg.sql(
        "postgres",
        "create policy watch on cron.job for select to low using (true); create policy watch on cron.job_run_details for select to low using (true)",
    );
    look(case, pg, "low", "postgres").must_find("pg/job-failed").must_blame_named("job", "report");
    outcomes(&look(case, pg, "low", "shop"), "skipped");
}

#[test]
fn jobs_whose_runs_are_not_written_down_are_unknown_and_no_scheduler_is_clear() {
    let case = Case::new("db");
    case.write(LIMITS, SOON);
    let pg = scheduled(
        &case,
        &[("cron.log_run", "off")],
        "select cron.schedule('nightly', '0 0 29 2 *', 'select 1')",
    );
    let report = look(&case, &pg, "postgres", "postgres");
    assert_eq!(report.outcome("pg/job-failed"), "unknown", "{report}");
    assert_eq!(report.outcome("pg/job-missed"), "unknown", "{report}");
    pg.sql("postgres", "drop extension pg_cron");
    let without = look(&case, &pg, "postgres", "postgres");
    assert_eq!(without.outcome("pg/job-failed"), "clear", "{without}");
}
