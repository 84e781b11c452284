//! Whose descriptors are looked through for inotify instances. The limit is for each user, so only a walk tells; the
//! art is to leave out whom it cannot concern. Pure: a plan out of counts.

use super::facts::Inotify;
use crate::model::{Arrange, Why};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A bigger table is not walked for this alone.
const MOST_OPEN: u64 = 1_024;
/// Links read for this alone: less than a tenth of a second.
const LINKS: u64 = 20_000;

/// One process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// Its user.
    pub uid: u32,
    /// Open descriptors, when they could be counted.
    pub open: Option<u64>,
    /// It is walked anyway.
    pub walked: bool,
}

/// What to look through.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Indexes of processes to be walked for this alone.
    pub walk: Vec<usize>,
    /// Indexes of processes too big to be walked for this.
    pub left: Vec<usize>,
    /// Users who hold so few descriptors that they cannot come near the limit.
    pub beneath: HashSet<u32>,
}

/// Who can come near a limit of `max` instances, smallest tables first.
pub(super) fn plan(tables: &[Table], max: u64) -> Plan {
    let mut held: HashMap<u32, Option<u64>> = HashMap::new();
    for t in tables {
        let sum = held.entry(t.uid).or_insert(Some(0));
        *sum = sum.zip(t.open).map(|(a, b)| a.saturating_add(b));
    }
    let floor = max as f64 * Inotify::FLOOR_PCT / 100.0;
    let few = |n: &Option<u64>| n.is_some_and(|n| (n as f64) < floor);
    let beneath = held.iter().filter(|(_, n)| few(n)).map(|(uid, _)| *uid).collect();
    let mut plan = Plan { beneath, ..Plan::default() };
    let mut order: Vec<usize> = (0..tables.len())
        .filter(|i| {
            let t = &tables[*i];
            t.open != Some(0) && !t.walked && !plan.beneath.contains(&t.uid)
        })
        .collect();
    order.arrange_by_key(|i| tables[*i].open);
    let mut budget = LINKS;
    for i in order {
        // A list that could not even be counted costs one refused call.
        let cost = tables[i].open.unwrap_or(1);
        if cost <= MOST_OPEN.min(budget) {
            budget -= cost;
            plan.walk.push(i);
        } else {
            plan.left.push(i);
        }
    }
    plan
}

/// What was counted of one user.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub instances: u64,
    /// Processes looked through.
    pub seen: u64,
    /// Processes that were not.
    pub unseen: u64,
    /// The process that holds most, by index, and how many.
    pub top: Option<(usize, u64)>,
}

/// Counts of all users out of what each process held (index, user, instances or why not).
pub(super) fn count(
    seen: impl IntoIterator<Item = (usize, u32, Result<u64, Why>)>,
) -> (HashMap<u32, Count>, BTreeMap<Why, u64>) {
    let (mut users, mut unseen): (HashMap<u32, Count>, BTreeMap<Why, u64>) = Default::default();
    for (index, uid, held) in seen {
        let user = users.entry(uid).or_default();
        match held {
            Ok(n) => {
                user.instances += n;
                user.seen += 1;
                if n > user.top.map_or(0, |(_, most)| most) {
                    user.top = Some((index, n));
                }
            }
            // Ended since: it holds nothing any more.
            Err(Why::Absent) => {}
            Err(why) => {
                user.unseen += 1;
                *unseen.entry(why).or_default() += 1;
            }
        }
    }
    (users, unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(uid: u32, open: u64) -> Table {
        Table { uid, open: Some(open), walked: false }
    }

    #[test]
    fn who_holds_too_few_descriptors_of_any_kind_is_not_walked() {
        let tables = [table(1, 30), table(1, 33), table(2, 40), table(2, 24), table(3, 0)];
        let plan = plan(&tables, 128);
        assert_eq!(plan.walk, [3, 2]);
        assert_eq!(plan.beneath, HashSet::from([1, 3]));
    }

    #[test]
    fn big_tables_are_left_and_counted_and_refused_counts_prove_nothing() {
        let refused = Table { uid: 2, open: None, walked: false };
        let tables = [table(1, 9_500), table(1, 20), refused, Table { walked: true, ..table(1, 5_000) }];
        let plan = plan(&tables, 128);
        assert_eq!((plan.walk, plan.left), (vec![2, 1], vec![0]));
        assert!(plan.beneath.is_empty());
    }

    #[test]
    fn the_budget_covers_as_many_processes_as_it_can() {
        let tables: Vec<_> = (0..30).map(|i| table(1, 1_000 - i)).collect();
        let plan = plan(&tables, 128);
        assert_eq!((plan.walk.len(), plan.left.len(), plan.walk[0]), (20, 10, 29));
    }

    #[test]
    fn instances_add_up_by_user_and_a_refused_process_is_not_none() {
        let (users, unseen) = count([
            (0, 1, Ok(3)),
            (1, 1, Ok(5)),
            (2, 1, Err(Why::Denied)),
            (3, 2, Ok(0)),
            (4, 2, Err(Why::Absent)),
        ]);
        assert_eq!((users[&1].instances, users[&1].unseen, users[&1].top), (8, 1, Some((1, 5))));
        assert_eq!((users[&1].seen, users[&2].seen), (2, 1));
        assert_eq!((users[&2].instances, users[&2].unseen, users[&2].top), (0, 0, None));
        assert_eq!(unseen, BTreeMap::from([(Why::Denied, 1)]));
    }
}
