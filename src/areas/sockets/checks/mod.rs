//! The checks of `sockets`: one file each, and two lines here.

mod accept_queue_full;
mod app_not_reading;
mod close_wait_leak;
mod connect_hanging;
mod conntrack_near_limit;
mod dead_peer;
mod fin_wait_stuck;
mod listen_drops;
mod listen_loopback_only;
mod no_keepalive;
mod orphans;
mod peer_not_reading;
mod peer_saturated;
mod ports_exhausted;
mod retransmits;
mod tcp_memory;

mod arrivals;
mod by_owner;
mod holder;
#[cfg(test)]
mod sample;

use super::facts::Facts;
use crate::model::Check;

/// Every check.
pub const ALL: &[Check<Facts>] = &[
    accept_queue_full::CHECK,
    app_not_reading::CHECK,
    close_wait_leak::CHECK,
    connect_hanging::CHECK,
    conntrack_near_limit::CHECK,
    dead_peer::CHECK,
    fin_wait_stuck::CHECK,
    listen_drops::CHECK,
    listen_loopback_only::CHECK,
    no_keepalive::CHECK,
    orphans::CHECK,
    peer_not_reading::CHECK,
    peer_saturated::CHECK,
    ports_exhausted::CHECK,
    retransmits::CHECK,
    tcp_memory::CHECK,
];
