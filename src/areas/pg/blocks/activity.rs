//! Sessions by state, what they wait for, and the worst of them one by one.

use super::{
    super::{
        args::Args,
        facts::{
            Facts,
            session::{HIDDEN, Session},
        },
    },
    rows_of,
};
use crate::model::{Arrange, Block, Cell, Column};

pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let Some(activity) = facts.activity.drawn() else { return vec![] };
    let mut states: Vec<(&String, &u64)> = activity.states.iter().collect();
    states.arrange_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let of = |(state, n): &(&String, &u64)| {
        let name = if state.as_str() == HIDDEN { "hidden from this role" } else { state.as_str() };
        vec![name.into(), (**n).into()]
    };
    let mut out = vec![Block::Table {
        name: "states",
        columns: vec![Column::new("state"), Column::new("clients")],
        rows: states.iter().map(of).collect(),
        total: states.len() as u64,
    }];
    let mut waits: Vec<(&String, &u64)> = activity.waits.iter().collect();
    waits.arrange_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    if !waits.is_empty() {
        let total = waits.len() as u64;
        waits.truncate(args.rows as usize);
        out.push(Block::Table {
            name: "waits",
            columns: vec![Column::new("waits_for"), Column::new("sessions")],
            rows: waits.iter().map(|(what, n)| vec![what.as_str().into(), (**n).into()]).collect(),
            total,
        });
    }
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
    out.push(rows_of("sessions", columns, &activity.sessions, args, session));
    out
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
