//! The counts of one process over the looks: bounded, and honest about what they prove.

use crate::stats::{Slope, theil_sen};

/// At most this many samples for each process: with more, every second one goes, and from then on only every second
/// look is kept.
const SAMPLES: usize = 64;
/// A rise is steady when it grew in each of so many parts of its time.
const PARTS: usize = 4;

/// What a process held at each look since its count last fell.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// Milliseconds since the first look of the run, and the count.
    points: Vec<(u32, u32)>,
    /// Looks since its count last fell, and how many of them make one sample.
    pushed: u32,
    stride: u32,
    /// Where it began, before any fall.
    origin: Option<(u32, u32)>,
    /// Its count fell at some look.
    fell: bool,
    /// Looks at which it was seen.
    pub looks: u32,
}

impl Default for Series {
    fn default() -> Self {
        Self { points: Vec::new(), pushed: 0, stride: 1, origin: None, fell: false, looks: 0 }
    }
}

impl Series {
    /// One more look.
    pub fn push(&mut self, at_ms: u32, open: u64) {
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        if self.points.last().is_some_and(|(_, last)| open < *last) {
            self.points.clear();
            (self.pushed, self.stride, self.fell) = (0, 1, true);
        }
        // The newest look is always held; it makes way for the next unless it is one to keep.
        if self.pushed > 0 && !(self.pushed - 1).is_multiple_of(self.stride) {
            self.points.pop();
        }
        if self.points.len() == SAMPLES {
            let mut keep = false;
            self.points.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride = self.stride.saturating_mul(2);
        }
        self.pushed = self.pushed.saturating_add(1);
        self.points.push((at_ms, open));
        self.origin.get_or_insert((at_ms, open));
        self.looks += 1;
    }
    /// It never fell.
    pub fn whole(&self) -> bool {
        !self.fell
    }
    /// The count at the start of the rise.
    pub fn first(&self) -> u64 {
        self.points.first().map_or(0, |(_, n)| u64::from(*n))
    }
    /// How many more it holds than at the start of the rise.
    pub fn gained(&self) -> u64 {
        self.points.last().map_or(0, |(_, n)| u64::from(*n) - self.first())
    }
    /// From the start of the rise, in seconds.
    pub fn span_s(&self) -> f64 {
        match (self.points.first(), self.points.last()) {
            (Some((a, _)), Some((b, _))) => f64::from(b - a) / 1000.0,
            _ => 0.0,
        }
    }
    /// It grew in every part of the time, not only in one: a start-up or one burst is not steady.
    pub fn steady(&self) -> bool {
        let (Some((from, _)), Some((to, _))) = (self.points.first(), self.points.last()) else {
            return false;
        };
        // The count nearest to each part's end, for a look is never exactly on time; parts are of equal time, not of
        // equal numbers of samples.
        let at = |part: usize| {
            let end = f64::from(*from) + f64::from(to - from) * part as f64 / PARTS as f64;
            let off = |t: u32| (f64::from(t) - end).abs();
            self.points.iter().min_by(|a, b| off(a.0).total_cmp(&off(b.0))).map(|(_, n)| *n)
        };
        self.points.len() > PARTS && (0..PARTS).all(|p| at(p) < at(p + 1))
    }
    /// Descriptors a second over all looks, less than 0 when it shrinks: the slope, or after a fall the balance.
    pub fn per_s(&self) -> Option<f64> {
        if self.whole() {
            return Some(self.slope()?.median);
        }
        self.balance_per_s()
    }
    /// What it holds more than at the first look, a second: cheap, for orders.
    pub fn balance_per_s(&self) -> Option<f64> {
        let ((t0, n0), (t1, n1)) = (self.origin?, *self.points.last()?);
        Some((f64::from(n1) - f64::from(n0)) * 1000.0 / f64::from(t1 - t0)).filter(|r| r.is_finite())
    }
    /// Descriptors a second; `None` after a single look. After a fall it speaks of the time since.
    pub fn slope(&self) -> Option<Slope> {
        let points: Vec<_> =
            self.points.iter().map(|(t, n)| (f64::from(*t) / 1000.0, f64::from(*n))).collect();
        theil_sen(&points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: impl IntoIterator<Item = u64>) -> Series {
        let mut s = Series::default();
        counts.into_iter().enumerate().for_each(|(i, n)| s.push(i as u32 * 1000, n));
        s
    }

    #[test]
    fn a_leak_is_steady_and_its_rate_is_known() {
        let s = of((0..10).map(|i| 100 + 20 * i));
        assert!(s.whole() && s.steady());
        assert_eq!((s.first(), s.gained(), s.span_s()), (100, 180, 9.0));
        assert_eq!(s.slope().unwrap().low, Some(20.0));
    }

    #[test]
    fn a_look_that_comes_a_millisecond_late_changes_nothing() {
        for late in [[0, 1251, 2502, 3751, 5000], [0, 1250, 2499, 3749, 5001], [1, 1250, 2501, 3750, 5000]] {
            let mut s = Series::default();
            late.iter().zip(0..).for_each(|(t, i)| s.push(*t, 100 + 25 * i));
            assert!(s.steady(), "{late:?}");
        }
    }

    #[test]
    fn a_slow_leak_may_stand_still_between_two_looks() {
        assert!(of((0..60).map(|i| 100 + i / 6)).steady());
    }

    #[test]
    fn one_burst_or_a_start_that_levels_off_is_not_steady() {
        assert!(!of([100, 100, 100, 100, 100, 500, 500, 500, 500, 500]).steady());
        assert!(!of([100, 200, 300, 400, 400, 400, 400, 400, 400, 400]).steady());
        assert!(!of([100, 200]).steady());
    }

    #[test]
    fn a_fall_starts_the_rise_anew_and_is_remembered() {
        let s = of([100, 120, 90, 110, 130]);
        assert!(!s.whole());
        assert_eq!((s.first(), s.gained(), s.span_s()), (90, 40, 2.0));
        assert_eq!(s.per_s(), Some(7.5), "30 more in 4 s, all in all");
    }

    #[test]
    fn samples_are_bounded_and_keep_the_whole_span() {
        let s = of((0..10_000).map(|i| 5 + i));
        assert!((SAMPLES / 2..=SAMPLES).contains(&s.points.len()), "{}", s.points.len());
        let gaps: Vec<_> = s.points.windows(2).map(|w| w[1].0 - w[0].0).collect();
        assert!(gaps[..gaps.len() - 1].iter().all(|g| *g == gaps[0]), "evenly spread: {gaps:?}");
        assert_eq!((s.first(), s.gained(), s.span_s(), s.looks), (5, 9_999, 9_999.0, 10_000));
        assert!(s.steady());
        assert!((s.slope().unwrap().median - 1.0).abs() < 1e-9);
    }
}
