//! Who waits for whom: the forest for the screen, the graph for other programs.

use super::super::facts::{
    locks::{Branch, Root, RootKind, Wait, Who},
    waits::Locks,
};
use crate::model::{Block, Edge, Node, rates};
use std::collections::HashMap;

/// Text of a statement that is shown beside a session.
const QUERY: usize = 120;

/// The forest, the worst first.
pub(super) fn tree(locks: &Locks, rows: usize) -> Block {
    let roots = locks.forest.roots.top().iter().take(rows).map(|r| root(locks, r)).collect();
    Block::Tree { name: "blockers", roots, total: locks.forest.roots.total() }
}

fn root(locks: &Locks, r: &Root) -> Node {
    let behind = format!("{} behind", rates::count(r.behind));
    let longest = locks.longest_s(r).map(|s| format!(", longest {}", rates::span(s))).unwrap_or_default();
    let text = match r.kind {
        RootKind::Deadlock | RootKind::SoftCycle => {
            let sort =
                if r.kind == RootKind::Deadlock { "deadlock" } else { "cycle that a queue may dissolve" };
            let sure = if locks.is_confirmed(r) { "" } else { ", seen once" };
            format!("{sort} of {}{sure}; {behind}{longest}", rates::count(r.members))
        }
        _ => {
            let who = r.who.first().map_or_else(|| "?".into(), |w| locks.label(w));
            let doing = r.who.first().map(|w| doing(locks, w)).unwrap_or_default();
            format!("{who}{doing}: {behind}{longest}")
        }
    };
    let note = match r.who.first().and_then(Who::pid) {
        Some(pid) if r.cycle.is_empty() => query(locks, pid),
        _ => String::new(),
    };
    let mut below = nested(locks, &r.below);
    let cycle = r.who.iter().zip(&r.cycle).map(|(who, wait)| Node {
        text: format!("{} waits for {}", locks.label(who), object(locks, wait)),
        note: who.pid().map(|pid| query(locks, pid)).unwrap_or_default(),
        ..Node::default()
    });
    below.splice(0..0, cycle);
    Node { text, note, below, more: r.more }
}

/// Lines with their depths as a tree: each below the nearest one above it that is less deep.
fn nested(locks: &Locks, lines: &[Branch]) -> Vec<Node> {
    let mut open: Vec<(u32, Node)> = vec![];
    let mut top = vec![];
    let close = |open: &mut Vec<(u32, Node)>, top: &mut Vec<Node>| {
        let Some((_, node)) = open.pop() else { return };
        match open.last_mut() {
            Some((_, above)) => above.below.push(node),
            None => top.push(node),
        }
    };
    for line in lines {
        while open.last().is_some_and(|(depth, _)| *depth >= line.depth) {
            close(&mut open, &mut top);
        }
        open.push((line.depth, branch(locks, line)));
    }
    while !open.is_empty() {
        close(&mut open, &mut top);
    }
    top
}

fn branch(locks: &Locks, b: &Branch) -> Node {
    let who = match (b.sessions, b.pids.first()) {
        (1, Some(pid)) => locks.label(&Who::Session { pid: *pid }),
        (n, Some(pid)) => {
            format!("{} sessions, longest {}", rates::count(n), locks.label(&Who::Session { pid: *pid }))
        }
        (n, None) => format!("{} sessions", rates::count(n)),
    };
    let wait_s = b.longest_us.map(|us| us.max(0) as f64 / 1e6);
    let wait_s = wait_s.or_else(|| locks.session(*b.pids.first()?)?.query_s);
    let since = wait_s.map(|s| format!(", {}", rates::span(s))).unwrap_or_default();
    let queued = if b.wait.hard { "" } else { " in its queue" };
    Node {
        text: format!("{who} for {}{queued}{since}", object(locks, &b.wait)),
        note: b.pids.first().map(|pid| query(locks, *pid)).unwrap_or_default(),
        ..Node::default()
    }
}

fn object(locks: &Locks, wait: &Wait) -> String {
    // The row is what people know; that the wait is for the transaction that has it is how the server does it.
    let tag = wait.row.as_ref().unwrap_or(&wait.tag);
    format!("{} ({})", locks.name(tag), wait.mode.name())
}

fn doing(locks: &Locks, who: &Who) -> String {
    let Some(s) = who.pid().and_then(|pid| locks.session(pid)) else { return String::new() };
    match (&s.state, s.state_s) {
        (Some(state), Some(for_s)) => format!(", {state} {}", rates::span(for_s)),
        (Some(state), None) => format!(", {state}"),
        _ if s.hidden => ", hidden from this role".into(),
        _ => String::new(),
    }
}

fn query(locks: &Locks, pid: i32) -> String {
    let Some(s) = locks.session(pid) else { return String::new() };
    if s.query.chars().count() <= QUERY {
        return s.query.clone();
    }
    s.query.chars().take(QUERY).chain(['…']).collect()
}

/// The same for Graphviz and Markdown: from who waits to whom it waits for.
pub(super) fn graph(locks: &Locks, rows: usize) -> Block {
    let mut drawing = Drawing { locks, nodes: vec![], known: HashMap::new(), edges: vec![] };
    for r in locks.forest.roots.top().iter().take(rows) {
        drawing.root(r);
    }
    Block::Graph { name: "locks", nodes: drawing.nodes, edges: drawing.edges }
}

struct Drawing<'a> {
    locks: &'a Locks,
    nodes: Vec<String>,
    known: HashMap<Who, usize>,
    edges: Vec<Edge>,
}

impl Drawing<'_> {
    fn who(&mut self, who: &Who) -> usize {
        let (locks, nodes) = (self.locks, &mut self.nodes);
        *self.known.entry(who.clone()).or_insert_with(|| {
            nodes.push(format!("{}{}", locks.label(who), doing(locks, who)));
            nodes.len() - 1
        })
    }
    fn edge(&mut self, from: usize, to: usize, wait: &Wait) {
        self.edges.push(Edge { from, to, label: object(self.locks, wait), soft: !wait.hard });
    }
    fn root(&mut self, r: &Root) {
        let members: Vec<usize> = r.who.iter().map(|w| self.who(w)).collect();
        for (i, wait) in r.cycle.iter().enumerate().take(members.len()) {
            self.edge(members[i], members[(i + 1) % members.len()], wait);
        }
        let Some(first) = members.first() else { return };
        let mut open: Vec<(u32, usize)> = vec![(0, *first)];
        for b in &r.below {
            while open.len() > 1 && open.last().is_some_and(|(depth, _)| *depth >= b.depth) {
                open.pop();
            }
            let at = match (b.sessions, b.pids.first()) {
                (1, Some(pid)) => self.who(&Who::Session { pid: *pid }),
                (n, _) => {
                    self.nodes.push(format!("{} sessions", rates::count(n)));
                    self.nodes.len() - 1
                }
            };
            let above = open.last().map_or(*first, |o| o.1);
            self.edge(at, above, &b.wait);
            open.push((b.depth, at));
        }
    }
}
