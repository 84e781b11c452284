//! Deadlocks of a log: the most frequent first, and as a graph whose statements wait for each other.

use super::super::facts::log::{Group, LogFacts, Step};
use crate::model::{Block, Cell, Column, Edge};

/// Of a statement so much stands in a table, in characters.
const SHOWN: usize = 120;

/// The table and the graph.
pub(super) fn blocks(log: &LogFacts, rows: usize) -> Vec<Block> {
    vec![table(log, rows), graph(log, rows)]
}

fn table(log: &LogFacts, rows: usize) -> Block {
    let columns = vec![
        Column::new("times"),
        Column::unit("per_hour", "1/h"),
        Column::new("sessions"),
        Column::new("last"),
        Column::new("relation"),
        Column::new("statements"),
        Column::new("first").wide(),
        Column::new("database").wide(),
        Column::new("application").wide(),
    ];
    let kept = log.groups.top().iter().take(rows);
    Block::Table { name: "deadlocks", columns, rows: kept.map(row).collect(), total: log.groups.total() }
}

fn row(g: &Group) -> Vec<Cell> {
    let when = |w: &Option<super::super::facts::log::When>| -> Cell {
        w.as_ref().map_or(Cell::Unseen, |w| w.text.as_str().into())
    };
    let names = |names: &[crate::model::Untrusted]| -> Cell {
        let all: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
        all.join(", ").into()
    };
    let statements: Vec<String> = g.steps.iter().map(said).collect();
    vec![
        g.count.into(),
        g.per_hour.map_or(Cell::Unseen, Into::into),
        g.members.into(),
        when(&g.last),
        names(&g.relations),
        statements.join(" | ").into(),
        when(&g.first),
        names(&g.databases),
        names(&g.applications),
    ]
}

fn said(step: &Step) -> String {
    let Some(statement) = &step.statement else { return "?".into() };
    match statement.as_str().char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &statement.as_str()[..at]),
        None => statement.as_str().into(),
    }
}

fn graph(log: &LogFacts, rows: usize) -> Block {
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for group in log.groups.top().iter().take(rows) {
        let (from, n) = (nodes.len(), group.steps.len());
        nodes.extend(group.steps.iter().map(said));
        // The ring is closed only when all of it is there.
        let whole = n as u64 == group.members;
        let steps = group.steps.iter().enumerate().filter(|(at, _)| whole || at + 1 < n);
        edges.extend(steps.map(|(at, step)| Edge {
            from: from + at,
            to: from + (at + 1) % n,
            label: step.mode.name().into(),
            soft: false,
        }));
    }
    Block::Graph { name: "deadlocks", nodes, edges }
}
