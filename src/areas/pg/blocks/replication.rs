//! Standbys, slots, prepared transactions, the age of databases.

use super::super::{
    args::Args,
    facts::{
        Facts,
        replication::{Prepared, Receiver, Replication},
    },
};
use crate::model::{Block, Cell, Column, Kept};

/// What hangs on the log and on old row versions; a table for each sort that there is.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = vec![];
    let rows = args.rows as usize;
    if let Some(r) = facts.replication.drawn() {
        out.extend(r.receiver.as_ref().map(receiver));
        out.extend([standbys(r, rows), slots(r, rows)].into_iter().flatten());
        out.extend(r.prepared.drawn().and_then(|p| prepared(p, rows)));
    }
    out.extend(databases(facts, rows));
    out
}

fn table(name: &'static str, columns: Vec<Column>, rows: Vec<Vec<Cell>>, total: u64) -> Option<Block> {
    (total > 0).then_some(Block::Table { name, columns, rows, total })
}

fn receiver(r: &Receiver) -> Block {
    let columns = vec![
        Column::new("receives"),
        Column::new("paused"),
        Column::unit("unreplayed", "bytes"),
        Column::unit("last_replayed", "s"),
        Column::unit("delay", "ms"),
    ];
    let lag = r.lag_bytes.map_or(Cell::Unseen, Cell::Int);
    let row = vec![r.receiving.into(), r.paused.into(), lag, r.since_s.into(), r.delay_ms.into()];
    Block::Table { name: "standby", columns, rows: vec![row], total: 1 }
}

fn standbys(r: &Replication, most: usize) -> Option<Block> {
    let columns = vec![
        Column::new("standby"),
        Column::new("client"),
        Column::new("state"),
        Column::new("sync"),
        Column::unit("lag", "bytes"),
        Column::unit("lag", "s"),
        Column::unit("unsent", "bytes").wide(),
        Column::unit("unreplayed", "bytes").wide(),
    ];
    let rows = r.standbys.top().iter().take(most).map(|s| {
        vec![
            s.name.as_str().into(),
            s.client.clone().into(),
            (&s.state).into(),
            s.sync.as_str().into(),
            (&s.lag_bytes).into(),
            s.lag_s.into(),
            s.unsent_bytes.into(),
            s.unreplayed_bytes.into(),
        ]
    });
    table("standbys", columns, rows.collect(), r.standbys.total())
}

fn slots(r: &Replication, most: usize) -> Option<Block> {
    let columns = vec![
        Column::new("slot"),
        Column::new("active"),
        Column::unit("retained", "bytes"),
        Column::new("wal_status"),
        Column::unit("safe", "bytes"),
        Column::new("logical").wide(),
        Column::new("database").wide(),
        Column::unit("inactive", "s").wide(),
        Column::new("xmin_age").wide(),
        Column::new("catalog_xmin_age").wide(),
    ];
    let rows = r.slots.top().iter().take(most).map(|s| {
        vec![
            s.name.as_str().into(),
            s.active.into(),
            s.retained_bytes.into(),
            s.wal_status.clone().into(),
            s.safe_bytes.map_or(Cell::None, |b| Cell::Num(b as f64)),
            s.logical.into(),
            s.database.clone().into(),
            s.inactive_s.into(),
            s.xmin_age.into(),
            s.catalog_xmin_age.into(),
        ]
    });
    table("slots", columns, rows.collect(), r.slots.total())
}

fn prepared(all: &Kept<Prepared>, most: usize) -> Option<Block> {
    let columns = vec![
        Column::new("prepared"),
        Column::new("database"),
        Column::new("owner"),
        Column::unit("age", "s"),
        Column::new("blocks"),
        Column::new("xid_age").wide(),
    ];
    let rows = all.top().iter().take(most).map(|p| {
        vec![
            p.gid.as_str().into(),
            p.database.as_str().into(),
            p.owner.as_str().into(),
            p.age_s.into(),
            p.blocks.into(),
            p.xid_age.into(),
        ]
    });
    table("prepared", columns, rows.collect(), all.total())
}

fn databases(facts: &Facts, most: usize) -> Option<Block> {
    let databases = facts.databases.drawn()?;
    let columns = vec![
        Column::new("database"),
        Column::new("xid_age"),
        Column::new("mxid_age"),
        Column::new("limit").wide(),
        Column::new("deadlocks").wide(),
        Column::unit("counted_for", "s").wide(),
    ];
    let rows = databases.top().iter().take(most).map(|d| {
        vec![
            d.name.as_str().into(),
            d.xid_age.into(),
            d.mxid_age.into(),
            d.limit.into(),
            d.deadlocks.into(),
            d.reset_s.into(),
        ]
    });
    table("databases", columns, rows.collect(), databases.total())
}
