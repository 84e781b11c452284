//! Whose descriptors are worth a read each. Pure: a plan out of counts.

/// From this share of the soft limit on, the kinds are worth what they cost.
const NEAR_PCT: f64 = 50.0;
/// Fewer than this are never near.
const NEAR_OPEN: u64 = 10;
/// From this share on they are told when that is nearly free.
const WARM_PCT: f64 = 40.0;
const WARM_OPEN: u64 = 64;
/// A rise of fewer may be anything.
const RISE: u64 = 8;
/// Of each sort at most so many processes.
const MOST: usize = 20;
/// Links read for those that are near or grow: half a second on an ordinary machine.
const NEAR_LINKS: u64 = 100_000;
/// Links read for those that are merely warm: a few milliseconds.
const WARM_LINKS: u64 = 1_000;
/// Links read in a look that is not the last one.
const EARLY_LINKS: u64 = 20_000;
/// Links read for processes that were asked for.
const ASKED_LINKS: u64 = 400_000;

/// What the choice rests on, for one process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Open descriptors, when they could be counted.
    pub open: Option<u64>,
    /// Share of the soft limit, when both are known and there is a limit.
    pub used_pct: Option<f64>,
    /// How many more than at the start of its rise; 0 when it fell.
    pub gained: u64,
    /// Its kinds were counted in an earlier look.
    pub counted: bool,
}

/// Whose kinds are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Of those that matter.
    Matter,
    /// The same, and of the biggest ones of a scope that somebody chose.
    Narrowed,
    /// Of every process.
    Everyone,
}

/// Indexes of processes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// To be walked.
    pub walk: Vec<usize>,
    /// Worth it, but more than the budget bears.
    pub left: Vec<usize>,
}

impl Choice {
    /// Takes of `wanted`, in its order, what fits into `budget` links.
    fn take(&mut self, loads: &[Load], wanted: impl Iterator<Item = usize>, mut budget: u64, say: bool) {
        for i in wanted {
            if self.walk.contains(&i) || self.left.contains(&i) {
                continue;
            }
            // A list that could not even be counted costs one refused call.
            let cost = loads[i].open.unwrap_or(1);
            if cost <= budget {
                budget -= cost;
                self.walk.push(i);
            } else if say {
                self.left.push(i);
            }
        }
    }
}

/// Whose kinds to count in this look.
pub(super) fn kinds(loads: &[Load], ask: Ask, last: bool) -> Choice {
    let mut choice = Choice::default();
    let mut rising: Vec<usize> = (0..loads.len()).filter(|i| loads[*i].gained >= RISE).collect();
    rising.sort_by_key(|i| std::cmp::Reverse(loads[*i].gained));
    rising.truncate(MOST);
    if !last {
        rising.retain(|i| !loads[*i].counted);
        choice.take(loads, rising.into_iter(), EARLY_LINKS, false);
        return choice;
    }
    if ask == Ask::Everyone {
        choice.walk = (0..loads.len()).filter(|i| loads[*i].open != Some(0)).collect();
        return choice;
    }
    if ask == Ask::Narrowed {
        let mut biggest: Vec<usize> = (0..loads.len()).filter(|i| loads[*i].open != Some(0)).collect();
        biggest.sort_by_key(|i| std::cmp::Reverse(loads[*i].open));
        biggest.truncate(MOST);
        choice.take(loads, biggest.into_iter(), ASKED_LINKS, true);
    }
    let near = above(loads, NEAR_PCT, NEAR_OPEN);
    choice.take(loads, near.into_iter().chain(rising), NEAR_LINKS, true);
    let warm = above(loads, WARM_PCT, WARM_OPEN);
    choice.take(loads, warm.into_iter(), WARM_LINKS, false);
    choice
}

/// The nearest to their limits first.
fn above(loads: &[Load], pct: f64, open: u64) -> Vec<usize> {
    let share = |i: &usize| loads[*i].used_pct.unwrap_or(0.0);
    let mut out: Vec<usize> =
        (0..loads.len()).filter(|i| share(i) >= pct && loads[*i].open.is_some_and(|n| n >= open)).collect();
    out.sort_by(|a, b| share(b).total_cmp(&share(a)));
    out.truncate(MOST);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(open: u64, used_pct: f64) -> Load {
        Load { open: Some(open), used_pct: Some(used_pct), gained: 0, counted: false }
    }
    fn walk(loads: &[Load], ask: Ask) -> Vec<usize> {
        kinds(loads, ask, true).walk
    }

    #[test]
    fn big_tables_below_the_warning_are_not_walked_for_a_plain_total() {
        let loads = vec![load(9_500, 47.5); 20];
        assert_eq!(kinds(&loads, Ask::Matter, true), Choice::default());
        assert_eq!(kinds(&loads, Ask::Everyone, true).walk.len(), 20);
    }

    #[test]
    fn the_nearest_come_first_and_what_the_budget_does_not_bear_is_said() {
        let loads = [load(60_000, 60.0), load(60_000, 90.0), load(20, 70.0), load(400, 45.0), load(3, 95.0)];
        assert_eq!(kinds(&loads, Ask::Matter, true), Choice { walk: vec![1, 2, 3], left: vec![0] });
    }

    #[test]
    fn who_grows_is_walked_once_early_and_once_at_the_end() {
        let grows = Load { gained: 8, ..load(100, 1.0) };
        let counted = Load { counted: true, ..grows };
        let still = Load { gained: 7, ..load(100, 1.0) };
        let loads = [still, grows, counted];
        assert_eq!(kinds(&loads, Ask::Matter, false).walk, [1]);
        assert_eq!(walk(&loads, Ask::Matter), [1, 2]);
    }

    #[test]
    fn a_scope_asks_for_its_biggest_only() {
        let loads: Vec<_> = (0..40).map(|n| load(n, 1.0)).collect();
        let chosen = walk(&loads, Ask::Narrowed);
        assert_eq!((chosen.len(), chosen[0], chosen[19]), (20, 39, 20));
    }

    #[test]
    fn a_count_that_was_refused_is_still_tried_when_asked_for() {
        let loads = [Load { open: None, used_pct: None, gained: 0, counted: false }, load(0, 0.0)];
        assert_eq!(walk(&loads, Ask::Everyone), [0]);
        assert_eq!(walk(&loads, Ask::Narrowed), [0]);
        assert!(walk(&loads, Ask::Matter).is_empty());
    }
}
