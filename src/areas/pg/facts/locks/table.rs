//! The lock table as it is read: rows and lists of blockers in any order, in little memory. 1,000 sessions that wait for
//! one row list each other half a million times.

use super::{
    Forest, Mode, Place, Tag, Who, forest,
    graph::Graph,
    pids::{self, Pids},
};
use std::collections::HashMap;

/// So many rows are kept; of locks that nobody waits for there are none.
const ROWS: usize = 200_000;
/// So many listed blockers are kept, 4 bytes each: 1,400 sessions that wait for one row have as many.
const LISTED: usize = 1_000_000;
/// Stands for the blocker 0: a prepared transaction, it is not said which.
pub(super) const PREPARED: u32 = u32::MAX;

/// One row of `pg_locks`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row<'r> {
    /// `relation`, `tuple`, `transactionid` …
    pub locktype: &'r str,
    /// Number of the database.
    pub database: Option<u32>,
    /// Number of the relation.
    pub relation: Option<u32>,
    /// Page in it.
    pub page: Option<u32>,
    /// Row in the page.
    pub tuple: Option<u16>,
    /// Virtual transaction id, as a lock.
    pub virtualxid: Option<&'r str>,
    /// Transaction id, as a lock.
    pub transactionid: Option<u32>,
    /// Catalog of the object, or the first half of an advisory lock.
    pub classid: Option<u32>,
    /// The object, or the second half.
    pub objid: Option<u32>,
    /// Its column, or the sort of the advisory lock.
    pub objsubid: Option<u16>,
    /// Virtual transaction id of who has it or wants it.
    pub virtualtransaction: &'r str,
    /// His process; none is a prepared transaction.
    pub pid: Option<i32>,
    /// `AccessShareLock` …
    pub mode: &'r str,
    /// He has it.
    pub granted: bool,
    /// Since when he wants it, microseconds since 1970; since 14, and not at once.
    pub waitstart_us: Option<i64>,
}

/// A row that was kept.
pub(super) struct Held {
    pub tag: u32,
    pub owner: u32,
    pub mode: Mode,
    pub granted: bool,
    pub since_us: Option<i64>,
}

/// Somebody who owns rows.
pub(super) enum Owner {
    Session(i32),
    /// By its virtual transaction id.
    Prepared,
}

/// What was read so far.
#[derive(Default)]
pub struct Table {
    pub(super) tags: Vec<Tag>,
    tag_ids: HashMap<Tag, u32>,
    pub(super) owners: Vec<Owner>,
    pids: Pids,
    prepared: HashMap<String, u32>,
    pub(super) rows: Vec<Held>,
    /// Blockers of a waiter as they were listed: owners, one list after the other.
    pub(super) listed: Vec<u32>,
    /// Whose they are, and where in `listed`.
    pub(super) lists: Vec<(u32, std::ops::Range<usize>)>,
    leaders: Vec<(u32, u32)>,
    gids: HashMap<u32, String>,
    /// Transaction ids that prepared transactions hold: which of them has which name.
    xids: Vec<(u32, u32)>,
    pub(super) left_out: u64,
    pub(super) unlisted: u64,
}

impl Table {
    /// One session works for another in a parallel query.
    pub fn leader(&mut self, pid: i32, leader: i32) {
        let pair = (self.session(pid), self.session(leader));
        self.leaders.push(pair);
    }
    /// A row of `pg_prepared_xacts`.
    pub fn prepared(&mut self, xid: u32, gid: &str) {
        if self.gids.len() < ROWS {
            self.gids.insert(xid, gid.into());
        }
    }
    /// A row of `pg_locks`. Modes that make nobody wait are passed over.
    pub fn row(&mut self, row: &Row) {
        let Some(mode) = Mode::parse(row.mode) else { return };
        if self.rows.len() >= ROWS {
            self.left_out += 1;
            return;
        }
        let owner = match row.pid {
            Some(pid) => self.session(pid),
            None => self.prepared_by(row.virtualtransaction),
        };
        if let (None, Some(xid), "transactionid") = (row.pid, row.transactionid, row.locktype) {
            self.xids.push((owner, xid));
        }
        let tag = Tag::of(row);
        let tag = *self.tag_ids.entry(tag).or_insert_with_key(|tag| {
            self.tags.push(tag.clone());
            (self.tags.len() - 1) as u32
        });
        let since_us = row.waitstart_us.filter(|_| !row.granted);
        self.rows.push(Held { tag, owner, mode, granted: row.granted, since_us });
    }
    /// What `pg_blocking_pids(pid)` gave, as the server writes it: `{41,42,0}`.
    pub fn blockers(&mut self, pid: i32, list: &str) {
        let from = self.listed.len();
        let waiter = self.session(pid);
        let mut last = None;
        for blocker in pids::numbers(list) {
            if self.listed.len() >= LISTED {
                self.listed.truncate(from);
                self.unlisted += 1;
                return;
            }
            // A parallel query is listed once for each of its workers, one after the other.
            if last.replace(blocker) != Some(blocker) {
                let id = if blocker == 0 { PREPARED } else { self.session(blocker) };
                self.listed.push(id);
            }
        }
        self.lists.push((waiter, from..self.listed.len()));
    }
    /// The forest of all that was read, and the place of each in it. `now_us` is the server's clock, microseconds since 1970.
    pub fn forest(self, now_us: Option<i64>) -> (Forest, Vec<Place>) {
        forest::build(&Graph::of(&self), &self, now_us)
    }

    fn session(&mut self, pid: i32) -> u32 {
        let owners = &mut self.owners;
        self.pids.number(pid, || {
            owners.push(Owner::Session(pid));
            (owners.len() - 1) as u32
        })
    }
    fn prepared_by(&mut self, virtual_transaction: &str) -> u32 {
        if let Some(id) = self.prepared.get(virtual_transaction) {
            return *id;
        }
        let id = self.owners.len() as u32;
        self.owners.push(Owner::Prepared);
        self.prepared.insert(virtual_transaction.into(), id);
        id
    }
    /// The owner that stands for each: the leader of his parallel query, or himself.
    pub(super) fn groups(&self) -> Vec<u32> {
        let mut groups: Vec<u32> = (0..self.owners.len() as u32).collect();
        for (member, leader) in &self.leaders {
            groups[*member as usize] = *leader;
        }
        groups
    }
    /// Who the owner is. A prepared transaction has the lock of its own transaction id, by which its name is found: the
    /// virtual id that the manual tells to join by is another one until the server was restarted.
    pub(super) fn who(&self, owner: u32) -> Who {
        match self.owners[owner as usize] {
            Owner::Session(pid) => Who::Session { pid },
            Owner::Prepared => {
                let mut named = self.xids.iter().filter(|(o, _)| *o == owner);
                Who::Prepared { gid: named.find_map(|(_, xid)| self.gids.get(xid)).cloned() }
            }
        }
    }
}
