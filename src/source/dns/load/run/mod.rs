//! The loop: sends what is due, reads what arrived, gives up what is too old. One thread does it all: on a machine of few
//! processors a second one takes from the server what it gives to us, and arrivals carry the kernel's time anyway.

mod arriving;
mod sending;

use super::{
    Load, Loaded, MOST_WAITING, Shape, Stopped,
    asked::Asked,
    datagrams::{BATCH, Inbox},
    open::{Table, Used},
    own::{Clock, Watch},
    ports::Ports,
    schedule::Schedule,
    tally::Tally,
};
use rustix::io::Errno;
use std::time::Duration;

/// What is due while there is a free place leaves this long after the end of sending at the latest.
const GRACE_NS: u64 = 100_000_000;
/// As often progress is told.
const TELL_NS: u64 = 100_000_000;
/// A sleep ends so long before a question is due, at most and at least: the rest is spent awake, to be on time.
const AWAKE_NS: (u64, u64) = (2_000, 50_000);
/// No faster than this, whatever is asked for: a schedule that nothing keeps is only a list of what is late.
const MOST_PER_S: f64 = 1e6;
/// Of one socket so many ids are open at most, so that a free one is found soon.
const IDS: usize = 32_768;

/// A question that is due.
#[derive(Clone, Copy)]
struct Due {
    at: u64,
    question: u16,
}

pub(super) struct Run<'a> {
    what: &'a Load,
    clock: Clock,
    /// Sending ends, all ends; nanoseconds on our clock.
    ends: (u64, u64),
    timeout: u64,
    places: usize,
    asked: Vec<Asked>,
    ports: Ports,
    table: Table,
    schedule: Schedule,
    tally: Tally,
    watch: Watch,
    inbox: Inbox,
    outbox: Vec<Vec<u8>>,
    /// Taken from the schedule and not sent yet.
    held: Vec<Due>,
    next_socket: u16,
    next_question: usize,
    /// When the last place became free, as long as there was none before.
    place_since: u64,
    /// Nothing is sent before.
    no_room_until: u64,
    awake_ns: u64,
}

impl<'a> Run<'a> {
    pub fn new(what: &'a Load) -> Result<Self, Errno> {
        let (per_s, most) = match what.shape {
            Shape::Open { per_s } => (per_s, what.most_waiting),
            Shape::Closed { workers, most_per_s } => (most_per_s, workers),
        };
        if what.questions.is_empty() || what.questions.len() > usize::from(u16::MAX) || per_s > MOST_PER_S {
            return Err(Errno::INVAL);
        }
        let asked = what.questions.iter().map(Asked::new).collect::<Result<Vec<_>, _>>()?;
        let schedule = Schedule::new(what.shape)?;
        let ports = Ports::open(what.server, per_s)?;
        let clock = Clock::start();
        let end = clock.at(what.deadline);
        Ok(Self {
            what,
            clock,
            ends: (end.min(what.length.as_nanos() as u64), end),
            timeout: what.timeout.as_nanos() as u64,
            places: (most.clamp(1, MOST_WAITING) as usize).min(ports.len() * IDS),
            asked,
            table: Table::new(ports.len()),
            ports,
            schedule,
            tally: Tally::new(what.shape),
            watch: Watch::start(),
            inbox: Inbox::new(),
            outbox: vec![Vec::new(); BATCH],
            held: Vec::with_capacity(BATCH),
            next_socket: 0,
            next_question: 0,
            place_since: 0,
            no_room_until: 0,
            awake_ns: AWAKE_NS.1,
        })
    }

