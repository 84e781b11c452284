//! One file a check, and what several of them say alike.

mod advisory_lock_idle;
mod autovacuum_blocked;
mod client_hogs_slots;
mod cron;
mod deadlock_cycle;
mod deadlocks;
mod holds_xmin;
mod idle_in_transaction;
mod job_failed;
mod job_missed;
mod job_overlap;
mod lock_queue;
mod lock_wait;
mod long_transaction;
mod no_timeouts;
mod pool_over_budget;
mod prepared_xact;
mod query_hogs_pool;
mod queue_stuck;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod recorded_locks;
mod replication_lag;
mod server;
mod slot_retains_wal;
mod slots_full;
mod slots_near_full;
mod who;
mod wraparound;

use super::Facts;
use super::facts::{locks::Who, session::Session, waits::Locks};
use crate::model::{Check, Thing, What};

pub(super) const CHECKS: &[Check<Facts>] = &[
    slots_full::CHECK,
    slots_near_full::CHECK,
    pool_over_budget::CHECK,
    client_hogs_slots::CHECK,
    query_hogs_pool::CHECK,
    deadlock_cycle::CHECK,
    lock_queue::CHECK,
    lock_wait::CHECK,
    advisory_lock_idle::CHECK,
    deadlocks::CHECK,
    idle_in_transaction::CHECK,
    long_transaction::CHECK,
    holds_xmin::CHECK,
    no_timeouts::CHECK,
    replication_lag::CHECK,
    slot_retains_wal::CHECK,
    prepared_xact::CHECK,
    autovacuum_blocked::CHECK,
    wraparound::CHECK,
    job_failed::CHECK,
    job_missed::CHECK,
    job_overlap::CHECK,
    queue_stuck::CHECK,
];

/// A session as findings and links know it.
fn session(server: &str, s: &Session) -> Thing {
    Thing::Session { server: server.into(), pid: s.pid, started_us: s.started_us }
}

/// Who has a lock, as findings and links know it.
fn thing(locks: &Locks, who: Option<&Who>, server: &str) -> Thing {
    let named = |what, name: &str| Thing::Named { what, server: server.into(), name: name.into() };
    match who {
        Some(Who::Session { pid }) => match locks.session(*pid) {
            Some(s) => session(server, s),
            None => Thing::Session { server: server.into(), pid: *pid, started_us: 0 },
        },
        Some(Who::Prepared { gid }) => named(What::Prepared, gid.as_deref().unwrap_or_default()),
        None => Thing::Peer { address: server.into() },
    }
}

/// What ends it, and what does not: cancelling does nothing to a session without a statement.
fn advice(who: Option<&Who>, session: Option<&Session>) -> String {
    let (pid, s) = match who {
        Some(Who::Prepared { gid: Some(gid) }) => {
            return format!(
                "ROLLBACK PREPARED '{}' in its database, or COMMIT PREPARED",
                gid.replace('\'', "''")
            );
        }
        Some(Who::Prepared { gid: None }) => return "find it in pg_prepared_xacts, and end it there".into(),
        Some(Who::Session { pid }) => (pid, session),
        None => return "see who it is with pg locks".into(),
    };
    let Some(s) = s.filter(|s| !s.hidden) else {
        return format!("see what it does as a role with pg_read_all_stats, then pg_cancel_backend({pid})");
    };
    match s.kind.as_deref() {
        Some("autovacuum worker") if s.query.contains("wraparound") => {
            "let it work: it prevents wraparound, and begins anew when it is ended".into()
        }
        Some("autovacuum worker") => "nothing: the server itself ends it when somebody waits for it".into(),
        Some("walsender" | "startup") => "look at the standby that it serves; do not end it".into(),
        _ if s.state.as_deref() == Some("active") => {
            format!("SELECT pg_cancel_backend({pid}) ends its statement")
        }
        _ => format!("SELECT pg_terminate_backend({pid}): it has no statement that could be cancelled"),
    }
}
