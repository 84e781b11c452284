//! Edges between those who wait and those who are in their way. Hard ones are never written down: whoever waits for an
//! object waits for all that have it in a conflicting mode, so that the rows themselves are the edges.

use super::{
    Mode,
    queue::{Ahead, NONE, Queue},
    table::{PREPARED, Table},
};

/// One who waits for an object.
pub(super) struct Waiting {
    pub tag: u32,
    /// Who, and the owner who stands for his parallel query.
    pub owner: u32,
    pub group: u32,
    /// Modes as bits that are in his way.
    pub against: u8,
    pub row: u32,
    /// He waits for somebody who has the object.
    pub hard: bool,
}

/// One who has an object.
pub(super) struct Holding {
    pub group: u32,
    /// Modes as bits.
    pub modes: u8,
}

/// Lists of numbers, one after the other.
#[derive(Default)]
pub(super) struct Lists {
    ends: Vec<u32>,
    flat: Vec<u32>,
}

impl Lists {
    /// Sorts `(list, number)` into `n` lists.
    pub(super) fn of(n: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut ends = vec![0; n + 1];
        for (list, _) in pairs.clone() {
            ends[list as usize + 1] += 1;
        }
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        let mut next = ends.clone();
        let mut flat = vec![0; ends[n] as usize];
        for (list, number) in pairs {
            flat[next[list as usize] as usize] = number;
            next[list as usize] += 1;
        }
        Self { ends, flat }
    }
    pub(super) fn get(&self, list: u32) -> &[u32] {
        &self.flat[self.ends[list as usize] as usize..self.ends[list as usize + 1] as usize]
    }
}

/// Who is in whose way.
pub(super) struct Graph {
    /// The owner that stands for each owner.
    pub groups: Vec<u32>,
    pub waits: Vec<Waiting>,
    pub holds: Vec<Holding>,
    /// Into `holds` by tag, into `waits` by tag, into `waits` by group.
    pub held: Lists,
    pub wanted: Lists,
    pub by_group: Lists,
    /// Into `waits`, by wait: who stands ahead of it in the queue and conflicts, without what follows from others.
    pub soft: Lists,
    /// The same turned round.
    pub softly_behind: Lists,
    /// Of each wait the first request of its queue that waits for an owner, if it waits for requests only.
    pub head: Vec<u32>,
    /// Tags that each group has: `(tag, modes)`.
    pub has: Vec<(u32, u8)>,
    pub has_of: Lists,
}

