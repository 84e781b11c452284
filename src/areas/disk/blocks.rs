//! The tables of `disk`.

use super::{
    args::{Args, Sort},
    facts::{Answer, Deleted, Device, Facts, Holder, Inodes, Mounts, Pressure, Space},
};
use crate::model::{Arrange, Block, Cell, Column, PsiLine};

/// Everything worth drawing; tables of particulars only where there are any.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mounts = facts.mounts.drawn().map(|m| mounts(m, args));
    let deleted = facts.deleted.drawn().and_then(|d| deleted(d, args));
    let pressure = facts.pressure.drawn().map(pressure);
    mounts.into_iter().chain(deleted).chain(pressure).collect()
}

fn mounts(facts: &Mounts, args: &Args) -> Block {
    let columns = vec![
        Column::new("mount"),
        Column::new("kind"),
        Column::new("fs"),
        Column::unit("size_bytes", "bytes"),
        Column::unit("used_bytes", "bytes").wide(),
        Column::unit("avail_bytes", "bytes"),
        Column::unit("used_pct", "pct"),
        Column::unit("inodes_pct", "pct"),
        Column::new("device").wide(),
        Column::new("source").wide(),
        Column::new("also_at").wide(),
        Column::new("state"),
    ];
    let mut rows: Vec<&Device> = facts.devices.top().iter().collect();
    // They come worst first; a sort that keeps equals in place leaves that as the second order.
    let number = |d: &Device, of: fn(&Space) -> u64| d.space.drawn().map(of);
    match args.sort {
        Sort::Used => {}
        Sort::Size => rows.arrange_by_key(|d| std::cmp::Reverse(number(d, |s| s.size_bytes))),
        Sort::Avail => rows.arrange_by_key(|d| number(d, |s| s.avail_bytes).unwrap_or(u64::MAX)),
        Sort::Mount => rows.arrange_by(|a, b| a.mount.as_str().cmp(b.mount.as_str())),
    }
    rows.truncate(args.rows as usize);
    let rows = rows.into_iter().map(cells).collect();
    Block::Table { name: "mounts", columns, rows, total: facts.devices.total() }
}

fn cells(d: &Device) -> Vec<Cell> {
    let s = &d.space;
    let pct = |p: Option<f64>| p.map(|p| (p * 10.0).round() / 10.0);
    vec![
        (&d.mount).into(),
        d.kind.name().into(),
        (&d.filesystem).into(),
        (&s.map(|s| s.size_bytes)).into(),
        (&s.map(|s| s.used_bytes)).into(),
        (&s.map(|s| s.avail_bytes)).into(),
        (&s.map(|s| pct(s.used_pct))).into(),
        (&s.map(|s| pct(s.inodes.map(Inodes::used_pct)))).into(),
        d.device.clone().into(),
        (&d.source).into(),
        d.others.into(),
        state(d).into(),
    ]
}

fn state(d: &Device) -> &'static str {
    match d.answer {
        Answer::Hung { .. } => "hung",
        Answer::Dead { .. } => "dead",
        _ if d.refused.is_some() => "takes no writes",
        Answer::Unknown { .. } => "unknown",
        Answer::Slow { .. } => "slow",
        Answer::Given if !d.writable => "read-only",
        Answer::Given => "ok",
    }
}

fn deleted(facts: &Deleted, args: &Args) -> Option<Block> {
    let columns = vec![
        Column::new("pid"),
        Column::new("name"),
        Column::unit("bytes", "bytes"),
        Column::new("files"),
        Column::new("mount"),
        Column::new("device").wide(),
        Column::new("shared_with").wide(),
        Column::new("largest"),
    ];
    let rows: Vec<_> = facts.holders.top().iter().take(args.rows as usize).map(held).collect();
    let total = facts.holders.total();
    (total > 0).then_some(Block::Table { name: "deleted", columns, rows, total })
}

fn held(h: &Holder) -> Vec<Cell> {
    vec![
        Cell::Id(u64::try_from(h.process.pid).unwrap_or(0)),
        (&h.process.name).into(),
        h.bytes.into(),
        h.files.into(),
        h.on.drawn().map_or(Cell::Unseen, |on| (&on.mount).into()),
        h.device.clone().into(),
        h.sharers.into(),
        (&h.largest).into(),
    ]
}

fn pressure(p: &Pressure) -> Block {
    let columns = vec![
        Column::new("group"),
        Column::unit("some_avg10_pct", "pct"),
        Column::unit("some_avg60_pct", "pct"),
        Column::unit("full_avg10_pct", "pct"),
        Column::unit("full_avg60_pct", "pct"),
    ];
    let full = |of: fn(&PsiLine) -> f64| Cell::from(p.io.full.as_ref().map(of));
    let row = vec![
        p.group.as_ref().map_or("machine".into(), Cell::from),
        p.io.some.avg10.into(),
        p.io.some.avg60.into(),
        full(|l| l.avg10),
        full(|l| l.avg60),
    ];
    Block::Table { name: "pressure", columns, rows: vec![row], total: 1 }
}
