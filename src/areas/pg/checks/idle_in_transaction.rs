//! `pg/idle-in-transaction`

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
    /// Sessions that began a transaction and then do nothing: who, for how long, and how many sessions wait for them. One that
    /// blocks somebody is a finding of its own, and sooner; others of one application are one finding. Transactions that
    /// failed and were not rolled back count too. A moment of idleness between two statements is ordinary.
    ///
    /// ## Why it matters
    ///
    /// It keeps every lock it took, so that an `ALTER TABLE` or an update of the same row waits for as long as it idles, and all
    /// that comes behind that one. It keeps one slot, and old row versions that vacuum cannot remove.
    ///
    /// ## Confirm
    ///
    /// `SELECT pid, application_name, client_addr, now() - state_change AS idle, now() - xact_start AS age, query FROM
    /// pg_stat_activity WHERE state LIKE 'idle in transaction%' ORDER BY 4 DESC`. The query shown is its last one, not
    /// necessarily the one that took the lock. Whom it blocks: `paramedic pg locks`.
    ///
    /// ## Fix
    ///
    /// Now: `SELECT pg_terminate_backend(pid)`. `pg_cancel_backend` does nothing here: there is no statement to cancel. For good:
    /// `ALTER ROLE app SET idle_in_transaction_session_timeout = '30s'`, and the code: no calls to other services between
    /// `BEGIN` and `COMMIT`, a rollback on every way out (node-postgres `client.release()` in `finally` after `ROLLBACK`, SQLAlchemy
    /// `with session.begin()`, psycopg `with conn.transaction()`, Spring `@Transactional` around nothing slow).
    "pg/idle-in-transaction": "a session idles inside a transaction"
    {
        idle_s: "idle inside a transaction, seconds" = 60;
        blocking_s: "the same while others wait for it, seconds" = 10, 60;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some((server, activity)) = sessions(f, out) else { return };
    let judged = |s: &Session| {
        let idle = s.state_s?;
        let quiet = (idle >= at.idle_s.value()).then_some(Severity::Warning);
        if s.blocks > 0 { at.blocking_s.of(idle).max(quiet) } else { quiet }
    };
    let kept = &activity.idle_in_transaction;
    let over: Vec<&Session> = kept.top().iter().filter(|s| judged(s).is_some()).collect();
    // They come worst first: when the last that was kept is over the limit, so may those be that were not kept.
    if kept.top().last().is_some_and(|last| last.blocks > 0 || judged(last).is_some()) {
        out.unseen(kept.total() - kept.top().len() as u64, Why::TooMany);
    }
    for (worst, same) in folded(&over) {
        if let Some(severity) = judged(worst) {
            let waits = longest(f, worst, out);
            out.find(finding(server, worst, &same, severity, waits));
        }
    }
}

/// The longest wait for it, seconds, as far as the locks were looked at and the server tells it.
fn longest(f: &Facts, s: &Session, out: &mut Judging) -> Option<f64> {
    let locks = out.aside(&f.locks)?;
    let root = locks.forest.roots.top().iter().find(|r| r.who.iter().any(|w| w.pid() == Some(s.pid)))?;
    locks.longest_s(root)
}

