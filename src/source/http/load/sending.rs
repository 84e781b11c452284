//! How one request of a load goes over one connection.

use super::{
    super::{
        answer::Far,
        exchange::{Ending, Exchange},
        fate::{Verdict, unconnected},
        stream::Stream,
        two::{Asked, Two},
    },
    tally::Begun,
    work::{Held, Link, Went, Work},
};
use crate::model::{Fate, traffic::Over};
use std::{
    io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::time::timeout_at;

impl Work {
    /// One request, over this connection or another one. `keep`: the connection is one that is kept.
    pub async fn request(self: &Rc<Self>, mut held: Option<Held>, over: Over, keep: bool) -> Went {
        loop {
            if held.is_none()
                && let Some(limit) = self.barred()
            {
                self.tally.borrow_mut().skip(limit, 1);
                return Went { held: None, well: None };
            }
            let begun = self.tally.borrow_mut().begin(over);
            let until = begun.at + self.patience(over);
            let connection = match held.take() {
                Some(held) => held,
                None => match self.connect(begun, until, keep).await {
                    Some(held) => held,
                    None => return Went { held: None, well: self.barred().is_none().then_some(false) },
                },
            };
            match self.exchange(connection, begun, until, keep).await {
                Some(went) => return went,
                // It ended between the look at it and the request, of which nothing was sent: as if the look had seen it.
                None => {
                    self.tally.borrow_mut().forget();
                    if self.course.withdrawn() {
                        return Went { held: None, well: None };
                    }
                }
            }
        }
    }

    /// One request over a connection that carries others at the same time.
    pub async fn beside(&self, mut two: Two, over: Over) {
        let begun = self.tally.borrow_mut().begin(over);
        let until = begun.at + self.patience(over);
        let from = Instant::now();
        let asked = self.ask(&mut two, over, until).await;
        if asked.untouched {
            return self.tally.borrow_mut().forget();
        }
        self.note(begun, from, Reply::of_two(asked), true);
    }

    /// What a request has, its connection included. The time that sending its body takes is not the server's.
    fn patience(&self, over: Over) -> Duration {
        let slow = self.shape.slow.as_ref().filter(|_| over == Over::Slow);
        self.request.timeout + slow.map_or(Duration::ZERO, |s| s.takes)
    }

    async fn open(&self, to: SocketAddr) -> io::Result<Link> {
        let stream = Stream::open(&self.target, to).await?;
        if self.target.http2 && (self.target.security.is_none() || stream.agreed_on_two()) {
            return Two::begin(stream).await.map(Link::Two);
        }
        Ok(Link::One(Box::new(stream)))
    }

    async fn connect(self: &Rc<Self>, begun: Begun, until: Instant, keep: bool) -> Option<Held> {
        let to = self.address();
        let error = match timeout_at(until.into(), self.open(to)).await {
            Ok(Ok(link)) => {
                let mut tally = self.tally.borrow_mut();
                tally.opened(to);
                if keep {
                    tally.hold();
                }
                let opened = Instant::now();
                let work = Rc::clone(self);
                return Some(Held { link, opened, carried: false, to, kept: keep, work, by_us: true });
            }
            Ok(Err(e)) => e,
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, "no connection in time"),
        };
        let now = Instant::now();
        match unconnected(&error) {
            Ok(verdict) => self.tally.borrow_mut().end(begun, verdict, now - begun.at, now),
            Err(limit) => {
                self.tally.borrow_mut().take_back(limit);
                self.bar(limit);
            }
        }
        None
    }

    /// `None` when nothing was sent, over a connection that had carried a request before.
    async fn exchange(
        self: &Rc<Self>,
        mut held: Held,
        begun: Begun,
        until: Instant,
        keep: bool,
    ) -> Option<Went> {
        let carried = std::mem::replace(&mut held.carried, true);
        let from = Instant::now();
        let reply = match &mut held.link {
            Link::One(stream) => self.say(stream, begun.over, carried, until).await,
            Link::Two(two) => Some(self.ask(two, begun.over, until).await)
                .filter(|asked| !asked.untouched)
                .map(Reply::of_two),
        };
        let Some(reply) = reply else {
            held.by_us = false;
            return None;
        };
        held.by_us = reply.by_us;
        let (reusable, well) = (reply.reusable, reply.verdict.fate.well());
        self.note(begun, from, reply, keep);
        Some(Went { held: reusable.then_some(held), well: Some(well) })
    }

    async fn say(&self, stream: &mut Stream, over: Over, carried: bool, until: Instant) -> Option<Reply> {
        let slow = self.shape.slow.as_ref().filter(|_| over == Over::Slow);
        let (bytes, slowly) = match slow {
            Some(slow) => (&self.bytes.slow, Some((self.bytes.slow_head, slow.takes))),
            None => (&self.bytes.plain, None),
        };
        let mut exchange = Exchange::new(bytes, self.to_head && slow.is_none(), slowly);
        let ending = exchange.run(stream, until, carried).await;
        if carried && exchange.untouched() && matches!(ending, Ending::Broken(_)) {
            return None;
        }
        let closes = exchange.answer.head().is_some_and(|h| !h.keeps);
        let by_us = match ending {
            Ending::Whole => !closes,
            Ending::TimedOut | Ending::Garbled(_) => true,
            Ending::Closed(_) | Ending::Broken(_) => false,
        };
        let whole = exchange.answer.far() == Far::Whole;
        let verdict = Verdict::of(ending, &exchange, carried, self.expected());
        let reusable = whole && exchange.reusable();
        Some(Reply { verdict, last: exchange.last, whole, closes, reusable, by_us })
    }

    async fn ask(&self, two: &mut Two, over: Over, until: Instant) -> Asked {
        let slow = self.shape.slow.as_ref().filter(|_| over == Over::Slow);
        let ask = if slow.is_some() { &self.slow_ask } else { &self.plain_ask };
        two.ask(ask, slow.map(|s| s.takes), self.expected(), until).await
    }

    fn expected(&self) -> Option<u64> {
        self.request.expected.filter(|_| !self.to_head)
    }

    /// A request has its fate.
    fn note(&self, begun: Begun, from: Instant, reply: Reply, keep: bool) {
        let now = Instant::now();
        let mut tally = self.tally.borrow_mut();
        if let Some(last) = reply.last {
            tally.byte(last);
        }
        // What is learnt by waiting after the end of the connection happened then; an answer ends with its last byte.
        let ended = reply.last.filter(|_| reply.whole).unwrap_or(now);
        if reply.whole && keep {
            tally.answered(reply.closes, ended);
        }
        tally.end(begun, reply.verdict, ended.saturating_duration_since(from), ended);
    }
}

/// What came of a request, whatever was spoken.
struct Reply {
    verdict: Verdict,
    last: Option<Instant>,
    whole: bool,
    closes: bool,
    reusable: bool,
    by_us: bool,
}

impl Reply {
    fn of_two(asked: Asked) -> Self {
        let Asked { verdict, closes, last, .. } = asked;
        let whole = matches!(verdict.fate, Fate::Whole | Fate::ServerError);
        Self { verdict, last, whole, closes, reusable: !closes, by_us: !closes }
    }
}
