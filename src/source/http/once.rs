//! One request, step by step, each step timed.

use super::{
    Request, Target, Trouble,
    exchange::{Ending, Exchange},
    request::{Bytes, Kind},
    stream::{Shown, Stream},
    two::{Ask, Two},
};
use crate::model::Fate;
use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{task::LocalSet, time::timeout_at};

/// One answer and how long each step to it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Once {
    /// Who answered.
    pub peer: SocketAddr,
    /// The TCP handshake.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the last byte of the request to the first of the answer.
    pub first_byte: Duration,
    /// From the first byte of the answer to its last.
    pub body: Duration,
    /// Status code.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// The connection may carry another request.
    pub keeps: bool,
    /// `timeout` of the `Keep-Alive` field, s: what the server claims.
    pub claimed_s: Option<u64>,
    /// `Location` of a redirection; from outside.
    pub location: Option<Vec<u8>>,
    /// `Server`; from outside.
    pub server: Option<Vec<u8>>,
    /// `http/1.1` or `h2`.
    pub protocol: &'static str,
    /// `TLS1.3`, when there is TLS.
    pub tls_version: Option<String>,
    /// When the first certificate of the chain that was shown ends, seconds since 1970.
    pub expires: Option<i64>,
}

/// Asks once, over a connection of its own, and lets go of it.
///
/// # Errors
/// At which step it ended and why.
pub fn once(target: &Target, request: &Request, until: Instant) -> Result<Once, Trouble> {
    let until = until.min(Instant::now() + request.timeout);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|e| Trouble::io("a poller", &e))?;
    LocalSet::new().block_on(&runtime, ask(target, request, until))
}

async fn ask(target: &Target, request: &Request, until: Instant) -> Result<Once, Trouble> {
    let none = || Trouble { kind: Kind::Name, words: "the host has no address".into() };
    let peer = *target.addresses.first().ok_or_else(none)?;
    let begun = Instant::now();
    let connecting = format!("connecting to {peer}");
    let tcp = in_time(until, &connecting, Stream::tcp(peer)).await?;
    let connect = begun.elapsed();
    let (mut stream, tls) = match &target.security {
        None => (Stream::Plain(tcp), None),
        Some(security) => {
            let begun = Instant::now();
            let step = format!("the TLS handshake with {peer}");
            let secured = in_time(until, &step, security.secure(tcp, &target.url.host)).await;
            let stream = Stream::Tls(Box::new(secured.map_err(of_handshake)?));
            (stream, Some(begun.elapsed()))
        }
    };
    let shown = stream.shown();
    let reached = Reached { peer, connect, tls, shown };
    if target.http2 && (tls.is_none() || stream.agreed_on_two()) {
        return two(target, request, until, stream, reached).await;
    }
    let bytes = Bytes::new(target, request, None);
    let mut exchange = Exchange::new(&bytes.plain, request.method == "HEAD", None);
    let from = Instant::now();
    let ending = exchange.run(&mut stream, until, false).await;
    // The path may hold a key: it is not repeated.
    let asking = format!("the {}", request.method);
    let said = match ending {
        Ending::Whole => None,
        Ending::TimedOut => {
            let (kind, what) = match exchange.first {
                Some(_) => (Kind::Unended, "no end of the answer"),
                None => (Kind::TimedOut, "no answer"),
            };
            Some((kind, format!("{what} within {:.1} s", from.elapsed().as_secs_f64())))
        }
        Ending::Garbled(why) => Some((Kind::Garbled, why.into())),
        Ending::Closed(_) if exchange.first.is_none() => {
            Some((Kind::Cut, "the server closed the connection without an answer".into()))
        }
        Ending::Closed(_) => {
            let bytes = exchange.answer.bytes();
            Some((
                Kind::Cut,
                format!("the server closed the connection in the answer, after {bytes} bytes of its body"),
            ))
        }
        Ending::Broken(e) => return Err(Trouble::io(&asking, &e)),
    };
    let head = exchange.answer.head();
    let (head, first, last) = match (said, head, exchange.first, exchange.last) {
        (None, Some(head), Some(first), Some(last)) => (head, first, last),
        (said, ..) => {
            let (kind, words) = said.unwrap_or((Kind::Cut, "no answer".into()));
            return Err(Trouble { kind, words: format!("{asking}: {words}") });
        }
    };
    let sent = exchange.sent_at.unwrap_or(from);
    let Reached { peer, connect, tls, shown } = reached;
    Ok(Once {
        peer,
        connect,
        tls,
        first_byte: first.saturating_duration_since(sent),
        body: last.saturating_duration_since(first),
        status: head.status,
        bytes: exchange.answer.bytes(),
        keeps: exchange.reusable(),
        claimed_s: head.claimed_s,
        location: head.location.clone(),
        server: head.server.clone(),
        protocol: "http/1.1",
        tls_version: shown.version,
        expires: shown.expires,
    })
}

/// How far it was before anything was asked.
struct Reached {
    peer: SocketAddr,
    connect: Duration,
    tls: Option<Duration>,
    shown: Shown,
}

async fn two(
    target: &Target,
    request: &Request,
    until: Instant,
    stream: Stream,
    reached: Reached,
) -> Result<Once, Trouble> {
    let Reached { peer, connect, tls, shown } = reached;
    let asking = format!("the {} over HTTP/2", request.method);
    let unsaid = |words| Trouble { kind: Kind::Name, words };
    let ask = Ask::new(target, request, &request.method, &request.body).map_err(unsaid)?;
    let mut two = in_time(until, &asking, Two::begin(stream)).await?;
    let from = Instant::now();
    let asked = two.ask(&ask, None, None, until).await;
    let kind = match asked.verdict.fate {
        Fate::Whole | Fate::ServerError => None,
        Fate::TimedOut if asked.first.is_some() => Some(Kind::Unended),
        Fate::TimedOut => Some(Kind::TimedOut),
        Fate::Garbled => Some(Kind::Garbled),
        _ => Some(Kind::Cut),
    };
    let (None, Some(head), Some(first), Some(last)) = (kind, &asked.head, asked.first, asked.last) else {
        let words = format!("{asking}: {}", asked.verdict.detail);
        return Err(Trouble { kind: kind.unwrap_or(Kind::Cut), words });
    };
    let field = |name: &str| head.get(name).map(|v| v.as_bytes().to_vec());
    Ok(Once {
        peer,
        connect,
        tls,
        first_byte: first.saturating_duration_since(from),
        body: last.saturating_duration_since(first),
        status: asked.verdict.status.unwrap_or_default(),
        bytes: asked.verdict.bytes,
        keeps: !asked.closes,
        claimed_s: None,
        location: field("location"),
        server: field("server"),
        protocol: "h2",
        tls_version: shown.version,
        expires: shown.expires,
    })
}

async fn in_time<T>(
    until: Instant,
    step: &str,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, Trouble> {
    match timeout_at(until.into(), work).await {
        Ok(done) => done.map_err(|e| Trouble::io(step, &e)),
        Err(_) => Err(Trouble { kind: Kind::TimedOut, words: format!("{step}: not in time") }),
    }
}

/// What is no TLS, or a certificate that is not trusted, comes as an error without a number.
fn of_handshake(trouble: Trouble) -> Trouble {
    match trouble.kind {
        Kind::TimedOut | Kind::Ours => trouble,
        _ => Trouble { kind: Kind::Tls, ..trouble },
    }
}
