//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

pub use crate::model::judged::*;
use crate::{
    areas::dns::facts::{
        Facts,
        conf::{Around, Conf, Libc},
        wire::{Asked, Came, Odd, Reply, ServerSeen, Try},
    },
    model::{Reading, Why},
};

/// A machine whose file says this, read by this library, and whose servers were not asked.
pub fn with_conf(whose: Libc, text: &str) -> Facts {
    let conf = Conf::read(whose, text.as_bytes(), &Around::default());
    let mut facts = Facts::default();
    facts.settings.library = Reading::seen(whose);
    facts.settings.conf = Reading::seen(vec![conf]);
    facts
}

/// The same with these servers, in this order.
pub fn with_servers(servers: Vec<ServerSeen>) -> Facts {
    let lines: String = servers.iter().map(|s| format!("nameserver {}\n", s.address)).collect();
    Facts { servers: Reading::seen(servers), ..with_conf(Libc::Glibc, &lines) }
}

pub fn server(address: &str, asked: Vec<Asked>) -> ServerSeen {
    ServerSeen { address: address.into(), peer: format!("{address}:53"), default: false, asked }
}

/// One name of which each try came to this after so many milliseconds; three packets went into a silence.
pub fn asked(kind: &str, came: &Came, ms: &[f64]) -> Asked {
    let sends = if matches!(came, Came::Reply(_)) { 1 } else { 3 };
    let one = |ms: &f64| Reading::seen(Try { came: came.clone(), ms: *ms, sends });
    Asked {
        name: "db.test".into(),
        kind: kind.into(),
        udp: ms.iter().map(one).collect(),
        tcp: Reading::unseen(Why::NotAsked),
        odd: Odd::default(),
        chosen: false,
        control: false,
    }
}

pub fn tcp(came: Came, asked: Asked) -> Asked {
    Asked { tcp: Reading::seen(Try { came, ms: 2.0, sends: 1 }), ..asked }
}

pub fn unseen(kind: &str, why: Why) -> Asked {
    Asked { udp: vec![Reading::unseen(why)], ..asked(kind, &Came::Silence, &[]) }
}

pub fn reply(rcode: u8, records: u32) -> Came {
    let answers = (0..records).map(|i| format!("10.0.0.{i}")).collect();
    Came::Reply(Reply { rcode, truncated: false, records, answers, ttl_s: Some(30) })
}

pub fn truncated() -> Came {
    Came::Reply(Reply { rcode: 0, truncated: true, records: 0, answers: vec![], ttl_s: None })
}

/// A server that answers both types after so many milliseconds each time.
pub fn healthy(address: &str, ms: f64) -> ServerSeen {
    let yes = |kind| asked(kind, &reply(0, 1), &[ms, ms, ms]);
    server(address, vec![yes("A"), yes("AAAA")])
}

pub fn silent(address: &str) -> ServerSeen {
    let no = |kind| asked(kind, &Came::Silence, &[900.0]);
    server(address, vec![no("A"), no("AAAA")])
}
