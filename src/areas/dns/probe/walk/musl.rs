//! How musl asks for one candidate: `name_from_dns` of `src/network/lookup_name.c`.

use super::{Candidate, addresses, reply, verdict};
use crate::{
    areas::dns::facts::{
        conf::Conf,
        plan::Outcome,
        wire::{NO_ERROR, NX_DOMAIN},
    },
    source::dns::{self, Ask, Came, Manner, Reply, Rounds},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

pub(super) fn ask(conf: &Conf, servers: &[(SocketAddr, String)], asks: &[Ask], until: Instant) -> Candidate {
    let at: Vec<SocketAddr> = servers.iter().map(|s| s.0).collect();
    // A timeout of nought still asks once.
    let timeout = Duration::from_secs(u64::from(conf.timeout_s)).max(Duration::from_millis(1));
    let how = Rounds { timeout, interval: timeout / conf.attempts.max(1), deadline: until };
    let mut heard = dns::ask_all(&at, asks, how);
    let mut out = Candidate {
        packets: heard.iter().map(|h| h.0.sends).sum(),
        server: heard.iter().find_map(|h| h.1),
        half: heard.iter().filter(|h| h.1.is_some()).count() == 1 && asks.len() == 2,
        ..Candidate::default()
    };
    if heard.iter().any(|h| h.0.came == Came::Cut) {
        return out;
    }
    for (h, ask) in heard.iter_mut().zip(asks) {
        let truncated = reply(&h.0.came).is_some_and(|r| r.truncated);
        if let Some(server) = h.1.filter(|_| truncated) {
            let again = dns::ask_tcp(at[server], std::slice::from_ref(ask), Manner::once(timeout, until));
            if let Some(again) = again.into_iter().next() {
                h.0 = again;
            }
        }
    }
    if heard.iter().any(|h| h.0.came == Came::Cut) {
        return out;
    }
    if heard.iter().all(|h| matches!(h.0.came, Came::Silence)) {
        out.silent = (0..servers.len()).collect();
    }
    let replies: Vec<Option<&Reply>> = heard.iter().map(|h| reply(&h.0.came)).collect();
    out.outcome = Some(judged(&replies));
    out.addresses = addresses(&replies.iter().filter_map(|r| *r).collect::<Vec<_>>());
    out
}

/// A, then AAAA: the first that is neither a yes nor a no decides.
fn judged(replies: &[Option<&Reply>]) -> Outcome {
    for reply in replies {
        match reply.map(|r| r.rcode) {
            Some(NO_ERROR) => {}
            Some(NX_DOMAIN) => return Outcome::NxDomain,
            Some(2) => return Outcome::ServFail,
            Some(_) => return Outcome::Refused,
            None => return Outcome::Timeout,
        }
    }
    let all: Vec<&Reply> = replies.iter().filter_map(|r| *r).collect();
    verdict(&all).unwrap_or(Outcome::Timeout)
}
