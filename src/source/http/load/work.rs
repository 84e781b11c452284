//! A load at work: what all its connections share, how one waits for its turn, and how one request goes over one connection.

use super::{
    super::{
        Request, Target,
        answer::Far,
        exchange::{Ending, Exchange},
        fate::{Verdict, unconnected},
        request::Bytes,
        stream::{Rest, Stream},
        two::{Ask, Asked, Two},
    },
    Course, Loaded, Shape,
    bell::Bell,
    fresh, idle, kept,
    tally::{Begun, Tally},
};
use crate::model::{Fate, traffic::Over};
use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
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
    plain_ask: Ask,
    slow_ask: Ask,
    to_head: bool,
    turn: Cell<usize>,
    live: Cell<u64>,
    barred: Cell<Option<(Instant, &'static str)>>,
}

/// A connection, by what is spoken over it.
pub(super) enum Link {
    One(Box<Stream>),
    Two(Two),
}

/// A connection that is held, and whether it has carried a request.
pub(super) struct Held {
    link: Link,
    opened: Instant,
    carried: bool,
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

impl Held {
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Rest> {
        match &mut self.link {
            Link::One(stream) => stream.poll_rest(cx),
            Link::Two(two) => two.poll_rest(cx),
        }
    }
    async fn rest(&mut self) -> Rest {
        match &mut self.link {
            Link::One(stream) => stream.rest().await,
            Link::Two(two) => two.rest().await,
        }
    }
    /// A share of it, when it carries more than one request at a time.
    pub fn share(&self) -> Option<Two> {
        match &self.link {
            Link::One(_) => None,
            Link::Two(two) => Some(two.clone()),
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
                && let Poll::Ready(rest) = held.poll_rest(cx)
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
        match held.rest().await {
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

/// Counts a task while it lives.
struct Live(Rc<Work>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.set(self.0.live.get() - 1);
        // Whoever waits for the last one looks at every tick.
    }
}

/// The whole load.
pub(super) async fn run(
    target: &Target,
    request: &Request,
    shape: &Shape,
    course: &Course,
) -> io::Result<Loaded> {
    let unsaid = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    let (method, body) = shape.slow.as_ref().map_or(("GET", &[][..]), |s| (&s.method, &s.body));
    let work = Rc::new(Work {
        bytes: Bytes::new(target, request, shape.slow.as_ref()),
        plain_ask: Ask::new(target, request, &request.method, &request.body).map_err(unsaid)?,
        slow_ask: Ask::new(target, request, method, body).map_err(unsaid)?,
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
            work.tally.borrow_mut().look();
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
    Ok(work.tally.replace(empty).finish())
}
