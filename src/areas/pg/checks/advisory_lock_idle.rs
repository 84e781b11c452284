//! `pg/advisory-lock-idle`

use super::{
    super::facts::{Facts, locks::Who},
    thing,
    who::{undecided, unknown_since},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// A session that is idle, outside of any transaction, and holds a lock on a number that applications agreed on among
    /// themselves (`pg_advisory_lock`), for which somebody waits. Nobody waiting is no finding: an elected leader holds such
    /// a lock by design for as long as it lives.
    ///
    /// ## Why it matters
    ///
    /// The lock belongs to the session, not to a transaction: it stays until the session ends or gives it back. Behind a
    /// pooler in transaction mode, or with a pool that hands connections round, the code that took it is long gone, and
    /// nobody ever gives it back. Migrations and jobs that take it first hang for ever.
    ///
    /// ## Confirm
    ///
    /// `SELECT pid, classid, objid, objsubid, granted FROM pg_locks WHERE locktype = 'advisory'`, and
    /// `SELECT * FROM pg_stat_activity WHERE pid = PID`.
    ///
    /// ## Fix
    ///
    /// `SELECT pg_terminate_backend(PID)`; cancelling does nothing, no statement is running. For good:
    /// `pg_advisory_xact_lock`, which ends with the transaction, and session locks only over connections that are not
    /// pooled.
    "pg/advisory-lock-idle": "an idle session holds a lock that others wait for"
    { wait_s: "the longest wait for it, seconds" = 5, 60; }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(locks) = out.part(&f.locks, "the locks of the server") else { return };
    let server = out.aside(&f.server).map(|s| s.peer.clone()).unwrap_or_default();
    out.looked(locks.forest.waiting.max(1));
    for root in locks.forest.roots.top() {
        let Some(pid) = root.who.iter().filter_map(Who::pid).find(|pid| locks.advisory.contains(pid)) else {
            continue;
        };
        let Some(s) = locks.session(pid) else { continue };
        if s.hidden {
            out.unseen(1, Why::Denied);
            undecided(out, Why::Denied, "whether its holder is idle is hidden: it takes pg_read_all_stats");
        }
        if s.state.as_deref() != Some("idle") {
            continue;
        }
        let Some(longest) = locks.longest_s(root) else {
            out.unseen(root.behind, Why::Denied);
            unknown_since(out);
            continue;
        };
        let Some(severity) = at.wait_s.of(longest) else { continue };
        let number =
            root.below.iter().find(|b| b.depth == 1).map(|b| locks.name(&b.wait.tag)).unwrap_or_default();
        let waiting = rates::count(root.behind);
        let plural = if root.behind == 1 { "session waits" } else { "sessions wait" };
        let title = format!(
            "{} is idle and holds {number}: {waiting} {plural} for it",
            locks.label(&Who::Session { pid })
        );
        let mut finding = Finding::new(severity, Confidence::High, thing(locks, root.who.first(), &server), title)
            .evidence("waiting", root.behind)
            .evidence("longest_s", longest)
            .evidence("idle_s", s.state_s)
            .evidence("lock", number)
            .because("the lock is of the session: it stays until the session ends or gives it back, and no transaction is open that would end it");
        if !s.query.is_empty() {
            finding = finding
                .because(format!("its last statement, not always the one that took the lock: {}", s.query));
        }
        out.find(
            finding
                .remedy(format!(
                    "SELECT pg_terminate_backend({pid}): it has no statement that could be cancelled"
                ))
                .next("pg locks"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::recorded::{found, outcome},
        super::recorded_locks::*,
        *,
    };
    use crate::model::{Outcome, Severity};

    #[test]
    fn an_idle_holder_is_named_and_a_leader_for_whom_nobody_waits_is_not() {
        let f = &found(&CHECK, &advisory("idle", 8.0))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.title, "worker (pid 1) is idle and holds advisory lock 42: 1 session waits for it");
        assert!(f.remedy.contains("pg_terminate_backend(1)"));
        assert!(matches!(outcome(&CHECK, &quiet()), Outcome::Clear { .. }));
    }

    #[test]
    fn what_is_hidden_is_not_well() {
        for state in ["idle", "active"] {
            let hidden = outcome(&CHECK, &without_since(advisory(state, 8.0)));
            assert!(matches!(hidden, Outcome::Unknown { why: Why::Denied, .. }), "{hidden:?}");
        }
    }

    #[test]
    fn one_that_works_and_one_for_a_moment_are_silent() {
        assert!(matches!(outcome(&CHECK, &advisory("active", 8.0)), Outcome::Clear { .. }));
        assert!(matches!(outcome(&CHECK, &advisory("idle", 4.9)), Outcome::Clear { .. }));
        assert_eq!(found(&CHECK, &advisory("idle", 60.0))[0].severity, Severity::Critical);
    }
}
