//! `pg/lock-queue`

use super::{
    super::facts::{
        Facts,
        locks::{Queue, Tag, Who},
        waits::Locks,
    },
    advice, thing,
    who::unknown_since,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

/// With fewer behind it a request is no queue.
pub(super) const LEAST: u64 = 3;

check! {
    /// ## What it sees
    ///
    /// One request for a table that waits itself and holds up others that could go on without it: the classic is a migration.
    /// `ALTER TABLE` waits for one long transaction, and every query that comes after it waits for `ALTER TABLE`, also those
    /// that only read. Edges to requests that merely stand ahead are *soft*: the server grants locks in the order of the queue.
    ///
    /// ## Why it matters
    ///
    /// The table is closed to everybody until the long transaction ends, although nobody has locked it. Pools fill with
    /// sessions that wait, and the whole service stops within seconds.
    ///
    /// ## Confirm
    ///
    /// `paramedic pg locks` shows the request with its queue below it, and the session that it waits for above it.
    ///
    /// ## Fix
    ///
    /// Cancel the request (`SELECT pg_cancel_backend(PID)`): the queue is gone at once, and nothing is lost. Then run the
    /// migration with `SET lock_timeout = '2s'` and try again until it gets through, after ending the transaction that it
    /// waited for. `CREATE INDEX CONCURRENTLY`, `ADD CONSTRAINT … NOT VALID` and `VALIDATE CONSTRAINT` need weaker locks.
    "pg/lock-queue": "everything queues behind one request"
    {
        queued: "sessions that wait only because of it" = 3, 20;
        for_s: "it has waited for so long, seconds" = 2;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(locks) = out.part(&f.locks, "the locks of the server") else { return };
    let server = out.aside(&f.server).map(|s| (s.peer.clone(), s.database.clone())).unwrap_or_default();
    out.looked(locks.forest.waiting.max(1));
    out.unseen(locks.forest.unlisted, Why::TooMany);
    for q in locks.forest.queues.top() {
        let Some(severity) = at.queued.of(q.queued as f64) else { continue };
        let waits_s = q.for_us.map(|us| us.max(0) as f64 / 1e6);
        let waits_s = waits_s.or_else(|| locks.session(q.pid)?.query_s);
        match waits_s {
            Some(s) if s >= at.for_s.value() => out.find(finding(locks, q, s, &server, severity)),
            Some(_) => {}
            None => {
                out.unseen(q.queued, Why::Denied);
                unknown_since(out);
            }
        }
    }
}

fn finding(
    locks: &Locks,
    q: &Queue,
    waits_s: f64,
    (server, database): &(String, String),
    severity: Severity,
) -> Finding {
    let head = Who::Session { pid: q.pid };
    let (who, object) = (locks.label(&head), locks.name(&q.tag));
    let title =
        format!("{} sessions queue behind {who}, which waits for {object} itself", rates::count(q.queued));
    let mut f = Finding::new(severity, Confidence::High, thing(locks, Some(&head), server), title)
        .evidence("queued", q.queued)
        .evidence("waits_s", waits_s)
        .evidence("mode", q.mode.name())
        .evidence("object", object.as_str())
        .evidence("holders", q.holders);
    if let Tag::Relation { .. } = q.tag {
        let name = format!("{database}.{object}");
        f = f.about(Thing::Named { what: What::Relation, server: server.clone(), name });
    }
    for holder in &q.waits_for {
        f = f.about(thing(locks, Some(holder), server));
    }
    if let Some(s) = locks.session(q.pid).filter(|s| !s.query.is_empty()) {
        f = f.because(format!("it asked for {} with: {}", q.mode.name(), s.query));
    }
    if let Some(holder) = q.waits_for.first() {
        let s = holder.pid().and_then(|pid| locks.session(pid));
        let state = s.and_then(|s| Some(format!(" ({} for {})", s.state.as_ref()?, rates::span(s.state_s?))));
        let state = state.unwrap_or_default();
        f = f.because(format!(
            "it waits for {}{state}; what ends that: {}",
            locks.label(holder),
            advice(Some(holder), s)
        ));
    }
    let asker = locks.session(q.pid);
    let cancel = advice(Some(&head), asker);
    f.because("locks are granted in the order of the queue: whoever came later waits although nobody has locked the table against it")
        .remedy(format!("the queue is gone at once when the request is: {cancel}; then try it again with SET lock_timeout"))
        .next("pg locks")
}

#[cfg(test)]
mod tests {
    use super::{
        super::recorded::{found, outcome},
        super::recorded_locks::*,
        *,
    };
    use crate::model::Outcome;

    #[test]
    fn the_migration_is_named_with_what_it_waits_for() {
        let f = &found(&CHECK, &queue(5, 30.0))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.title, "5 sessions queue behind migrate (pid 2), which waits for public.orders itself");
        assert!(matches!(f.subject, Thing::Session { pid: 2, .. }));
        assert!(f.about.iter().any(|t| matches!(t, Thing::Session { pid: 1, .. })));
        assert!(f.because[0].contains("alter table orders add column"), "{:?}", f.because);
        assert!(
            f.because[1].contains("idle in transaction") && f.because[1].contains("pg_terminate_backend(1)")
        );
        assert!(f.remedy.contains("pg_cancel_backend(2)"), "{}", f.remedy);
    }

    #[test]
    fn a_few_or_a_moment_are_no_queue_and_many_are_critical() {
        assert!(matches!(outcome(&CHECK, &queue(2, 30.0)), Outcome::Clear { .. }));
        assert!(matches!(outcome(&CHECK, &queue(5, 1.9)), Outcome::Clear { .. }));
        assert_eq!(found(&CHECK, &queue(20, 2.0))[0].severity, Severity::Critical);
    }

    #[test]
    fn without_the_lock_table_nothing_is_clear() {
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::TimedOut)),
            Outcome::Unknown { why: Why::TimedOut, .. }
        ));
        assert!(matches!(outcome(&CHECK, &Facts::unseen(Why::NotAsked)), Outcome::Skipped { .. }));
        let hidden = outcome(&CHECK, &without_since(queue(5, 30.0)));
        assert!(matches!(hidden, Outcome::Unknown { why: Why::Denied, .. }), "{hidden:?}");
    }
}
