//! One request over one connection of HTTP/1.1 and what became of it. The request is sent and the answer is read at the same
//! time: a server that answers early, while the body is still on its way, has answered.

use super::{
    answer::{Answer, Far},
    stream::Stream,
};
use std::{
    future::{Future, poll_fn},
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep_until, timeout_at},
};

/// Read at once, in bytes.
const BLOCK: usize = 16 << 10;
/// So long after the end of the connection a reset that answers our request is still waited for, at least.
const CROSSING: Duration = Duration::from_millis(300);
/// A body that is sent slowly goes out in steps of this length, or longer ones when it has few bytes.
const STEP: Duration = Duration::from_millis(50);

/// How it ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The answer is whole; more of the connection was not looked at.
    Whole,
    /// The server closed the connection. The error is what its kernel said to our request afterwards.
    Closed(Option<io::Error>),
    /// The connection broke.
    Broken(io::Error),
    /// What came is no HTTP.
    Garbled(&'static str),
    /// Time is over.
    TimedOut,
}

/// A request being sent and its answer being read.
pub(super) struct Exchange<'a> {
    out: &'a [u8],
    sent: usize,
    flushed: bool,
    pace: Option<Pace>,
    broke: Option<io::Error>,
    /// The answer so far.
    pub answer: Answer,
    /// Bytes came behind the answer that nobody asked for.
    pub surplus: bool,
    /// When its first byte came.
    pub first: Option<Instant>,
    /// When its last one came.
    pub last: Option<Instant>,
    /// When the last byte of the request was handed to the kernel.
    pub sent_at: Option<Instant>,
}

/// When the bytes of a body may be sent that is sent slowly.
pub(super) struct Pace {
    head: usize,
    from: Instant,
    takes: Duration,
    step: Duration,
    wake: Pin<Box<Sleep>>,
}

impl Pace {
    /// `head` bytes of `all` are sent at once, the others take so long.
    pub fn new(head: usize, all: usize, takes: Duration) -> Self {
        let from = Instant::now();
        let each = takes / u32::try_from(all - head).unwrap_or(u32::MAX).max(1);
        Self { head, from, takes, step: each.max(STEP), wake: Box::pin(sleep_until(from.into())) }
    }
    /// So many bytes may have been sent by now.
    pub fn allows(&mut self, cx: &mut Context<'_>, all: usize) -> usize {
        loop {
            let gone = self.from.elapsed();
            if gone >= self.takes {
                return all;
            }
            let now = Instant::now();
            if self.wake.deadline().into_std() <= now {
                let next = (now + self.step).min(self.from + self.takes);
                self.wake.as_mut().reset(next.into());
            }
            if self.wake.as_mut().poll(cx).is_pending() {
                let body = all - self.head;
                let share = gone.as_secs_f64() / self.takes.as_secs_f64();
                // The last byte is kept back to the end.
                let by_now = 1 + (share * body.saturating_sub(1) as f64) as usize;
                return self.head + by_now.min(body.saturating_sub(1));
            }
        }
    }
}

impl<'a> Exchange<'a> {
    /// This request. `head` bytes of it are its head, and what is behind takes so long to send.
    pub fn new(out: &'a [u8], to_head: bool, slowly: Option<(usize, Duration)>) -> Self {
        let pace = slowly.map(|(head, takes)| Pace::new(head, out.len(), takes));
        Self {
            out,
            sent: 0,
            flushed: false,
            pace,
            broke: None,
            answer: Answer::new(to_head),
            surplus: false,
            first: None,
            last: None,
            sent_at: None,
        }
    }
    /// Not a byte of the request was taken by the kernel.
    pub fn untouched(&self) -> bool {
        self.sent == 0
    }
    /// The connection may carry another request.
    pub fn reusable(&self) -> bool {
        self.sent == self.out.len() && !self.surplus && self.answer.head().is_some_and(|h| h.keeps)
    }

    /// To its end. What is told of the connection's end is told only when it had carried a request before.
    pub async fn run(&mut self, stream: &mut Stream, until: Instant, carried: bool) -> Ending {
        let ended = timeout_at(until.into(), poll_fn(|cx| self.poll(stream, cx))).await;
        let ended = ended.unwrap_or(Ending::TimedOut);
        match (ended, self.broke.take()) {
            // What sending said first is the cause; reading only sees the end of it.
            (Ending::Closed(_) | Ending::Broken(_), Some(broke)) => Ending::Broken(broke),
            (Ending::Closed(_), None) if carried && self.answer.far() == Far::Nothing => {
                Ending::Closed(crossed(|| (stream.error(), stream.acknowledged()), until).await)
            }
            (ended, _) => ended,
        }
    }

    fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<Ending> {
        self.send(stream, cx);
        loop {
            let mut space = [const { MaybeUninit::uninit() }; BLOCK];
            let mut buf = ReadBuf::uninit(&mut space);
            match Pin::new(&mut *stream).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(e)) => return Poll::Ready(Ending::Broken(e)),
                Poll::Ready(Ok(())) if buf.filled().is_empty() => {
                    let whole = self.answer.end();
                    return Poll::Ready(if whole { Ending::Whole } else { Ending::Closed(None) });
                }
                Poll::Ready(Ok(())) => {
                    let now = Instant::now();
                    self.first.get_or_insert(now);
                    self.last = Some(now);
                    match self.answer.feed(buf.filled()) {
                        Err(why) => return Poll::Ready(Ending::Garbled(why)),
                        Ok(surplus) => self.surplus |= surplus > 0,
                    }
                    if self.answer.far() == Far::Whole {
                        return Poll::Ready(Ending::Whole);
                    }
                }
            }
        }
    }

    fn send(&mut self, stream: &mut Stream, cx: &mut Context<'_>) {
        let all = self.out.len();
        loop {
            if self.broke.is_some() || (self.sent == all && self.flushed) {
                return;
            }
            let allowed = self.pace.as_mut().map_or(all, |p| p.allows(cx, all));
            let stream = Pin::new(&mut *stream);
            let done = if self.sent < allowed {
                stream.poll_write(cx, &self.out[self.sent..allowed]).map_ok(|n| {
                    self.sent += n;
                    self.flushed = false;
                    if n == 0 { Some(io::ErrorKind::WriteZero) } else { None }
                })
            } else if !self.flushed {
                stream.poll_flush(cx).map_ok(|()| {
                    self.flushed = true;
                    None
                })
            } else {
                return;
            };
            match done {
                Poll::Pending => return,
                Poll::Ready(Ok(Some(zero))) => self.broke = Some(zero.into()),
                Poll::Ready(Err(e)) => self.broke = Some(e),
                Poll::Ready(Ok(None)) if self.sent == all => {
                    self.sent_at.get_or_insert_with(Instant::now);
                }
                Poll::Ready(Ok(None)) => {}
            }
        }
    }
}

/// After the server's close: whether its kernel refuses our request, because the connection had been closed before it came.
/// When every byte was acknowledged it was taken, and there is nothing to wait for.
/// `look` tells the error that the kernel keeps for the socket, and [`Stream::acknowledged`].
pub(super) async fn crossed(
    look: impl Fn() -> (Option<io::Error>, (bool, Duration)),
    until: Instant,
) -> Option<io::Error> {
    let from = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        let (error, (acknowledged, round_trip)) = look();
        let limit = (from + CROSSING.max(round_trip * 4)).min(until);
        if error.is_some() || acknowledged || Instant::now() >= limit {
            return error;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
