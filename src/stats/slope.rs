//! The slope of a series that may hold outliers: the median of the slopes of all pairs (Theil 1950, Sen 1968).

/// A slope and how far it may be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// Units of `y` for each unit of `x`: the median over all pairs of points.
    pub median: f64,
    /// The true slope is above this with a confidence of 95 %; `None` when there are too few points to say.
    pub low: Option<f64>,
    /// The true slope is below this with a confidence of 95 %; `None` when there are too few points to say.
    pub high: Option<f64>,
}

/// Quantile of the normal distribution that leaves 5 % on one side.
const Z: f64 = 1.645;

/// The Theil–Sen slope of points `(x, y)` in any order; pairs of equal `x` have none and do not count. `None` without two
/// points of different `x`. The interval is Sen's: ranks among the sorted slopes, from the variance of Kendall's S
/// without its correction for ties, which errs on the wide side (Gilbert 1987, section 16.5). With fewer than five
/// points no rank is left for it. Takes n² steps: callers keep n small.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Slope> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (i, (x, y)) in points.iter().enumerate() {
        slopes.extend(points[i + 1..].iter().filter(|p| p.0 != *x).map(|p| (p.1 - y) / (p.0 - x)));
    }
    slopes.retain(|s| s.is_finite());
    slopes.sort_unstable_by(f64::total_cmp);
    let (pairs, n) = (slopes.len(), points.len() as f64);
    let median = match pairs {
        0 => return None,
        _ if pairs % 2 == 1 => slopes[pairs / 2],
        _ => f64::midpoint(slopes[pairs / 2 - 1], slopes[pairs / 2]),
    };
    let reach = Z * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    // Ranks count from 1 in the book; the lower one is rounded down and the upper one up, away from the median.
    let below = ((pairs as f64 - reach) / 2.0).floor();
    let rank = (below >= 1.0).then_some(below as usize);
    Some(Slope { median, low: rank.map(|r| slopes[r - 1]), high: rank.map(|r| slopes[pairs - r]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(n: u32, slope: f64) -> Vec<(f64, f64)> {
        (0..n).map(|i| (f64::from(i), 7.0 + slope * f64::from(i))).collect()
    }

    #[test]
    fn a_straight_line_has_its_slope_and_no_doubt() {
        let s = theil_sen(&line(10, 20.0)).unwrap();
        assert_eq!(s, Slope { median: 20.0, low: Some(20.0), high: Some(20.0) });
    }

    #[test]
    fn one_wild_point_does_not_turn_the_slope() {
        let mut points = line(12, 2.0);
        points[7].1 = 1e6;
        let s = theil_sen(&points).unwrap();
        assert!((s.median - 2.0).abs() < 1e-9, "{s:?}");
        assert!(s.low.unwrap() > 0.0, "{s:?}");
    }

    #[test]
    fn what_goes_up_and_down_has_no_slope_whose_sign_is_sure() {
        let points: Vec<_> = (0..20).map(|i| (f64::from(i), f64::from(i * 7 % 5))).collect();
        let s = theil_sen(&points).unwrap();
        assert!(s.low.unwrap() < 0.0 && s.high.unwrap() > 0.0, "{s:?}");
    }

    #[test]
    fn sens_interval_agrees_with_the_worked_ranks() {
        // n = 10: 45 pairs, variance of S 125, reach 18.39, so the 13th slope from either end.
        let points: Vec<_> = (0..10).map(|i| (f64::from(i), f64::from(i * i))).collect();
        // Slopes of i² over i are i + j: the sums of two different numbers below ten, in order.
        let mut sums: Vec<f64> = (0..10).flat_map(|i| (i + 1..10).map(move |j| f64::from(i + j))).collect();
        sums.sort_unstable_by(f64::total_cmp);
        let s = theil_sen(&points).unwrap();
        assert_eq!((s.low, s.high), (Some(sums[12]), Some(sums[32])));
        assert_eq!(s.median, 9.0);
    }

    #[test]
    fn few_points_give_a_slope_and_say_nothing_about_its_worth() {
        assert_eq!(theil_sen(&[]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (1.0, 9.0)]), None);
        for n in 2..5 {
            assert_eq!(theil_sen(&line(n, 3.0)), Some(Slope { median: 3.0, low: None, high: None }), "{n}");
        }
        assert_eq!(theil_sen(&line(5, 3.0)).unwrap().low, Some(3.0));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_median_and_order_does_not_matter(
            mut points in proptest::collection::vec((0u32..1000, 0u32..100_000), 0..40)
        ) {
            let as_f64 = |p: &[(u32, u32)]| p.iter().map(|(x, y)| (f64::from(*x), f64::from(*y))).collect::<Vec<_>>();
            let s = theil_sen(&as_f64(&points));
            points.reverse();
            prop_assert_eq!(s, theil_sen(&as_f64(&points)));
            if let Some(Slope { median, low: Some(low), high: Some(high) }) = s {
                prop_assert!(low <= median && median <= high);
            }
        }
    }
}
