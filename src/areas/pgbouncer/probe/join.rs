//! Two looks become facts.

use super::{
    clients::Clients,
    sight::{Counters, Id, PoolSeen, wait_ms},
    slots::Known,
};
use crate::{
    areas::pgbouncer::facts::{
        Database, Facts, Pool, Stop,
        capacity::{self, Seated},
    },
    model::{Arrange, Gaps, Kept, Reading, Seen, Why},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Pools and databases that facts hold at most; what is told is the worst of them.
const POOLS: usize = 1000;
/// Servers that facts hold at most.
const HOSTS: usize = 200;

/// What the first look is remembered for.
pub(super) struct First {
    pub pools: Seen<Vec<PoolSeen>>,
    pub stats: Seen<HashMap<String, Counters>>,
    pub waiting: Seen<HashSet<Id>>,
    pub logins: Seen<HashSet<Id>>,
}

/// What the second look saw, and the first.
pub(super) struct Join {
    pub pools: Seen<Vec<PoolSeen>>,
    pub databases: Seen<Vec<Database>>,
    pub stats: Seen<HashMap<String, Counters>>,
    /// Clients that wait now.
    pub stayed: Seen<HashSet<Id>>,
    /// Server connections that log in now.
    pub logins: Seen<HashSet<Id>>,
    pub addresses: BTreeMap<String, BTreeSet<String>>,
    pub clients: Seen<Clients>,
    pub first: Seen<First>,
    pub slots: Known,
    pub rows: usize,
}

impl Join {
    pub fn into(mut self, facts: &mut Facts, gaps: &mut Gaps) {
        let per_user = facts.config.drawn().and_then(|c| c.max_user_connections);
        let halted = facts.console.drawn().and_then(|c| c.halted.drawn()) == Some(&true);
        let seen = std::mem::replace(&mut self.pools, Err(Why::Broken));
        if let (Ok(pools), Ok(databases)) = (&seen, &mut self.databases) {
            let seated: Vec<Seated> = pools
                .iter()
                .map(|p| Seated { database: &p.database, user: &p.user, seats: p.seats })
                .collect();
            let mut hosts = capacity::hosts(databases, &seated, per_user, &self.addresses);
            self.slots.give(&mut hosts, gaps);
            let total = hosts.len() as u64;
            hosts.truncate(HOSTS);
            facts.hosts = Reading::seen(Kept::worst(total, hosts));
        } else {
            let why = seen.as_ref().err().or(self.databases.as_ref().err()).copied();
            facts.hosts = Reading::unseen(why.unwrap_or(Why::Broken));
        }
        facts.pools = seen.map(|pools| self.pools(pools, per_user, halted)).into();
        if let Ok(clients) = &self.clients {
            gaps.add_many(
                Why::TooMany,
                "clients of more groups than are told",
                clients.left_out(),
                "SHOW CLIENTS",
            );
        }
        facts.clients = self.clients.map(|c| c.kept(self.rows)).into();
        facts.databases = self
            .databases
            .map(|mut all| {
                all.arrange_by(|a, b| b.may_open.cmp(&a.may_open).then_with(|| a.name.cmp(&b.name)));
                let total = all.len() as u64;
                all.truncate(POOLS);
                Kept::worst(total, all)
            })
            .into();
    }

    fn pools(&self, seen: Vec<PoolSeen>, per_user: Option<u64>, halted: bool) -> Kept<Pool> {
        let mut of_user: HashMap<&str, u64> = HashMap::new();
        for p in &seen {
            *of_user.entry(&p.user).or_default() += p.seats.servers();
        }
        let databases: HashMap<&str, &Database> =
            self.databases.iter().flatten().map(|d| (d.name.as_str(), d)).collect();
        // Clients are told by their own user, pools by the one that the database forces on them.
        let forced: HashMap<&str, &str> =
            databases.values().filter_map(|d| Some((d.name.as_str(), d.force_user.as_deref()?))).collect();
        let holders = self.clients.as_ref().map(|c| c.holders(&forced)).unwrap_or_default();
        let first = self.first.as_ref().map_err(|why| *why);
        let before: Seen<HashMap<(&str, &str), &PoolSeen>> = first.and_then(|f| {
            let pools = f.pools.as_ref().map_err(|why| *why)?;
            Ok(pools.iter().map(|p| ((p.database.as_str(), p.user.as_str()), p)).collect())
        });
        let stayed = first.and_then(|f| both(&f.waiting, &self.stayed, &forced));
        let stuck = first.and_then(|f| both(&f.logins, &self.logins, &forced));
        let mut all: Vec<Pool> = seen
            .iter()
            .map(|p| {
                let key = (p.database.as_str(), p.user.as_str());
                let database = databases.get(p.database.as_str()).copied();
                let count = |of: &Seen<HashMap<(&str, &str), u64>>| {
                    of.as_ref().map(|m| m.get(&key).copied().unwrap_or(0)).map_err(|why| *why)
                };
                let user_full = per_user
                    .is_some_and(|max| max > 0 && of_user.get(p.user.as_str()).is_some_and(|n| *n >= max));
                let mut servers: Vec<String> = database.map(|d| d.server.clone()).into_iter().collect();
                servers.extend(self.addresses.get(&p.database).into_iter().flatten().take(8).cloned());
                servers.dedup();
                Pool {
                    database: p.database.clone(),
                    user: p.user.clone(),
                    mode: p.mode.clone(),
                    now: p.seats,
                    // A pool that was not there had nobody in it.
                    before: before
                        .as_ref()
                        .map(|m| m.get(&key).map(|p| p.seats).unwrap_or_default())
                        .map_err(|why| *why)
                        .into(),
                    stayed: count(&stayed).into(),
                    stuck_logins: count(&stuck).into(),
                    wait_ms: first.and_then(|f| self.waited(f, p)).into(),
                    size: database.map(|d| d.pool_size),
                    reserve: database.map_or(0, |d| d.reserve),
                    stop: stop(database, halted, user_full),
                    servers,
                    holders: holders.get(&key).cloned().unwrap_or_default(),
                }
            })
            .collect();
        let rank = |p: &Pool| (p.now.cl_waiting, p.now.sv_active, p.now.cl_active);
        all.arrange_by(|a, b| {
            rank(b).cmp(&rank(a)).then_with(|| (&a.database, &a.user).cmp(&(&b.database, &b.user)))
        });
        let total = all.len() as u64;
        all.truncate(POOLS);
        Kept::worst(total, all)
    }

    fn waited(&self, first: &First, p: &PoolSeen) -> Seen<Option<f64>> {
        let before = first.stats.as_ref().map_err(|why| *why)?;
        let now = self.stats.as_ref().map_err(|why| *why)?;
        let (Some(before), Some(now)) = (before.get(&p.database), now.get(&p.database)) else {
            return Ok(None);
        };
        Ok(wait_ms(*before, *now, &p.mode))
    }
}

fn stop(database: Option<&Database>, halted: bool, user_full: bool) -> Option<Stop> {
    let database_full = |d: &Database| d.max.is_some_and(|max| d.current >= max);
    match database {
        _ if halted => Some(Stop::Paused),
        Some(d) if d.paused => Some(Stop::Paused),
        Some(d) if database_full(d) => Some(Stop::DatabaseFull),
        _ if user_full => Some(Stop::UserFull),
        _ => None,
    }
}

/// How many of each pool are in both.
fn both<'a>(
    one: &'a Seen<HashSet<Id>>,
    other: &'a Seen<HashSet<Id>>,
    forced: &HashMap<&'a str, &'a str>,
) -> Seen<HashMap<(&'a str, &'a str), u64>> {
    let one = one.as_ref().map_err(|why| *why)?;
    let other = other.as_ref().map_err(|why| *why)?;
    let mut out = HashMap::new();
    for (database, user, ..) in one.intersection(other) {
        let user = forced.get(database.as_str()).copied().unwrap_or(user);
        *out.entry((database.as_str(), user)).or_insert(0) += 1;
    }
    Ok(out)
}
