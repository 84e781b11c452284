//! What the pools may open together, against what a server has: arithmetic.

use super::{Database, Seats};
use crate::model::{Arrange, Reading};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Databases of one server that are told one by one.
const TERMS: usize = 16;
/// Addresses of one server that are told.
const ADDRESSES: usize = 8;

/// One server behind the pooler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Host {
    /// `host:port` as configured.
    pub server: String,
    /// What that turned out to be: `address:port` of connections to it.
    pub addresses: Vec<String>,
    /// Pools that there are.
    pub pools: u64,
    /// Server connections that they may open together.
    pub may_open: u64,
    /// Those that the clients which are connected now can make them open, if all want one at once.
    pub clients_fill: u64,
    /// Those that are open now.
    pub open: u64,
    /// How `may_open` comes about, largest first.
    pub terms: Vec<Term>,
    /// What the server has.
    pub slots: Reading<Slots>,
}

/// What one database adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// What clients call it.
    pub database: String,
    /// Its pools: users that connected.
    pub users: u64,
    /// Server connections of each, the reserve included.
    pub each: u64,
    /// Its own limit, where that is smaller than the product.
    pub cap: Option<u64>,
    /// The smaller of both.
    pub sum: u64,
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let users = if self.users == 1 { "user" } else { "users" };
        write!(f, "{}: {} {users} × {}", self.database, self.users, self.each)?;
        match self.cap {
            Some(cap) => write!(f, ", at most {cap}"),
            None => Ok(()),
        }
    }
}

/// Slots of a server for ordinary sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slots {
    /// Somebody said so.
    Given {
        /// How many.
        ordinary: u64,
    },
    /// The server said so.
    Asked {
        /// `max_connections`.
        max: u64,
        /// `superuser_reserved_connections` and `reserved_connections` (16 and newer).
        reserved: u64,
    },
}

impl Slots {
    /// How many there are for everybody.
    pub fn ordinary(self) -> u64 {
        match self {
            Slots::Given { ordinary } => ordinary,
            Slots::Asked { max, reserved } => max.saturating_sub(reserved),
        }
    }
}

/// One pool, as far as it counts here.
pub struct Seated<'a> {
    /// What clients call the database.
    pub database: &'a str,
    /// As whom.
    pub user: &'a str,
    /// Who sits where.
    pub seats: Seats,
}

