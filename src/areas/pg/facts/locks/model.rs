//! A small lock manager beside the forest: random states of it, and what a naive look at all pairs says of them.

use super::{graph::Graph, *};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Owners; the last two are prepared transactions, which never wait.
const OWNERS: usize = 12;
const PREPARED: usize = 2;
const OBJECTS: u32 = 4;

/// `JoinWaitQueue` and `ProcLockWakeup` of `proc.c`, without the deadlock checker.
#[derive(Clone, Debug, Default)]
struct Server {
    leader: Vec<usize>,
    granted: Vec<(u32, usize, Mode)>,
    /// In order, all objects in one list.
    queue: Vec<(u32, usize, Mode)>,
}

impl Server {
    fn conflict(&self, a: (u32, usize, Mode), b: (u32, usize, Mode)) -> bool {
        a.0 == b.0 && self.leader[a.1] != self.leader[b.1] && a.2.conflicts() & b.2.bit() != 0
    }
    fn want(&mut self, request: (u32, usize, Mode)) {
        if self.queue.iter().any(|q| q.1 == request.1) {
            return;
        }
        let mine: Vec<_> =
            self.granted.iter().filter(|g| self.leader[g.1] == self.leader[request.1]).copied().collect();
        let cut = self
            .queue
            .iter()
            .position(|q| mine.iter().any(|m| self.conflict(*q, *m)))
            .unwrap_or(self.queue.len());
        let held = self.granted.iter().any(|g| self.conflict(request, *g));
        let waits = held || self.queue[..cut].iter().any(|q| self.conflict(request, *q));
        match waits && request.1 < OWNERS - PREPARED {
            true => self.queue.insert(cut, request),
            false if !waits => self.granted.push(request),
            false => {}
        }
    }
    fn end(&mut self, owner: usize) {
        self.granted.retain(|g| g.1 != owner);
        self.queue.retain(|q| q.1 != owner);
        let mut at = 0;
        while at < self.queue.len() {
            let request = self.queue[at];
            let blocked = self.granted.iter().chain(&self.queue[..at]).any(|o| self.conflict(request, *o));
            if blocked {
                at += 1;
            } else {
                self.granted.push(self.queue.remove(at));
            }
        }
    }
    fn pid(owner: usize) -> i32 {
        if owner < OWNERS - PREPARED { 100 + owner as i32 } else { 0 }
    }
    fn hard(&self, request: (u32, usize, Mode)) -> BTreeSet<usize> {
        self.granted.iter().filter(|g| self.conflict(request, **g)).map(|g| self.leader[g.1]).collect()
    }
    /// Places in the queue that are ahead of this one and in its way, but for those who are so by what they have.
    fn soft(&self, at: usize) -> BTreeSet<usize> {
        let hard = self.hard(self.queue[at]);
        (0..at)
            .filter(|a| self.conflict(self.queue[at], self.queue[*a]))
            .filter(|a| !hard.contains(&self.leader[self.queue[*a].1]))
            .collect()
    }
    /// What a client of the server would read.
    fn table(&self) -> Table {
        let mut table = Table::default();
        for owner in 0..OWNERS {
            if self.leader[owner] != owner {
                table.leader(Self::pid(owner), Self::pid(self.leader[owner]));
            }
        }
        for (rows, granted) in [(&self.granted, true), (&self.queue, false)] {
            for (object, owner, mode) in rows {
                let virtualtransaction = format!("9/{owner}");
                let pid = Some(Self::pid(*owner)).filter(|p| *p != 0);
                table.row(&Row {
                    locktype: "relation",
                    relation: Some(*object),
                    virtualtransaction: &virtualtransaction,
                    pid,
                    mode: mode.name(),
                    granted,
                    ..Row::default()
                });
            }
        }
        for (at, request) in self.queue.iter().enumerate() {
            let soft = self.soft(at).into_iter().map(|a| self.leader[self.queue[a].1]);
            let list: Vec<String> =
                self.hard(*request).into_iter().chain(soft).map(|o| Self::pid(o).to_string()).collect();
            table.blockers(Self::pid(request.1), &format!("{{{}}}", list.join(",")));
        }
        table
    }
    /// Edges between leaders.
    fn edges(&self, soft: bool) -> BTreeSet<(usize, usize)> {
        let mut edges = BTreeSet::new();
        for (at, request) in self.queue.iter().enumerate() {
            edges.extend(self.hard(*request).into_iter().map(|to| (self.leader[request.1], to)));
            if soft {
                edges.extend(
                    self.soft(at)
                        .into_iter()
                        .map(|to| (self.leader[request.1], self.leader[self.queue[to].1])),
                );
            }
        }
        edges
    }
}

fn reachable(edges: &BTreeSet<(usize, usize)>, from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        open.extend(edges.iter().filter(|e| e.0 == at).map(|e| e.1).filter(|to| seen.insert(*to)));
    }
    seen
}

fn cyclic(edges: &BTreeSet<(usize, usize)>) -> BTreeSet<usize> {
    (0..OWNERS).filter(|o| reachable(edges, *o).contains(o)).collect()
}

