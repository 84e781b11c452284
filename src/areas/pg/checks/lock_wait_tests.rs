use super::{
    super::recorded::{found, outcome},
    super::recorded_locks::*,
    *,
};
use crate::model::{Cell, Outcome, Severity, Thing, Why};

#[test]
fn the_root_is_named_with_what_ends_it() {
    let f = &found(&CHECK, &row_lock("idle in transaction", 12.0))[0];
    assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
    assert_eq!(f.title, "web (pid 1) blocks: 1 session waits, the longest for 12s");
    assert!(matches!(f.subject, Thing::Session { pid: 1, started_us: 1001, .. }));
    assert_eq!(f.evidence[0], ("waiting", Cell::Int(1)));
    assert!(f.because[0].contains("transaction 731"), "{:?}", f.because);
    assert!(f.because[1].starts_with("its last statement, not always"));
    assert!(
        f.remedy.contains("pg_terminate_backend(1)"),
        "nothing runs that could be cancelled: {}",
        f.remedy
    );
    let f = &found(&CHECK, &row_lock("active", 12.0))[0];
    assert!(f.remedy.contains("pg_cancel_backend(1)"), "{}", f.remedy);
}

#[test]
fn the_limits_are_reached_and_not_before() {
    assert!(matches!(outcome(&CHECK, &row_lock("active", 4.9)), Outcome::Clear { looked: 1, unseen: 0 }));
    assert_eq!(found(&CHECK, &row_lock("active", 5.0))[0].severity, Severity::Warning);
    assert_eq!(found(&CHECK, &row_lock("active", 30.0))[0].severity, Severity::Critical);
    assert!(matches!(outcome(&CHECK, &quiet()), Outcome::Clear { .. }));
}

#[test]
fn what_other_checks_tell_is_not_told_twice() {
    assert!(matches!(outcome(&CHECK, &queue(5, 60.0)), Outcome::Clear { .. }), "pg/lock-queue has it");
    assert!(
        matches!(outcome(&CHECK, &advisory("idle", 60.0)), Outcome::Clear { .. }),
        "pg/advisory-lock-idle has it"
    );
    assert_eq!(found(&CHECK, &advisory("active", 60.0)).len(), 1, "that one is a lock like any other");
    assert_eq!(found(&CHECK, &queue(1, 60.0)).len(), 1, "two are no queue");
}

#[test]
fn unseen_is_not_clear() {
    assert!(matches!(
        outcome(&CHECK, &Facts::unseen(Why::Denied)),
        Outcome::Unknown { why: Why::Denied, .. }
    ));
    let hidden = outcome(&CHECK, &without_since(row_lock("active", 60.0)));
    assert!(matches!(hidden, Outcome::Unknown { why: Why::Denied, .. }), "{hidden:?}");
    let mut facts = row_lock("active", 60.0);
    if let Some(locks) = facts.locks.drawn().cloned() {
        let mut locks = locks;
        locks.forest.unlisted = 3;
        facts.locks = crate::model::Reading::seen(locks);
    }
    assert!(matches!(outcome(&CHECK, &facts), Outcome::Found { unseen: 3, .. }));
}

#[test]
fn advice_fits_whom_it_is_about() {
    let advise = |kind: &str, query: &str| {
        let s = crate::areas::pg::facts::session::Session {
            kind: Some(kind.into()),
            ..someone(7, "", "active", query)
        };
        advice(Some(&who(7)), Some(&s))
    };
    assert!(
        advise("autovacuum worker", "autovacuum: VACUUM public.t (to prevent wraparound)")
            .contains("let it work")
    );
    assert!(advise("autovacuum worker", "autovacuum: VACUUM public.t").contains("itself"));
    assert!(!advise("walsender", "").contains("terminate"));
    assert_eq!(
        advice(Some(&Who::Prepared { gid: Some("a'b".into()) }), None),
        "ROLLBACK PREPARED 'a''b' in its database, or COMMIT PREPARED"
    );
}
