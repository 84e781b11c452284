//! How far off a value is among few others: the median and the median distance from it, which outliers do not move.

/// The middle of these values; between the two middle ones where their number is even. `None` of none. Sorts them.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[half]),
        _ => Some(f64::midpoint(values[half - 1], values[half])),
    }
}

/// The middle of a set of values and how far its members are from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The median distance from the median (MAD).
    pub distance: f64,
}

impl Spread {
    /// Of these values; `None` of none.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        let median = self::median(&mut all)?;
        all.iter_mut().for_each(|v| *v = (*v - median).abs());
        Some(Self { median, distance: self::median(&mut all)? })
    }
    /// The modified z-score (Iglewicz and Hoaglin 1993): how many of the usual distances a value is above the middle.
    /// Infinite where more than half of all values are equal and this one is not: then only its size can tell.
    pub fn score(&self, value: f64) -> f64 {
        let off = value - self.median;
        match self.distance > 0.0 {
            true => 0.6745 * off / self.distance,
            false if off == 0.0 => 0.0,
            false => f64::INFINITY.copysign(off),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_few_values_is_not_moved_by_an_outlier() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0]), Some(2.0));
        let spread = Spread::of([10.0, 12.0, 11.0, 9.0, 1000.0].into_iter()).unwrap();
        assert_eq!(spread, Spread { median: 11.0, distance: 1.0 });
        assert!(spread.score(1000.0) > 600.0 && spread.score(12.0) < 1.0);
    }

    #[test]
    fn among_equal_values_another_is_infinitely_far_off() {
        let spread = Spread::of([5.0, 5.0, 5.0, 9.0].into_iter()).unwrap();
        assert_eq!(
            (spread.score(5.0), spread.score(9.0), spread.score(1.0)),
            (0.0, f64::INFINITY, f64::NEG_INFINITY)
        );
    }
}
