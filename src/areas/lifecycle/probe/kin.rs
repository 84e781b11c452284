//! Who is whose child.

use crate::model::Gaps;
use crate::source::{
    Moment,
    proc::{self, Process},
};
use std::{borrow::Cow, collections::HashMap};

/// The processes of one look by their parents. Where the run is limited to some processes the whole table is read once
/// more: a shell without its child would be taken for a program of its own.
pub(super) struct Kin<'m> {
    table: Cow<'m, [Process]>,
    children: HashMap<i32, Vec<usize>>,
}

impl<'m> Kin<'m> {
    pub fn of(m: &'m Moment) -> Self {
        let table: Cow<[Process]> = if m.scope.is_everything() {
            m.processes().into()
        } else {
            proc::list(m.world, m.deadline, &mut Gaps::default()).into()
        };
        let mut children: HashMap<i32, Vec<usize>> = HashMap::new();
        for (i, p) in table.iter().enumerate().filter(|(_, p)| !p.kernel_thread) {
            children.entry(p.ppid).or_default().push(i);
        }
        Self { table, children }
    }
    /// One process.
    pub fn get(&self, pid: i32) -> Option<&Process> {
        self.table.binary_search_by_key(&pid, |p| p.pid).ok().map(|i| &self.table[i])
    }
    /// Its children that have not ended, in order of pid.
    pub fn living(&self, pid: i32) -> impl Iterator<Item = &Process> {
        let children = self.children.get(&pid).map_or(&[][..], Vec::as_slice);
        children.iter().map(|i| &self.table[*i]).filter(|p| !matches!(p.state, b'Z' | b'X'))
    }
    /// The one that does the work: the biggest, and of those the oldest.
    pub fn working(&self, pid: i32) -> Option<&Process> {
        self.living(pid).max_by_key(|p| (p.rss_bytes, std::cmp::Reverse(p.start_ticks)))
    }
}
