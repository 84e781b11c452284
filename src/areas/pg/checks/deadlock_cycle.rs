//! `pg/deadlock-cycle`

use super::{
    super::facts::{
        Facts,
        locks::{Root, RootKind, Who},
        waits::Locks,
    },
    thing,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Why, rates},
};

/// Steps that are told.
const TOLD: usize = 8;

check! {
    /// ## What it sees
    ///
    /// Sessions that wait for each other in a ring, right now, and were still there at a second look. All edges are *hard*:
    /// each has a lock that the one before it wants, so that nothing but the end of one of them ends it. A ring that is closed
    /// by a mere place in a queue is not one of these: the server reorders the queue.
    ///
    /// ## Why it matters
    ///
    /// None of them can go on, and nobody behind them. The server looks for rings only `deadlock_timeout` after a wait began
    /// and then fails one transaction of its own choice; with a timeout of minutes it stands that long.
    ///
    /// ## Confirm
    ///
    /// `paramedic pg locks` draws the ring; `SHOW deadlock_timeout`. A ring that two sessions close on the same table by
    /// wanting more than they have is found by the server at once, and never seen here: those are in its log only.
    ///
    /// ## Fix
    ///
    /// Wait for the server, or choose the victim: `SELECT pg_cancel_backend(PID)` of the one whose work is the least. For good:
    /// lock in the same order everywhere, sort keys, `SELECT … ORDER BY id FOR UPDATE` first, `deadlock_timeout` back to 1 s.
    "pg/deadlock-cycle": "sessions wait for each other in a ring"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(locks) = out.part(&f.locks, "the locks of the server") else { return };
    let (server, timeout_s) = out.aside(&f.server).map_or((String::new(), None), |s| {
        (s.peer.clone(), s.number("deadlock_timeout").map(|ms| ms as f64 / 1000.0))
    });
    out.looked(locks.forest.waiting.max(1));
    out.unseen(locks.forest.left_out, Why::TooMany);
    for root in locks.forest.roots.top().iter().filter(|r| r.kind == RootKind::Deadlock) {
        out.find(finding(locks, root, &server, timeout_s));
    }
}

fn finding(locks: &Locks, root: &Root, server: &str, timeout_s: Option<f64>) -> Finding {
    let confirmed = locks.is_confirmed(root);
    let (severity, confidence) = if confirmed {
        (Severity::Critical, Confidence::High)
    } else {
        (Severity::Warning, Confidence::Medium)
    };
    let behind = if root.behind > 0 {
        format!(", {} more behind them", rates::count(root.behind))
    } else {
        String::new()
    };
    let title = format!("{} sessions wait for each other in a ring{behind}", rates::count(root.members));
    let mut f = Finding::new(severity, confidence, thing(locks, root.who.first(), server), title)
        .evidence("members", root.members)
        .evidence("behind", root.behind)
        .evidence("longest_s", locks.longest_s(root))
        .evidence("deadlock_timeout_s", timeout_s)
        .evidence("seen_twice", confirmed);
    for who in root.who.iter().skip(1) {
        f = f.about(thing(locks, Some(who), server));
    }
    for (at, (who, wait)) in root.who.iter().zip(&root.cycle).enumerate().take(TOLD) {
        let next = &root.who[(at + 1) % root.who.len()];
        let statement = who.pid().and_then(|pid| locks.session(pid)).filter(|s| !s.query.is_empty());
        let statement = statement.map_or(String::new(), |s| format!(" ({})", s.query));
        let object = locks.name(wait.row.as_ref().unwrap_or(&wait.tag));
        f = f.because(format!(
            "{} waits for {object}, which {} has{statement}",
            locks.label(who),
            locks.label(next)
        ));
    }
    if root.members > root.who.len().min(TOLD) as u64 {
        f = f.because(format!("and so on: {} in all", rates::count(root.members)));
    }
    if !confirmed {
        f = f
            .because("at a second look it was gone or had not been looked for: the server may have ended it");
    }
    let victim = root.who.iter().filter_map(Who::pid).max();
    let choose =
        victim.map_or(String::new(), |pid| format!("; to choose instead: SELECT pg_cancel_backend({pid})"));
    let after = timeout_s.map_or_else(|| "deadlock_timeout".into(), rates::span);
    f.remedy(format!("the server ends one of them {after} after its wait began{choose}")).next("pg locks")
}

#[cfg(test)]
mod tests {
    use super::{
        super::recorded::{found, outcome},
        super::recorded_locks::*,
        *,
    };
    use crate::model::{Outcome, Thing};

    #[test]
    fn a_ring_that_stays_is_critical_and_every_step_is_told() {
        let f = &found(&CHECK, &ring(3, true))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(f.title, "3 sessions wait for each other in a ring");
        assert!(matches!(f.subject, Thing::Session { pid: 1, .. }) && f.about.len() == 2);
        assert_eq!(
            f.because[2],
            "web (pid 3) waits for transaction 701, which web (pid 1) has (update t3 set v = ?)"
        );
        assert!(f.remedy.contains("pg_cancel_backend(3)"));
    }

    #[test]
    fn a_ring_that_was_gone_at_the_second_look_is_no_more_than_a_warning() {
        let f = &found(&CHECK, &ring(2, false))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert!(f.because.last().unwrap().contains("second look"));
    }

    #[test]
    fn long_rings_are_told_in_part() {
        let f = &found(&CHECK, &ring(40, true))[0];
        assert_eq!((f.because.len(), &f.because[8][..]), (9, "and so on: 40 in all"));
    }

    #[test]
    fn queues_and_waits_are_no_ring_and_without_the_lock_table_nothing_is_clear() {
        for healthy in [quiet(), queue(5, 30.0), row_lock("active", 60.0)] {
            assert!(matches!(outcome(&CHECK, &healthy), Outcome::Clear { .. }));
        }
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::Denied)),
            Outcome::Unknown { why: Why::Denied, .. }
        ));
        assert!(matches!(outcome(&CHECK, &Facts::unseen(Why::NotAsked)), Outcome::Skipped { .. }));
    }
}
