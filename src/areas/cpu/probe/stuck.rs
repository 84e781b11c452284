//! Tasks in uninterruptible sleep that stay in it. One in one look is what every disk does to whoever reads from it.

use super::{Id, id};
use crate::{
    areas::cpu::facts::{Blocked, Stuck},
    model::{Arrange, Kept, Reading, Seen, Why},
    source::{
        Moment,
        proc::{Process, threads::Threads},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

/// So many tasks are watched.
const WATCHED: usize = 256;
/// Threads beside the first of their process whose state is read at the begin: some ten milliseconds.
const SCANNED: usize = 1_000;
/// The same for those who ask for all.
const SCANNED_ALL: usize = 20_000;
/// Looks in a row that a task must have slept.
const LOOKS: u32 = 3;
/// Of so many the kernel is asked for how long.
const TIMED: usize = 16;

/// A task that was seen asleep.
#[derive(Clone, Copy, Debug)]
struct Sleeper {
    since: Instant,
    looks: u32,
    /// How often it had run by then.
    turns: Seen<u64>,
}

/// Who was seen asleep in every look since.
#[derive(Debug, Default)]
pub(super) struct Watch {
    sleepers: HashMap<(Id, i32), Sleeper>,
    /// Threads beside the first ones whose state was read.
    scanned: u64,
    unseen: BTreeMap<Why, u64>,
}

impl Watch {
    /// Takes up who sleeps now, and drops who does not any more.
    pub fn update(&mut self, m: &Moment, meant: &[usize], first: bool, everybody: bool) {
        let table = m.processes();
        let mut now: Vec<(usize, i32)> = Vec::new();
        for i in meant.iter().filter(|i| table[**i].state == b'D') {
            now.push((*i, table[*i].pid));
        }
        if first {
            self.scan(m, meant, everybody, &mut now);
        } else {
            let at: HashMap<Id, usize> = meant.iter().map(|i| (id(&table[*i]), *i)).collect();
            let others = self.sleepers.keys().filter(|((pid, _), tid)| pid != tid);
            for (process, tid) in others {
                let Some(i) = at.get(process) else { continue };
                let task = Threads::of(m.world, &table[*i], 0).map_err(|e| Why::from(&e));
                if task.and_then(|t| t.task(*tid)).is_ok_and(|t| t.state == b'D') {
                    now.push((*i, *tid));
                }
            }
        }
        let mut sleepers = HashMap::new();
        for (i, tid) in now.into_iter().take(WATCHED) {
            let key = (id(&table[i]), tid);
            let mut sleeper = self.sleepers.remove(&key).unwrap_or_else(|| Sleeper {
                since: m.at,
                looks: 0,
                turns: turns(m, &table[i], tid),
            });
            sleeper.looks += 1;
            sleepers.insert(key, sleeper);
        }
        self.sleepers = sleepers;
    }

    /// The states of threads that the process table does not show, as far as the budget goes.
    fn scan(&mut self, m: &Moment, meant: &[usize], everybody: bool, now: &mut Vec<(usize, i32)>) {
        let table = m.processes();
        let mut left = if everybody { SCANNED_ALL } else { SCANNED };
        let mut order: Vec<usize> = meant.iter().copied().filter(|i| table[*i].threads > 1).collect();
        // Small processes first: more of them are seen whole.
        order.arrange_by_key(|i| (table[*i].threads, table[*i].pid));
        for i in order {
            let others = u64::from(table[i].threads.saturating_sub(1));
            let why = match () {
                () if left == 0 => Some(Why::TooMany),
                () if m.left().is_zero() => Some(Why::TimedOut),
                () => None,
            };
            if let Some(why) = why {
                *self.unseen.entry(why).or_default() += others;
                continue;
            }
            // One more: the first thread is in the table already.
            let threads = match Threads::of(m.world, &table[i], left + 1) {
                Ok(threads) => threads,
                Err(e) if Why::from(&e) == Why::Absent => continue,
                Err(e) => {
                    *self.unseen.entry(Why::from(&e)).or_default() += others;
                    continue;
                }
            };
            *self.unseen.entry(Why::TooMany).or_default() += threads.left;
            for tid in threads.ids.iter().filter(|tid| **tid != table[i].pid) {
                left = left.saturating_sub(1);
                self.scanned += 1;
                if threads.task(*tid).is_ok_and(|t| t.state == b'D') {
                    now.push((i, *tid));
                }
            }
        }
        self.unseen.retain(|_, n| *n > 0);
    }

    /// Who slept in every look since the window began, and has not run once meanwhile.
    pub fn conclude(&self, m: &Moment, began: Instant, most: usize) -> Blocked {
        let at: HashMap<Id, usize> = m.processes().iter().enumerate().map(|(i, p)| (id(p), i)).collect();
        let mut blocked =
            Blocked { looked: self.scanned, unseen: self.unseen.clone(), stuck: Kept::default() };
        let mut stuck: Vec<Stuck> = Vec::new();
        let mut keys: Vec<_> = self.sleepers.iter().collect();
        keys.arrange_by_key(|(key, s)| (s.since, **key));
        let mut asked = 0;
        for ((process, tid), s) in keys {
            if s.since > began && s.looks < LOOKS {
                continue;
            }
            let Some(p) = at.get(process).map(|i| &m.processes()[*i]) else { continue };
            match (s.turns, turns(m, p, *tid)) {
                // It has run in between: a disk that is busy, not one that hangs.
                (Ok(a), Ok(b)) if a != b => {}
                (Ok(_), Ok(_)) => {
                    let ask = asked < TIMED;
                    let one = sleeper(m, p, *tid, s.since, ask);
                    // A processor without time for us has none the next time either.
                    let late = one.as_ref().is_some_and(|o| o.still_s == Reading::unseen(Why::TimedOut));
                    asked = if late { TIMED } else { asked + 1 };
                    stuck.extend(one);
                }
                (Err(why), _) | (_, Err(why)) if why != Why::Absent => {
                    *blocked.unseen.entry(why).or_default() += 1;
                }
                // Ended; where the kernel keeps no such counts, nobody can tell whether it ran.
                (Err(_), _) => *blocked.unseen.entry(Why::Unsupported).or_default() += 1,
                (_, Err(_)) => {}
            }
        }
        let age = |s: &Stuck| s.still_s.drawn().copied().unwrap_or(s.watched_s);
        stuck.arrange_by(|a, b| age(b).total_cmp(&age(a)).then(a.tid.cmp(&b.tid)));
        let total = stuck.len() as u64;
        stuck.truncate(most);
        blocked.stuck = Kept::worst(total, stuck);
        blocked
    }
}

fn turns(m: &Moment, p: &Process, tid: i32) -> Seen<u64> {
    Ok(Threads::of(m.world, p, 0).map_err(|e| Why::from(&e))?.sched(tid)?.turns)
}

fn sleeper(m: &Moment, p: &Process, tid: i32, since: Instant, ask: bool) -> Option<Stuck> {
    let threads = Threads::of(m.world, p, 0).ok()?;
    let task = threads.task(tid).ok()?;
    let still = match task.processor {
        Some(processor) if ask && m.world.live => threads.still_s(tid, processor),
        Some(_) => Err(Why::NotAsked),
        None => Err(Why::Unsupported),
    };
    Some(Stuck {
        process: m.name(p),
        tid: u64::try_from(tid).unwrap_or(0),
        wchan: threads.wait_channel(tid).into(),
        watched_s: (m.at - since).as_secs_f64(),
        still_s: still.into(),
    })
}
