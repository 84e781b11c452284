//! The tables of `pg`, and the forest of those who wait.

mod deadlocks;
mod locks;

mod activity;
mod pool;

mod jobs;
mod replication;

use super::{
    args::{Args, View},
    facts::{Facts, server::Door},
};
use crate::model::{Block, Cell, Column, Kept};

/// Everything worth drawing, in the order in which one asks.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    if let Some(log) = facts.log.drawn() {
        return deadlocks::blocks(log, args.rows as usize);
    }
    let mut out = vec![server(facts)];
    if args.view.shows(View::Pool) {
        out.extend(pool::blocks(facts, args));
    }
    if args.view.shows(View::Activity) {
        out.extend(activity::blocks(facts, args));
    }
    if args.view.shows(View::Locks)
        && let Some(seen) = facts.locks.drawn()
    {
        out.push(locks::tree(seen, args.rows as usize));
        out.push(locks::graph(seen, args.rows as usize));
    }
    if args.view.shows(View::Replication) {
        out.extend(replication::blocks(facts, args));
    }
    if args.view.shows(View::Jobs) {
        out.extend(jobs::blocks(facts, args));
    }
    out
}

fn server(facts: &Facts) -> Block {
    let columns = vec![
        Column::new("version"),
        Column::new("role"),
        Column::new("slots"),
        Column::new("taken"),
        Column::unit("up", "s"),
        Column::unit("connect", "ms"),
        Column::new("target"),
        Column::new("encryption").wide(),
        Column::new("sees_all").wide(),
    ];
    let s = facts.server.drawn();
    let text = |f: fn(&super::facts::server::Server) -> Cell| s.map_or(Cell::Unseen, f);
    let taken = facts.activity.drawn().map_or(Cell::Unseen, |a| a.used().into());
    let ms = match facts.door.drawn() {
        Some(Door::Open { ms }) => (*ms).into(),
        _ => Cell::Unseen,
    };
    let row = vec![
        text(|s| s.version.as_str().into()),
        text(|s| if s.in_recovery { "standby" } else { "primary" }.into()),
        text(|s| s.ordinary_slots().map_or(Cell::Unseen, Cell::Int)),
        taken,
        text(|s| s.up_s.into()),
        ms,
        facts.target.as_str().into(),
        text(|s| s.encryption.as_str().into()),
        text(|s| s.reads_all.into()),
    ];
    Block::Table { name: "server", columns, rows: vec![row], total: 1 }
}

/// A table of what is worst of a list that may be long.
fn rows_of<T>(
    name: &'static str,
    columns: Vec<Column>,
    kept: &Kept<T>,
    args: &Args,
    row: impl Fn(&T) -> Vec<Cell>,
) -> Block {
    let rows = kept.top().iter().take(args.rows as usize).map(row).collect();
    Block::Table { name, columns, rows, total: kept.total() }
}
