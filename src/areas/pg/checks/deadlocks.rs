//! `pg/deadlocks`

use super::super::facts::{
    Facts,
    log::{Group, LogFacts, Step},
    server::Database,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Deadlocks that the server ended by failing a transaction with SQLSTATE 40P01. Live: how many each database counted, over
    /// the time since the last look or since its counters were reset, if that is short enough to say something about today. A
    /// counter of a lifetime is never made a rate. With `--log` the graphs themselves out of the server's log: who waited for
    /// whom and with which statement; deadlocks with the same locks and statements are one group.
    ///
    /// ## Why it matters
    ///
    /// Each is a transaction that failed after waiting for `deadlock_timeout`, and all those behind it waited as long. Few
    /// applications try again. The rate grows with the square of the load.
    ///
    /// ## Confirm
    ///
    /// `SELECT datname, deadlocks, stats_reset FROM pg_stat_database` twice. What they were is in the server's log only:
    /// `paramedic pg deadlocks --log /var/log/postgresql/postgresql-15-main.log`, or
    /// `kubectl logs POD | paramedic pg deadlocks --log -`. `SHOW log_error_verbosity` must not be `terse`.
    ///
    /// ## Fix
    ///
    /// Lock in the same order everywhere: sort the keys before `UPDATE … WHERE id = ANY(…)`, or take the rows first with
    /// `SELECT … ORDER BY id FOR UPDATE`. Take the strongest lock first: `FOR UPDATE` before `UPDATE`, `FOR NO KEY UPDATE`
    /// where no key changes. An index on every foreign key column. Shorter transactions. Whatever is left: try the whole
    /// transaction again on 40P01.
    "pg/deadlocks": "transactions fail in deadlocks"
    {
        per_hour: "deadlocks, an hour" = 10;
        recent_h: "an average over a longer time says nothing about today, hours" = 24;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    // Which of the two is asked is said on the command line: the other is no hole.
    match out.aside(&f.log) {
        Some(log) => of_log(log, at, out),
        None => of_counters(f, at, out),
    }
}

fn of_log(log: &LogFacts, at: &Limits, out: &mut Judging) {
    out.unseen(log.unread, Why::Malformed);
    out.unseen(u64::from(log.ended_early), Why::TimedOut);
    // Deadlocks that were not understood are deadlocks: a log with nothing but those is not clear.
    if log.unread == 0 || log.deadlocks > 0 {
        out.looked(log.lines);
    }
    for group in log.groups.top() {
        out.find(in_log(group, log, at));
    }
}

fn in_log(group: &Group, log: &LogFacts, at: &Limits) -> Finding {
    let name = |s: &Step| {
        s.statement
            .as_ref()
            .map_or_else(|| "a statement that the log does not tell".to_string(), ToString::to_string)
    };
    let (subject, of) = match group.relations.first() {
        Some(relation) => (What::Relation, relation.to_string()),
        None => (What::Statement, group.steps.first().map(name).unwrap_or_default()),
    };
    let at_what = if subject == What::Relation { format!(" at {of}") } else { String::new() };
    let times = if group.count == 1 { "once".into() } else { format!("{} times", rates::count(group.count)) };
    let title = format!("{} sessions deadlocked {times}{at_what}", group.members);
    // One in a log of five minutes is not twelve an hour.
    let hours = span_h(log).map(|h| h.max(1.0));
    let often = hours.map_or(group.count as f64, |h| group.count as f64 / h) >= at.per_hour.value();
    let severity = if often { Severity::Warning } else { Severity::Notice };
    let thing = Thing::Named { what: subject, server: "log".into(), name: of };
    let mut finding = Finding::new(severity, Confidence::High, thing, title)
        .evidence("count", group.count)
        .evidence("per_hour", group.per_hour)
        .evidence("sessions", group.members)
        .evidence("first", group.first.as_ref().map(|w| w.text.clone()))
        .evidence("last", group.last.as_ref().map(|w| w.text.clone()));
    for step in &group.steps {
        let victim = if step.victim > 0 {
            format!(", the victim {} of {}", step.victim, group.count)
        } else {
            String::new()
        };
        finding = finding.because(format!("{} waits with {}{victim}", name(step), step.mode.name()));
    }
    if let Some(since) = group.first.as_ref().and_then(|w| w.utc) {
        finding.since = Some(since);
    }
    finding
        .remedy(
            "take these locks in the same order everywhere, and try the transaction again on SQLSTATE 40P01",
        )
        .next("explain pg/deadlocks")
}

fn span_h(log: &LogFacts) -> Option<f64> {
    let (first, last) = log.first.as_ref().zip(log.last.as_ref())?;
    Some((last.clock_ms - first.clock_ms).max(0) as f64 / 3_600_000.0)
}

fn of_counters(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(databases) = out.part(&f.databases, "the counters of the databases") else { return };
    let server = out.aside(&f.server).map(|s| s.peer.clone()).unwrap_or_default();
    let mut rated = false;
    for database in databases.top() {
        let Some((count, seconds)) = window(database, at) else { continue };
        rated = true;
        out.looked(1);
        let per_hour = count as f64 * 3600.0 / seconds.max(3600.0);
        if per_hour >= at.per_hour.value() {
            out.find(counted(database, &server, count, seconds, per_hour));
        }
    }
    out.unseen(databases.total() - databases.top().len() as u64, Why::TooMany);
    if !rated {
        let once: Reading<()> = Reading::unseen(Why::NotAsked);
        out.part(&once, "counters of a lifetime are no rate; --log FILE tells the deadlocks of a log");
    }
}

/// Deadlocks, and the seconds in which they were; none when that is too long ago to say something.
fn window(d: &Database, at: &Limits) -> Option<(u64, f64)> {
    let recent = |s: &f64| *s <= at.recent_h.value() * 3600.0;
    match (d.lately, d.reset_s.filter(recent)) {
        (Some(lately), _) => Some(lately),
        (None, Some(s)) => Some((d.deadlocks, s)),
        // None in a lifetime are none today.
        (None, None) => (d.deadlocks == 0).then_some((0, 0.0)),
    }
}

fn counted(d: &Database, server: &str, count: u64, seconds: f64, per_hour: f64) -> Finding {
    let thing = Thing::Named { what: What::Database, server: server.into(), name: d.name.clone() };
    let title =
        format!("{} deadlocks in {} of database {}", rates::count(count), rates::span(seconds), d.name);
    Finding::new(Severity::Warning, Confidence::High, thing, title)
        .evidence("deadlocks", count)
        .evidence("window_s", seconds)
        .evidence("per_hour", per_hour)
        .because("each failed a transaction of somebody with SQLSTATE 40P01")
        .remedy("read in the server's log which statements they are: pg deadlocks --log FILE")
        .next("pg locks")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Kept, Outcome};

    fn database(deadlocks: u64, reset_s: Option<f64>, lately: Option<(u64, f64)>) -> Facts {
        let database = Database { name: "shop".into(), deadlocks, reset_s, lately, ..Database::default() };
        Facts { databases: Reading::seen(Kept::whole(vec![database])), ..Facts::unseen(Why::NotAsked) }
    }
    /// A pair of sessions that deadlocks once a minute.
    fn log(count: u32, minutes: u32) -> Facts {
        let report = |minute: u32| {
            format!(
                "2026-11-22 06:{minute:02}:00 UTC [7] ERROR:  deadlock detected\n\
                 2026-11-22 06:{minute:02}:00 UTC [7] DETAIL:  Process 7 waits for ShareLock on transaction 1; blocked by process 8.\n\
                 \tProcess 8 waits for ShareLock on transaction 2; blocked by process 7.\n\
                 \tProcess 7: UPDATE a SET v = 'secret'\n\tProcess 8: DELETE FROM b\n\
                 2026-11-22 06:{minute:02}:00 UTC [7] CONTEXT:  while updating tuple (0,2) in relation \"account\"\n"
            )
        };
        let text: String = (0..count).map(report).collect();
        scanned(&format!("{text}2026-11-22 06:{minutes:02}:00 UTC [7] LOG:  ready\n"))
    }
    fn scanned(text: &str) -> Facts {
        let mut scan = super::super::super::facts::log::Scan::default();
        scan.feed(text.as_bytes());
        Facts { log: Reading::seen(scan.finish(true)), ..Facts::unseen(Why::NotAsked) }
    }

    #[test]
    fn a_rate_is_one_of_a_window_and_not_of_a_lifetime() {
        let f = &found(&CHECK, &database(900, None, Some((10, 3600.0))))[0];
        assert_eq!((f.severity, &f.title[..]), (Severity::Warning, "10 deadlocks in 1h00m of database shop"));
        assert!(matches!(&f.subject, Thing::Named { what: What::Database, name, .. } if name == "shop"));
        assert!(matches!(outcome(&CHECK, &database(900, None, Some((9, 3600.0)))), Outcome::Clear { .. }));
        assert_eq!(found(&CHECK, &database(240, Some(24.0 * 3600.0), None)).len(), 1);
        assert!(matches!(
            outcome(&CHECK, &database(9_000_000, Some(25.0 * 3600.0), None)),
            Outcome::Skipped { .. }
        ));
        assert!(matches!(outcome(&CHECK, &database(9_000_000, None, None)), Outcome::Skipped { .. }));
        assert!(matches!(outcome(&CHECK, &database(0, None, None)), Outcome::Clear { .. }));
    }

    #[test]
    fn a_few_soon_after_a_reset_are_no_rate() {
        assert!(matches!(outcome(&CHECK, &database(9, Some(60.0), None)), Outcome::Clear { .. }));
        assert_eq!(found(&CHECK, &database(10, Some(60.0), None)).len(), 1);
    }

    #[test]
    fn a_graph_of_the_log_names_the_statements_and_no_literal() {
        let f = &found(&CHECK, &log(12, 59))[0];
        assert_eq!(
            (f.severity, &f.title[..]),
            (Severity::Warning, "2 sessions deadlocked 12 times at account")
        );
        assert_eq!(
            f.because,
            [
                "DELETE FROM b waits with ShareLock",
                "UPDATE a SET v = ? waits with ShareLock, the victim 12 of 12"
            ]
        );
        assert_eq!(f.since.unwrap().to_string(), "2026-11-22T06:00:00.000Z");
        assert_eq!(found(&CHECK, &log(9, 59))[0].severity, Severity::Notice);
        assert_eq!(
            found(&CHECK, &log(2, 5))[0].severity,
            Severity::Notice,
            "two in five minutes are not 24 an hour"
        );
    }

    #[test]
    fn a_log_without_deadlocks_is_clear_and_one_that_was_not_understood_is_not() {
        assert!(matches!(outcome(&CHECK, &log(0, 59)), Outcome::Clear { unseen: 0, .. }));
        let terse = scanned("2026-11-22 06:58:57.546 UTC [7] ERROR:  deadlock detected\n");
        assert!(matches!(outcome(&CHECK, &terse), Outcome::Unknown { why: Why::Malformed, .. }));
    }

    #[test]
    fn what_nobody_asked_for_is_skipped_and_what_was_refused_is_unknown() {
        assert!(matches!(outcome(&CHECK, &Facts::unseen(Why::NotAsked)), Outcome::Skipped { .. }));
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::Denied)),
            Outcome::Unknown { why: Why::Denied, .. }
        ));
    }
}
