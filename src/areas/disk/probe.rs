//! Reads the mount table, has the mounts asked, and looks for files that are held without a name.

mod deleted;
mod devices;
mod groups;
mod listing;
mod pressure;
mod space;

use super::{args::Args, facts::Facts};
use crate::{
    model::{Gap, Gaps, RowSink, Seen, Why},
    source::{Moment, Phase, mounts},
};
use std::io;

#[cfg(test)]
mod tests;

/// So many rows are judged, whatever the length of the table that was asked for.
const JUDGED: usize = 100;

/// The probe: it remembers which mounts did not answer.
pub struct Disk {
    args: Args,
    looks: u32,
    table: Seen<mounts::Table>,
    asked: space::Asked,
    walk: deleted::Walk,
    pressure: pressure::Series,
    facts: Facts,
}

impl Disk {
    pub(super) fn new(args: Args) -> Self {
        Self {
            args,
            looks: 0,
            table: Err(Why::NotAsked),
            asked: space::Asked::default(),
            walk: deleted::Walk::default(),
            pressure: pressure::Series::default(),
            facts: Facts::unseen(Why::NotAsked),
        }
    }
    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }
    pub(super) fn wanted(&self, process: usize) -> bool {
        self.walk.wants(process)
    }
    pub(super) fn met(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.walk.meet(process, fd, link);
        true
    }
    pub(super) fn lost(&mut self, process: usize, why: Why) {
        self.walk.missed(process, why);
    }

    /// The mount table and the mounts. The first look of a window asks too: what a dead mount costs then passes while
    /// there is nothing to do but to wait, and the last look needs to ask only once more.
    pub(super) fn begin(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.looks += 1;
        self.walk = deleted::Walk::default();
        let first = self.looks == 1 && m.phase == Phase::Full;
        if !m.last() && !first {
            return Ok(());
        }
        self.pressure.look(m);
        self.table = match mounts::Table::read(m.world, mounts::patient(m)) {
            Ok(table) => Ok(table),
            Err(gap) => {
                gaps.add(gap.why, "mount table", &gap.detail);
                Err(gap.why)
            }
        };
        if let Ok(table) = &self.table {
            self.asked.look(m, table, gaps);
        }
        if m.last() {
            self.walk = deleted::Walk::plan(m, gaps);
        }
        Ok(())
    }

    /// Looks at the files that the walk met, and puts everything together.
    pub(super) fn end(&mut self, m: &Moment, gaps: &mut Gaps) {
        if !m.last() {
            return;
        }
        let most = (self.args.rows as usize).max(JUDGED);
        self.facts.mounts =
            self.table.as_ref().map(|_| self.asked.devices.facts(most)).map_err(|why| *why).into();
        let places = deleted::Places::new(self.table.as_ref().ok(), &self.asked.devices);
        self.facts.deleted = std::mem::take(&mut self.walk).facts(m, &places, most, gaps).into();
        self.facts.pressure = self.pressure.facts(m).into();
    }

    /// `--all`: every mount, as the table has it.
    pub(super) fn stream(&mut self, m: &Moment, sink: &mut dyn RowSink) -> io::Result<bool> {
        if !self.args.all {
            return Ok(false);
        }
        let table =
            mounts::Table::read(m.world, mounts::patient(m)).map_err(|gap| io::Error::other(gap.detail))?;
        listing::list(&table, &self.asked.devices, sink)?;
        Ok(true)
    }
}
