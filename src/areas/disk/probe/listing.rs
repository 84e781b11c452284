//! `--all`: every line of the mount table, hidden mounts and kernel interfaces too.

use super::devices::Devices;
use crate::{
    areas::disk::{facts::Answer, kinds},
    model::{Cell, Column, RowSink, Untrusted},
    source::mounts::{Mount, Table},
};
use std::io;

const COLUMNS: [Column; 9] = [
    Column::new("mount"),
    Column::new("kind"),
    Column::new("fs"),
    Column::unit("size_bytes", "bytes"),
    Column::unit("used_pct", "pct"),
    Column::new("device"),
    Column::new("source"),
    Column::new("access"),
    Column::new("state"),
];

/// One row for each mount, in the order of the kernel's list.
pub(super) fn list(table: &Table, devices: &Devices, sink: &mut dyn RowSink) -> io::Result<()> {
    sink.columns(&COLUMNS)?;
    table.mounts.iter().try_for_each(|m| sink.row(&row(m, devices)))
}

fn row(m: &Mount, devices: &Devices) -> Vec<Cell> {
    let text = |bytes: &[u8]| Cell::from(&Untrusted::from_bytes(bytes));
    let pseudo = kinds::is_pseudo(&m.filesystem);
    let device =
        devices.find(Some(m.id), m.device).and_then(|i| devices.device(i)).filter(|_| !pseudo && !m.hidden);
    let space = device.map(|d| &d.space);
    let state = match (device, pseudo) {
        _ if m.hidden => "hidden",
        (_, true) => "kernel",
        (None, _) => "new",
        (Some(d), _) => match d.answer {
            Answer::Given | Answer::Slow { .. } => "ok",
            Answer::Hung { .. } => "hung",
            Answer::Dead { .. } => "dead",
            Answer::Unknown { .. } => "unknown",
        },
    };
    let size = space.map_or(Cell::None, |s| Cell::from(&s.map(|s| s.size_bytes)));
    let used = space.map_or(Cell::None, |s| Cell::from(&s.map(|s| s.used_pct)));
    vec![
        text(&m.point),
        device.map(|d| d.kind.name()).into(),
        text(&m.filesystem),
        size,
        used,
        format!("{}:{}", m.device.0, m.device.1).into(),
        text(&kinds::without_login(&m.source)),
        if m.read_only { "ro" } else { "rw" }.into(),
        state.into(),
    ]
}
