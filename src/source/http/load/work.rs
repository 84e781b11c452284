//! A load at work: what all its connections share, how one waits for its turn, and how one request goes over one connection.

use super::{
    super::{
        Request, Target,
        exchange::{Ending, Exchange},
        fate::{Verdict, unconnected},
        request::Bytes,
        stream::{Rest, Stream},
    },
    Course, Loaded, Shape,
    bell::Bell,
    fresh, idle, kept,
    tally::{Begun, Tally},
};
use crate::model::traffic::Over;
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    task::spawn_local,
    time::{sleep, sleep_until, timeout_at},
};

/// How often the course is looked at.
const TICK: Duration = Duration::from_millis(5);
/// So long nothing is tried after our own limits were in the way.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// What all have in common.
pub(super) struct Work {
    pub target: Target,
    pub request: Request,
    pub shape: Shape,
    pub course: Course,
    pub tally: RefCell<Tally>,
    pub bell: Bell,
    bytes: Bytes,
    to_head: bool,
    turn: Cell<usize>,
    live: Cell<u64>,
    barred: Cell<Option<(Instant, &'static str)>>,
}

/// A connection that is held, and whether it has carried a request.
pub(super) struct Held {
    pub stream: Stream,
    pub opened: Instant,
    pub carried: bool,
    to: SocketAddr,
    kept: bool,
    work: Rc<Work>,
    by_us: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut tally = self.work.tally.borrow_mut();
        tally.closed(self.to, self.by_us);
        if self.kept {
            tally.let_go();
        }
    }
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is time.
    Due,
    /// The course changed.
    Course,
    /// The connection is of no use any more.
    Rest(Rest),
}

/// How a request went.
pub(super) struct Went {
    /// The connection, when it may carry another one.
    pub held: Option<Held>,
    /// It has a fate, and this one is well; none when it was not sent.
    pub well: Option<bool>,
}

