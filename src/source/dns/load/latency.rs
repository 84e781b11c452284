//! A distribution of waits, of which some ended without an answer: those are known as "at least", and so is every quantile
//! that they could move.

use hdrhistogram::Histogram;
use std::{fmt, time::Duration};

/// Values are kept in tenths of a microsecond: on loopback an answer takes 20 µs, and 3 digits are to be true there too.
const UNIT_NS: u64 = 100;
/// The longest that is told from longer ones.
const LONGEST: Duration = Duration::from_secs(60);
/// Of one wait so many more are made at most.
const STEPS: u64 = 1000;

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
        Self { ended: corrected(&self.ended, every), all: corrected(&self.all, every) }
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
        let share = q * self.all.len() as f64 / self.ended.len() as f64;
        let at_least =
            self.ended.is_empty() || share > 1.0 || in_us(self.ended.value_at_quantile(share)) > us;
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
            let to = if i == steps { self.all.max() } else { self.all.highest_equivalent(edge(i)) };
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

/// What `Histogram::clone_correct` does: a wait of v adds one more at v - i, v - 2 i … down to i. Many long waits and a short
/// interval would be more steps than there is time for, so that beyond some each stands for several.
fn corrected(from: &Histogram<u32>, interval: u64) -> Histogram<u32> {
    let (mut to, mut owed) = (from.clone(), 0.0);
    for v in from.iter_recorded() {
        let (longest, n) = (v.value_iterated_to(), f64::from(v.count_at_value()));
        let all = (longest / interval).saturating_sub(1);
        let steps = all.min(STEPS);
        for step in 1..=steps {
            owed += n * all as f64 / steps as f64;
            to.saturating_record_n(longest - interval * (all * step / steps), owed as u32);
            owed = owed.fract();
        }
    }
    to
}

fn units(wait: Duration) -> u64 {
    (wait.as_nanos() as u64 / UNIT_NS).max(1)
}

fn in_us(units: u64) -> f64 {
    (units * UNIT_NS) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }
    fn about(a: f64, b: f64) -> bool {
        (a - b).abs() <= b / 500.0
    }

    #[test]
    fn three_digits_from_a_microsecond_to_a_minute() {
        assert!(Latency::default().quantile_us(0.5).is_none() && Latency::default().buckets(5).is_empty());
        for us in [1, 23, 999, 1001, 54_321, 59_999_999] {
            let mut l = Latency::default();
            l.ended(Duration::from_micros(us));
            let found = l.quantile_us(0.5).unwrap();
            assert!(about(found.us, us as f64) && !found.at_least, "{us}: {found:?}");
        }
        let mut l = Latency::default();
        l.ended(ms(600_000));
        assert!(l.max_us().unwrap().us >= 6e7, "what is longer is not lost");
    }

    #[test]
    fn waits_without_an_answer_are_at_least_and_only_where_they_matter() {
        let mut l = Latency::default();
        (1..=98).for_each(|n| l.ended(ms(n)));
        (0..2).for_each(|_| l.at_least(ms(5000)));
        assert_eq!(l.n(), 100);
        assert!(!l.quantile_us(0.98).unwrap().at_least);
        let p99 = l.quantile_us(0.99).unwrap();
        assert!(p99.at_least && about(p99.us, 5e6), "{p99:?}");
        // One that was cut early may have lasted for ever: what lies beyond it may lie further still.
        l.at_least(ms(50));
        assert!(!l.quantile_us(0.4).unwrap().at_least);
        let p60 = l.quantile_us(0.6).unwrap();
        assert!(p60.at_least && p60.us > 59e3 && p60.us < 61e3, "{p60:?}");
        let mut none = Latency::default();
        none.at_least(ms(5000));
        assert!(none.quantile_us(0.5).unwrap().at_least);
    }

    #[test]
    fn a_picture_holds_every_wait_once() {
        let mut l = Latency::default();
        (1..=1000).for_each(|n| l.ended(Duration::from_micros(n * n)));
        l.at_least(ms(5000));
        for steps in [1, 7, 40] {
            let b = l.buckets(steps);
            assert!(b.len() <= steps && b.windows(2).all(|w| w[0].to_us == w[1].from_us));
            assert_eq!(b.iter().map(|b| b.ended).sum::<u64>(), 1000, "{steps} steps");
            assert_eq!(b.iter().map(|b| b.at_least).sum::<u64>(), 1);
        }
    }

    #[test]
    fn the_correction_is_that_of_the_library_in_one_pass() {
        let mut l = Latency::default();
        (0..90_000).for_each(|n| l.ended(Duration::from_micros(90 + n % 20)));
        l.ended(ms(1000));
        l.ended(ms(300));
        l.at_least(ms(2000));
        let every = Duration::from_micros(100);
        let (ours, theirs) = (l.corrected(every), l.ended.clone_correct(units(every)));
        assert!(ours.n().abs_diff(l.all.clone_correct(units(every)).len()) <= 5);
        for q in [0.1, 0.5, 0.9, 0.95, 0.99, 0.999] {
            let (a, b) = (ours.ended.value_at_quantile(q) as f64, theirs.value_at_quantile(q) as f64);
            assert!((a - b).abs() <= b / 100.0, "{q}: {a} against {b}");
        }
        assert!(ours.quantile_us(0.95).unwrap().at_least, "two seconds of 42 had no answer yet");
        assert!(!ours.quantile_us(0.5).unwrap().at_least);
        assert_eq!(Latency::default().corrected(every).n(), 0);
    }
}
