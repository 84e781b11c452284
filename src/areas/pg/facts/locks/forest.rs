//! From edges to a forest: everybody below the nearest of those he waits for, cycles as roots of their own.

mod branches;

use super::{
    Forest, Place, Queue, Root, RootKind, Tag, Wait, Who,
    cycle::{Step, components, shortest},
    graph::Graph,
    table::Table,
};
use crate::model::{Arrange, Kept};
use branches::Pruned;
use std::{cmp::Reverse, collections::VecDeque};

/// Roots that are kept, queues that are kept.
const ROOTS: usize = 20;
/// Members of a cycle that are kept.
const MEMBERS: usize = 32;
/// Examples of sessions.
const EXAMPLES: usize = 8;
const NONE: u32 = u32::MAX;

/// Where everybody hangs.
pub(super) struct Hung<'g> {
    pub graph: &'g Graph,
    pub table: &'g Table,
    pub now_us: Option<i64>,
    /// Of each group its root, and the wait and the group by which it hangs there; none for roots.
    root: Vec<u32>,
    pub by: Vec<Option<(Step, u32)>>,
    /// Groups, each after the one that it hangs on.
    order: Vec<u32>,
    /// Groups that hang on each group.
    pub below: Vec<Vec<u32>>,
    /// Groups behind each, directly or not.
    pub behind: Vec<u32>,
    pub depth: Vec<u32>,
    /// Groups that wait for what each has.
    blocks: Vec<u32>,
}

pub(super) fn build(graph: &Graph, table: &Table, now_us: Option<i64>) -> (Forest, Vec<Place>) {
    let cycles = cycles(graph);
    let hung = Hung::of(graph, table, now_us, &cycles);
    let waiting = groups_of(graph, |_| true).len();
    let forest = Forest {
        waiting: waiting as u64,
        changed: (waiting - groups_of(graph, |w| graph.stands(w)).len()) as u64,
        unlisted: table.unlisted,
        left_out: table.left_out,
        roots: hung.roots(&cycles),
        queues: hung.queues(),
    };
    (forest, hung.places())
}

