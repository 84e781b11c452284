//! Every server asked directly, each on a thread of its own.

use super::super::{
    args::{Args, Type},
    facts::{
        conf::Conf,
        wire::{Asked, Came, Odd, Reply, ServerSeen, Try},
    },
};
use crate::{
    model::{Reading, Why},
    source::dns::{self, Ask, Heard, Manner, Question},
};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// A server and how it is called.
pub(super) struct Target {
    pub label: String,
    pub at: SocketAddr,
    /// Nobody named it.
    pub default: bool,
}
pub(super) type Targets = Vec<Target>;

/// Questions in all, warm ones too.
const TRIES: usize = 3;
/// Silence of a server that was sent three packets in this time is its death, not a lost packet.
const PATIENCE: Duration = Duration::from_secs(3);
const RESEND: Duration = Duration::from_secs(1);
/// The same for plain `check`.
const BRIEF_RESEND: Duration = Duration::from_millis(300);
/// An answer later than this is worth two more questions, in plain `check`.
const SUSPECT_MS: f64 = 100.0;
const SENDS: u32 = 3;

/// What to ask everybody for, and whether it is our own choice. Plain `check` asks for that beside the names of the settings.
fn questions(args: &Args, confs: &[Conf], names: &[String]) -> Vec<(Question, bool)> {
    let edns = confs.iter().any(|c| c.edns0);
    let mut all: Vec<(String, bool)> = full(names, confs).into_iter().map(|n| (n, false)).collect();
    let ours = chosen(confs);
    if names.is_empty() || args.brief && all.iter().all(|n| n.0 != ours) {
        all.push((ours, true));
    }
    let of = |(name, ours): &(String, bool)| {
        let question = |t: &Type| (Question { name: name.clone(), kind: t.name().into(), edns }, *ours);
        args.types.iter().map(question).collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

/// Nobody named any: a domain that the settings search, which the servers were made to know, else the root, which every
/// server knows. A name outside would be a question to strangers.
fn chosen(confs: &[Conf]) -> String {
    let usable = |d: &&String| {
        let bare = d.trim_matches('.');
        bare.len() < 200 && bare.split('.').all(|l| (1..=63).contains(&l.len()) && !l.contains('#'))
    };
    let domain = confs.first().and_then(|c| c.search.iter().find(usable));
    domain.map_or_else(|| ".".into(), |d| d.trim_matches('.').to_string())
}

/// Names as they are: that is what is true of a server; what a search makes of them is the lookup's.
fn full(names: &[String], confs: &[Conf]) -> Vec<String> {
    let ndots = confs.first().map_or(1, |c| c.ndots as usize);
    let search = confs.first().map_or(&[][..], |c| &c.search);
    let full = |name: &String| {
        let dots = name.matches('.').count();
        // A bare name is never asked for as it is by an application that finds it: its first domain is.
        match search.first().filter(|_| dots == 0 && ndots > 0) {
            Some(domain) => format!("{name}.{}", domain.trim_matches('.')),
            None => name.trim_end_matches('.').to_string(),
        }
    };
    let mut all: Vec<String> = Vec::new();
    for name in names.iter().map(full) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Asks all of them; beside it, those that nothing could be sent to.
pub(super) fn servers(
    args: &Args,
    confs: &[Conf],
    names: &[String],
    targets: &Targets,
    until: Instant,
) -> (Vec<ServerSeen>, Vec<(Why, String)>) {
    let questions = questions(args, confs, names);
    let questions = &questions;
    let seen: Vec<(ServerSeen, Option<Why>)> = thread::scope(|scope| {
        let asking: Vec<_> =
            targets.iter().map(|t| scope.spawn(move || one(t, questions, args.brief, until))).collect();
        let joined = asking.into_iter().map(|a| match a.join() {
            Ok(seen) => seen,
            Err(panicked) => std::panic::resume_unwind(panicked),
        });
        joined.collect()
    });
    let unreached = seen.iter().filter_map(|(s, why)| Some(((*why)?, s.address.clone()))).collect();
    (seen.into_iter().map(|s| s.0).collect(), unreached)
}

/// What nearly every server answers by itself, without asking anybody: it shows that the server is there when the name in
/// question is not answered.
fn control() -> Question {
    Question { name: "localhost".into(), kind: "A".into(), edns: false }
}

fn one(
    target: &Target,
    questions: &[(Question, bool)],
    brief: bool,
    until: Instant,
) -> (ServerSeen, Option<Why>) {
    dns::at_normal_priority();
    let asks = || questions.iter().map(|q| (target.at, vec![Ask::new(q.0.clone())])).collect::<Vec<_>>();
    let (patience, resend) = match brief {
        true => (until.saturating_duration_since(Instant::now()), BRIEF_RESEND),
        false => (PATIENCE, RESEND),
    };
    // The end of plain `check`'s patience is as late as three packets need: silence until then is no cut.
    let deadline =
        if brief && patience > BRIEF_RESEND * SENDS - BRIEF_RESEND / 6 { until + patience } else { until };
    let how = Manner { patience, resend, sends: SENDS, deadline };
    let check = || (target.at, vec![Ask::new(control())]);
    let mut begin = asks();
    if brief {
        begin.push(check());
    }
    let first = dns::ask_udp_open(&begin, how);
    let mut rounds: Vec<Vec<Heard>> = vec![flat(first.heard())];
    let answered = |h: &Heard| matches!(h.came, dns::Came::Reply(_));
    let mut there = if brief { rounds[0].pop() } else { None };
    let alive = rounds[0].iter().any(answered);
    if !brief && rounds[0].iter().all(|h| h.came == dns::Came::Silence) {
        there =
            flat(dns::ask_udp(&[check()], Manner { patience: RESEND, resend: RESEND / SENDS, ..how })).pop();
    }
    if alive && !brief {
        for _ in 1..TRIES {
            rounds.push(flat(dns::ask_udp(&asks(), Manner::once(patience, deadline))));
        }
    } else if rounds[0].iter().any(|h| answered(h) && ms(h) > SUSPECT_MS) {
        // At once, side by side: a slow server is slow to both.
        let left = until.saturating_duration_since(Instant::now());
        let twice = [asks(), asks()].concat();
        let mut more = flat(dns::ask_udp(&twice, Manner::once(left, until + left)));
        let second = more.split_off(questions.len());
        rounds.extend([more, second]);
    }
    let tcp = |q: &Question| match brief {
        true => Reading::unseen(Why::NotAsked),
        false => {
            let heard = dns::ask_tcp(target.at, &[Ask::new(q.clone())], Manner::once(PATIENCE, until));
            heard.into_iter().next().map_or(Reading::unseen(Why::Broken), |h| told(&h))
        }
    };
    let tcp: Vec<_> = questions.iter().map(|q| tcp(&q.0)).collect();
    // While the others were asked, answers to the first questions may have come after all.
    for (heard, at_last) in rounds[0].iter_mut().zip(flat(first.end())) {
        heard.odd = at_last.odd;
    }
    let asked = questions.iter().zip(tcp).enumerate().map(|(i, ((q, chosen), tcp))| Asked {
        name: q.name.clone(),
        kind: q.kind.clone(),
        udp: rounds.iter().map(|r| told(&r[i])).collect(),
        tcp,
        odd: odd(rounds.iter().map(|r| r[i].odd)),
        chosen: *chosen,
        control: false,
    });
    let there = there.map(|heard| Asked {
        name: control().name,
        kind: control().kind,
        udp: vec![told(&heard)],
        tcp: Reading::unseen(Why::NotAsked),
        odd: odd([heard.odd].into_iter()),
        chosen: true,
        control: true,
    });
    let seen = ServerSeen {
        address: target.label.clone(),
        peer: target.at.to_string(),
        default: target.default,
        asked: asked.chain(there).collect(),
    };
    let why = rounds[0].iter().find_map(|h| match h.came {
        dns::Came::NoRoute => Some(Why::Unsupported),
        dns::Came::Barred(e) => Some(Why::from(&std::io::Error::from(e))),
        _ => None,
    });
    (seen, why)
}

fn flat(heard: Vec<Vec<Heard>>) -> Vec<Heard> {
    heard.into_iter().flatten().collect()
}

fn ms(heard: &Heard) -> f64 {
    heard.took.as_secs_f64() * 1000.0
}

fn odd(all: impl Iterator<Item = dns::Odd>) -> Odd {
    let sum = all.fold(dns::Odd::default(), dns::Odd::and);
    Odd { foreign: sum.foreign, duplicate: sum.duplicate, late: sum.late }
}

/// As a fact. What was not sent, and what we did not wait for, was not seen.
pub(super) fn told(heard: &Heard) -> Reading<Try> {
    let came = match &heard.came {
        dns::Came::Reply(r) => Came::Reply(reply(r)),
        dns::Came::Silence => Came::Silence,
        dns::Came::Closed => Came::Closed,
        dns::Came::Unreachable => Came::Unreachable,
        dns::Came::Ended => Came::Ended,
        dns::Came::Malformed => Came::Malformed,
        dns::Came::NoRoute => return Reading::unseen(Why::Unsupported),
        dns::Came::Barred(e) => return Reading::unseen(Why::from(&std::io::Error::from(*e))),
        dns::Came::Cut => return Reading::unseen(Why::TimedOut),
    };
    Reading::seen(Try { came, ms: ms(heard), sends: heard.sends })
}

fn reply(r: &dns::Reply) -> Reply {
    let addresses = r.addresses.iter().map(ToString::to_string);
    Reply {
        rcode: r.rcode,
        truncated: r.truncated,
        records: r.records,
        answers: addresses.chain(r.texts.iter().cloned()).take(32).collect(),
        ttl_s: r.ttl,
    }
}