fn finding(
    server: &Server,
    s: &Session,
    same: &[&Session],
    severity: Severity,
    waits_s: Option<f64>,
) -> Finding {
    let idle = s.state_s.unwrap_or(0.0);
    let aborted = s.state.as_deref().is_some_and(|state| state.contains("aborted"));
    let what = if aborted { "a failed transaction" } else { "a transaction" };
    let blocks = match s.blocks {
        0 => String::new(),
        1 => ", and 1 session waits for it".into(),
        n => format!(", and {} sessions wait for it", rates::count(n.into())),
    };
    let title = format!("{} has been idle inside {what} for {}{blocks}", label(s), rates::span(idle));
    let mut finding = Finding::new(severity, Confidence::High, session(server, s), title)
        .about(client_of(server, s))
        .evidence("idle_s", idle)
        .evidence("transaction_s", s.xact_s)
        .evidence("blocks", s.blocks)
        .evidence("longest_wait_s", waits_s)
        .evidence("state", s.state.clone())
        .evidence("user", s.user.clone())
        .evidence("database", s.database.clone())
        .evidence("client", s.client.clone())
        .evidence("sessions", same.len() + 1)
        .evidence("last_query", short(&s.query));
    if let Some(age) = s.xact_s {
        let began = rates::span(age);
        finding = finding.because(format!("its transaction is {began} old, and keeps every lock it took"));
    }
    finding = finding.because(format!(
        "its last statement was {}: not necessarily the one that took the locks",
        short(&s.query)
    ));
    if let Some(told) = others(same) {
        finding = finding.because(told);
    }
    for other in same.iter().take(8) {
        finding = finding.about(session(server, other));
    }
    finding
        .remedy(format!(
            "SELECT pg_terminate_backend({}) (pg_cancel_backend does nothing to it); then idle_in_transaction_session_timeout",
            s.pid
        ))
        .next(if s.blocks > 0 { "pg locks" } else { "pg activity" })
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::Thing;

    fn idle(seconds: f64, blocks: u32) -> Session {
        Session { blocks, ..since(seconds, client_session("web", "idle in transaction")) }
    }
    fn one(s: Session) -> Facts {
        server_with(100, [s, client_session("web", "active")])
    }

    #[test]
    fn who_idles_inside_a_transaction_is_named_with_the_advice_that_works() {
        let f = &found(&CHECK, &one(idle(75.0, 0)))[0];
        assert_eq!(f.title, "web (pid 1000) at 10.0.0.9 has been idle inside a transaction for 1m15s");
        assert_eq!(f.severity, Severity::Warning);
        let subject = Thing::Session { server: PEER.into(), pid: 1000, started_us: 1_000_000_000 };
        assert_eq!(f.subject, subject);
        assert!(f.remedy.starts_with("SELECT pg_terminate_backend(1000)"), "{}", f.remedy);
    }

    #[test]
    fn blocking_others_it_is_found_sooner_and_is_worse() {
        let severity = |s| match outcome(&CHECK, &one(s)) {
            crate::model::Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        };
        assert_eq!(severity(idle(59.9, 0)), None);
        assert_eq!(severity(idle(60.0, 0)), Some(Severity::Warning));
        assert_eq!(severity(idle(9.9, 3)), None);
        assert_eq!(severity(idle(10.0, 3)), Some(Severity::Warning));
        assert_eq!(severity(idle(60.0, 3)), Some(Severity::Critical));
        let f = &found(&CHECK, &one(idle(30.0, 3)))[0];
        assert!(f.title.ends_with("for 30s, and 3 sessions wait for it"), "{}", f.title);
    }

    #[test]
    fn a_failed_transaction_that_nobody_rolled_back_counts() {
        let s = Session { state: Some("idle in transaction (aborted)".into()), ..idle(70.0, 0) };
        assert!(found(&CHECK, &one(s))[0].title.contains("idle inside a failed transaction"));
    }

    #[test]
    fn a_leak_is_one_finding_and_each_blocker_its_own() {
        let leak = (0..5).map(|i| idle(100.0 + f64::from(i), 0));
        let found = found(&CHECK, &server_with(100, leak.chain([idle(20.0, 1), idle(30.0, 2)])));
        let pids: Vec<_> = found.iter().map(|f| f.title.clone()).collect();
        assert_eq!(found.len(), 3, "{pids:?}");
        let leak = found.iter().find(|f| f.title.contains("pid 1004")).unwrap();
        assert!(
            leak.because.iter().any(|b| b == "4 more of web are the same (pid 1003, 1002, 1001, …)"),
            "{:?}",
            leak.because
        );
        assert!(leak.evidence.contains(&("sessions", 5usize.into())));
    }

    #[test]
    fn transactions_at_work_and_sessions_at_rest_are_well() {
        let rest =
            [since(900.0, client_session("web", "idle")), since(900.0, client_session("web", "active"))];
        assert_eq!(clear(&CHECK, &server_with(100, rest)), (2, 0));
    }

    #[test]
    fn what_was_left_out_and_what_is_hidden_is_counted() {
        let many = server_with(500, (0..100).map(|_| idle(100.0, 0)));
        let crate::model::Outcome::Found { unseen, .. } = outcome(&CHECK, &many) else { panic!("found") };
        assert_eq!(unseen, 36);
        clear(&CHECK, &server_with(500, (0..100).map(|_| idle(1.0, 0))));
        let hidden = || server_with(100, [hidden_session("web"), client_session("me", "idle")]);
        assert_eq!(clear(&CHECK, &hidden()), (1, 1), "a role that may see nearly all has seen enough");
        unknown(&CHECK, &without_rights(hidden()), Why::Denied);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