impl Graph {
    pub(super) fn of(table: &Table) -> Self {
        let groups = table.groups();
        let (mut waits, mut granted) = (Vec::new(), Vec::new());
        for (at, row) in table.rows.iter().enumerate() {
            let group = groups[row.owner as usize];
            if row.granted {
                granted.push((row.tag, group, row.mode.bit()));
            } else {
                let against = row.mode.conflicts();
                waits.push(Waiting {
                    tag: row.tag,
                    owner: row.owner,
                    group,
                    against,
                    row: at as u32,
                    hard: false,
                });
            }
        }
        granted.sort_unstable();
        granted.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            kept.2 |= if same { next.2 } else { 0 };
            same
        });
        let tags = table.tags.len();
        let holds: Vec<Holding> =
            granted.iter().map(|(_, group, modes)| Holding { group: *group, modes: *modes }).collect();
        let numbered = |n: usize| 0..n as u32;
        let mut graph = Self {
            held: Lists::of(tags, granted.iter().map(|g| g.0).zip(numbered(granted.len()))),
            has_of: Lists::of(groups.len(), granted.iter().map(|g| g.1).zip(numbered(granted.len()))),
            has: granted.iter().map(|g| (g.0, g.2)).collect(),
            wanted: Lists::of(tags, waits.iter().map(|w| w.tag).zip(numbered(waits.len()))),
            by_group: Lists::of(groups.len(), waits.iter().map(|w| w.group).zip(numbered(waits.len()))),
            soft: Lists::default(),
            softly_behind: Lists::default(),
            head: vec![NONE; waits.len()],
            groups,
            waits,
            holds,
        };
        for at in 0..graph.waits.len() as u32 {
            let hard = graph.hard(at).next().is_some();
            graph.waits[at as usize].hard = hard;
        }
        let edges = graph.queue(table);
        let n = graph.waits.len();
        graph.soft = Lists::of(n, edges.iter().copied());
        graph.softly_behind = Lists::of(n, edges.iter().map(|(from, to)| (*to, *from)));
        graph
    }

    /// Groups that have what the wait wants.
    pub(super) fn hard(&self, wait: u32) -> impl Iterator<Item = u32> + '_ {
        let Waiting { tag, group, against, .. } = self.waits[wait as usize];
        let holds = self.held.get(tag).iter().map(|h| &self.holds[*h as usize]);
        holds.filter(move |h| h.modes & against != 0 && h.group != group).map(|h| h.group)
    }

    /// What the lists of blockers say beyond the rows: soft edges between waits for the same object, reduced.
    fn queue(&mut self, table: &Table) -> Vec<(u32, u32)> {
        let mut listed = vec![0..0; self.groups.len()];
        for (owner, range) in &table.lists {
            listed[*owner as usize] = range.clone();
        }
        // Of each group what it has of the object in hand and its first wait for it; of each wait the group's next one.
        let mut modes = vec![0u8; self.groups.len()];
        let mut first = vec![NONE; self.groups.len()];
        let mut edges = Vec::new();
        for tag in 0..table.tags.len() as u32 {
            let waits = self.wanted.get(tag);
            if waits.len() < 2 {
                continue;
            }
            for hold in self.held.get(tag).iter().map(|h| &self.holds[*h as usize]) {
                modes[hold.group as usize] = hold.modes;
            }
            let mut next = vec![NONE; waits.len()];
            for (at, wait) in waits.iter().enumerate() {
                let group = self.waits[*wait as usize].group as usize;
                next[at] = std::mem::replace(&mut first[group], at as u32);
            }
            let list = |at: u32| {
                let owner = self.waits[waits[at as usize] as usize].owner;
                &table.listed[listed[owner as usize].clone()]
            };
            let mut ahead = Ahead::with_room((0..waits.len() as u32).map(|at| list(at).len()).sum());
            for at in 0..waits.len() as u32 {
                let w = &self.waits[waits[at as usize] as usize];
                for owner in list(at).iter().filter(|o| **o != PREPARED) {
                    let group = self.groups[*owner as usize];
                    // Of one who has the object it is not said whether he stands ahead in the queue as well.
                    if group == w.group || modes[group as usize] & w.against != 0 {
                        continue;
                    }
                    let mut other = first[group as usize];
                    let one = other != NONE && next[other as usize] == NONE;
                    while other != NONE {
                        let conflicts = self.mode(table, waits[other as usize]).bit() & w.against != 0;
                        // Of a parallel query with several waits one is meant: not the one that stands behind itself.
                        if conflicts
                            && (one
                                || list(other)
                                    .iter()
                                    .all(|o| *o == PREPARED || self.groups[*o as usize] != w.group))
                        {
                            ahead.push(other);
                        }
                        other = next[other as usize];
                    }
                }
                ahead.end();
            }
            let queue = Queue::of(&ahead, |at| self.waits[waits[at] as usize].hard);
            edges.extend(queue.edges.iter().map(|(from, to)| (waits[*from as usize], waits[*to as usize])));
            for (at, head) in queue.heads.iter().enumerate().filter(|(_, head)| **head != NONE) {
                self.head[waits[at] as usize] = waits[*head as usize];
            }
            for wait in waits {
                first[self.waits[*wait as usize].group as usize] = NONE;
            }
            for hold in self.held.get(tag) {
                modes[self.holds[*hold as usize].group as usize] = 0;
            }
        }
        edges
    }
    /// The mode that is waited for.
    pub(super) fn mode(&self, table: &Table, wait: u32) -> Mode {
        table.rows[self.waits[wait as usize].row as usize].mode
    }
    /// Whether somebody is still in the way of a wait.
    pub(super) fn stands(&self, wait: u32) -> bool {
        self.waits[wait as usize].hard || !self.soft.get(wait).is_empty()
    }
}
