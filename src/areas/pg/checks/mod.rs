//! One file a check, and what several of them say alike.

mod client_hogs_slots;
mod holds_xmin;
mod idle_in_transaction;
mod long_transaction;
mod no_timeouts;
mod pool_over_budget;
mod query_hogs_pool;
#[cfg(test)]
mod recorded;
mod slots_full;
mod slots_near_full;
mod who;

use super::Facts;
use crate::model::Check;

pub(super) const CHECKS: &[Check<Facts>] = &[
    slots_full::CHECK,
    slots_near_full::CHECK,
    pool_over_budget::CHECK,
    client_hogs_slots::CHECK,
    query_hogs_pool::CHECK,
    idle_in_transaction::CHECK,
    long_transaction::CHECK,
    holds_xmin::CHECK,
    no_timeouts::CHECK,
];
