//! Requests kept on their way to one server, and the fate of each. One thread, no retry, open loop: a request is due by its
//! schedule, not when the one before it was answered.

use super::{Request, Target};
use crate::model::Traffic;
use std::{
    io,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How the requests go.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Requests a second over connections that are kept, all of them together; infinite is as fast as they are answered.
    pub kept_per_s: f64,
    /// Connections that are kept and carry them.
    pub kept: u32,
    /// Requests a second, each over a connection of its own.
    pub new_per_s: f64,
    /// Connections that carry one request at the begin and then idle; when the end has begun each carries one more, one after
    /// the other over the time until routing is withdrawn, as a balancer would that does not know yet.
    pub idle: u32,
    /// One request at a time whose body takes so long to send; the next one begins when it has ended.
    pub slow: Option<Slow>,
}

/// A body that is sent slowly.
#[derive(Clone, Debug, PartialEq)]
pub struct Slow {
    /// Its method.
    pub method: String,
    /// The body.
    pub body: Vec<u8>,
    /// From its first byte to its last.
    pub takes: Duration,
}

/// What a load and whoever steers it tell each other. Times are nanoseconds since the begin, 0 is not yet.
#[derive(Debug)]
pub struct Course {
    begun: Instant,
    ending: AtomicU64,
    withdrawn: AtomicU64,
    over: AtomicBool,
    sent: AtomicU64,
    well: AtomicU64,
    lost: AtomicU64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            ending: AtomicU64::new(0),
            withdrawn: AtomicU64::new(0),
            over: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            well: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }
}

impl Course {
    /// From when times are counted.
    pub fn begun(&self) -> Instant {
        self.begun
    }
    fn now(&self) -> u64 {
        self.begun.elapsed().as_nanos().max(1) as u64
    }
    /// The server's end begins now: whatever is sent from here on is late.
    pub fn ending(&self) {
        let _ = self.ending.compare_exchange(0, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }
    /// Routing is withdrawn: no connection is opened any more. Those that are kept go on, as clients with keep-alive do.
    pub fn withdraw(&self) {
        let _ = self.withdrawn.compare_exchange(0, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }
    /// No request is sent any more; those on their way are waited for.
    pub fn finish(&self) {
        self.over.store(true, Ordering::SeqCst);
    }
    /// Requests so far: sent, answered well, lost.
    pub fn so_far(&self) -> (u64, u64, u64) {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        (of(&self.sent), of(&self.well), of(&self.lost))
    }
}

/// What the client itself was like: what it could not do is no fault of the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// How late requests were sent against their schedule: 99th percentile and most.
    pub lag_p99: Duration,
    /// The most.
    pub lag_max: Duration,
    /// Requests that were due and never sent, by our own limit that was in the way: ports, descriptors, memory.
    pub unsent: Vec<(&'static str, u64)>,
    /// Processor time of the load over its length, %.
    pub cpu_pct: f64,
}

/// What came of a load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The fates.
    pub traffic: Traffic,
    /// How long it was.
    pub length: Duration,
    /// From the first byte of a request (without the connection) to the last of its answer, of those answered whole, ms:
    /// (share in hundredths of a per cent, value) for 5000, 9000, 9900, 10000.
    pub latency_ms: Vec<(u16, f64)>,
    /// Answers since the end had begun, over connections that are kept, and how many of them said `Connection: close` (HTTP/2:
    /// GOAWAY).
    pub answers_ending: u64,
    /// Those that did.
    pub said_close: u64,
    /// Connections that were kept or idle when the end began.
    pub open_at_ending: u64,
    /// Of those, closed by the server in good order while no request was on its way: nothing was lost by it.
    pub closed_at_rest: u64,
    /// Connections that were open to the last: they died with the server.
    pub open_at_last: u64,
    /// When the last byte came, since the begin.
    pub last_byte: Option<Duration>,
    /// What the client itself was like.
    pub own: Own,
}

/// Runs until [`Course::finish`] and the fate of the last request.
///
/// # Errors
/// When no thread, clock or poller can be had. What the server does is never an error.
pub fn load(target: &Target, request: &Request, shape: &Shape, course: &Course) -> io::Result<Loaded> {
    todo!()
}