/// Groups with a wait of this sort.
fn groups_of(graph: &Graph, which: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut groups: Vec<u32> =
        (0..graph.waits.len() as u32).filter(|w| which(*w)).map(|w| graph.waits[w as usize].group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// Deadlocks, and cycles with places in queues that hold no deadlock.
fn cycles(graph: &Graph) -> Vec<(RootKind, Vec<u32>)> {
    let dead = components(graph, true);
    let mut within = vec![false; graph.groups.len()];
    dead.iter().flatten().for_each(|g| within[*g as usize] = true);
    let soft = components(graph, false).into_iter().filter(|c| !c.iter().any(|g| within[*g as usize]));
    let soft: Vec<_> = soft.map(|c| (RootKind::SoftCycle, c)).collect();
    dead.into_iter().map(|c| (RootKind::Deadlock, c)).chain(soft).collect()
}

impl<'g> Hung<'g> {
    fn of(graph: &'g Graph, table: &'g Table, now_us: Option<i64>, cycles: &[(RootKind, Vec<u32>)]) -> Self {
        let n = graph.groups.len();
        let mut hung = Self {
            graph,
            table,
            now_us,
            root: vec![NONE; n],
            by: vec![None; n],
            order: vec![],
            below: vec![vec![]; n],
            behind: vec![0; n],
            depth: vec![0; n],
            blocks: vec![0; n],
        };
        for wait in 0..graph.waits.len() as u32 {
            graph.hard(wait).for_each(|g| hung.blocks[g as usize] += 1);
        }
        let mut open = VecDeque::new();
        for (_, members) in cycles {
            let root = members.iter().min().copied().unwrap_or(NONE);
            for member in members {
                hung.root[*member as usize] = root;
                open.push_back(*member);
            }
        }
        let stuck = groups_of(graph, |w| graph.stands(w));
        let mut waits = vec![false; n];
        stuck.iter().for_each(|g| waits[*g as usize] = true);
        // Whoever is in somebody's way and waits for nobody.
        let mut free: Vec<u32> = graph.holds.iter().map(|h| h.group).collect();
        free.extend(groups_of(graph, |_| true));
        free.sort_unstable();
        free.dedup();
        for group in free.into_iter().filter(|g| !waits[*g as usize]) {
            hung.root[group as usize] = group;
            open.push_back(group);
        }
        // Whoever waits for what somebody has hangs there, not on those who are only ahead of him in the queue.
        let mut unhung: Vec<Vec<u32>> =
            (0..table.tags.len() as u32).map(|tag| graph.wanted.get(tag).to_vec()).collect();
        hung.hang(open, &mut unhung, false);
        // In a deadlock's neighbourhood a way round may lead through queues only.
        if stuck.iter().any(|g| hung.root[*g as usize] == NONE) {
            let open = (0..n as u32).filter(|g| hung.root[*g as usize] != NONE).collect();
            hung.hang(open, &mut unhung, true);
        }
        for group in hung.order.iter().rev() {
            if let Some((_, on)) = hung.by[*group as usize] {
                hung.behind[on as usize] += hung.behind[*group as usize] + 1;
                hung.depth[on as usize] = hung.depth[on as usize].max(hung.depth[*group as usize] + 1);
                hung.below[on as usize].push(*group);
            }
        }
        hung
    }

    fn hang(&mut self, mut open: VecDeque<u32>, unhung: &mut [Vec<u32>], any: bool) {
        let graph = self.graph;
        while let Some(on) = open.pop_front() {
            let mut hang = |hung: &mut Self, wait: u32, hard: bool| {
                let group = graph.waits[wait as usize].group;
                if hung.root[group as usize] == NONE {
                    hung.root[group as usize] = hung.root[on as usize];
                    hung.by[group as usize] = Some((Step { to: on, wait, hard }, on));
                    hung.order.push(group);
                    open.push_back(group);
                }
            };
            for has in graph.has_of.get(on) {
                let (tag, modes) = graph.has[*has as usize];
                unhung[tag as usize].retain(|wait| {
                    let w = &graph.waits[*wait as usize];
                    let for_this = w.against & modes != 0 && w.group != on;
                    if for_this {
                        hang(self, *wait, true);
                    }
                    !for_this
                });
            }
            for wait in graph.by_group.get(on) {
                for behind in graph.softly_behind.get(*wait) {
                    if any || !graph.waits[*behind as usize].hard {
                        hang(self, *behind, false);
                    }
                }
            }
        }
    }

    /// How long the wait has lasted.
    pub(super) fn waited(&self, wait: u32) -> Option<i64> {
        let row = &self.table.rows[self.graph.waits[wait as usize].row as usize];
        Some((self.now_us? - row.since_us?).max(0))
    }
    /// The longest of all waits of a group.
    pub(super) fn longest(&self, group: u32) -> Option<i64> {
        self.graph.by_group.get(group).iter().filter_map(|w| self.waited(*w)).max()
    }
    pub(super) fn wait(&self, wait: u32, hard: bool) -> Wait {
        let w = &self.graph.waits[wait as usize];
        let tag = self.table.tags[w.tag as usize].clone();
        let row = matches!(tag, Tag::Transaction { .. }).then(|| self.row(w.group)).flatten();
        Wait { tag, mode: self.graph.mode(self.table, wait), row, hard }
    }
    /// The row whose owner a group waits for: it has the lock of the row version meanwhile.
    fn row(&self, group: u32) -> Option<Tag> {
        let tags = self.graph.has_of.get(group).iter().map(|h| self.graph.has[*h as usize].0);
        tags.map(|t| &self.table.tags[t as usize]).find(|t| matches!(t, Tag::Tuple { .. })).cloned()
    }
    /// The longest waiters of these, for examples: processes, and how long the longest waits.
    pub(super) fn worst(&self, groups: &[u32]) -> (Vec<i32>, Option<i64>) {
        let mut waits: Vec<(Option<i64>, u32)> = groups.iter().map(|g| (self.longest(*g), *g)).collect();
        let worse = |a: &(Option<i64>, u32), b: &(Option<i64>, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        if waits.len() > EXAMPLES {
            waits.select_nth_unstable_by(EXAMPLES, worse);
            waits.truncate(EXAMPLES);
        }
        waits.arrange_by(worse);
        let pids = waits.iter().filter_map(|(_, g)| self.table.who(*g).pid()).collect();
        (pids, waits.first().and_then(|w| w.0))
    }

    /// Cycles, and everybody who is in somebody's way and waits for nobody.
    fn roots(&self, cycles: &[(RootKind, Vec<u32>)]) -> Kept<Root> {
        let mut cycles: Vec<&(RootKind, Vec<u32>)> = cycles.iter().collect();
        cycles.arrange_by_key(|(kind, members)| {
            (*kind, Reverse(self.behind_all(members)), members.iter().min())
        });
        let free = |g: &u32| self.blocks[*g as usize] > 0 && self.root[*g as usize] == *g && !self.waits(*g);
        let mut single: Vec<u32> = (0..self.root.len() as u32).filter(free).collect();
        single.arrange_by_key(|g| (Reverse((self.behind[*g as usize], self.blocks[*g as usize])), *g));
        let total = (cycles.len() + single.len()) as u64;
        let mut roots: Vec<Root> =
            cycles.iter().take(ROOTS).map(|(kind, members)| self.cycle(*kind, members)).collect();
        roots.extend(single.iter().take(ROOTS - roots.len()).map(|g| {
            let who = self.table.who(*g);
            let kind = if who.pid().is_some() { RootKind::Session } else { RootKind::Prepared };
            self.root(kind, vec![who], vec![], &[*g])
        }));
        Kept::worst(total, roots)
    }
    /// Whether the group waits for somebody.
    fn waits(&self, group: u32) -> bool {
        self.graph.by_group.get(group).iter().any(|w| self.graph.stands(*w))
    }
    fn behind_all(&self, members: &[u32]) -> u32 {
        members.iter().map(|m| self.behind[*m as usize]).sum()
    }
    fn cycle(&self, kind: RootKind, members: &[u32]) -> Root {
        let steps = shortest(self.graph, members, kind == RootKind::Deadlock);
        let who = steps.iter().take(MEMBERS).map(|(g, _)| self.table.who(*g)).collect();
        let cycle = steps.iter().take(MEMBERS).map(|(_, s)| self.wait(s.wait, s.hard)).collect();
        self.root(kind, who, cycle, members)
    }
    fn root(&self, kind: RootKind, who: Vec<Who>, cycle: Vec<Wait>, members: &[u32]) -> Root {
        let behind = self.behind_all(members);
        let Pruned { below, shown, longest_us } = self.branches(members);
        let own = members.iter().filter_map(|m| self.longest(*m)).max();
        Root {
            kind,
            who,
            cycle,
            members: members.len() as u64,
            direct: members.iter().map(|m| u64::from(self.blocks[*m as usize])).sum(),
            behind: behind.into(),
            depth: members.iter().map(|m| self.depth[*m as usize]).max().unwrap_or(0),
            longest_us: longest_us.max(own),
            below,
            more: u64::from(behind) - shown,
        }
    }

    /// Requests for relations that wait for somebody, with those that wait for nothing but the request.
    fn queues(&self) -> Kept<Queue> {
        let mut behind: std::collections::BTreeMap<u32, Vec<u32>> = Default::default();
        for (wait, head) in self.graph.head.iter().enumerate().filter(|(_, head)| **head != NONE) {
            behind.entry(*head).or_default().push(self.graph.waits[wait].group);
        }
        behind.retain(|head, _| {
            let tag = &self.table.tags[self.graph.waits[*head as usize].tag as usize];
            matches!(tag, Tag::Relation { .. })
        });
        let total = behind.len() as u64;
        let mut heads: Vec<(u32, Vec<u32>)> = behind.into_iter().collect();
        heads.arrange_by_key(|(_, groups)| Reverse(groups.len()));
        heads.truncate(ROOTS);
        let queues = heads.into_iter().filter_map(|(head, groups)| {
            let (pids, longest_us) = self.worst(&groups);
            let holders: Vec<u32> = self.graph.hard(head).collect();
            let Wait { tag, mode, .. } = self.wait(head, true);
            Some(Queue {
                pid: self.table.who(self.graph.waits[head as usize].group).pid()?,
                tag,
                mode,
                for_us: self.waited(head),
                waits_for: holders.iter().take(EXAMPLES).map(|g| self.table.who(*g)).collect(),
                holders: holders.len() as u64,
                queued: groups.len() as u64,
                pids,
                longest_us,
            })
        });
        Kept::worst(total, queues.collect())
    }

    fn places(&self) -> Vec<Place> {
        let part =
            |g: &u32| self.root[*g as usize] != NONE && (self.waits(*g) || self.blocks[*g as usize] > 0);
        (0..self.root.len() as u32)
            .filter(part)
            .map(|g| Place {
                who: self.table.who(g),
                blocker: self.by[g as usize].map(|(_, on)| self.table.who(on)),
                behind: self.behind[g as usize],
            })
            .collect()
    }
}
