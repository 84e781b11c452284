//! What is counted while a load runs.

use super::{super::fate::Verdict, Course, Loaded, MOST_TIMES, Own};
use crate::model::{
    Traffic,
    traffic::{Ended, Over},
};
use hdrhistogram::Histogram;
use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// The longest time that is told apart, µs.
const LONGEST_US: u64 = 3_600_000_000;
/// How long a port is kept after we closed a connection: `TCP_TIMEWAIT_LEN`.
const TIME_WAIT: Duration = Duration::from_secs(60);

/// Everything so far.
pub(super) struct Tally {
    course: Course,
    loaded: Loaded,
    latency: Histogram<u32>,
    lag: Histogram<u32>,
    open: u64,
    looked: (bool, bool),
    ports: HashMap<SocketAddr, Ports>,
    range: f64,
}

/// Ports that our connections to one address take.
#[derive(Default)]
struct Ports {
    open: u64,
    /// Seconds since the begin, and how many were closed by us in it.
    waiting: VecDeque<(u64, u64)>,
    sum: u64,
}

/// A request that has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub over: Over,
    pub at: Instant,
}

impl Tally {
    pub fn new(course: &Course) -> Self {
        let histogram = || {
            Histogram::new_with_bounds(1, LONGEST_US, 3).unwrap_or_else(|_| unreachable!("constant bounds"))
        };
        Self {
            course: course.clone(),
            loaded: Loaded::default(),
            latency: histogram(),
            lag: histogram(),
            open: 0,
            looked: (false, false),
            ports: HashMap::new(),
            range: range(),
        }
    }
    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.course.begun())
    }
    /// One is sent, or a connection is asked for it.
    pub fn begin(&mut self, over: Over) -> Begun {
        self.loaded.traffic.sent += 1;
        self.course.sent();
        Begun { over, at: Instant::now() }
    }
    /// It was not sent after all.
    pub fn take_back(&mut self, limit: &'static str) {
        self.loaded.traffic.sent -= 1;
        self.course.unsent();
        self.skip(limit, 1);
    }
    /// It was begun in vain: it will be begun again.
    pub fn forget(&mut self) {
        self.loaded.traffic.sent -= 1;
        self.course.unsent();
    }
    /// So many that were due were not sent.
    pub fn skip(&mut self, limit: &'static str, n: u64) {
        let unsent = &mut self.loaded.own.unsent;
        match unsent.iter_mut().find(|(l, _)| *l == limit) {
            Some((_, count)) => *count += n,
            None if n > 0 => unsent.push((limit, n)),
            None => {}
        }
    }
    /// How late one was sent that nothing but us kept back.
    pub fn lag(&mut self, late: Duration) {
        self.loaded.own.lag_max = self.loaded.own.lag_max.max(late);
        self.lag.saturating_record(us(late));
    }
    /// It was sent after the end had begun.
    pub fn is_late(&self, begun: Begun) -> bool {
        self.course.ending_at().is_some_and(|e| self.since(begun.at) >= e)
    }
    /// It has ended. `took`: from its first byte to the last of its answer.
    pub fn end(&mut self, begun: Begun, verdict: Verdict, took: Duration, ended: Instant) {
        let fate = if self.is_late(begun) { verdict.fate.late() } else { verdict.fate };
        if fate.well() {
            self.latency.saturating_record(us(took));
        }
        self.course.ended(fate.well());
        let ended_s = self.since(ended).as_secs_f64();
        self.loaded.traffic.add(Ended {
            over: begun.over,
            sent_s: self.since(begun.at).as_secs_f64(),
            ended_s,
            fate,
            status: verdict.status,
            bytes: verdict.bytes,
            detail: verdict.detail,
        });
    }
    /// A byte of an answer came.
    pub fn byte(&mut self, at: Instant) {
        let at = self.since(at);
        self.loaded.last_byte = Some(self.loaded.last_byte.map_or(at, |l| l.max(at)));
    }
    /// An answer over a connection that is kept; `closes`: it said that the connection ends.
    pub fn answered(&mut self, closes: bool, at: Instant) {
        if self.course.ending_at().is_some_and(|e| self.since(at) >= e) {
            self.loaded.answers_ending += 1;
            self.loaded.said_close += u64::from(closes);
        }
    }
    /// Counts what is open when the end begins, and when nothing is sent any more: before whatever comes first after it.
    pub fn look(&mut self) {
        let (ending, _, over) = self.course.stage();
        if ending && !self.looked.0 {
            self.loaded.open_at_ending = self.open;
        }
        if over && !self.looked.1 {
            self.loaded.open_at_last = self.open;
        }
        self.looked = (ending, over);
    }
    /// A connection that is to be kept was opened.
    pub fn hold(&mut self) {
        self.look();
        self.open += 1;
    }
    /// It is no more.
    pub fn let_go(&mut self) {
        self.look();
        self.open -= 1;
    }
    /// One that was opened then was closed by the server while it was at rest.
    pub fn closed_at_rest(&mut self, opened: Instant) {
        if self.course.ending_at().is_some_and(|e| self.since(opened) < e) {
            self.loaded.closed_at_rest += 1;
            if self.loaded.at_rest.len() < MOST_TIMES {
                self.loaded.at_rest.push(self.course.begun().elapsed());
            }
        }
    }
    /// A connection to this address is opened.
    pub fn opened(&mut self, to: SocketAddr) {
        let now = self.course.begun().elapsed().as_secs();
        let ports = self.ports.entry(to).or_default();
        ports.open += 1;
        while ports.waiting.front().is_some_and(|(s, _)| s + TIME_WAIT.as_secs() < now) {
            ports.sum -= ports.waiting.pop_front().map_or(0, |(_, n)| n);
        }
        let share = (ports.open + ports.sum) as f64 / self.range * 100.0;
        self.loaded.own.ports_pct = self.loaded.own.ports_pct.max(share);
    }
    /// It was closed, `by_us` before the server did.
    pub fn closed(&mut self, to: SocketAddr, by_us: bool) {
        let now = self.course.begun().elapsed().as_secs();
        let ports = self.ports.entry(to).or_default();
        ports.open = ports.open.saturating_sub(1);
        if by_us {
            self.loaded.own.closed_by_us += 1;
            ports.sum += 1;
            match ports.waiting.back_mut() {
                Some((second, n)) if *second == now => *n += 1,
                _ => ports.waiting.push_back((now, 1)),
            }
        }
    }
    /// The traffic and its counts agree.
    pub fn adds_up(&self) -> bool {
        let traffic: &Traffic = &self.loaded.traffic;
        traffic.sent == traffic.fates().all()
    }
    /// What came of it.
    pub fn finish(self) -> Loaded {
        debug_assert!(self.adds_up(), "a request has no fate, or two");
        let Self { mut loaded, latency, lag, course, .. } = self;
        loaded.length = course.begun().elapsed();
        let at = |h: &Histogram<u32>, q: f64| Duration::from_micros(h.value_at_quantile(q));
        if !latency.is_empty() {
            let of = |share: u16| (share, at(&latency, f64::from(share) / 10_000.0).as_secs_f64() * 1000.0);
            loaded.latency_ms = [5000, 9000, 9900, 10_000].map(of).to_vec();
        }
        let lag_p99 = if lag.is_empty() { Duration::ZERO } else { at(&lag, 0.99) };
        loaded.own = Own { lag_p99: lag_p99.min(loaded.own.lag_max), ..loaded.own };
        loaded
    }
}

fn us(d: Duration) -> u64 {
    (d.as_micros() as u64).max(1)
}

/// How many ports a connection of ours may come from.
fn range() -> f64 {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = text.split_whitespace().filter_map(|n| n.parse::<f64>().ok());
    match (ends.next(), ends.next()) {
        (Some(low), Some(high)) if high >= low => high - low + 1.0,
        _ => 28_232.0,
    }
}
