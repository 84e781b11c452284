//! A distribution of waits, of which some ended without an answer: those are known as "at least", and so is every quantile
//! that they could move.

use hdrhistogram::Histogram;
use std::{fmt, time::Duration};

/// Values are kept in tenths of a microsecond: on loopback an answer takes 20 µs, and 3 digits are to be true there too.
const UNIT_NS: u64 = 100;
/// The longest that is told from longer ones.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits, with three digits.
#[derive(Clone)]
pub struct Latency {
    /// Waits that ended with an answer.
    ended: Histogram<u32>,
    /// Those, and those that are "at least".
    all: Histogram<u32>,
}

/// A quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// µs.
    pub us: f64,
    /// It is this or more: waits without an answer reach down to it.
    pub at_least: bool,
}

/// So many waits were between the two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Over this, µs.
    pub from_us: f64,
    /// Up to this, µs.
    pub to_us: f64,
    /// Waits that ended with an answer.
    pub ended: u64,
    /// Waits that lasted at least so long.
    pub at_least: u64,
}

impl Default for Latency {
    fn default() -> Self {
        let units = LONGEST.as_nanos() as u64 / UNIT_NS;
        let new =
            || Histogram::new_with_bounds(1, units, 3).unwrap_or_else(|_| unreachable!("constant bounds"));
        Self { ended: new(), all: new() }
    }
}

impl Latency {
    /// A wait that an answer ended.
    pub(super) fn ended(&mut self, wait: Duration) {
        self.ended.saturating_record(units(wait));
        self.all.saturating_record(units(wait));
    }

    /// A wait without an answer so far.
    pub(super) fn at_least(&mut self, wait: Duration) {
        self.all.saturating_record(units(wait));
    }

    /// As a schedule with this interval would have met it: during a long wait more questions would have come, and waited
    /// for the rest of it.
    pub(super) fn corrected(&self, interval: Duration) -> Self {
        let every = units(interval);
        Self { ended: self.ended.clone_correct(every), all: self.all.clone_correct(every) }
    }

    /// How many waits.
    pub fn n(&self) -> u64 {
        self.all.len()
    }

    /// The wait that this share of all waits did not exceed; none when there is none at all.
    pub fn quantile_us(&self, q: f64) -> Option<Quantile> {
        if self.all.is_empty() {
            return None;
        }
        let us = in_us(self.all.value_at_quantile(q));
        // Put to the end of all time, do those without an answer move it?
        let share = q * self.all.len() as f64 / self.ended.len().max(1) as f64;
        let at_least = share > 1.0 || in_us(self.ended.value_at_quantile(share)) > us;
        Some(Quantile { us, at_least })
    }

    /// The longest wait.
    pub fn max_us(&self) -> Option<Quantile> {
        self.quantile_us(1.0)
    }

    /// The waits in this many steps of equal ratio from the shortest to the longest, for a picture.
    pub fn buckets(&self, steps: usize) -> Vec<Bucket> {
        if self.all.is_empty() || steps == 0 {
            return Vec::new();
        }
        let (low, high) = (self.all.min_nz().min(self.all.max()).max(1) as f64, self.all.max() as f64);
        let edge = |i: usize| (low * (high / low).powf(i as f64 / steps as f64)) as u64;
        let (mut buckets, mut from) = (Vec::with_capacity(steps), 0);
        for i in 1..=steps {
            let to = if i == steps { self.all.max() } else { edge(i) };
            if to <= from {
                continue;
            }
            let ended = self.ended.count_between(from + 1, to);
            let at_least = self.all.count_between(from + 1, to).saturating_sub(ended);
            buckets.push(Bucket { from_us: in_us(from), to_us: in_us(to), ended, at_least });
            from = to;
        }
        buckets
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let at = |q| self.quantile_us(q).map(|q| q.us);
        write!(
            f,
            "Latency({} waits, p50 {:?} µs, p99 {:?} µs, max {:?} µs)",
            self.n(),
            at(0.5),
            at(0.99),
            at(1.0)
        )
    }
}

fn units(wait: Duration) -> u64 {
    (wait.as_nanos() as u64 / UNIT_NS).max(1)
}

fn in_us(units: u64) -> f64 {
    (units * UNIT_NS) as f64 / 1000.0
}
