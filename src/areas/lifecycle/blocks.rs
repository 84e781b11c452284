//! The tables of `lifecycle`.

use super::{
    args::Args,
    facts::{Facts, Group, Init, Judged, Parent, Tasks, Zombies},
};
use crate::model::{Block, Cell, Column, Confidence, Process, Reading};

/// Everything worth drawing; zombies and limits only where there are any.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = vec![first(facts, args)];
    out.extend(facts.zombies.drawn().and_then(|z| parents(z, args)));
    out.extend(facts.tasks.drawn().and_then(|t| tasks(t, args)));
    out
}

fn first(facts: &Facts, args: &Args) -> Block {
    let columns = vec![
        Column::new("pid"),
        Column::new("name"),
        Column::new("verdict"),
        Column::new("confidence").wide(),
        Column::new("sigterm"),
        Column::unit("age_s", "s"),
        Column::new("child"),
        Column::unit("child_age_s", "s"),
        Column::new("of").wide(),
        Column::new("command").wide(),
    ];
    let rows = facts.inits.top().iter().take(args.rows as usize).map(init).collect();
    Block::Table { name: "pid1", columns, rows, total: facts.inits.total() }
}

fn init(i: &Init) -> Vec<Cell> {
    let said = |say: fn(&Judged) -> &'static str| i.judged.drawn().map_or("unknown", say);
    vec![
        pid(i.process.pid),
        (&i.process.name).into(),
        said(|j| j.verdict.name()).into(),
        said(|j| confidence(j.confidence)).into(),
        (&i.handler.map(|h| h.name())).into(),
        whole(i.age_s),
        i.child.as_ref().map(Process::label).into(),
        i.child.as_ref().map_or(Cell::None, |_| whole(i.child_age_s)),
        home(i).into(),
        i.command.drawn().map_or(Cell::Unseen, |c| c.into()),
    ]
}

/// Ages are no finer than a second to anybody.
fn whole(age_s: Reading<f64>) -> Cell {
    (&age_s.map(|s| s.max(0.0) as u64)).into()
}

fn pid(pid: i32) -> Cell {
    Cell::Id(u64::try_from(pid).unwrap_or(0))
}

fn confidence(c: Confidence) -> &'static str {
    match c {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn home(i: &Init) -> &'static str {
    use super::facts::Home;
    match i.home {
        Home::Machine => "machine",
        Home::Container => "container",
        Home::Sandbox => "sandbox",
    }
}

fn parents(z: &Zombies, args: &Args) -> Option<Block> {
    let columns = vec![
        Column::new("pid"),
        Column::new("name"),
        Column::new("zombies"),
        Column::new("settled"),
        Column::new("inherited").wide(),
        Column::unit("oldest_s", "s"),
        Column::new("of"),
    ];
    let row = |p: &Parent| {
        vec![
            pid(p.process.pid),
            (&p.process.name).into(),
            p.zombies.into(),
            p.settled.into(),
            p.inherited.into(),
            (p.oldest_s as u64).into(),
            (&p.name).into(),
        ]
    };
    let rows: Vec<_> = z.parents.top().iter().take(args.rows as usize).map(row).collect();
    (!rows.is_empty()).then(|| Block::Table { name: "parents", columns, rows, total: z.parents.total() })
}

fn tasks(t: &Tasks, args: &Args) -> Option<Block> {
    let columns = vec![
        Column::new("cgroup"),
        Column::new("tasks"),
        Column::new("limit"),
        Column::unit("used_pct", "pct"),
        Column::new("refused"),
        Column::new("biggest"),
        Column::new("threads"),
    ];
    let row = |g: &Group| {
        let biggest = g.biggest.as_ref();
        vec![
            (&g.path).into(),
            g.tasks.into(),
            g.limit.into(),
            g.used_pct().into(),
            (&g.refused).into(),
            biggest.map(|(p, _)| p.label()).into(),
            biggest.map(|(_, n)| *n).into(),
        ]
    };
    let rows: Vec<_> = t.groups.top().iter().take(args.rows as usize).map(row).collect();
    (!rows.is_empty()).then(|| Block::Table { name: "tasks", columns, rows, total: t.groups.total() })
}
