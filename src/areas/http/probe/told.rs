//! What was seen, as facts hold it.

use super::super::facts::{Answered, Drip, DripEnd, Idle, Rest, RestEnd};
use crate::{
    model::Untrusted,
    source::http::{self, Kind, Once, Trouble},
};
use std::time::Duration;

/// No field of an answer is kept longer, in bytes.
const FIELD: usize = 512;

/// Why there is no answer.
pub(super) fn trouble(trouble: &Trouble) -> String {
    let words = trouble.words.clone();
    let untrusted = trouble.kind == Kind::Tls && words.contains("certificate");
    if untrusted { words + "; --cacert FILE names its authority, --insecure trusts anyone" } else { words }
}

pub(super) fn answered(once: &Once, name: Option<Duration>, addresses: usize) -> Answered {
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|b| Untrusted::from_bytes(&b[..b.len().min(FIELD)]));
    Answered {
        peer: once.peer.to_string(),
        addresses: addresses as u32,
        name_ms: name.map(ms),
        connect_ms: ms(once.connect),
        tls_ms: once.tls.map(ms),
        first_byte_ms: ms(once.first_byte),
        body_ms: ms(once.body),
        status: once.status,
        bytes: once.bytes,
        protocol: once.protocol.into(),
        tls: once.tls_version.clone(),
        keeps: once.keeps,
        claimed_s: once.claimed_s,
        location: once.location.as_deref().map(bare).as_ref().and_then(|l| text(&Some(l.clone()))),
        server: text(&once.server),
    }
}

/// Where a redirection leads, without its query: sessions are in it.
fn bare(location: &[u8]) -> Vec<u8> {
    match location.iter().position(|b| *b == b'?') {
        Some(at) => [&location[..at], "?…".as_bytes()].concat(),
        None => location.to_vec(),
    }
}

pub(super) fn idle(rests: &[http::Rest], span: Duration) -> Idle {
    let rest = |r: &http::Rest| Rest {
        after_s: r.after.as_secs_f64(),
        end: match r.end {
            http::RestEnd::NotKept => RestEnd::NotKept,
            http::RestEnd::Closed => RestEnd::Closed,
            http::RestEnd::Reset => RestEnd::Reset,
            http::RestEnd::Spoke(status) => RestEnd::Spoke(status),
            http::RestEnd::Open => RestEnd::Open,
        },
    };
    Idle {
        peer: rests.first().map(|r| r.peer.to_string()).unwrap_or_default(),
        span_s: span.as_secs_f64(),
        each: rests.iter().map(rest).collect(),
    }
}

pub(super) fn drip(dripped: &http::Dripped, span: Duration) -> Drip {
    Drip {
        peer: dripped.peer.to_string(),
        span_s: span.as_secs_f64(),
        after_s: dripped.after.as_secs_f64(),
        end: match dripped.end {
            http::DripEnd::Answered(status) => DripEnd::Answered(status),
            http::DripEnd::Garbled => DripEnd::Garbled,
            http::DripEnd::Closed => DripEnd::Closed,
            http::DripEnd::Reset => DripEnd::Reset,
            http::DripEnd::Open => DripEnd::Open,
        },
        sent: dripped.sent,
    }
}

pub(super) fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_told() {
        assert_eq!(bare(b"/login?session=hunter2"), "/login?…".as_bytes());
    }
}
