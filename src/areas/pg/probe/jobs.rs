//! What the scheduler of the database did.

use super::{
    super::facts::{
        jobs::{Job, Jobs},
        schedule,
    },
    row::{Row, rows},
    sql::jobs::RUNS,
};
use crate::{
    model::{Gap, Kept, Seen, Sql, Why},
    source::pg::Rows,
};

/// What is to be asked next, once it is known whether there is a scheduler.
pub(super) enum Cron {
    /// Nothing: this is all there is to say.
    Said(Jobs),
    /// We have no right to look.
    Denied(Gap),
    /// Jobs, and whether runs are written down.
    Ask { jobs: Jobs, logged: bool },
}

/// Whether there is a scheduler, and what we may see of it.
pub(super) fn cron(tables: &[Rows]) -> Seen<Cron> {
    let Some(r) = tables.first().and_then(|t| rows(t).next()) else { return Err(Why::Malformed) };
    let scheduler = r.yes("scheduler");
    if !r.yes("there") {
        return Ok(Cron::Said(Jobs {
            absent: true,
            elsewhere: r.own("elsewhere"),
            scheduler,
            ..Jobs::default()
        }));
    }
    if !r.yes("allowed") {
        return Ok(Cron::Denied(
            Gap::new("jobs of pg_cron", Why::Denied, "our role has no right on the schema cron")
                .remedy("GRANT USAGE ON SCHEMA cron TO our role, and a policy FOR SELECT USING (true)"),
        ));
    }
    let logged = r.yes("logged");
    // The setting is hidden from ordinary roles: what runs they see then tells as much.
    let unlogged = !logged || r.get("log_run") == Some("off");
    let jobs = Jobs { scheduler, own_only: !r.yes("sees_all"), unlogged, ..Jobs::default() };
    Ok(Cron::Ask { jobs, logged })
}

/// The jobs themselves, with what came of their last runs.
pub(super) fn jobs(of: Jobs, tables: &[Rows]) -> Seen<Jobs> {
    let Some(table) = tables.first() else { return Err(Why::Malformed) };
    let first = rows(table).next();
    let number = |column| first.as_ref().and_then(|r| r.number::<u64>(column)).unwrap_or(0);
    let cut = number("looked") >= RUNS;
    let all: Vec<Job> = rows(table).map(|r| job(&r)).collect();
    Ok(Jobs { cut, jobs: Kept::worst(number("total"), all), ..of })
}

fn job(r: &Row) -> Job {
    let running = r.get("running").unwrap_or_default();
    let schedule = r.text("schedule");
    let gaps = schedule::gaps(&schedule).ok_or(Why::Malformed);
    Job {
        id: r.number("id").unwrap_or(0),
        name: r.text("name"),
        database: r.text("database"),
        active: r.yes("active"),
        runs: r.number("runs").unwrap_or(0),
        failed: r.number("failed").unwrap_or(0),
        failed_last: r.number("failed_last").unwrap_or(0),
        overlaps: r.number("overlaps").unwrap_or(0),
        longest_s: r.seconds("longest_s"),
        running_s: running.split(',').filter_map(|s| s.parse().ok()).map(|s: f64| s.max(0.0)).collect(),
        since_s: r.seconds("since_s"),
        unchanged_s: r.seconds("unchanged_s"),
        period_s: gaps.map(|g| g.longest_s).into(),
        every_s: gaps.map(|g| g.shortest_s).into(),
        twin: r.number("twin"),
        message: Sql::from(r.get("message").unwrap_or_default()).shape().as_str().to_string(),
        schedule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reading;

    fn table(columns: &[&str], rows: &[&[Option<&str>]]) -> Rows {
        Rows {
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: rows.iter().map(|r| r.iter().map(|v| v.map(Into::into)).collect()).collect(),
            cut: false,
        }
    }
    fn found(values: [Option<&str>; 7]) -> Cron {
        let columns = ["there", "logged", "log_run", "scheduler", "elsewhere", "allowed", "sees_all"];
        cron(&[table(&columns, &[&values])]).unwrap()
    }
    const T: Option<&str> = Some("t");
    const F: Option<&str> = Some("f");

    #[test]
    fn what_may_be_asked_is_known_before_it_is_asked() {
        // As a superuser of version 1.4 sees it, as a role without rights does, as one does that may look.
        let Cron::Ask { jobs, logged: true } = found([T, T, Some("on"), T, None, T, T]) else {
            panic!("asks")
        };
        assert!(!jobs.own_only && !jobs.unlogged && jobs.scheduler && !jobs.absent);
        let Cron::Denied(gap) = found([T, T, None, T, None, F, F]) else { panic!("denied") };
        assert_eq!(gap.why, Why::Denied);
        let Cron::Ask { jobs, .. } = found([T, T, None, T, None, T, F]) else { panic!("asks") };
        assert!(jobs.own_only && !jobs.unlogged);
        let Cron::Ask { jobs, .. } = found([T, T, Some("off"), T, None, T, T]) else { panic!("asks") };
        assert!(jobs.unlogged);
        let Cron::Ask { jobs, logged: false } = found([T, F, None, T, None, T, T]) else { panic!("asks") };
        assert!(jobs.unlogged);
        let Cron::Said(jobs) = found([F, F, None, T, Some("postgres"), None, None]) else { panic!("said") };
        assert_eq!((jobs.absent, jobs.elsewhere.as_deref()), (true, Some("postgres")));
    }

    #[test]
    fn a_job_is_read_with_its_schedule_and_without_literals() {
        let columns =
            ["id", "name", "schedule", "active", "running", "since_s", "message", "looked", "total"];
        let rows = table(
            &columns,
            &[
                &[
                    Some("1"),
                    Some("nightly"),
                    Some("0 3 * * *"),
                    T,
                    Some("61.5,-0.1"),
                    Some("61.5"),
                    Some("ERROR: no 'secret' of 42"),
                    Some("20000"),
                    Some("2"),
                ],
                &[Some("2"), Some(""), Some("@reboot"), T, None, None, None, Some("20000"), Some("2")],
            ],
        );
        let all = jobs(Jobs::default(), &[rows]).unwrap();
        assert!(all.cut);
        let [a, b] = all.jobs.top() else { panic!("two jobs") };
        assert_eq!((a.running_s.as_slice(), a.since_s), (&[61.5, 0.0][..], Some(61.5)));
        assert_eq!((a.period_s, b.period_s), (Reading::seen(86_400.0), Reading::unseen(Why::Malformed)));
        assert!(!a.message.contains("secret") && !a.message.contains("42"), "{}", a.message);
        assert_eq!((a.label(), b.label()), ("job nightly".to_string(), "job 2".to_string()));
    }
}
