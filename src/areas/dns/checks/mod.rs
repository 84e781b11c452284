//! The checks of `dns`: a file each, and here its two lines.

mod config;
mod dead_server;
mod fails_under_load;
mod lookup_pool;
mod lost_reply_reads_as_enotfound;
mod pair_race;
mod search_amplification;
mod servers_disagree;
mod servfail;
mod slow_server;
mod tcp_dead;
mod truncation;

use super::facts::{
    Facts,
    conf::Libc,
    wire::{Asked, ServerSeen, Try},
};
use crate::model::{Check, Judging, Reading, Thing};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[
    dead_server::CHECK,
    slow_server::CHECK,
    servfail::CHECK,
    servers_disagree::CHECK,
    lost_reply_reads_as_enotfound::CHECK,
    pair_race::CHECK,
    truncation::CHECK,
    tcp_dead::CHECK,
    fails_under_load::CHECK,
    config::CHECK,
    search_amplification::CHECK,
    lookup_pool::CHECK,
];

/// What stands for the servers when they were not asked.
const UNASKED: &str = "the nameservers were not asked";

/// The servers, if they were asked.
fn servers<'f>(f: &'f Facts, out: &mut Judging) -> Option<&'f [ServerSeen]> {
    out.part(&f.servers, UNASKED).map(Vec::as_slice)
}

/// The server as what findings are about.
fn peer(server: &ServerSeen) -> Thing {
    Thing::Peer { address: server.peer.clone() }
}

/// All questions over UDP of which something was heard, silence included. They were counted with the first of them.
fn tries<'f>(asked: &'f Asked, out: &mut Judging) -> Vec<&'f Try> {
    asked.udp.iter().filter_map(|t| out.aside(t)).collect()
}

/// The first question, which counts as looked at or as a hole.
fn first<'f>(asked: &'f Asked, out: &mut Judging) -> Option<&'f Try> {
    asked.udp.first().and_then(|t| out.see(t))
}

/// `db.test (A, AAAA)`, a name with all its types.
fn name_and_types(asked: &[&Asked]) -> String {
    let mut names: Vec<(&str, Vec<&str>)> = Vec::new();
    for a in asked {
        match names.iter_mut().find(|n| n.0 == a.name) {
            Some(n) => n.1.push(&a.kind),
            None => names.push((&a.name, vec![&a.kind])),
        }
    }
    let said: Vec<String> = names.iter().map(|(n, types)| format!("{n} ({})", types.join(", "))).collect();
    said.join(", ")
}

/// Whose rules count: those of the library in use, of both when that is not known.
fn uses(f: &Facts, whose: Libc, out: &mut Judging) -> bool {
    out.aside(&f.settings.library).is_none_or(|used| *used == whose)
}

/// Milliseconds as people say them.
fn took(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

/// Whether somebody asked for it in this run.
fn not_asked<T>(r: &Reading<T>, what: &'static str, out: &mut Judging) -> bool {
    out.part(r, what).is_none()
}

#[cfg(test)]
pub(super) mod recorded;