/// A state with this many parallel workers at most.
fn server(workers: usize) -> impl Strategy<Value = Server> {
    let step = (0..10u8, 0..OWNERS, 0..OBJECTS, 0..8usize);
    let workers = prop::collection::vec(0..OWNERS - PREPARED, 0..=workers);
    (workers, prop::collection::vec(step, 1..60)).prop_map(|(workers, steps)| {
        let mut server = Server { leader: (0..OWNERS).collect(), ..Server::default() };
        // Workers work for a session that works for nobody.
        for (worker, leader) in workers.iter().enumerate() {
            let free = |s: &Server, o: usize| {
                s.leader[o] == o && !s.leader.iter().enumerate().any(|(w, l)| *l == o && w != o)
            };
            if worker != *leader && server.leader[*leader] == *leader && free(&server, worker) {
                server.leader[worker] = *leader;
            }
        }
        for (what, owner, object, mode) in steps {
            match what {
                0 => server.end(owner),
                _ => server.want((object, owner, Mode::ALL[mode])),
            }
        }
        server
    })
}

/// The owner of the model behind a name of the forest; all prepared transactions are one there, for they have no name.
fn number(who: &Who) -> usize {
    who.pid().map_or(OWNERS, |pid| pid as usize - 100)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn edges_are_those_of_all_pairs(server in server(0)) {
        let table = server.table();
        let graph = Graph::of(&table);
        let owner = |group: u32| match table.who(group) {
            Who::Session { pid } => pid as usize - 100,
            Who::Prepared { .. } => OWNERS,
        };
        let named = |o: usize| if o < OWNERS - PREPARED { o } else { OWNERS };
        // Rows of those who wait were read in the order of the queue.
        let waits = 0..server.queue.len() as u32;
        for at in waits.clone() {
            let ours: BTreeSet<usize> = graph.hard(at).map(owner).collect();
            let theirs: BTreeSet<usize> = server.hard(server.queue[at as usize]).into_iter().map(named).collect();
            prop_assert_eq!(ours, theirs);
        }
        let all: BTreeSet<(usize, usize)> =
            waits.clone().flat_map(|at| server.soft(at as usize).into_iter().map(move |to| (at as usize, to))).collect();
        let kept: BTreeSet<(usize, usize)> =
            waits.clone().flat_map(|at| graph.soft.get(at).iter().map(move |to| (at as usize, *to as usize))).collect();
        prop_assert!(kept.is_subset(&all));
        for at in waits.clone() {
            prop_assert_eq!(reachable(&kept, at as usize), reachable(&all, at as usize));
        }
        for edge in &kept {
            let mut without = kept.clone();
            without.remove(edge);
            prop_assert!(!reachable(&without, edge.0).contains(&edge.1), "{:?} follows from the others", edge);
        }
    }

    #[test]
    fn nobody_is_lost_and_roots_and_cycles_are_those_of_all_pairs(server in server(1)) {
        let (forest, places) = server.table().forest(None);
        let hard = server.edges(false);
        let all = server.edges(true);
        let waiting: BTreeSet<usize> = server.queue.iter().map(|q| server.leader[q.1]).collect();
        prop_assert_eq!((forest.waiting, forest.changed), (waiting.len() as u64, 0));
        prop_assert_eq!(forest.roots.total(), forest.roots.top().len() as u64);

        let roots = |kind: RootKind| forest.roots.top().iter().filter(move |r| r.kind == kind);
        let dead: u64 = roots(RootKind::Deadlock).map(|r| r.members).sum();
        prop_assert_eq!(dead, cyclic(&hard).len() as u64);
        let any = roots(RootKind::SoftCycle).count() as u64 + dead;
        prop_assert_eq!(any > 0, !cyclic(&all).is_empty());
        for root in roots(RootKind::Deadlock).chain(roots(RootKind::SoftCycle)) {
            for (at, wait) in root.cycle.iter().enumerate() {
                let (from, to) = (number(&root.who[at]), number(&root.who[(at + 1) % root.who.len()]));
                let edges = if wait.hard { &hard } else { &all };
                prop_assert!(edges.contains(&(from, to)));
            }
            prop_assert_eq!(root.cycle.iter().all(|w| w.hard), root.kind == RootKind::Deadlock);
        }

        let free: BTreeSet<usize> = hard.iter().map(|e| e.1).filter(|o| !waiting.contains(o)).collect();
        let sessions: BTreeSet<usize> = roots(RootKind::Session).map(|r| number(&r.who[0])).collect();
        prop_assert_eq!(sessions, free.iter().copied().filter(|o| *o < OWNERS - PREPARED).collect());
        prop_assert_eq!(roots(RootKind::Prepared).count(), free.iter().filter(|o| **o >= OWNERS - PREPARED).count());

        let placed: u64 = forest.roots.top().iter().map(|r| r.behind + if r.cycle.is_empty() { 0 } else { r.members }).sum();
        prop_assert_eq!(placed, forest.waiting);
        for root in forest.roots.top() {
            prop_assert_eq!(root.below.iter().map(|b| b.sessions).sum::<u64>() + root.more, root.behind);
        }
        let mut seen = BTreeMap::new();
        for place in &places {
            if let (Who::Session { .. }, Some(blocker)) = (&place.who, &place.blocker) {
                let on = if blocker.pid().is_some() { vec![number(blocker)] } else { vec![OWNERS - 2, OWNERS - 1] };
                prop_assert!(on.iter().any(|on| all.contains(&(number(&place.who), *on))));
                prop_assert!(seen.insert(number(&place.who), ()).is_none());
            }
        }
    }
}
