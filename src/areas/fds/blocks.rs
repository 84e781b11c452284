//! The tables of `fds`.

use super::{
    Kind,
    args::{Args, Kinds, Sort},
    facts::{Facts, Inotify, Row, System, share, short},
};
use crate::model::{Block, Cell, Column, Reading};

/// Columns of the table of processes; `--all` streams the same.
pub(super) const COLUMNS: [Column; 9] = [
    Column::new("pid"),
    Column::new("name"),
    Column::new("user"),
    Column::new("open"),
    Column::new("soft_limit"),
    Column::new("hard_limit").wide(),
    Column::unit("used_pct", "pct"),
    Column::new("per_s"),
    Column::new("kinds"),
];
const OPEN: usize = 3;
const PER_S: usize = 7;

/// Everything worth drawing; tables of particulars only where there are any.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = vec![processes(facts, args)];
    if facts.narrowed || args.kinds == Kinds::All {
        out.extend(kinds(facts, args));
    }
    out.push(system(&facts.system));
    out.extend(inotify(&facts.inotify));
    out
}

/// One row of the table of processes.
pub(super) fn cells(row: &Row) -> Vec<Cell> {
    let p = &row.process;
    vec![
        u64::try_from(p.pid).unwrap_or(0).into(),
        (&p.name).into(),
        p.user.clone().into(),
        (&row.open).into(),
        (&row.soft_limit).into(),
        (&row.hard_limit).into(),
        (&row.used_pct).into(),
        (&row.per_s).into(),
        (&row.kinds.clone().map(|k| short(&k))).into(),
    ]
}

fn processes(facts: &Facts, args: &Args) -> Block {
    let mut rows: Vec<Vec<Cell>> = facts.processes.top().iter().map(cells).collect();
    // They come nearest to the limit first; a sort that keeps equals in place leaves that as the second order.
    match args.sort {
        Sort::Pct => {}
        Sort::Open => rows.sort_by(|a, b| number(&b[OPEN]).total_cmp(&number(&a[OPEN]))),
        Sort::Growth => rows.sort_by(|a, b| number(&b[PER_S]).total_cmp(&number(&a[PER_S]))),
    }
    rows.truncate(args.rows as usize);
    let mut columns = COLUMNS.to_vec();
    // One look has no rates: a column of nothing but question marks tells nobody anything.
    if facts.looks < 2 {
        columns.remove(PER_S);
        rows.iter_mut().for_each(|r| {
            r.remove(PER_S);
        });
    }
    Block::Table { name: "processes", columns, rows, total: facts.processes.total() }
}

/// What a cell weighs in an order; what was not seen comes last.
fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Int(n) => *n as f64,
        Cell::Num(x) => *x,
        _ => f64::NEG_INFINITY,
    }
}

/// Every kind of the processes that were looked through.
fn kinds(facts: &Facts, args: &Args) -> Option<Block> {
    let columns = vec![Column::new("pid"), Column::new("name"), Column::new("kind"), Column::new("open")];
    let mut rows = Vec::new();
    for row in facts.processes.top() {
        let pid = u64::try_from(row.process.pid).unwrap_or(0);
        let of = |kind| Cell::from(&row.kinds.clone().map(|k| k.get(&kind).copied().unwrap_or(0)));
        let mut held: Vec<_> = Kind::ALL.into_iter().map(|k| (k, of(k))).collect();
        held.retain(|(_, open)| number(open) > 0.0);
        held.sort_by(|a, b| number(&b.1).total_cmp(&number(&a.1)));
        let cells =
            |(k, open): (Kind, Cell)| vec![pid.into(), (&row.process.name).into(), k.name().into(), open];
        rows.extend(held.into_iter().map(cells));
    }
    let total = rows.len() as u64;
    // Worst process first as in the table above; in it the most frequent kind.
    rows.truncate(args.rows as usize);
    (total > 0).then_some(Block::Table { name: "kinds", columns, rows, total })
}

/// The whole machine in one row.
fn system(s: &Reading<System>) -> Block {
    let columns = vec![Column::new("open_files"), Column::new("max"), Column::unit("used_pct", "pct")];
    let row = vec![
        (&s.map(|s| s.open)).into(),
        (&s.map(|s| s.max)).into(),
        (&s.map(|s| share(s.open, s.max))).into(),
    ];
    Block::Table { name: "system", columns, rows: vec![row], total: 1 }
}

/// One row for each user that holds inotify instances.
fn inotify(i: &Inotify) -> Option<Block> {
    let columns = vec![
        Column::new("uid"),
        Column::new("user"),
        Column::new("instances"),
        Column::new("max"),
        Column::unit("used_pct", "pct"),
        Column::new("most_in"),
        Column::new("not_looked_through").wide(),
    ];
    let held = |u: &&super::facts::User| u.instances > 0;
    let rows: Vec<_> = i
        .users
        .top()
        .iter()
        .filter(held)
        .map(|u| {
            vec![
                u.uid.into(),
                u.name.as_str().into(),
                u.instances.into(),
                (&i.max).into(),
                (&i.max.map(|max| share(u.instances, Some(max)))).into(),
                u.top.as_ref().map(|(p, n)| format!("{} {n}", p.label())).into(),
                u.unseen.into(),
            ]
        })
        .collect();
    let total = rows.len() as u64;
    (total > 0).then_some(Block::Table { name: "inotify", columns, rows, total })
}
