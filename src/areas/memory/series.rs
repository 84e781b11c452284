//! The sizes of one thing over the looks: bounded, and honest about what they prove. A heap rises and falls with each
//! collection, so a fall does not end a rise; what counts is whether its least values rise.

use super::facts::Rise;
use crate::stats::theil_sen;

/// At most this many samples: with more, every second one goes, and from then on only every second look is kept.
const SAMPLES: usize = 64;
/// The parts of the time that must each rise.
const PARTS: usize = 4;

/// What something measured at each look.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// Milliseconds since the first look of the run, and bytes.
    points: Vec<(u32, u64)>,
    pushed: u32,
    stride: u32,
}

impl Default for Series {
    fn default() -> Self {
        Self { points: Vec::new(), pushed: 0, stride: 1 }
    }
}

impl Series {
    /// One more look.
    pub fn push(&mut self, at_ms: u32, bytes: u64) {
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
        self.points.push((at_ms, bytes));
    }

    /// Bytes a second, cheaply and for orders only: what it has more than at the first look.
    pub fn balance(&self) -> Option<f64> {
        let ((t0, n0), (t1, n1)) = (*self.points.first()?, *self.points.last()?);
        let span = f64::from(t1.checked_sub(t0).filter(|s| *s > 0)?) / 1000.0;
        Some((n1 as f64 - n0 as f64) / span)
    }

    /// Bytes a second, less than nought when it shrinks; `None` after a single look.
    pub fn per_s(&self) -> Option<f64> {
        Some(theil_sen(&self.seconds())?.median)
    }

    /// The rise; `None` after a single look, or when it ends with no more than it began.
    pub fn rise(&self) -> Option<Rise> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        let gained = last.1.checked_sub(first.1).filter(|g| *g > 0)?;
        let slope = theil_sen(&self.seconds())?;
        Some(Rise {
            now: last.1,
            gained,
            span_s: f64::from(last.0 - first.0) / 1000.0,
            steady: self.steady(first.0, last.0, gained),
            per_s: slope.median,
            low_per_s: slope.low,
            high_per_s: slope.high,
        })
    }

    /// The least value of each part is well above that of the part before: by half of what an even rise would add.
    fn steady(&self, from: u32, to: u32, gained: u64) -> bool {
        let mut least = [u64::MAX; PARTS];
        for (t, n) in &self.points {
            let part = u64::from(t - from) * PARTS as u64 / u64::from(to - from).max(1);
            let part = usize::try_from(part).unwrap_or(0).min(PARTS - 1);
            least[part] = least[part].min(*n);
        }
        let step = gained / (2 * PARTS as u64);
        least.iter().all(|n| *n != u64::MAX) && least.windows(2).all(|w| w[1] > w[0].saturating_add(step))
    }

    fn seconds(&self) -> Vec<(f64, f64)> {
        self.points.iter().map(|(t, n)| (f64::from(*t) / 1000.0, *n as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn of(mib: impl IntoIterator<Item = u64>) -> Series {
        let mut s = Series::default();
        mib.into_iter().enumerate().for_each(|(i, n)| s.push(i as u32 * 1000, n * MIB));
        s
    }

    #[test]
    fn a_leak_is_sure_and_its_rate_is_known() {
        let rise = of((0..11).map(|i| 100 + 2 * i)).rise().unwrap();
        assert!(rise.sure());
        assert_eq!((rise.now, rise.gained, rise.span_s), (120 * MIB, 20 * MIB, 10.0));
        assert_eq!(rise.left_s(40 * MIB), Some(20.0));
    }

    #[test]
    fn a_leak_below_the_saw_of_a_collector_is_one_too() {
        let saw = (0..60).map(|i| 200 + 2 * i + 7 * (i % 5));
        assert!(of(saw).rise().unwrap().sure());
        let level = (0..60).map(|i| 200 + 7 * (i % 5));
        assert!(of(level).rise().is_none_or(|r| !r.sure()));
    }

    #[test]
    fn one_burst_a_start_that_levels_off_and_two_looks_are_not_sure() {
        for counts in [
            vec![100, 100, 100, 100, 100, 500, 500, 500, 500],
            vec![100, 200, 300, 390, 395, 398, 399, 400, 400, 400, 400],
            vec![100, 101, 100, 102, 101, 100, 101, 101],
            vec![100, 200],
        ] {
            assert!(of(counts.clone()).rise().is_none_or(|r| !r.sure()), "{counts:?}");
        }
    }

    #[test]
    fn what_shrinks_or_was_seen_once_does_not_rise() {
        assert_eq!(of([100, 90, 80, 70, 60]).rise(), None);
        assert_eq!(of([100]).rise(), None);
        assert_eq!(of([100]).balance(), None);
        assert_eq!(of([100, 90, 80]).per_s(), Some(-10.0 * MIB as f64));
        let rise = Rise { per_s: 0.0, ..of([1, 2]).rise().unwrap() };
        assert_eq!(rise.left_s(5), None, "never, and not at once");
    }

    #[test]
    fn samples_are_bounded_and_keep_the_whole_span() {
        let s = of((0..10_000).map(|i| 5 + i));
        assert!((SAMPLES / 2..=SAMPLES).contains(&s.points.len()), "{}", s.points.len());
        let rise = s.rise().unwrap();
        assert_eq!((rise.now, rise.span_s), (10_004 * MIB, 9_999.0));
        assert!(rise.sure());
    }
}
