//! `pg/long-transaction`

use super::{
    super::facts::{Facts, server::Server, session::Session},
    who::{client_of, folded, label, others, session, sessions, short},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Transactions of clients that have been open for long, at work or between two statements. Those that merely idle are
    /// `pg/idle-in-transaction`. What takes long by nature is left out: dumps and base backups by their application name,
    /// `VACUUM`, `ANALYZE`, `CREATE INDEX`, `REINDEX`, `CLUSTER` and `COPY` by their statement, and everything that is no client
    /// (autovacuum, standbys, replication workers). Transactions of one application are one finding, those that block somebody
    /// each its own.
    ///
    /// ## Why it matters
    ///
    /// It keeps its locks until it ends, and old row versions of the whole database with them: tables grow, scans slow down.
    /// After a crash of the client its work is lost, and on a standby it holds back replay or is cancelled by it.
    ///
    /// ## Confirm
    ///
    /// `SELECT pid, application_name, state, now() - xact_start AS age, now() - query_start AS statement, age(backend_xmin), query
    /// FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 10`.
    ///
    /// ## Fix
    ///
    /// A statement that runs: `SELECT pg_cancel_backend(pid)` (its transaction is rolled back, which may take as long again for
    /// its client). Batches: commit every few thousand rows. Reports: a standby, or `statement_timeout` and
    /// `transaction_timeout` (17 and newer) for their role. An ORM that opens a transaction for each job: let it end before slow work.
    "pg/long-transaction": "a transaction has been open for long"
    {
        age_s: "age of a transaction, seconds" = 900;
        idle_s: "idle for so long it is pg/idle-in-transaction, seconds" = 60;
    }
    judge(Facts)
}

/// Programs that copy a whole database in one transaction.
const DUMPS: [&str; 9] = [
    "pg_dump",
    "pg_dumpall",
    "pg_basebackup",
    "pg_restore",
    "pgcopydb",
    "pgbackrest",
    "pg_probackup",
    "wal-g",
    "barman",
];
/// Work on whole tables, which somebody asked for by name.
const UPKEEP: [&str; 7] =
    ["vacuum", "analyze", "create index", "create unique index", "reindex", "cluster", "copy"];

/// Whether it copies a whole database.
pub(super) fn is_dump(s: &Session) -> bool {
    let name = s.application.to_ascii_lowercase();
    DUMPS.iter().any(|d| name.starts_with(d))
}

