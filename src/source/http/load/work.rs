//! A load at work: what all its connections share, and how one waits for its turn.

use super::{
    super::{
        Request, Target,
        request::Bytes,
        stream::{Rest, Stream},
        two::{Ask, Two},
    },
    Course, Loaded, Shape,
    bell::Bell,
    fresh, idle, kept,
    tally::Tally,
};
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
    time::{sleep, sleep_until},
};

/// How often the course is looked at.
const TICK: Duration = Duration::from_millis(5);
/// So long nothing is tried after our own limits were in the way.
const PAUSE: Duration = Duration::from_millis(100);

/// What all have in common.
pub(super) struct Work {
    pub target: Target,
    pub request: Request,
    pub shape: Shape,
    pub course: Course,
    pub tally: RefCell<Tally>,
    pub bell: Bell,
    pub bytes: Bytes,
    pub plain_ask: Ask,
    pub slow_ask: Ask,
    pub to_head: bool,
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
    pub link: Link,
    pub opened: Instant,
    pub carried: bool,
    pub to: SocketAddr,
    pub kept: bool,
    pub work: Rc<Work>,
    /// We closed it, or will: its port waits on our side.
    pub by_us: bool,
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
    /// This limit of ours was in the way: nothing that needs it is tried for a while.
    pub fn bar(&self, limit: &'static str) {
        self.barred.set(Some((Instant::now() + PAUSE, limit)));
    }
    /// Our own limit that was in the way just now.
    pub fn barred(&self) -> Option<&'static str> {
        self.barred.get().filter(|(until, _)| Instant::now() < *until).map(|(_, limit)| limit)
    }
    /// Whose turn it is.
    pub fn address(&self) -> SocketAddr {
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