    pub fn run(mut self, progress: &dyn Fn(u64, u64)) -> Loaded {
        let (mut sending, mut tell) = (true, 0);
        loop {
            let now = self.clock.ns();
            if now >= tell {
                progress(self.tally.found.sent, self.tally.found.failed());
                tell = now + TELL_NS;
            }
            if sending {
                self.send_due(now);
                if let Some(stopped) = self.over(now) {
                    sending = false;
                    self.end_sending(now, stopped);
                }
            }
            if now >= self.ends.1 || !sending && self.table.len() == 0 {
                break;
            }
            self.rest(sending, tell);
            let before = self.clock.ns();
            if self.receive() {
                self.give_up(before);
            }
            if self.tally.found.stopped.is_none() && self.tally.failing(self.what.stop_at_failed_pct, before)
            {
                self.tally.found.stopped = Some(Stopped::FailedPct);
            }
        }
        self.told(progress)
    }

    /// Sleeps until something is to be done, and is awake when a question is due.
    fn rest(&mut self, sending: bool, tell: u64) {
        let oldest = self.table.oldest().map_or(u64::MAX, |o| o.sent + self.timeout);
        let other = oldest.min(tell).min(self.ends.1);
        let full = self.table.len() >= self.places;
        let due = match (sending, full, self.held.is_empty()) {
            (false, ..) => u64::MAX,
            (_, _, false) => self.no_room_until,
            (_, true, _) => self.ends.0,
            _ => self.schedule.due().unwrap_or(u64::MAX).min(self.ends.0),
        };
        let until = other.min(due.saturating_sub(self.awake_ns));
        let now = self.clock.ns();
        if until > now {
            self.ports.sleep(until - now);
            let late = self.clock.ns().saturating_sub(until);
            // Follows how late sleeps end here; most end early, by an answer.
            if late > 0 {
                self.awake_ns = (self.awake_ns * 7 / 8 + late * 2 / 8).clamp(AWAKE_NS.0, AWAKE_NS.1);
            }
        }
    }

    /// Whether nothing more is to be sent, and why if that is early.
    #[expect(clippy::option_option, reason = "over or not, early or not")]
    fn over(&self, now: u64) -> Option<Option<Stopped>> {
        if self.tally.found.stopped.is_some() {
            return Some(self.tally.found.stopped);
        }
        let cut = self.ends.1 < self.what.length.as_nanos() as u64;
        if now >= self.ends.1 {
            return Some(cut.then_some(Stopped::Deadline));
        }
        let full = self.table.len() >= self.places;
        let none_left = self.held.is_empty() && self.schedule.due().is_none_or(|due| due >= self.ends.0);
        let over = now >= self.ends.0 && (none_left || full || now >= self.ends.0 + GRACE_NS);
        over.then_some(cut.then_some(Stopped::Deadline))
    }

    /// What was due and has not left is shed.
    fn end_sending(&mut self, now: u64, stopped: Option<Stopped>) {
        self.tally.found.stopped = stopped;
        let end = now.min(self.ends.0);
        self.tally.found.length = Duration::from_nanos(end);
        for due in std::mem::take(&mut self.held) {
            self.tally.shed(Duration::from_nanos(now - due.at));
        }
        for _ in 0..self.schedule.left_before(end) {
            let due = self.schedule.due().unwrap_or(now).min(now);
            self.schedule.take();
            self.tally.found.intended += 1;
            self.tally.shed(Duration::from_nanos(now - due));
        }
    }

    fn told(mut self, progress: &dyn Fn(u64, u64)) -> Loaded {
        let now = self.clock.ns();
        while let Some(open) = self.table.oldest().copied() {
            self.table.end(open.socket, open.id, Used::Silent);
            let since = |then: u64| Duration::from_nanos(now - then);
            self.tally.cut(since(open.due), since(open.sent));
        }
        let mut found = self.tally.found;
        progress(found.sent, found.failed());
        let s = found.length.as_secs_f64().max(1e-9);
        found.per_s_sent = found.sent as f64 / s;
        found.per_s_answered = found.answered as f64 / s;
        let median = found.service.quantile_us(0.5).map(|q| Duration::from_nanos((q.us * 1000.0) as u64));
        if let Some(every) = median.and_then(|m| self.schedule.interval(m, self.places as u32)) {
            found.from_schedule = found.service.corrected(every);
        }
        found.own = self.watch.end(Duration::from_nanos(now), &self.ports);
        found
    }
}
