//! `pg/autovacuum-blocked`

use super::{
    super::facts::{Facts, replication::Vacuum, session::Session},
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// An automatic vacuum that waits: for a lock on its table (only those against wraparound do that: others leave a table
    /// that is locked alone), or for a page that an open cursor pins. Who holds the lock is asked of the server. How long
    /// it waits for a lock is known on 14 and newer; else, and for a page, how long the vacuum has been at work stands for it.
    /// Vacuums that the server ends because somebody wants their table leave no trace but a line in its log.
    ///
    /// ## Why it matters
    ///
    /// A vacuum against wraparound that never gets its table brings the whole server closer to a full stop. One that waits
    /// for a page takes one of few workers (`autovacuum_max_workers`), and every other table waits behind it.
    ///
    /// ## Confirm
    ///
    /// `SELECT pid, pg_blocking_pids(pid), wait_event, now() - xact_start, query FROM pg_stat_activity WHERE backend_type = 'autovacuum
    /// worker'`. In the server's log: `canceling autovacuum task`.
    ///
    /// ## Fix
    ///
    /// End what is in its way: a session that idles in a transaction with `pg_terminate_backend(PID)` (a cancel does nothing
    /// to it), a statement with `pg_cancel_backend(PID)`, a prepared transaction with `ROLLBACK PREPARED 'GID'`. Do not
    /// end a vacuum against wraparound: it begins anew. Migrations that lock the same table again and again belong into a
    /// quiet hour, with `lock_timeout`.
    "pg/autovacuum-blocked": "an automatic vacuum waits for somebody"
    {
        waits_s: "seconds that it waits for a lock" = 60, 3600;
        pinned_s: "seconds at work, while it waits for a page that somebody pins" = 600, 21_600;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(r) = out.part(&f.replication, "nobody asked for vacuums") else { return };
    let Some(vacuums) =
        out.part(&r.vacuums, "our role may not see background processes: it wants pg_read_all_stats")
    else {
        return;
    };
    let server = peer(f, out);
    out.looked(1);
    out.unseen(vacuums.total() - vacuums.top().len() as u64, Why::TooMany);
    for v in vacuums.top() {
        out.looked(1);
        let locked = !v.blocked_by.is_empty() || v.waits_s.is_some();
        let severity = match (v.waits, locked) {
            (false, _) => None,
            (true, true) => l.waits_s.of(v.waits_s.unwrap_or(v.for_s)),
            (true, false) => l.pinned_s.of(v.for_s),
        };
        if let Some(severity) = severity {
            let locks = out.aside(&f.locks).map_or(&[][..], |l| &l.sessions);
            let kept = out.aside(&f.activity).map_or(&[][..], |a| a.sessions.top());
            let by = locks.iter().chain(kept).find(|s| v.blocked_by.contains(&s.pid));
            out.find(blocked(v, by, locked, severity, &server));
        }
    }
}

fn blocked(v: &Vacuum, by: Option<&Session>, locked: bool, severity: Severity, server: &str) -> Finding {
    let what = if v.against_wraparound() { "vacuum against wraparound" } else { "automatic vacuum" };
    let of = v.table().map_or(String::new(), |t| format!(" of {t}"));
    let waits = rates::span(v.waits_s.unwrap_or(v.for_s));
    let worker = Thing::Session { server: server.into(), pid: v.pid, started_us: v.started_us };
    let session =
        |s: &Session| Thing::Session { server: server.into(), pid: s.pid, started_us: s.started_us };
    let title = match (by, v.blocked_by.first()) {
        (Some(s), _) => format!("{} (pid {}) has kept the {what}{of} waiting for {waits}", s.who(), s.pid),
        (None, Some(0)) => format!("a prepared transaction has kept the {what}{of} waiting for {waits}"),
        (None, Some(pid)) => format!("session {pid} has kept the {what}{of} waiting for {waits}"),
        (None, None) if locked => format!("the {what}{of} has waited for a lock for {waits}"),
        (None, None) => {
            format!("the {what}{of} waits for a page that a session pins, {waits} after it began")
        }
    };
    let confidence = if locked { Confidence::High } else { Confidence::Medium };
    let mut finding = Finding::new(severity, confidence, by.map_or_else(|| worker.clone(), session), title);
    if by.is_some() {
        finding = finding.about(worker);
    }
    if let Some(table) = v.table() {
        finding = finding.about(named(server, What::Relation, table));
    }
    let pids = v.blocked_by.iter().map(ToString::to_string).collect::<Vec<_>>();
    finding = finding
        .about(Thing::Peer { address: server.into() })
        .evidence("vacuum", v.what.as_str())
        .evidence("waits_s", v.waits_s)
        .evidence("for_s", v.for_s)
        .evidence("blocked_by", pids.join(" "));
    if v.against_wraparound() {
        finding = finding
            .because("the server does not give this one up for anybody: it waits until the table is free");
    }
    if let Some(s) = by {
        finding = finding.because(match (s.idle_in_transaction(), s.xact_s) {
            (true, Some(xact)) => {
                format!(
                    "that session idles in a transaction that is {} old, and keeps its locks",
                    rates::span(xact)
                )
            }
            (true, None) => "that session idles in a transaction, and keeps its locks".into(),
            (false, _) => format!("it runs: {}", s.query),
        });
    }
    if !locked {
        finding = finding.because("it waits in BufferPin: a cursor that is open on one of its pages");
    }
    let remedy = match (by, v.blocked_by.first()) {
        (Some(s), _) if s.idle_in_transaction() => {
            format!("SELECT pg_terminate_backend({}): a cancel does nothing to an idle session", s.pid)
        }
        (Some(s), _) => format!("let it end, or SELECT pg_cancel_backend({})", s.pid),
        (None, Some(0)) => {
            "end the prepared transaction: ROLLBACK PREPARED with its name from pg_prepared_xacts".into()
        }
        (None, Some(pid)) => format!("see what session {pid} does before you end it"),
        (None, None) => {
            "look for cursors and transactions that have been open for long; do not end the vacuum".into()
        }
    };
    let next = if by.is_some() || locked { "pg locks" } else { "pg activity" };
    finding.remedy(remedy).next(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::{replication::Replication, session::Activity},
        model::{Defaults, Kept, Outcome, Reading},
    };

    fn vacuum(waits_s: Option<f64>, blocked_by: &[i32]) -> Vacuum {
        Vacuum {
            pid: 77,
            started_us: 5,
            what: "autovacuum: VACUUM public.orders (to prevent wraparound)".into(),
            for_s: 700.0,
            waits: true,
            waits_s,
            blocked_by: blocked_by.to_vec(),
        }
    }
    fn idle(pid: i32) -> Session {
        Session {
            pid,
            started_us: 9,
            application: "billing".into(),
            state: Some("idle in transaction".into()),
            xact_s: Some(7200.0),
            ..Session::default()
        }
    }
    fn outcome(vacuums: Reading<Kept<Vacuum>>, sessions: Vec<Session>) -> Outcome {
        let replication = Replication { vacuums, ..Replication::default() };
        let activity = Activity { sessions: Kept::whole(sessions), ..Activity::default() };
        let facts = Facts {
            target: "s".into(),
            activity: Reading::seen(activity),
            replication: Reading::seen(replication),
            ..Facts::unseen(Why::NotAsked)
        };
        Judging::run(&CHECK, &facts, &Defaults)
    }
    fn one(v: Vacuum, sessions: Vec<Session>) -> Outcome {
        outcome(Reading::seen(Kept::whole(vec![v])), sessions)
    }
    fn severity_of(v: Vacuum) -> Option<Severity> {
        match one(v, vec![]) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            Outcome::Clear { looked: 2, unseen: 0 } => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_vacuum_that_waits_long_is_found_and_the_session_in_its_way_is_named() {
        assert_eq!(severity_of(vacuum(Some(59.0), &[12])), None);
        assert_eq!(severity_of(vacuum(Some(60.0), &[12])), Some(Severity::Warning));
        assert_eq!(severity_of(vacuum(Some(3600.0), &[12])), Some(Severity::Critical));
        assert_eq!(
            severity_of(vacuum(None, &[12])),
            Some(Severity::Warning),
            "an older server does not say since when"
        );
        assert_eq!(severity_of(Vacuum { waits: false, ..vacuum(None, &[]) }), None);
        assert_eq!(severity_of(vacuum(None, &[])), Some(Severity::Warning), "a pinned page");
        assert_eq!(severity_of(Vacuum { for_s: 599.0, ..vacuum(None, &[]) }), None);

        let Outcome::Found { findings, .. } = one(vacuum(Some(90.0), &[12]), vec![idle(12)]) else {
            panic!()
        };
        let f = &findings[0];
        assert_eq!(
            f.title,
            "billing (pid 12) has kept the vacuum against wraparound of public.orders waiting for 1m30s"
        );
        assert_eq!(f.subject, Thing::Session { server: "s".into(), pid: 12, started_us: 9 });
        assert!(f.about.contains(&Thing::Session { server: "s".into(), pid: 77, started_us: 5 }));
        assert!(f.about.contains(&named("s", What::Relation, "public.orders")));
        assert!(f.remedy.contains("pg_terminate_backend(12)"));
    }

    #[test]
    fn nobody_is_told_to_end_pid_0_or_the_vacuum() {
        let Outcome::Found { findings, .. } = one(vacuum(Some(90.0), &[0]), vec![]) else { panic!() };
        assert!(
            findings[0].title.starts_with("a prepared transaction")
                && findings[0].remedy.contains("ROLLBACK PREPARED")
        );
        for by in [&[0][..], &[12], &[]] {
            let Outcome::Found { findings, .. } = one(vacuum(Some(90.0), by), vec![idle(12)]) else {
                panic!()
            };
            assert!(
                !findings[0].remedy.contains("(77)") && !findings[0].remedy.contains("(0)"),
                "{}",
                findings[0].remedy
            );
        }
    }

    #[test]
    fn workers_that_are_hidden_are_unknown_and_none_is_clear() {
        assert!(matches!(
            outcome(Reading::unseen(Why::Denied), vec![]),
            Outcome::Unknown { why: Why::Denied, .. }
        ));
        assert!(matches!(outcome(Reading::seen(Kept::default()), vec![]), Outcome::Clear { looked: 1, .. }));
        let facts = Facts::unseen(Why::NotAsked);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Skipped { .. }));
    }
}
