//! `--all`: every socket as one row, printed while it is read.

use super::{
    owners::{NOBODY, Owners},
    place::{Place, Sink},
};
use crate::{
    areas::sockets::args::Args,
    model::{Cell, Column, RowSink},
    source::{
        Moment,
        net::{Ask, Sock},
    },
};
use std::io;

const COLUMNS: [Column; 8] = [
    Column::new("state"),
    Column::new("recv_q"),
    Column::new("send_q"),
    Column::new("local"),
    Column::new("peer"),
    Column::new("pid"),
    Column::new("name"),
    Column::new("inode"),
];

struct Rows<'a> {
    names: Vec<(i32, String)>,
    args: &'a Args,
    owners: &'a Owners,
    everything: bool,
    out: &'a mut (dyn RowSink + 'a),
    failed: Option<io::Error>,
}

pub fn list(
    m: &Moment,
    places: &[Place],
    args: &Args,
    owners: &Owners,
    everything: bool,
    out: &mut dyn RowSink,
) -> io::Result<bool> {
    out.columns(&COLUMNS)?;
    let names = m.processes().iter().map(|p| (p.pid, p.comm.as_str().to_string())).collect();
    let mut rows = Rows { names, args, owners, everything, out, failed: None };
    let ask = Ask { states: args.mask(), info: false, skmem: false };
    for place in places {
        place.stream(&ask, false, m.deadline, &mut rows)?;
        if let Some(e) = rows.failed.take() {
            return Err(e);
        }
    }
    Ok(true)
}

impl Sink for Rows<'_> {
    fn restart(&mut self) {}
    fn take(&mut self, s: &Sock) {
        if self.failed.is_some() || self.args.peer.is_some_and(|p| !p.holds(s.remote.addr(), s.remote.port)) {
            return;
        }
        let owner = self.owners.find(s.inode).map(|i| self.owners.all()[i].owner).filter(|o| *o != NOBODY);
        if !self.everything && owner.is_none() {
            return;
        }
        let (pid, name) = match owner.and_then(|o| self.names.get(o as usize)) {
            Some((pid, name)) => (Cell::Id(*pid as u64), Cell::Text(name.clone())),
            None if s.inode == 0 => (Cell::None, Cell::None),
            None => (Cell::Unseen, Cell::Unseen),
        };
        let peer = if s.remote.port == 0 { Cell::None } else { Cell::Text(s.remote.to_string()) };
        let row = [
            Cell::Text(s.state.to_string()),
            s.rqueue.into(),
            s.wqueue.into(),
            Cell::Text(s.local.to_string()),
            peer,
            pid,
            name,
            if s.inode == 0 { Cell::None } else { Cell::Id(s.inode.into()) },
        ];
        self.failed = self.out.row(&row).err();
    }
}
