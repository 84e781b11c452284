//! The tables of `pg`.

mod jobs;
mod replication;

use super::{
    args::{Args, View},
    facts::{Facts, server::Door, session::Session},
};
use crate::model::{Block, Cell, Column};

/// Everything worth drawing, in the order in which one asks.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = vec![server(facts)];
    if args.view.shows(View::Activity) {
        out.extend(sessions(facts, args));
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
        Column::new("target"),
        Column::new("version"),
        Column::new("role"),
        Column::new("slots"),
        Column::new("taken"),
        Column::unit("up", "s"),
        Column::unit("connect", "ms"),
        Column::new("encryption").wide(),
        Column::new("sees_all").wide(),
    ];
    let s = facts.server.drawn();
    let text = |f: fn(&super::facts::server::Server) -> Cell| s.map_or(Cell::Unseen, f);
    let taken = facts.activity.drawn().map_or(Cell::Unseen, |a| (a.clients + 1).into());
    let ms = match facts.door.drawn() {
        Some(Door::Open { ms }) => (*ms).into(),
        _ => Cell::Unseen,
    };
    let row = vec![
        facts.target.as_str().into(),
        text(|s| s.version.as_str().into()),
        text(|s| if s.in_recovery { "standby" } else { "primary" }.into()),
        text(|s| s.ordinary_slots().map_or(Cell::Unseen, Cell::Int)),
        taken,
        text(|s| s.up_s.into()),
        ms,
        text(|s| s.encryption.as_str().into()),
        text(|s| s.reads_all.into()),
    ];
    Block::Table { name: "server", columns, rows: vec![row], total: 1 }
}

fn sessions(facts: &Facts, args: &Args) -> Option<Block> {
    let activity = facts.activity.drawn()?;
    let columns = vec![
        Column::new("pid"),
        Column::new("who"),
        Column::new("state"),
        Column::unit("in_state", "s"),
        Column::unit("transaction", "s"),
        Column::new("waits_for"),
        Column::new("blocks"),
        Column::new("query"),
        Column::new("database").wide(),
        Column::new("user").wide(),
        Column::new("kind").wide(),
    ];
    let kept = activity.sessions.top().iter().take(args.rows as usize);
    Some(Block::Table {
        name: "sessions",
        columns,
        rows: kept.map(session).collect(),
        total: activity.sessions.total(),
    })
}

fn session(s: &Session) -> Vec<Cell> {
    let shown = |cell: Cell| if s.hidden { Cell::Unseen } else { cell };
    let wait = s.wait_type.as_ref().map(|t| format!("{t}/{}", s.wait_event.as_deref().unwrap_or("?")));
    vec![
        Cell::Id(s.pid.unsigned_abs().into()),
        s.who().into(),
        shown(s.state.clone().into()),
        shown(s.state_s.into()),
        shown(s.xact_s.into()),
        shown(wait.into()),
        s.blocks.into(),
        shown(s.query.as_str().into()),
        s.database.clone().into(),
        s.user.clone().into(),
        shown(s.kind.clone().into()),
    ]
}