/// What the pools of each server may open. Writes into each database what its own may. `per_user` is
/// `max_user_connections`; `addresses` are those that server connections of a database go to.
pub fn hosts(
    databases: &mut [Database],
    pools: &[Seated],
    per_user: Option<u64>,
    addresses: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Host> {
    let mut by_database: BTreeMap<&str, Vec<&Seated>> = BTreeMap::new();
    for pool in pools {
        by_database.entry(pool.database).or_default().push(pool);
    }
    let mut out: BTreeMap<String, (Host, BTreeSet<&str>)> = BTreeMap::new();
    for d in databases.iter_mut() {
        let Some(own) = by_database.get(d.name.as_str()) else { continue };
        let each = d.pool_size.saturating_add(d.reserve);
        let capped = |n: u64| d.max.map_or(n, |max| n.min(max));
        let users = own.len() as u64;
        let product = users.saturating_mul(each);
        let sum = capped(product);
        let wanted: u64 = own
            .iter()
            .map(|p| p.seats.cl_active.saturating_add(p.seats.cl_waiting).max(p.seats.servers()).min(each))
            .fold(0, u64::saturating_add);
        let open: u64 = own.iter().map(|p| p.seats.servers()).fold(0, u64::saturating_add);
        d.may_open = sum;
        let fresh = || Host {
            server: d.server.clone(),
            addresses: vec![],
            pools: 0,
            may_open: 0,
            clients_fill: 0,
            open: 0,
            terms: vec![],
            slots: Reading::unseen(crate::model::Why::NotAsked),
        };
        let (host, seen) = out.entry(d.server.clone()).or_insert_with(|| (fresh(), BTreeSet::new()));
        host.pools += users;
        host.may_open = host.may_open.saturating_add(sum);
        host.clients_fill = host.clients_fill.saturating_add(capped(wanted));
        host.open = host.open.saturating_add(open);
        let cap = d.max.filter(|max| *max < product);
        host.terms.push(Term { database: d.name.clone(), users, each, cap, sum });
        seen.extend(own.iter().map(|p| p.user));
        host.addresses.extend(addresses.get(&d.name).into_iter().flatten().cloned());
    }
    let mut hosts: Vec<Host> = out
        .into_values()
        .map(|(mut host, users)| {
            if let Some(per_user) = per_user.filter(|n| *n > 0) {
                let all = per_user.saturating_mul(users.len() as u64);
                host.may_open = host.may_open.min(all);
                host.clients_fill = host.clients_fill.min(all);
            }
            host.terms.arrange_by(|a, b| b.sum.cmp(&a.sum).then_with(|| a.database.cmp(&b.database)));
            host.terms.truncate(TERMS);
            host.addresses.sort();
            host.addresses.dedup();
            host.addresses.truncate(ADDRESSES);
            host
        })
        .collect();
    hosts.arrange_by(|a, b| b.may_open.cmp(&a.may_open).then_with(|| a.server.cmp(&b.server)));
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(name: &str, server: &str, size: u64, reserve: u64, max: Option<u64>) -> Database {
        Database {
            name: name.into(),
            server: server.into(),
            pool_size: size,
            reserve,
            max,
            ..Database::default()
        }
    }

    fn pool<'a>(database: &'a str, user: &'a str, clients: u64) -> Seated<'a> {
        Seated { database, user, seats: Seats { cl_active: clients, sv_active: 1, ..Seats::default() } }
    }

    #[test]
    fn pools_of_one_server_add_up_and_limits_cut_them() {
        let mut d = [
            database("shop", "db:5432", 20, 5, None),
            database("crm", "db:5432", 20, 0, Some(30)),
            database("log", "other:5432", 10, 0, None),
            database("unused", "db:5432", 500, 0, None),
        ];
        let p = [
            pool("shop", "a", 3),
            pool("shop", "b", 90),
            pool("crm", "a", 50),
            pool("crm", "b", 2),
            pool("log", "a", 1),
        ];
        let addresses = BTreeMap::from([("shop".to_string(), BTreeSet::from(["10.0.0.1:5432".to_string()]))]);
        let h = hosts(&mut d, &p, None, &addresses);
        assert_eq!((h[0].server.as_str(), h[0].pools, h[0].may_open, h[0].open), ("db:5432", 4, 50 + 30, 4));
        assert_eq!(h[0].clients_fill, (3 + 25) + (20 + 2));
        assert_eq!(h[0].addresses, ["10.0.0.1:5432"]);
        assert_eq!(h[0].terms[0].to_string(), "shop: 2 users × 25");
        assert_eq!(h[0].terms[1].to_string(), "crm: 2 users × 20, at most 30");
        assert_eq!((h[1].server.as_str(), h[1].may_open), ("other:5432", 10));
        assert_eq!(d.map(|d| d.may_open), [50, 30, 10, 0]);
    }

    #[test]
    fn a_limit_for_each_user_holds_over_all_databases() {
        let mut d = [database("shop", "db:5432", 20, 0, None), database("crm", "db:5432", 20, 0, None)];
        let p = [pool("shop", "a", 90), pool("crm", "a", 90)];
        assert_eq!(hosts(&mut d, &p, Some(25), &BTreeMap::new())[0].may_open, 25);
        assert_eq!(hosts(&mut d, &p, Some(0), &BTreeMap::new())[0].may_open, 40, "0 is no limit");
    }

    #[test]
    fn what_is_reserved_is_nobodys() {
        assert_eq!(Slots::Asked { max: 100, reserved: 3 }.ordinary(), 97);
        assert_eq!(Slots::Asked { max: 2, reserved: 3 }.ordinary(), 0);
        assert_eq!(Slots::Given { ordinary: 50 }.ordinary(), 50);
    }
}
