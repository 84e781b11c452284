//! Scheduled jobs and queues.

use super::super::{
    args::Args,
    facts::{
        Facts,
        jobs::{Job, Queue},
    },
};
use crate::model::{Block, Cell, Column};

/// A table of jobs where there is a scheduler, one of queues where the settings name some.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let rows = args.rows as usize;
    let jobs = facts.jobs.drawn().filter(|j| j.jobs.total() > 0).map(|j| Block::Table {
        name: "jobs",
        columns: vec![
            Column::new("job"),
            Column::new("schedule"),
            Column::unit("last_run", "s"),
            Column::new("runs"),
            Column::new("failed"),
            Column::new("failed_last"),
            Column::new("running"),
            Column::new("active").wide(),
            Column::new("database").wide(),
            Column::unit("longest_gap", "s").wide(),
            Column::unit("longest_run", "s").wide(),
            Column::new("overlaps").wide(),
            Column::new("message").wide(),
        ],
        rows: j.jobs.top().iter().take(rows).map(job).collect(),
        total: j.jobs.total(),
    });
    let queues = facts.queues.drawn().filter(|q| !q.is_empty()).map(|q| Block::Table {
        name: "queues",
        columns: vec![
            Column::new("queue"),
            Column::new("table"),
            Column::new("waiting"),
            Column::unit("oldest", "s"),
            Column::new("dead"),
            Column::new("grown"),
        ],
        rows: q.iter().map(queue).collect(),
        total: q.len() as u64,
    });
    jobs.into_iter().chain(queues).collect()
}

fn job(j: &Job) -> Vec<Cell> {
    vec![
        j.key().into(),
        j.schedule.as_str().into(),
        j.since_s.into(),
        j.runs.into(),
        j.failed.into(),
        j.failed_last.into(),
        j.running_s.len().into(),
        j.active.into(),
        j.database.as_str().into(),
        (&j.period_s).into(),
        j.longest_s.into(),
        j.overlaps.into(),
        j.message.as_str().into(),
    ]
}

fn queue(q: &Queue) -> Vec<Cell> {
    let waiting = match q.waiting.drawn() {
        Some(n) if q.more => format!("> {n}").into(),
        _ => (&q.waiting).into(),
    };
    vec![
        q.name.as_str().into(),
        q.table.replace('"', "").into(),
        waiting,
        q.oldest_s.drawn().map_or(Cell::Unseen, |age| (*age).into()),
        q.dead.as_ref().map_or(Cell::None, Into::into),
        q.grown.map_or(Cell::None, |(n, _)| Cell::Num(n as f64)),
    ]
}
