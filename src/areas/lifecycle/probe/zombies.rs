//! Who ended and is not collected. When a process ended nothing tells: it was dead at every look, and it started so long
//! ago, and that is all.

use super::{
    super::facts::{EDGES_S, Init, Parent, SETTLED_S, Zombies},
    Id,
};
use crate::{
    model::{Arrange, Kept, Untrusted},
    source::{Moment, proc::Process},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

/// So many are followed over the looks; more are counted and never settle.
const FOLLOWED: usize = 65_536;

/// Zombies over the looks.
#[derive(Default)]
pub(super) struct Watch {
    began: Option<Instant>,
    since: HashMap<Id, Instant>,
}

/// What the zombies of one parent have in common, while they are counted.
#[derive(Default)]
struct Count {
    zombies: u64,
    settled: u64,
    dead: [u64; 12],
    born: [u64; 12],
    oldest_s: f64,
    inherited: u64,
    names: BTreeMap<String, u64>,
}

impl Watch {
    /// One look at the table.
    pub fn see(&mut self, m: &Moment, own: Option<i32>) {
        self.began.get_or_insert(m.at);
        let mut now = HashMap::new();
        for p in zombies(m, own).take(FOLLOWED) {
            let id = (p.pid, p.start_ticks);
            now.insert(id, self.since.get(&id).copied().unwrap_or(m.at));
        }
        self.since = now;
    }

    /// What the looks so far amount to.
    pub fn facts(&self, m: &Moment, inits: &[Init], rows: usize) -> Zombies {
        let table = m.processes();
        let (mut total, mut orphaned) = (0, 0);
        let mut counts: HashMap<i32, Count> = HashMap::new();
        for p in
            zombies(m, None).filter(|p| self.since.contains_key(&(p.pid, p.start_ticks)) || full(&self.since))
        {
            total += 1;
            let Ok(parent) = table.binary_search_by_key(&p.ppid, |q| q.pid) else {
                orphaned += 1;
                continue;
            };
            let dead_s = self
                .since
                .get(&(p.pid, p.start_ticks))
                .map_or(0.0, |at| m.at.duration_since(*at).as_secs_f64());
            counts.entry(p.ppid).or_default().add(p, &table[parent], dead_s, age_s(m, p));
        }
        let mut parents: Vec<Parent> = counts
            .into_iter()
            .filter_map(|(pid, c)| {
                let process = table.binary_search_by_key(&pid, |p| p.pid).ok().map(|i| m.name(&table[i]))?;
                let first = inits.iter().find(|i| i.process == process && !i.ours).map(|i| (i.home, i.role));
                Some(c.parent(process, first))
            })
            .collect();
        parents.arrange_by_key(|p| (std::cmp::Reverse(p.zombies), p.process.pid));
        let count = parents.len() as u64;
        parents.truncate(rows);
        let window_s = self.began.map_or(0.0, |began| m.at.duration_since(began).as_secs_f64());
        Zombies { total, window_s, parents: Kept::worst(count, parents), orphaned }
    }
}

fn full(since: &HashMap<Id, Instant>) -> bool {
    since.len() == FOLLOWED
}

/// A main thread that ended before its others reads as a zombie too and cannot be collected yet: it has threads left. Our
/// own children are ours to collect.
fn zombies<'m>(m: &'m Moment, own: Option<i32>) -> impl Iterator<Item = &'m Process> {
    m.processes().iter().filter(move |p| p.state == b'Z' && p.threads <= 1 && Some(p.ppid) != own)
}

/// Seconds since it started; 0 where the time of the boot is not known, so that nothing is taken for old.
pub(super) fn age_s(m: &Moment, p: &Process) -> f64 {
    let Some(start) = m.world.clock.start(p.start_ticks) else { return 0.0 };
    (m.stamp.ms() - start.ms()) as f64 / 1000.0
}

impl Count {
    fn add(&mut self, p: &Process, parent: &Process, dead_s: f64, age_s: f64) {
        self.zombies += 1;
        *self.names.entry(p.comm.as_str().to_string()).or_default() += 1;
        self.inherited += u64::from((p.session, p.pgrp) != (parent.session, parent.pgrp));
        if dead_s < SETTLED_S {
            return;
        }
        self.settled += 1;
        self.oldest_s = self.oldest_s.max(age_s);
        for (i, edge) in EDGES_S.iter().enumerate() {
            self.dead[i] += u64::from(dead_s >= *edge);
            self.born[i] += u64::from(age_s >= *edge);
        }
    }
    fn parent(
        self,
        process: crate::model::Process,
        first: Option<(super::super::facts::Home, super::super::facts::Role)>,
    ) -> Parent {
        let name = self.names.iter().max_by_key(|(_, n)| **n).map_or("", |(name, _)| name.as_str());
        Parent {
            process,
            zombies: self.zombies,
            settled: self.settled,
            dead: self.dead,
            born: self.born,
            oldest_s: self.oldest_s,
            name: Untrusted::from(name),
            inherited: self.inherited,
            first,
        }
    }
}
