//! `pg/lock-wait`

use super::{
    super::facts::{
        Facts,
        locks::{Root, RootKind, Who},
        waits::Locks,
    },
    advice, thing,
    who::unknown_since,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, rates},
};

check! {
    /// ## What it sees
    ///
    /// Sessions that wait for a lock, and at whom their waiting ends: the root blocker, which waits for nobody itself. The
    /// edges are computed from the lock table and the table of conflicting modes: *hard* ones lead to whoever has the lock,
    /// *soft* ones to requests that stand ahead in its queue. Sessions of one parallel query count as one. Cycles, queues
    /// behind one request and idle sessions with advisory locks have checks of their own.
    ///
    /// ## Why it matters
    ///
    /// Each session that waits holds a connection of a pool and whatever else it has locked. A pool of ten is empty after
    /// ten such waits, and then requests that have nothing to do with the row fail too.
    ///
    /// ## Confirm
    ///
    /// `paramedic pg locks`, or `SELECT pid, pg_blocking_pids(pid), wait_event_type, query FROM pg_stat_activity WHERE
    /// wait_event_type = 'Lock'`. The latter lists every one ahead in the queue, not the root.
    ///
    /// ## Fix
    ///
    /// A root that works: `SELECT pg_cancel_backend(PID)` ends its statement. One that is idle in its transaction has no
    /// statement to cancel: `SELECT pg_terminate_backend(PID)`. A prepared transaction: `ROLLBACK PREPARED 'NAME'` in its
    /// database. For good: shorter transactions, no call to another service inside of one, rows always in the same order,
    /// `lock_timeout` for whoever may rather fail, `idle_in_transaction_session_timeout`, `SELECT … FOR UPDATE SKIP LOCKED`
    /// for queues.
    "pg/lock-wait": "sessions wait for a lock"
    { wait_s: "the longest wait behind one root, seconds" = 5, 30; }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(locks) = out.part(&f.locks, "the locks of the server") else { return };
    let server = out.aside(&f.server).map(|s| s.peer.clone()).unwrap_or_default();
    out.looked(locks.forest.waiting.max(1));
    out.unseen(locks.forest.unlisted + locks.forest.left_out, crate::model::Why::TooMany);
    for root in locks.forest.roots.top() {
        if !matches!(root.kind, RootKind::Session | RootKind::Prepared) || told_elsewhere(locks, root) {
            continue;
        }
        let Some(longest) = locks.longest_s(root) else {
            out.unseen(root.behind, crate::model::Why::Denied);
            unknown_since(out);
            continue;
        };
        if let Some(severity) = at.wait_s.of(longest) {
            out.find(finding(locks, root, longest, &server, severity));
        }
    }
}

/// An idle session with an advisory lock, and a root of which every session behind stands in the queue of one request.
fn told_elsewhere(locks: &Locks, root: &Root) -> bool {
    let idle = root.who.iter().filter_map(Who::pid).any(|pid| {
        locks.advisory.contains(&pid)
            && locks.session(pid).is_some_and(|s| s.state.as_deref() == Some("idle"))
    });
    let queues =
        locks.forest.queues.top().iter().filter(|q| root.who.iter().any(|w| q.waits_for.contains(w)));
    let queued: u64 = queues.filter(|q| q.queued >= super::lock_queue::LEAST).map(|q| q.queued + 1).sum();
    idle || queued >= root.behind
}

fn finding(
    locks: &Locks,
    root: &Root,
    longest: f64,
    server: &str,
    severity: crate::model::Severity,
) -> Finding {
    let who = root.who.first().map_or_else(|| "a session".into(), |w| locks.label(w));
    let subject = thing(locks, root.who.first(), server);
    let object = root.below.first().map(|b| locks.name(b.wait.row.as_ref().unwrap_or(&b.wait.tag)));
    let sessions = if root.behind == 1 {
        "1 session waits".into()
    } else {
        format!("{} sessions wait", rates::count(root.behind))
    };
    let title = format!("{who} blocks: {sessions}, the longest for {}", rates::span(longest));
    let session = root.who.first().and_then(Who::pid).and_then(|pid| locks.session(pid));
    let mut f = Finding::new(severity, Confidence::High, subject, title)
        .evidence("waiting", root.behind)
        .evidence("waiting_directly", root.direct)
        .evidence("longest_s", longest)
        .evidence("object", object.clone())
        .evidence("state", session.and_then(|s| s.state.clone()))
        .evidence("state_s", session.and_then(|s| s.state_s));
    if let Some(object) = &object {
        f = f.because(format!(
            "it has {object}, which is wanted in a mode that conflicts, and waits for nobody itself"
        ));
    }
    if let Some(s) = session.filter(|s| !s.query.is_empty()) {
        let word = if s.idle_in_transaction() {
            "its last statement, not always the one that took the lock"
        } else {
            "its statement"
        };
        f = f.because(format!("{word}: {}", s.query));
    }
    f.remedy(advice(root.who.first(), session)).next("pg locks")
}

#[cfg(test)]
#[path = "lock_wait_tests.rs"]
mod tests;