/// Whether its statement takes long by nature.
pub(super) fn is_upkeep(s: &Session) -> bool {
    let query = s.query.trim_start();
    UPKEEP.iter().any(|u| {
        query.get(..u.len()).is_some_and(|start| start.eq_ignore_ascii_case(u))
            && !query[u.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some((server, activity)) = sessions(f, out) else { return };
    let old = |s: &&Session| s.xact_s.is_some_and(|age| age >= at.age_s.value());
    let idles = |s: &Session| s.idle_in_transaction() && s.state_s.is_some_and(|t| t >= at.idle_s.value());
    let kept = &activity.in_transaction;
    let over: Vec<&Session> =
        kept.top().iter().filter(old).filter(|s| !is_dump(s) && !is_upkeep(s) && !idles(s)).collect();
    // The oldest come first: when the last that was kept is too old, so may those be that were not kept.
    if kept.top().last().as_ref().is_some_and(old) {
        out.unseen(kept.total() - kept.top().len() as u64, Why::TooMany);
    }
    for (worst, same) in folded(&over) {
        out.find(finding(server, worst, &same));
    }
}

fn finding(server: &Server, s: &Session, same: &[&Session]) -> Finding {
    let age = s.xact_s.unwrap_or(0.0);
    let active = s.state.as_deref() == Some("active");
    let title = format!("{} has had a transaction open for {}", label(s), rates::span(age));
    let mut finding = Finding::new(Severity::Warning, Confidence::High, session(server, s), title)
        .about(client_of(server, s))
        .evidence("transaction_s", age)
        .evidence("statement_s", s.query_s)
        .evidence("state", s.state.clone())
        .evidence("blocks", s.blocks)
        .evidence("xmin_age", s.holds())
        .evidence("user", s.user.clone())
        .evidence("database", s.database.clone())
        .evidence("sessions", same.len() + 1)
        .evidence("query", short(&s.query));
    let statement = rates::span(s.query_s.unwrap_or(0.0));
    finding = finding.because(match (active, s.query_s) {
        (true, Some(t)) if t >= age * 0.9 => {
            format!("one statement has run for all that time: {}", short(&s.query))
        }
        (true, _) => format!(
            "it is at work, on many statements one after another; this one for {statement}: {}",
            short(&s.query)
        ),
        (false, _) => format!("between two statements just now; the last was {}", short(&s.query)),
    });
    if let Some(told) = others(same) {
        finding = finding.because(told);
    }
    let remedy = if active {
        format!(
            "SELECT pg_cancel_backend({}) rolls it back; commit batches in pieces, bound it by statement_timeout",
            s.pid
        )
    } else {
        format!("SELECT pg_terminate_backend({}) rolls it back; commit batches in pieces", s.pid)
    };
    finding.remedy(remedy).next("pg activity")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};

    fn of(application: &str, query: &str, age: f64) -> Session {
        Session { query: query.into(), ..since(age, client_session(application, "active")) }
    }

    #[test]
    fn the_oldest_transaction_is_named_with_what_it_runs() {
        let f = &found(&CHECK, &server_with(100, [of("report", "SELECT sum(x) FROM t", 900.0)]))[0];
        assert_eq!(f.title, "report (pid 1000) at 10.0.0.9 has had a transaction open for 15m");
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.because, ["one statement has run for all that time: SELECT sum(x) FROM t"]);
        assert!(f.remedy.contains("pg_cancel_backend(1000)"));
    }

    #[test]
    fn many_statements_in_one_transaction_are_as_long() {
        let batch = Session { query_s: Some(0.2), ..of("batch", "INSERT INTO t VALUES (?)", 4000.0) };
        assert!(found(&CHECK, &server_with(100, [batch.clone()]))[0].because[0].contains("many statements"));
        let between = Session { state: Some("idle in transaction".into()), state_s: Some(0.1), ..batch };
        let f = &found(&CHECK, &server_with(100, [between.clone()]))[0];
        assert!(f.remedy.contains("pg_terminate_backend"), "{}", f.remedy);
        let idles = Session { state_s: Some(60.0), ..between };
        clear(&CHECK, &server_with(100, [idles]));
    }

    #[test]
    fn what_takes_long_by_nature_is_left_alone() {
        let copy = "COPY public.orders (id) TO stdout;";
        for s in [
            of("web", "SELECT ?", 899.0),
            of("pg_dump", copy, 9000.0),
            of("pgBackRest [backup]", "select pg_backup_start(?)", 9000.0),
            of("psql", "vacuum (analyze) orders", 9000.0),
            of("psql", "CREATE INDEX CONCURRENTLY i ON t (a)", 9000.0),
            Session { kind: Some("walsender".into()), ..of("standby", "START_REPLICATION ?", 9000.0) },
            Session { kind: Some("autovacuum worker".into()), ..of("", "autovacuum: VACUUM t", 9000.0) },
        ] {
            let what = s.query.clone();
            let facts = server_with(100, [s, client_session("web", "idle")]);
            assert_eq!(clear(&CHECK, &facts).1, 0, "{what}");
        }
        assert_eq!(found(&CHECK, &server_with(100, [of("psql", "vacuum_log_cleanup()", 9000.0)])).len(), 1);
    }

    #[test]
    fn ten_workers_of_one_batch_are_one_finding() {
        let all = (0..10).map(|i| of("batch", "UPDATE t SET a = ?", 1000.0 + f64::from(i)));
        let found = found(&CHECK, &server_with(100, all));
        assert_eq!(found.len(), 1);
        assert!(found[0].title.contains("pid 1009"), "{}", found[0].title);
    }

    #[test]
    fn hidden_transactions_are_not_short_ones() {
        unknown(&CHECK, &without_rights(server_with(100, [hidden_session("web")])), Why::Denied);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
