//! What a server does with a request that comes a byte a second and never ends: one that waits for ever can be filled up by a
//! handful of slow clients.

use super::{
    Request, Target, Trouble,
    held::{Came, Held, head},
    idle::status,
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// From one byte to the next.
const PACE: Duration = Duration::from_secs(1);
/// More than is ever sent.
const LENGTH: usize = 1 << 20;

/// Which part of the request does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The head: a field whose value grows.
    Head,
    /// The body: announced as longer than what ever comes.
    Body,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dripped {
    /// Whom it led to.
    pub peer: SocketAddr,
    /// From the first byte of the request to what ended it, or to when we let go of it.
    pub after: Duration,
    /// What ended it.
    pub end: DripEnd,
    /// Bytes that were sent one by one.
    pub sent: u32,
}

/// What ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DripEnd {
    /// An answer of this status.
    Answered(u16),
    /// Bytes that are no answer.
    Garbled,
    /// The server closed the connection.
    Closed,
    /// The server reset it.
    Reset,
    /// We did.
    Open,
}

/// Sends a request that does not end for so long at most, over one connection.
///
/// # Errors
/// When there is no connection, or the run must end before.
pub fn drip(
    target: &Target,
    request: &Request,
    part: Part,
    span: Duration,
    until: Instant,
) -> Result<Dripped, Trouble> {
    let to = *target
        .addresses
        .first()
        .ok_or_else(|| Trouble { kind: super::Kind::Name, words: "the host has no address".into() })?;
    let mut held = Held::open(target, to, until.min(Instant::now() + request.timeout))?;
    let mut begin = match part {
        Part::Head => head(target, request, None),
        Part::Body => {
            let method = if request.method == "GET" { "POST" } else { &request.method };
            let asked = Request { method: method.into(), ..request.clone() };
            head(target, &asked, Some(LENGTH))
        }
    };
    if part == Part::Head {
        begin.extend_from_slice(b"X-Slow: ");
    }
    let begun = Instant::now();
    let last = begun + span;
    let mut sent = 0;
    let ended = |end, sent| Dripped { peer: to, after: begun.elapsed(), end, sent };
    let broken = |e: std::io::Error, sent| match e.kind() {
        std::io::ErrorKind::TimedOut => Err(Trouble::io("sending a slow request", &e)),
        // It was closed while a byte was on its way.
        _ => Ok(ended(DripEnd::Reset, sent)),
    };
    if let Err(e) = held.send(&begin, until) {
        return broken(e, sent);
    }
    loop {
        let next = last.min(begun + PACE * (sent + 1));
        match held.receive(next.min(until)) {
            Came::Bytes(bytes) => {
                let end = status(&bytes).map_or(DripEnd::Garbled, DripEnd::Answered);
                return Ok(ended(end, sent));
            }
            Came::End => return Ok(ended(DripEnd::Closed, sent)),
            Came::Reset(_) => return Ok(ended(DripEnd::Reset, sent)),
            Came::Nothing => {}
        }
        let now = Instant::now();
        if now >= last {
            return Ok(ended(DripEnd::Open, sent));
        }
        if now >= until {
            let words = "the run's time ended before a slow request had been kept up for long enough";
            return Err(Trouble { kind: super::Kind::TimedOut, words: words.into() });
        }
        if let Err(e) = held.send(b"x", until) {
            return broken(e, sent);
        }
        sent += 1;
    }
}
