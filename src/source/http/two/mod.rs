//! HTTP/2: framing by `h2`, the rules of what became of a request as over HTTP/1.1. One connection carries many requests.
//!
//! A GOAWAY names the last stream that the server will look at (RFC 9113, 6.8). A request above it was never processed, and a
//! client may send it again: it crossed the server's close as a request over HTTP/1.1 crosses the FIN of an idle connection, and
//! is [`Fate::ClosedIdle`]. A server that says GOAWAY twice, a round trip apart, as the RFC asks for, has none. So a stream that
//! is refused (`REFUSED_STREAM`) was not processed either, but its connection goes on: [`Fate::ResetBefore`].

mod asking;
mod wire;

use super::{
    Request, Target,
    answer::Far,
    exchange::{Pace, crossed},
    fate::{Verdict, broken, closed, whole},
    stream::{Rest, Stream},
};
use crate::model::Fate;
use asking::Asking;
use bytes::Bytes;
use h2::{
    Reason,
    client::{Builder, Connection, SendRequest},
};
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};
use tokio::{
    task::{spawn_local, yield_now},
    time::timeout_at,
};
use wire::{Seen, Wire};

/// What a stream or a connection may hold before we have read it, bytes.
const WINDOW: u32 = 1 << 20;
/// No head of an answer is longer, in bytes.
const HEAD: u32 = 64 << 10;

/// A connection.
#[derive(Clone)]
pub(super) struct Two {
    send: SendRequest<Bytes>,
    wire: Wire,
    state: Rc<State>,
    driven: Rc<Driven>,
}

/// The connection itself, which reads and writes only when it is polled.
struct Driven {
    /// None once it has ended: its streams hear of some ends only when it is dropped.
    connection: RefCell<Option<Connection<Wire, Bytes>>>,
    /// The task that polls it.
    task: RefCell<Option<Waker>>,
    state: Rc<State>,
    seen: Rc<Seen>,
}

impl Driven {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut connection = self.connection.borrow_mut();
        let Some(driven) = connection.as_mut() else { return Poll::Ready(()) };
        let ended = ready!(Pin::new(driven).poll(cx));
        *connection = None;
        let well = ended.is_ok() && self.seen.broke.borrow().is_none();
        self.state.ended.set(Some(if well { Rest::Closed } else { Rest::Broken }));
        if let Some(waker) = self.state.waker.take() {
            waker.wake();
        }
        Poll::Ready(())
    }
    /// Now, in the name of its task: what has come is read and what is to be sent is written, so that a request is on the
    /// wire or is not when its fate is decided.
    fn now(&self) {
        let task = self.task.borrow().clone();
        if let Some(task) = task
            && self.poll(&mut Context::from_waker(&task)).is_ready()
        {
            task.wake();
        }
    }
}

/// What is known of it.
#[derive(Default)]
struct State {
    ended: Cell<Option<Rest>>,
    carried: Cell<bool>,
    /// Its end cost a request.
    cost: Cell<bool>,
    open: Cell<u32>,
    waker: RefCell<Option<Waker>>,
}

/// What came of one request.
pub(super) struct Asked {
    pub verdict: Verdict,
    /// The connection ends: no other request goes over it.
    pub closes: bool,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    /// The head of the answer.
    pub head: Option<http::HeaderMap>,
    /// Nothing was sent: the connection had ended before.
    pub untouched: bool,
}

/// The request, made ready once.
pub(super) struct Ask {
    head: http::Request<()>,
    body: Bytes,
}

impl Ask {
    /// # Errors
    /// What of it HTTP/2 cannot say.
    pub fn new(target: &Target, request: &Request, method: &str, body: &[u8]) -> Result<Self, String> {
        let scheme = if target.url.tls { "https" } else { "http" };
        let host = request.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case("host"));
        let authority = host.map_or_else(|| target.url.authority(), |(_, v)| v.clone());
        let mut head = http::Request::builder().method(method);
        head = head.uri(format!("{scheme}://{authority}{}", target.url.target));
        for (name, value) in request.named(target) {
            if !name.eq_ignore_ascii_case("host") {
                head = head.header(name.to_ascii_lowercase(), value);
            }
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            head = head.header("content-length", body.len());
        }
        let head = head.body(()).map_err(|e| e.to_string())?;
        Ok(Self { head, body: Bytes::copy_from_slice(body) })
    }
}