impl Work {
    /// A task of this load.
    pub fn spawn(self: &Rc<Self>, task: impl Future<Output = ()> + 'static) {
        let live = Live(Rc::clone(self));
        self.live.set(self.live.get() + 1);
        spawn_local(async move {
            let _live = live;
            task.await;
        });
    }
    /// So many run.
    pub fn live(&self) -> u64 {
        self.live.get()
    }
    /// Our own limit that was in the way just now.
    pub fn barred(&self) -> Option<&'static str> {
        self.barred.get().filter(|(until, _)| Instant::now() < *until).map(|(_, limit)| limit)
    }
    /// Whose turn it is.
    fn address(&self) -> SocketAddr {
        let at = self.turn.get();
        self.turn.set(at.wrapping_add(1));
        self.target.addresses[at % self.target.addresses.len()]
    }

    /// Until this moment, or a change of the course, or the end of the connection.
    pub async fn wait(&self, until: Option<Instant>, place: usize, held: Option<&mut Held>) -> Turn {
        let stage = self.course.stage();
        let mut timer = pin!(until.map(|u| sleep_until(u.into())));
        let mut held = held;
        poll_fn(|cx| {
            if self.course.stage() != stage {
                return Poll::Ready(Turn::Course);
            }
            if let Some(held) = held.as_mut()
                && let Poll::Ready(rest) = held.stream.poll_rest(cx)
            {
                return Poll::Ready(Turn::Rest(rest));
            }
            self.bell.hear(place, cx);
            match timer.as_mut().as_pin_mut() {
                Some(timer) => timer.poll(cx).map(|()| Turn::Due),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Lets go of a connection that is of no use any more.
    pub fn drop_at_rest(&self, mut held: Held, rest: Rest) {
        held.by_us = false;
        if rest == Rest::Closed {
            self.tally.borrow_mut().closed_at_rest(held.opened);
        }
    }

    /// The held connection, if it can be used; what has happened to it is noted.
    pub async fn usable(&self, held: Option<Held>) -> Option<Held> {
        let mut held = held?;
        match held.stream.rest().await {
            Rest::Open => Some(held),
            rest => {
                self.drop_at_rest(held, rest);
                None
            }
        }
    }

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
            let slow = self.shape.slow.as_ref().filter(|_| over == Over::Slow);
            let until = begun.at + self.request.timeout + slow.map_or(Duration::ZERO, |s| s.takes);
            let connection = match held.take() {
                Some(held) => held,
                None => match self.connect(begun, until, keep).await {
                    Some(held) => held,
                    None => return Went { held: None, well: self.barred().is_none().then_some(false) },
                },
            };
            match self.exchange(connection, begun, until, keep).await {
                Some(went) => return went,
                // It was reset between the look at it and the request, of which nothing was sent: as if the look had seen it.
                None => {
                    self.tally.borrow_mut().forget();
                    if self.course.withdrawn() {
                        return Went { held: None, well: None };
                    }
                }
            }
        }
    }

    async fn connect(self: &Rc<Self>, begun: Begun, until: Instant, keep: bool) -> Option<Held> {
        let to = self.address();
        let opened = timeout_at(until.into(), Stream::open(&self.target, to)).await;
        let error = match opened {
            Ok(Ok(stream)) => {
                let mut tally = self.tally.borrow_mut();
                tally.opened(to);
                if keep {
                    tally.hold();
                }
                let opened = Instant::now();
                let work = Rc::clone(self);
                return Some(Held { stream, opened, carried: false, to, kept: keep, work, by_us: true });
            }
            Ok(Err(e)) => e,
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, "no connection in time"),
        };
        let now = Instant::now();
        match unconnected(&error) {
            Ok(verdict) => self.tally.borrow_mut().end(begun, verdict, now - begun.at, now),
            Err(limit) => {
                self.tally.borrow_mut().take_back(limit);
                self.barred.set(Some((now + PAUSE, limit)));
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
        let slow = self.shape.slow.as_ref().filter(|_| begun.over == Over::Slow);
        let (bytes, slowly) = match slow {
            Some(slow) => (&self.bytes.slow, Some((self.bytes.slow_head, slow.takes))),
            None => (&self.bytes.plain, None),
        };
        let from = Instant::now();
        let mut exchange = Exchange::new(bytes, self.to_head && slow.is_none(), slowly);
        let ending = exchange.run(&mut held.stream, until, held.carried).await;
        if held.carried && exchange.untouched() && matches!(ending, Ending::Broken(_)) {
            held.by_us = false;
            return None;
        }
        let now = Instant::now();
        // What is learnt by waiting after the end of the connection happened then.
        let ended = exchange.last.unwrap_or(now);
        held.by_us = matches!(ending, Ending::Whole | Ending::TimedOut | Ending::Garbled(_));
        let expected = self.request.expected.filter(|_| !self.to_head);
        let verdict = Verdict::of(ending, &exchange, held.carried, expected);
        let answered = exchange.answer.head().is_some();
        let closes = exchange.answer.head().is_some_and(|h| !h.keeps);
        let whole = exchange.answer.far() == super::super::answer::Far::Whole;
        let well = verdict.fate.well();
        let mut tally = self.tally.borrow_mut();
        if let Some(last) = exchange.last {
            tally.byte(last);
        }
        if answered && whole && keep {
            tally.answered(closes, ended);
        }
        let ended = if whole { ended } else { now };
        tally.end(begun, verdict, ended.saturating_duration_since(from), ended);
        drop(tally);
        let reusable = whole && exchange.reusable();
        held.carried = true;
        Some(Went { held: reusable.then_some(held), well: Some(well) })
    }
}

/// Counts a task while it lives.
struct Live(Rc<Work>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.set(self.0.live.get() - 1);
        // Whoever waits for the last one looks at every tick.
    }
}

/// The whole load.
pub(super) async fn run(target: &Target, request: &Request, shape: &Shape, course: &Course) -> Loaded {
    let work = Rc::new(Work {
        bytes: Bytes::new(target, request, shape.slow.as_ref()),
        target: target.clone(),
        request: request.clone(),
        shape: shape.clone(),
        course: course.clone(),
        tally: RefCell::new(Tally::new(course)),
        bell: Bell::default(),
        to_head: request.method == "HEAD",
        turn: Cell::new(0),
        live: Cell::new(0),
        barred: Cell::new(None),
    });
    kept::spawn(&work);
    idle::spawn(&work);
    fresh::spawn(&work);
    let mut stage = (false, false, false);
    loop {
        let now = course.stage();
        if now != stage {
            if now.0 && !stage.0 {
                work.tally.borrow_mut().ending();
            }
            if now.2 && !stage.2 {
                work.tally.borrow_mut().over();
            }
            stage = now;
            work.bell.ring();
        }
        if now.2 && work.live() == 0 {
            break;
        }
        sleep(TICK).await;
    }
    debug_assert!(work.tally.borrow().adds_up(), "a request has no fate, or two");
    let empty = Tally::new(course);
    work.tally.replace(empty).finish()
}
