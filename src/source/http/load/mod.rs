//! Requests kept on their way to one server, and the fate of each. One thread, no retry, open loop: a request is due by its
//! schedule, not when the one before it was answered.

mod bell;
mod course;
mod fresh;
mod idle;
mod kept;
mod sending;
mod tally;
mod work;

pub use course::Course;

use super::{Request, Target};
use crate::model::Traffic;
use std::{io, time::Duration};

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

/// Times of closed connections that are kept.
pub const MOST_TIMES: usize = 4096;

/// What the client itself was like: what it could not do is no fault of the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// How late requests were sent against their schedule: 99th percentile and most.
    pub lag_p99: Duration,
    /// The most.
    pub lag_max: Duration,
    /// Requests that were due and never sent, by our own limit that was in the way: `ports`, `descriptors`, `memory`;
    /// `connections`, when as many as there may be all waited for an answer; `processor`, when it came to us too late.
    pub unsent: Vec<(&'static str, u64)>,
    /// Connections that we opened and closed ourselves: each keeps its port for a minute (TIME_WAIT).
    pub closed_by_us: u64,
    /// The most of the ports that a connection may come from which were in use or in TIME_WAIT by our own doing at one time,
    /// to one address, %. Requests would stay unsent beyond 100.
    pub ports_pct: f64,
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
    /// Of those, closed by the server in good order while no request was on its way: nothing was lost by it. Of all that were
    /// kept, when no end began.
    pub closed_at_rest: u64,
    /// When each of those was noticed, since the begin, as they came; [`MOST_TIMES`] at most. A process that ends closes its
    /// connections, too: closed at the time of its exit is not closed in good order.
    pub at_rest: Vec<Duration>,
    /// Connections that were open to the last: they would have died with the server.
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
    if target.addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no address to send requests to"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let local = tokio::task::LocalSet::new();
    let begun = processor_time();
    let mut loaded = local.block_on(&runtime, work::run(target, request, shape, course))?;
    let length = loaded.length.as_secs_f64().max(1e-9);
    loaded.own.cpu_pct = (processor_time() - begun).as_secs_f64() / length * 100.0;
    Ok(loaded)
}

/// Processor time of this thread.
fn processor_time() -> Duration {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}