impl Two {
    /// Begins to speak it. Needs a `LocalSet`.
    ///
    /// # Errors
    /// When the connection ended at once.
    pub async fn begin(stream: Stream) -> io::Result<Self> {
        let wire = Wire { stream: Rc::new(RefCell::new(stream)), seen: Rc::default() };
        let mut builder = Builder::new();
        builder.initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
        builder.max_header_list_size(HEAD).enable_push(false);
        let (send, connection) = builder.handshake(wire.clone()).await.map_err(|e| match e.into_io() {
            Some(e) => e,
            None => io::ErrorKind::InvalidData.into(),
        })?;
        let state = Rc::<State>::default();
        let seen = Rc::clone(&wire.seen);
        let connection = RefCell::new(Some(connection));
        let driven = Rc::new(Driven { connection, task: RefCell::default(), state: Rc::clone(&state), seen });
        let task = Rc::clone(&driven);
        spawn_local(poll_fn(move |cx| {
            *task.task.borrow_mut() = Some(cx.waker().clone());
            task.poll(cx)
        }));
        Ok(Self { send, wire, state, driven })
    }
    /// Requests that are on their way.
    pub fn open(&self) -> u32 {
        self.state.open.get()
    }
    /// Ready when the connection has ended.
    pub fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Rest> {
        // After a GOAWAY nothing may be sent, though answers still come.
        let going = match self.send.poll_ready(cx) {
            Poll::Ready(Err(e)) => {
                Some(if e.reason() == Some(Reason::NO_ERROR) { Rest::Closed } else { Rest::Broken })
            }
            _ => None,
        };
        match self.state.ended.get().or(going) {
            Some(_) if self.state.cost.get() || self.open() > 0 => Poll::Ready(Rest::Broken),
            Some(rest) => Poll::Ready(rest),
            None => {
                *self.state.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
    /// Looks whether a request can be sent, when all has been read that has come.
    pub async fn rest(&mut self) -> Rest {
        for _ in 0..8 {
            let there = self.wire.stream.borrow().peek();
            if there == Some(0) || there.is_none() || self.open() > 0 {
                break;
            }
            yield_now().await;
        }
        match poll_fn(|cx| Poll::Ready(self.poll_rest(cx))).await {
            Poll::Ready(rest) => rest,
            Poll::Pending => Rest::Open,
        }
    }

    /// One request.
    pub async fn ask(
        &mut self,
        ask: &Ask,
        slowly: Option<Duration>,
        expected: Option<u64>,
        until: Instant,
    ) -> Asked {
        let carried = self.state.carried.replace(true);
        // Idle is a connection that nothing is on its way over.
        let idle = carried && self.open() == 0;
        let _open = Open::new(&self.state);
        let (mut asking, mut sent) = (Asking::default(), false);
        let pace = slowly.map(|takes| Pace::new(0, ask.body.len(), takes));
        let done = timeout_at(until.into(), self.run(ask, pace, &mut asking, &mut sent)).await;
        let incoming = &asking.answer;
        let far = if incoming.head.is_some() { Far::Part } else { Far::Nothing };
        let (fate, detail) = match done {
            Err(_) => (Fate::TimedOut, "no end of the answer in time".into()),
            Ok(Ok(())) => whole(incoming.status.unwrap_or_default(), incoming.bytes, expected),
            Ok(Err(error)) => self.judge(&error, far, carried, idle, until).await,
        };
        let closes = self.state.ended.get().is_some() || self.poll_closed().is_some();
        Asked {
            verdict: Verdict { fate, status: incoming.status, bytes: incoming.bytes, detail },
            closes,
            first: incoming.first,
            last: incoming.last,
            // One that waited for its turn all the time was kept waiting by the server.
            untouched: !sent && carried && fate != Fate::TimedOut,
            head: asking.answer.head,
        }
    }
    /// Why no request can be sent any more.
    fn poll_closed(&mut self) -> Option<h2::Error> {
        match self.send.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(e)) => Some(e),
            _ => None,
        }
    }

    async fn run(
        &mut self,
        ask: &Ask,
        pace: Option<Pace>,
        asking: &mut Asking,
        sent: &mut bool,
    ) -> Result<(), h2::Error> {
        let send = &mut self.send;
        poll_fn(|cx| send.poll_ready(cx)).await?;
        self.driven.now();
        let before = self.wire.seen.written.get();
        let (response, body) = self.send.send_request(ask.head.clone(), ask.body.is_empty())?;
        self.driven.now();
        // The wire may be full; but what a GOAWAY took out of the queue is gone, and is no request.
        *sent = self.wire.seen.written.get() > before || self.poll_closed().is_none();
        *asking = Asking::new(response, body, &ask.body, pace);
        poll_fn(|cx| asking.poll(cx)).await
    }

    /// How a request ended that has no whole answer.
    async fn judge(
        &self,
        e: &h2::Error,
        far: Far,
        carried: bool,
        idle: bool,
        until: Instant,
    ) -> (Fate, String) {
        let seen = &self.wire.seen;
        if !e.is_reset() {
            self.state.cost.set(true);
        }
        if e.is_go_away()
            && e.is_remote()
            && far == Far::Nothing
            && e.reason() == Some(Reason::NO_ERROR)
            && carried
        {
            let why = "the server was closing the connection (GOAWAY), and that crossed the request";
            return (Fate::ClosedIdle, why.into());
        }
        if let Some(reason) = e.reason() {
            let who = if e.is_go_away() { "the connection" } else { "the stream" };
            return match far {
                _ if !e.is_remote() && far == Far::Part && e.is_reset() => {
                    (Fate::Truncated, "the body has another length than the answer said".into())
                }
                _ if !e.is_remote() => (Fate::Garbled, "what came is no HTTP/2".into()),
                Far::Nothing => (Fate::ResetBefore, format!("{who} was reset: {reason:?}")),
                _ => (Fate::ResetAfter, format!("{who} was reset: {reason:?}")),
            };
        }
        let broke = seen.broke.borrow_mut().take();
        match broke {
            Some(error) => {
                // The others of this connection are to hear of it, too.
                let same =
                    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
                *seen.broke.borrow_mut() = Some(same);
                broken(far, &error, idle)
            }
            None if idle && far == Far::Nothing => {
                let look = || {
                    let stream = self.wire.stream.borrow();
                    (stream.error(), stream.acknowledged())
                };
                closed(far, crossed(look, until).await.as_ref(), idle)
            }
            None => closed(far, None, idle),
        }
    }
}

/// Counts a request while it is on its way.
struct Open(Rc<State>);

impl Open {
    fn new(state: &Rc<State>) -> Self {
        state.open.set(state.open.get() + 1);
        Self(Rc::clone(state))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}
