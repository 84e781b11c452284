//! How a load is steered while it runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What a load and whoever steers it tell each other. Times are nanoseconds since the begin, 0 is not yet.
#[derive(Clone, Debug, Default)]
pub struct Course(Arc<Signs>);

#[derive(Debug)]
struct Signs {
    begun: Instant,
    ending: AtomicU64,
    withdrawn: AtomicU64,
    over: AtomicBool,
    sent: AtomicU64,
    well: AtomicU64,
    lost: AtomicU64,
}

impl Default for Signs {
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
        self.0.begun
    }
    fn now(&self) -> u64 {
        self.0.begun.elapsed().as_nanos().max(1) as u64
    }
    /// The server's end begins now: whatever is sent from here on is late.
    pub fn ending(&self) {
        let _ = self.0.ending.compare_exchange(0, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }
    /// Routing is withdrawn: no connection is opened any more. Those that are kept go on, as clients with keep-alive do.
    pub fn withdraw(&self) {
        let _ = self.0.withdrawn.compare_exchange(0, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }
    /// No request is sent any more; those on their way are waited for.
    pub fn finish(&self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
    /// Requests so far: sent, answered well, lost.
    pub fn so_far(&self) -> (u64, u64, u64) {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        (of(&self.0.sent), of(&self.0.well), of(&self.0.lost))
    }

    /// When the end began.
    pub(super) fn ending_at(&self) -> Option<Duration> {
        at(&self.0.ending)
    }
    pub(super) fn withdrawn(&self) -> bool {
        at(&self.0.withdrawn).is_some()
    }
    pub(super) fn over(&self) -> bool {
        self.0.over.load(Ordering::SeqCst)
    }
    /// Something that changes whenever one of them does.
    pub(super) fn stage(&self) -> (bool, bool, bool) {
        (self.ending_at().is_some(), self.withdrawn(), self.over())
    }
    pub(super) fn sent(&self) {
        self.0.sent.fetch_add(1, Ordering::Relaxed);
    }
    /// It was not sent after all: our own limit was in the way.
    pub(super) fn unsent(&self) {
        self.0.sent.fetch_sub(1, Ordering::Relaxed);
    }
    pub(super) fn ended(&self, well: bool) {
        let of = if well { &self.0.well } else { &self.0.lost };
        of.fetch_add(1, Ordering::Relaxed);
    }
}

fn at(sign: &AtomicU64) -> Option<Duration> {
    let ns = sign.load(Ordering::SeqCst);
    (ns > 0).then(|| Duration::from_nanos(ns))
}
