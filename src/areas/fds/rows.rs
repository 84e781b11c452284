//! Which rows to keep of a table that may be long. Pure.

use super::args::Sort;
use crate::model::Arrange;
use std::{cmp::Ordering, collections::HashSet};

/// Indexes of processes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Kept, the nearest to the limit first.
    pub rows: Vec<usize>,
    /// Left out.
    pub left: Vec<usize>,
}

/// The `most` nearest to their limit (`None`: not seen, behind all others), the `most` that the table was asked to begin
/// with, and the one with most descriptors of all.
pub(super) fn worst(
    processes: &[usize],
    pct: impl Fn(usize) -> Option<f64>,
    open: impl Fn(usize) -> u64,
    rate: impl Fn(usize) -> f64,
    sort: Sort,
    most: usize,
) -> Rows {
    let near = |a: &usize, b: &usize| {
        let known = |i: &usize| pct(*i).unwrap_or(-1.0);
        known(b).total_cmp(&known(a)).then(open(*b).cmp(&open(*a))).then(a.cmp(b))
    };
    let big = |a: &usize, b: &usize| open(*b).cmp(&open(*a)).then(a.cmp(b));
    let fast = |a: &usize, b: &usize| rate(*b).total_cmp(&rate(*a)).then(a.cmp(b));
    let mut keep: HashSet<usize> = HashSet::new();
    keep.extend(first(processes, most, near));
    match sort {
        Sort::Pct => {}
        Sort::Open => keep.extend(first(processes, most, big)),
        Sort::Growth => keep.extend(first(processes, most, fast)),
    }
    keep.extend(first(processes, 1, big));
    let (mut rows, left): (Vec<usize>, Vec<usize>) = processes.iter().partition(|i| keep.contains(i));
    rows.arrange_by(near);
    Rows { rows, left }
}

fn first(all: &[usize], n: usize, order: impl Fn(&usize, &usize) -> Ordering) -> Vec<usize> {
    let mut all = all.to_vec();
    if n < all.len() {
        all.select_nth_unstable_by(n, &order);
        all.truncate(n);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const PCT: [Option<f64>; 6] = [Some(10.0), None, Some(90.0), Some(0.0), Some(50.0), Some(1.0)];
    const OPEN: [u64; 6] = [10, 0, 9, 5_000, 50, 300];
    const RATE: [f64; 6] = [0.0, 7.0, 0.0, 0.0, 0.0, 0.5];

    fn of(sort: Sort, most: usize) -> Rows {
        worst(&[0, 1, 2, 3, 4, 5], |i| PCT[i], |i| OPEN[i], |i| RATE[i], sort, most)
    }

    #[test]
    fn the_nearest_to_the_limit_are_always_kept_and_so_is_the_biggest() {
        assert_eq!(of(Sort::Pct, 2), Rows { rows: vec![2, 4, 3], left: vec![0, 1, 5] });
    }

    #[test]
    fn another_order_adds_its_own_first_rows() {
        assert_eq!(of(Sort::Open, 2).rows, [2, 4, 5, 3]);
        assert_eq!(of(Sort::Growth, 1).rows, [2, 3, 1]);
    }

    #[test]
    fn what_could_not_be_seen_stands_behind_what_could() {
        assert_eq!(of(Sort::Pct, 100), Rows { rows: vec![2, 4, 0, 5, 3, 1], left: vec![] });
        assert_eq!(worst(&[], |_| None, |_| 0, |_| 0.0, Sort::Pct, 5).rows, [0usize; 0]);
    }
}
