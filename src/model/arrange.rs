//! Sorting by a comparison, compiled once: the library's own sort is compiled again for every type and every key, which came to a
//! tenth of the program. Indices are sorted, and the things then put in their places.

use std::cmp::Ordering;

/// Sorts what is not compared a million times a second.
pub trait Arrange<T> {
    /// As `sort_by`: equal things keep their order.
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);
    /// As `sort_by_key`: equal things keep their order.
    fn arrange_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Arrange<T> for [T] {
    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut order = sorted(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        // Along each cycle what belongs here is fetched, and what was here goes where that was.
        for start in 0..order.len() {
            let mut at = start;
            loop {
                let from = order[at];
                order[at] = at;
                if from == start {
                    break;
                }
                self.swap(at, from);
                at = from;
            }
        }
    }
    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// The indices of `n` things in the order of these.
#[inline(never)]
fn sorted(n: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_library_does(mut all: Vec<(u8, String)>) {
            let mut want = all.clone();
            want.sort_by_key(|t| t.0);
            all.arrange_by_key(|t| t.0);
            prop_assert_eq!(&all, &want);
            want.sort_by(|a, b| b.1.cmp(&a.1));
            all.arrange_by(|a, b| b.1.cmp(&a.1));
            prop_assert_eq!(all, want);
        }
    }
}
