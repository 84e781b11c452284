//! The checks of `sockets`: one file each, and two adjacent lines here.

use super::facts::Facts;
use crate::model::Check;

mod accept_queue_full;
mod app_not_reading;
mod close_wait_leak;
mod connect_hanging;
mod fin_wait_stuck;
mod listen_drops;
mod peer_not_reading;
mod peer_saturated;

mod by_owner;
#[cfg(test)]
mod sample;

/// Every check.
pub const ALL: &[Check<Facts>] = &[
    accept_queue_full::CHECK,
    app_not_reading::CHECK,
    close_wait_leak::CHECK,
    connect_hanging::CHECK,
    fin_wait_stuck::CHECK,
    listen_drops::CHECK,
    peer_not_reading::CHECK,
    peer_saturated::CHECK,
];
