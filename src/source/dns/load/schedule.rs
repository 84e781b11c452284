//! When questions are due. Times are nanoseconds since the load began.

use super::Shape;
use rustix::io::Errno;
use std::{collections::VecDeque, time::Duration};

/// The schedule of a shape.
pub(super) enum Schedule {
    /// The n-th question is due at n / `per_s`, whatever happens.
    Open { per_s: f64, next: u64 },
    /// A question is due when a worker is free, and not before the last one is this long ago.
    Closed { free: VecDeque<u64>, gap: u64, not_before: u64 },
}

impl Schedule {
    pub fn new(shape: Shape) -> Result<Self, Errno> {
        let positive = |per_s: f64| (per_s > 0.0 && per_s.is_finite()).then_some(per_s).ok_or(Errno::INVAL);
        Ok(match shape {
            Shape::Open { per_s } => Self::Open { per_s: positive(per_s)?, next: 0 },
            Shape::Closed { workers, most_per_s } => {
                let gap = (1e9 / positive(most_per_s)?) as u64;
                let free = std::iter::repeat_n(0, workers.clamp(1, super::MOST_WAITING) as usize).collect();
                Self::Closed { free, gap, not_before: 0 }
            }
        })
    }

    /// When the next question is due; none as long as every worker waits.
    pub fn due(&self) -> Option<u64> {
        match self {
            Self::Open { per_s, next } => Some((*next as f64 * 1e9 / per_s) as u64),
            Self::Closed { free, not_before, .. } => free.front().map(|at| (*at).max(*not_before)),
        }
    }

    /// The next question is out of the way.
    pub fn take(&mut self) {
        match self {
            Self::Open { next, .. } => *next += 1,
            Self::Closed { free, gap, not_before } => {
                *not_before = free.pop_front().unwrap_or_default().max(*not_before) + *gap;
            }
        }
    }

    /// A question ended then.
    pub fn ended(&mut self, at: u64) {
        if let Self::Closed { free, .. } = self {
            free.push_back(at);
        }
    }

    /// Questions of a fixed schedule that are due before this moment and were not taken.
    pub fn left_before(&self, end: u64) -> u64 {
        match self {
            Self::Open { per_s, next } => ((end as f64 / 1e9 * per_s).ceil() as u64).saturating_sub(*next),
            Self::Closed { .. } => 0,
        }
    }

    /// The steady interval at which one worker asks when each answer takes so long; none of a fixed schedule.
    pub fn interval(&self, answer: Duration, workers: u32) -> Option<Duration> {
        match self {
            Self::Open { .. } => None,
            Self::Closed { gap, .. } => {
                Some(answer.max(Duration::from_nanos(gap.saturating_mul(workers.into()))))
            }
        }
    }
}
