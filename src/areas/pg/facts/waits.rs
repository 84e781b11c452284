//! Who waits for whom, with names.

use super::{
    locks::{Forest, Root, RootKind, Tag, Who},
    session::Session,
};
use serde::{Deserialize, Serialize};

/// The lock graph, and what its numbers mean.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Locks {
    /// Who is behind whom.
    pub forest: Forest,
    /// The sessions that the forest names, by pid in ascending order.
    pub sessions: Vec<Session>,
    /// Names of relations of our own database and of shared ones, by number.
    pub relations: Vec<(u32, String)>,
    /// Names of databases, by number.
    pub databases: Vec<(u32, String)>,
    /// The number of the database that we are in.
    pub database: u32,
    /// Cycles that were there at a second look, by their sessions in ascending order.
    pub confirmed: Vec<Vec<i32>>,
    /// Sessions at whom waiting ends and that hold a number agreed on among applications (advisory lock) that somebody wants.
    pub advisory: Vec<i32>,
}

/// A map with numbers for keys does not survive JSON.
fn name(of: &[(u32, String)], number: u32) -> Option<&str> {
    of.iter().find(|n| n.0 == number).map(|n| n.1.as_str())
}

impl Locks {
    /// A session that the forest names.
    pub fn session(&self, pid: i32) -> Option<&Session> {
        self.sessions.binary_search_by_key(&pid, |s| s.pid).ok().map(|at| &self.sessions[at])
    }
    /// What people call it: `table public.orders`, `row (0,2) of public.orders`, `advisory lock 42`.
    pub fn name(&self, tag: &Tag) -> String {
        let relation = |database: u32, number: u32| match name(&self.relations, number) {
            Some(name) if database == 0 || database == self.database => name.to_string(),
            _ => format!("relation {number} of {}", self.database_name(database)),
        };
        match tag {
            Tag::Relation { database, relation: r } => relation(*database, *r),
            Tag::Extend { database, relation: r } => format!("the end of {}", relation(*database, *r)),
            Tag::Page { database, relation: r, page } => {
                format!("page {page} of {}", relation(*database, *r))
            }
            Tag::Tuple { database, relation: r, page, tuple } => {
                format!("row ({page},{tuple}) of {}", relation(*database, *r))
            }
            Tag::Transaction { xid } => format!("transaction {xid}"),
            Tag::Virtual { id } => format!("transaction {id}"),
            Tag::Speculative { xid, .. } => format!("a row that transaction {xid} inserts"),
            Tag::Object { class, object, .. } => format!("object {object} of catalog {class}"),
            Tag::Advisory { key, .. } => format!("advisory lock {key}"),
            Tag::AdvisoryPair { first, second, .. } => format!("advisory lock ({first}, {second})"),
            Tag::Other { name, .. } => name.clone(),
        }
    }
    fn database_name(&self, number: u32) -> String {
        name(&self.databases, number).map_or_else(|| format!("database {number}"), Into::into)
    }
    /// The longest wait behind a root, seconds; before 14 the age of the oldest statement that waits stands for it.
    pub fn longest_s(&self, root: &Root) -> Option<f64> {
        if let Some(us) = root.longest_us {
            return Some(us.max(0) as f64 / 1e6);
        }
        let pids = root.below.iter().flat_map(|b| &b.pids);
        let pids = pids.copied().chain(root.cycle.iter().zip(&root.who).filter_map(|(_, w)| w.pid()));
        pids.filter_map(|pid| self.session(pid)?.query_s).reduce(f64::max)
    }
    /// `web at 10.0.0.7 (pid 41)`, `prepared transaction 'x'`.
    pub fn label(&self, who: &Who) -> String {
        match who {
            Who::Session { pid } => match self.session(*pid) {
                Some(s) => format!("{} (pid {pid})", s.who()),
                None => format!("pid {pid}"),
            },
            Who::Prepared { gid: Some(gid) } => format!("prepared transaction '{gid}'"),
            Who::Prepared { gid: None } => "a prepared transaction".into(),
        }
    }
    /// A cycle that was there at both looks.
    pub fn is_confirmed(&self, root: &Root) -> bool {
        matches!(root.kind, RootKind::Deadlock | RootKind::SoftCycle) && self.confirmed.contains(&pids(root))
    }
}

/// The sessions of a root in ascending order.
pub fn pids(root: &Root) -> Vec<i32> {
    let mut pids: Vec<i32> = root.who.iter().filter_map(Who::pid).collect();
    pids.sort_unstable();
    pids
}
