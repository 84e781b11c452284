//! How long a server really keeps a connection that is idle after an answer: held until it ends it. What it claims in `Keep-Alive`
//! is another thing: Node.js says 5 and closes after 6.

use super::{Request, Target, Trouble, held::Came, held::Held};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// Begin of one connection after that of the one before: a server that looks at its timers once a second shows it by that.
const STAGGER: Duration = Duration::from_millis(370);

/// What became of one connection that was idle after an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rest {
    /// Whom it led to.
    pub peer: SocketAddr,
    /// From the last byte of the answer to what ended it, or to when we let go of it.
    pub after: Duration,
    /// What ended it.
    pub end: RestEnd,
}

/// What ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestEnd {
    /// The answer itself: the connection was not to be kept.
    NotKept,
    /// The server closed it.
    Closed,
    /// The server reset it.
    Reset,
    /// The server said something; a status, when it was an answer.
    Spoke(Option<u16>),
    /// We did.
    Open,
}

/// So long [`idle`] takes beyond the time that connections are held and one answer.
pub fn beyond(connections: u32) -> Duration {
    STAGGER * connections
}

/// Holds so many connections after one answer each, for so long. All look at one address: another might be another server.
///
/// # Errors
/// When one had no answer, or the run must end before it was held so long.
pub fn idle(
    target: &Target,
    request: &Request,
    connections: u32,
    span: Duration,
    until: Instant,
) -> Result<Vec<Rest>, Trouble> {
    let to = *target.addresses.first().ok_or_else(none)?;
    let one = |n: u32| -> Result<Rest, Trouble> {
        let _ = rustix::process::setpriority_process(None, 0);
        thread::sleep(STAGGER * n);
        hold(target, request, to, span, until)
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..connections).map(|n| scope.spawn(move || one(n))).collect();
        all.into_iter().map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    })
}

fn none() -> Trouble {
    Trouble { kind: super::Kind::Name, words: "the host has no address".into() }
}

fn hold(
    target: &Target,
    request: &Request,
    to: SocketAddr,
    span: Duration,
    until: Instant,
) -> Result<Rest, Trouble> {
    let patience = until.min(Instant::now() + request.timeout);
    let mut held = Held::open(target, to, patience)?;
    let (keeps, whole) = held.ask(target, request, patience)?;
    let rest = |end, at: Instant| Rest { peer: to, after: at.saturating_duration_since(whole), end };
    if !keeps {
        return Ok(rest(RestEnd::NotKept, Instant::now()));
    }
    let come = held.receive(until.min(whole + span));
    let at = Instant::now();
    Ok(match come {
        Came::End => rest(RestEnd::Closed, at),
        Came::Reset(_) => rest(RestEnd::Reset, at),
        Came::Bytes(bytes) => rest(RestEnd::Spoke(status(&bytes)), at),
        Came::Nothing if at < whole + span => {
            let words = "the run's time ended before an idle connection had been held for long enough";
            return Err(Trouble { kind: super::Kind::TimedOut, words: words.into() });
        }
        Came::Nothing => rest(RestEnd::Open, at),
    })
}

/// The status of what begins like an answer.
pub(super) fn status(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}

/// Begin and end of the certificate that a server shows, seconds since 1970, whoever vouches for it. Nothing is asked of it.
///
/// # Errors
/// When there is no handshake.
pub fn validity(target: &Target, until: Instant) -> Result<Option<(i64, i64)>, Trouble> {
    let to = *target.addresses.first().ok_or_else(none)?;
    Ok(Held::open(target, to, until)?.validity())
}
