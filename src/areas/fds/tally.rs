//! Descriptors by kind, counted while the walk meets them.

use super::{Kind, facts::Kinds};
use crate::model::{Reading, Seen, Why};

const KINDS: usize = Kind::ALL.len();

/// What the walk met in one process.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    all: [u32; KINDS],
    /// The same of descriptors numbered `from` and above.
    newer: [u32; KINDS],
    from: u32,
    /// The families of its sockets are worth a call each.
    pub families: bool,
    /// Why it does not hold everything.
    missed: Option<Why>,
}

impl Tally {
    /// `before` is how many descriptors the process held at the first look: a new one takes the lowest free number, so
    /// in a table without gaps those numbered from there on came since.
    pub fn new(before: u64, families: bool) -> Self {
        let from = u32::try_from(before).unwrap_or(u32::MAX);
        Self { all: [0; KINDS], newer: [0; KINDS], from, families, missed: None }
    }
    /// One descriptor.
    pub fn meet(&mut self, fd: u32, kind: Kind) {
        self.all[kind as usize] += 1;
        if fd >= self.from {
            self.newer[kind as usize] += 1;
        }
    }
    /// The descriptors could not be read, or not to the end.
    pub fn missed(&mut self, why: Why) {
        self.missed = Some(why);
    }
    fn whole(&self) -> Seen<()> {
        self.missed.map_or(Ok(()), Err)
    }
    /// Descriptors by kind, if all of them were met.
    pub fn kinds(&self) -> Reading<Kinds> {
        self.whole().map(|()| named(&self.all)).into()
    }
    /// inotify instances, if all descriptors were met.
    pub fn inotify(&self) -> Seen<u64> {
        self.whole().map(|()| u64::from(self.all[Kind::Inotify as usize]))
    }
    /// The kind that grew most since `earlier`; without an earlier count, the most frequent among the newest numbers.
    pub fn grew(&self, earlier: Option<&Tally>) -> Seen<Kind> {
        self.whole()?;
        let by_count = earlier.filter(|e| e.missed.is_none()).and_then(|e| {
            let mut gained = self.all;
            gained.iter_mut().zip(e.all).for_each(|(now, then)| *now = now.saturating_sub(then));
            most(&gained)
        });
        by_count.or_else(|| most(&self.newer)).ok_or(Why::NotAsked)
    }
}

fn named(counts: &[u32; KINDS]) -> Kinds {
    Kind::ALL.into_iter().map(|k| (k, u64::from(counts[k as usize]))).filter(|(_, n)| *n > 0).collect()
}

fn most(counts: &[u32; KINDS]) -> Option<Kind> {
    Kind::ALL.into_iter().filter(|k| counts[*k as usize] > 0).max_by_key(|k| counts[*k as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cell;

    fn tally(before: u64, kinds: &[Kind]) -> Tally {
        let mut t = Tally::new(before, true);
        kinds.iter().enumerate().for_each(|(fd, k)| t.meet(fd as u32, *k));
        t
    }

    #[test]
    fn every_kind_has_its_own_place() {
        let t = tally(0, &Kind::ALL);
        assert!(Kind::ALL.iter().all(|k| t.all[*k as usize] == 1));
    }

    #[test]
    fn the_kind_that_grew_is_told_by_two_counts_or_else_by_the_newest_numbers() {
        let (file, sock) = (Kind::File, Kind::Socket);
        let before = tally(0, &[file, file, file, sock]);
        let after = tally(4, &[file, file, file, sock, sock, sock]);
        assert_eq!(after.grew(Some(&before)), Ok(sock));
        assert_eq!(after.grew(None), Ok(sock));
        assert_eq!(before.grew(Some(&before)), Ok(file), "nothing gained: the newest numbers decide");
        assert_eq!(tally(4, &[file]).grew(None), Err(Why::NotAsked));
    }

    #[test]
    fn a_walk_that_was_cut_off_is_not_a_small_count() {
        let mut t = tally(0, &[Kind::File, Kind::Inotify]);
        assert_eq!(t.inotify(), Ok(1));
        t.missed(Why::TimedOut);
        assert_eq!(t.inotify(), Err(Why::TimedOut));
        assert_eq!(Cell::from(&t.kinds().map(|k| k.len())), Cell::Unseen);
        assert_eq!(t.grew(None), Err(Why::TimedOut));
    }
}
