//! A lookup as the library does it: its candidates, its servers in its order, its waits.

mod glibc;
mod musl;

use super::super::facts::{
    conf::{Conf, Libc},
    plan::{Outcome, Walk},
    wire::{NO_ERROR, NX_DOMAIN, Step, Walked},
};
use crate::{
    model::{Reading, Why},
    source::dns::{Ask, Came, Question, Reply},
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

/// Looks names up one after the other; what glibc learns in one lookup it keeps for the next.
pub(super) struct Walker<'a> {
    conf: &'a Conf,
    servers: Vec<(SocketAddr, String)>,
    until: Instant,
    glibc: glibc::Learnt,
}

/// Packets of one candidate that are listed.
const SENT: usize = 64;

/// What asking for one candidate came to.
#[derive(Default)]
struct Candidate {
    /// `None` when our own deadline came first.
    outcome: Option<Outcome>,
    packets: u32,
    /// Who decided.
    server: Option<usize>,
    silent: Vec<usize>,
    half: bool,
    /// In the answers that counted.
    addresses: Vec<String>,
    /// Every packet in order; of musl, which sends each to everybody, only the count is kept.
    sent: Vec<String>,
}

impl<'a> Walker<'a> {
    pub fn new(conf: &'a Conf, servers: Vec<(SocketAddr, String)>, until: Instant) -> Self {
        Self { conf, servers, until, glibc: glibc::Learnt::of(conf) }
    }

    /// One name; `None` when it is none.
    pub fn look_up(&mut self, name: &str) -> Option<Walked> {
        let mut walk = Walk::new(self.conf, name).ok()?;
        let began = Instant::now();
        let (mut steps, mut addresses) = (Vec::new(), Vec::new());
        while let Some(next) = walk.next().cloned() {
            let start = Instant::now();
            let asks = self.asks(&next.name);
            let came = match self.conf.libc {
                Libc::Glibc => self.glibc.ask(self.conf, &self.servers, &asks, self.until),
                Libc::Musl => musl::ask(self.conf, &self.servers, &asks, self.until),
            };
            let label = |i: &usize| self.servers[*i].1.clone();
            steps.push(Step {
                name: next.name,
                from: next.from,
                outcome: came.outcome.ok_or(Why::TimedOut).into(),
                ms: ms(start),
                packets: came.packets,
                server: came.server.as_ref().map(label),
                silent: came.silent.iter().map(label).collect(),
                half: came.half,
                sent: came.sent.into_iter().take(SENT).collect(),
            });
            if came.outcome == Some(Outcome::Found) {
                addresses = came.addresses;
            }
            match came.outcome {
                Some(outcome) => walk.came_to(outcome),
                None => break,
            }
        }
        let end = walk.end().map_or(Reading::unseen(Why::TimedOut), Reading::seen);
        Some(Walked { name: name.into(), libc: self.conf.libc, steps, end, addresses, ms: ms(began) })
    }

    fn asks(&self, name: &str) -> Vec<Ask> {
        let types = if self.conf.no_aaaa { &["A"][..] } else { &["A", "AAAA"] };
        let question =
            |kind: &&str| Question { name: name.into(), kind: (*kind).into(), edns: self.conf.edns0 };
        types.iter().map(|kind| Ask::new(question(kind))).collect()
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn reply(came: &Came) -> Option<&Reply> {
    match came {
        Came::Reply(r) => Some(r),
        _ => None,
    }
}

/// All addresses of the answers, each once.
fn addresses(replies: &[&Reply]) -> Vec<String> {
    let mut all: Vec<IpAddr> = replies.iter().flat_map(|r| &r.addresses).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.iter().take(32).map(ToString::to_string).collect()
}

/// What an answer that counts says of the candidate: any address, else what the first says.
fn verdict(replies: &[&Reply]) -> Option<Outcome> {
    if replies.iter().any(|r| r.rcode == NO_ERROR && !r.addresses.is_empty()) {
        return Some(Outcome::Found);
    }
    if replies.iter().any(|r| r.rcode == NO_ERROR && r.records > 0) {
        return Some(Outcome::Alias);
    }
    let failed = replies.iter().find(|r| r.rcode != NO_ERROR).or(replies.first())?;
    Some(match failed.rcode {
        NO_ERROR => Outcome::NoData,
        NX_DOMAIN => Outcome::NxDomain,
        _ => Outcome::ServFail,
    })
}
