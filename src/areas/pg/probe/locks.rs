//! From rows to the forest, and a second look where it holds a cycle.

use super::{
    super::facts::{
        locks::{Forest, Place, Root, RootKind, Row, Table, Tag, Who},
        session::Session,
        waits::{Locks, pids},
    },
    AGAIN, Ask, Look, Part,
    row::{Row as Line, rows},
    sql,
};
use crate::model::Arrange;
use crate::{model::Why, source::pg::Rows};
use std::{
    collections::{BTreeSet, HashMap},
    thread,
    time::Instant,
};

/// Relations that are asked for by name.
const NAMED: usize = 1000;

/// The forest of one look, and the place of everybody in it.
fn forest(tables: &[Rows], sessions: &[Session], now_us: Option<i64>) -> (Forest, Vec<Place>) {
    let mut table = Table::default();
    for s in sessions {
        if let Some(leader) = s.leader {
            table.leader(s.pid, leader);
        }
    }
    for r in tables.get(1).map(rows).into_iter().flatten() {
        if let Some(xid) = r.number("xid") {
            table.prepared(xid, r.get("gid").unwrap_or_default());
        }
    }
    for r in tables.first().map(rows).into_iter().flatten() {
        match (r.get("locktype"), r.number("pid"), r.get("blockers")) {
            (Some("edge"), Some(pid), Some(list)) => table.blockers(pid, list),
            (Some("edge"), ..) | (None, ..) => {}
            (Some(locktype), pid, _) => table.row(&row(&r, locktype, pid)),
        }
    }
    table.forest(now_us)
}

fn row<'r>(r: &Line<'r>, locktype: &'r str, pid: Option<i32>) -> Row<'r> {
    Row {
        locktype,
        database: r.number("database"),
        relation: r.number("relation"),
        page: r.number("page"),
        tuple: r.number("tuple"),
        virtualxid: r.get("virtualxid"),
        transactionid: r.number("transactionid"),
        classid: r.number("classid"),
        objid: r.number("objid"),
        objsubid: r.number("objsubid"),
        virtualtransaction: r.get("virtualtransaction").unwrap_or_default(),
        pid,
        mode: r.get("mode").unwrap_or_default(),
        granted: r.yes("granted"),
        waitstart_us: r.number("waitstart_us"),
    }
}

impl Look<'_> {
    /// The forest with names; every session learns how many wait for it.
    pub(super) fn locks(
        &mut self,
        tables: &[Rows],
        sessions: &mut [Session],
        databases: Vec<(u32, String)>,
        now_us: Option<i64>,
        version: u32,
    ) -> Locks {
        let (forest, places) = forest(tables, sessions, now_us);
        let mut behind: HashMap<i32, u32> = HashMap::new();
        for place in &places {
            if let Some(pid) = place.who.pid() {
                behind.insert(pid, place.behind);
            }
        }
        for s in sessions.iter_mut() {
            s.blocks = behind.get(&s.pid).copied().unwrap_or(0);
        }
        let named: BTreeSet<i32> = named(&forest).collect();
        let own = self.facts.server.drawn().map(|s| s.database.clone());
        let database = databases.iter().find(|d| Some(&d.1) == own.as_ref()).map_or(0, |d| d.0);
        let (relations, confirmed) = self.more(&forest, database, sessions, version);
        let mut people: Vec<Session> = sessions.iter().filter(|s| named.contains(&s.pid)).cloned().collect();
        people.arrange_by_key(|s| s.pid);
        Locks {
            sessions: people,
            advisory: advisory(&forest),
            forest,
            relations,
            databases,
            database,
            confirmed,
        }
    }

    /// What the first round trip leaves open, in one more: the names of the relations, and whether cycles are still there, since
    /// the parts of a look are read one after the other.
    fn more(
        &mut self,
        forest: &Forest,
        database: u32,
        sessions: &[Session],
        version: u32,
    ) -> (Vec<(u32, String)>, Vec<Vec<i32>>) {
        let oids = relations(forest, database);
        let first: Vec<Vec<i32>> = cycles(forest).collect();
        let mut asks = vec![];
        if !oids.is_empty() {
            asks.push(Ask { name: "names of relations", tables: 1, text: sql::names(&oids) });
        }
        if !first.is_empty() {
            if Instant::now() + AGAIN < self.until {
                thread::sleep(AGAIN);
                asks.push(Part::Locks.ask(version));
            } else {
                self.gaps.add(Why::TimedOut, "a second look at a cycle of locks", "no time was left");
            }
        }
        if asks.is_empty() {
            return (vec![], vec![]);
        }
        let mut came = self.batch(&asks).into_iter();
        let names = if oids.is_empty() { None } else { came.next().and_then(Result::ok) };
        let second = came.next().and_then(Result::ok).map(|t| self::forest(&t, sessions, None).0);
        let second: Vec<Vec<i32>> = second.iter().flat_map(cycles).collect();
        let name = |r: Line| Some((r.number("oid")?, format!("{}.{}", r.text("schema"), r.text("name"))));
        let names = names.iter().flat_map(|t| t.first()).flat_map(rows).filter_map(name).collect();
        (names, first.into_iter().filter(|c| second.contains(c)).collect())
    }
}

/// The sessions of every cycle.
fn cycles(forest: &Forest) -> impl Iterator<Item = Vec<i32>> + '_ {
    let cycle = |r: &&Root| matches!(r.kind, RootKind::Deadlock | RootKind::SoftCycle);
    forest.roots.top().iter().filter(cycle).map(pids)
}

/// The relations that are locked, where their number has a name: it means something in its own database only.
fn relations(forest: &Forest, database: u32) -> Vec<u32> {
    let of = tags(forest).filter_map(|t| t.named_in(database));
    let oids: BTreeSet<u32> = of.take(NAMED).collect();
    oids.into_iter().collect()
}

/// Everybody whom the forest names.
fn named(forest: &Forest) -> impl Iterator<Item = i32> + '_ {
    let roots = forest.roots.top().iter();
    let of_root = |r: &Root| -> Vec<i32> {
        r.who.iter().filter_map(Who::pid).chain(r.below.iter().flat_map(|b| b.pids.iter().copied())).collect()
    };
    let queues = forest.queues.top().iter();
    let of_queue = queues.flat_map(|q| {
        let holders = q.waits_for.iter().filter_map(Who::pid);
        std::iter::once(q.pid).chain(holders).chain(q.pids.iter().copied()).collect::<Vec<_>>()
    });
    roots.flat_map(of_root).chain(of_queue)
}

/// Every object that the forest names.
fn tags(forest: &Forest) -> impl Iterator<Item = &Tag> {
    let waits = forest.roots.top().iter().flat_map(|r| r.cycle.iter().chain(r.below.iter().map(|b| &b.wait)));
    let waits = waits.flat_map(|w| std::iter::once(&w.tag).chain(&w.row));
    waits.chain(forest.queues.top().iter().map(|q| &q.tag))
}

/// Roots for whose advisory locks somebody waits.
fn advisory(forest: &Forest) -> Vec<i32> {
    let wants = |r: &&Root| {
        let mut direct = r.below.iter().filter(|b| b.depth == 1);
        direct.any(|b| matches!(b.wait.tag, Tag::Advisory { .. } | Tag::AdvisoryPair { .. }))
    };
    forest.roots.top().iter().filter(wants).flat_map(pids).collect()
}
