//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

pub use crate::model::judged::*;
use crate::{
    areas::http::facts::{Answered, Balancer, Drip, DripEnd, Facts, Idle, Load, Own, Rest, RestEnd},
    model::{
        Fate, Reading, Stamp, Traffic, Why,
        traffic::{Ended, Over},
    },
};

/// One answer of 12 ms, and nothing else was asked for.
pub fn plain() -> Facts {
    Facts {
        url: "http://web:3000/".into(),
        lb: Balancer { idle_s: 60.0, told: false },
        answer: Reading::seen(answered()),
        ..Facts::unseen(Why::NotAsked)
    }
}

/// Nobody answered, whatever was asked for.
pub fn silent(why: Why) -> Facts {
    Facts { url: "http://web:3000/".into(), lb: plain().lb, ..Facts::unseen(why) }
}

pub fn answered() -> Answered {
    Answered {
        peer: "10.0.0.7:3000".into(),
        addresses: 1,
        name_ms: Some(1.0),
        connect_ms: 0.4,
        tls_ms: None,
        first_byte_ms: 11.0,
        body_ms: 0.1,
        status: 200,
        bytes: 3,
        protocol: "http/1.1".into(),
        tls: None,
        keeps: true,
        claimed_s: None,
        location: None,
        server: None,
    }
}

pub fn claiming(seconds: u64) -> Facts {
    Facts { answer: Reading::seen(Answered { claimed_s: Some(seconds), ..answered() }), ..plain() }
}

/// Connections that were held for 62 s and ended so.
pub fn idle(facts: Facts, each: &[(f64, RestEnd)]) -> Facts {
    let each = each.iter().map(|(after_s, end)| Rest { after_s: *after_s, end: *end }).collect();
    let idle = Idle { peer: "10.0.0.7:3000".into(), span_s: 62.0, each };
    Facts { idle: Reading::seen(idle), ..facts }
}

/// A slow head, kept up for so long at most.
pub fn slow_head(span_s: f64, after_s: f64, end: DripEnd) -> Facts {
    let drip = Drip { peer: "10.0.0.7:3000".into(), span_s, after_s, end, sent: after_s as u32 };
    Facts { headers: Reading::seen(drip), ..plain() }
}

/// A load of 1,200 requests in a minute of which these were lost: when, how, over what.
pub fn load(lost: &[(f64, Fate, Over)]) -> Facts {
    let mut traffic = Traffic { sent: 1200, ..Traffic::default() };
    let mut add = |at: f64, fate: Fate, over: Over| {
        let status = match fate {
            Fate::Whole => Some(200),
            Fate::ServerError => Some(502),
            _ => None,
        };
        traffic.add(Ended { over, sent_s: at, ended_s: at, fate, status, bytes: 0, detail: String::new() });
    };
    for n in 0..1200 - lost.len() as u32 {
        add(f64::from(n) * 0.05, Fate::Whole, if n % 2 == 0 { Over::New } else { Over::Kept });
    }
    lost.iter().for_each(|(at, fate, over)| add(*at, *fate, *over));
    let load = Load {
        begun: Stamp::parse("2026-11-21T22:33:00Z").unwrap(),
        per_s: 20.0,
        connections: 10,
        asked_s: 60.0,
        length_s: 60.0,
        timeout_s: 10.0,
        traffic,
        latency_ms: vec![(5000, 2.0), (10_000, 9.0)],
        closed_at_rest: 0,
        own: Own::default(),
        stopped: false,
    };
    Facts { load: Reading::seen(load), ..plain() }
}

/// The same, changed.
pub fn changed(lost: &[(f64, Fate, Over)], change: impl FnOnce(&mut Load)) -> Facts {
    let facts = load(lost);
    let mut load = facts.load.drawn().unwrap().clone();
    change(&mut load);
    Facts { load: Reading::seen(load), ..facts }
}
