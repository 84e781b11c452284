//! The checks of `sockets`: one file each, and two adjacent lines here.

mod conntrack_near_limit;
mod dead_peer;
mod listen_loopback_only;
mod no_keepalive;
mod orphans;
mod ports_exhausted;
mod retransmits;
mod tcp_memory;

mod holder;
#[cfg(test)]
mod sample;

use super::facts::Facts;
use crate::model::Check;

/// Every check.
pub const ALL: &[Check<Facts>] = &[
    conntrack_near_limit::CHECK,
    dead_peer::CHECK,
    listen_loopback_only::CHECK,
    no_keepalive::CHECK,
    orphans::CHECK,
    ports_exhausted::CHECK,
    retransmits::CHECK,
    tcp_memory::CHECK,
];
