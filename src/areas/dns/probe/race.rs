//! Pairs of A and AAAA on one socket, as both libraries send them, against pairs on two sockets. A router that translates
//! addresses may take two packets of one new port for two connections and drop one; packets of two ports it never does.

use super::{
    super::{
        args::Args,
        facts::wire::{Came, Race, ServerSeen},
    },
    measure::Targets,
};
use crate::{
    model::{Reading, Why},
    source::dns::{self, Ask, Heard, Manner, Question},
};
use std::time::{Duration, Instant};

/// Pairs of each sort, in so many batches.
const PAIRS: usize = 10;
const BATCHES: usize = 2;
const PATIENCE: Duration = Duration::from_secs(1);

/// Against the first server that answers both types; nobody else can be told from one that drops a type.
pub(super) fn run(args: &Args, targets: &Targets, seen: &[ServerSeen], until: Instant) -> Reading<Race> {
    if args.brief {
        return Reading::unseen(Why::NotAsked);
    }
    let answered = |s: &ServerSeen, kind: &str| {
        let asked = s.asked.iter().find(|a| a.kind == kind)?;
        let reply = |r: &Reading<_>| {
            r.drawn().is_some_and(|t: &super::super::facts::wire::Try| matches!(t.came, Came::Reply(_)))
        };
        asked.udp.iter().any(reply).then(|| asked.name.clone())
    };
    let both = |s: &&ServerSeen| answered(s, "A").is_some() && answered(s, "AAAA").is_some();
    let Some((server, target)) = seen.iter().zip(targets).find(|(s, _)| both(s)) else {
        return Reading::unseen(Why::NotAsked);
    };
    let name = answered(server, "A").unwrap_or_default();
    let ask = |kind: &str| Ask::new(Question { name: name.clone(), kind: kind.into(), edns: false });
    let mut race = Race {
        server: server.address.clone(),
        pairs: PAIRS as u32,
        half_one_socket: 0,
        half_two_sockets: 0,
        none_one_socket: 0,
        none_two_sockets: 0,
        waited_ms: PATIENCE.as_secs_f64() * 1000.0,
    };
    for _ in 0..BATCHES {
        let each = PAIRS / BATCHES;
        let mut groups = Vec::new();
        for _ in 0..each {
            groups.push((target.at, vec![ask("A"), ask("AAAA")]));
            groups.push((target.at, vec![ask("A")]));
            groups.push((target.at, vec![ask("AAAA")]));
        }
        let heard = dns::ask_udp(&groups, Manner::once(PATIENCE, until));
        for three in heard.chunks(3) {
            let [one, a, aaaa] = three else { continue };
            if three.iter().flatten().any(|h| h.came == dns::Came::Cut) {
                return Reading::unseen(Why::TimedOut);
            }
            count(one.iter(), &mut race.half_one_socket, &mut race.none_one_socket);
            count(a.iter().chain(aaaa), &mut race.half_two_sockets, &mut race.none_two_sockets);
        }
    }
    Reading::seen(race)
}

fn count<'a>(pair: impl Iterator<Item = &'a Heard>, half: &mut u32, none: &mut u32) {
    match pair.filter(|h| !matches!(h.came, dns::Came::Reply(_))).count() {
        0 => {}
        1 => *half += 1,
        _ => *none += 1,
    }
}
