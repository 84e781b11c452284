//! One file a check, and what several of them say alike.

mod autovacuum_blocked;
mod cron;
mod job_failed;
mod job_missed;
mod job_overlap;
mod prepared_xact;
mod queue_stuck;
mod replication_lag;
mod server;
mod slot_retains_wal;
mod slots_full;
mod wraparound;

use super::Facts;
use crate::model::Check;

pub(super) const CHECKS: &[Check<Facts>] = &[
    autovacuum_blocked::CHECK,
    job_failed::CHECK,
    job_missed::CHECK,
    job_overlap::CHECK,
    prepared_xact::CHECK,
    queue_stuck::CHECK,
    replication_lag::CHECK,
    slot_retains_wal::CHECK,
    slots_full::CHECK,
    wraparound::CHECK,
];
