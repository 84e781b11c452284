//! `SHOW CLIENTS`, which may be thousands of rows, as groups.

use super::{
    sight::CONSOLE,
    table::{Row, Table},
};
use crate::{
    areas::pgbouncer::facts::{Group, Holder},
    model::{Arrange, Kept, Seen, Why},
    source::pg::Rows,
};
use std::collections::{BTreeMap, HashMap};

/// Groups at most; what comes then is counted and not told.
const GROUPS: usize = 4096;
/// Holders of one pool that are named.
const HOLDERS: usize = 3;

/// All clients, by where they are and what they are called.
pub(super) struct Clients {
    groups: BTreeMap<[String; 4], Group>,
    /// Clients of groups beyond the bound.
    left_out: u64,
}

impl Clients {
    pub fn of(rows: &Rows) -> Seen<Self> {
        let table = Table::of(rows);
        if !table.has(&["database", "user", "state", "addr", "link"]) {
            return Err(Why::Malformed);
        }
        let mut out = Self { groups: BTreeMap::new(), left_out: 0 };
        for r in table.rows().filter(|r| r.get("database") != Some(CONSOLE)) {
            out.add(r);
        }
        Ok(out)
    }

    fn add(&mut self, r: Row) {
        let key = ["database", "user", "application_name", "addr"].map(|c| r.text(c));
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let group =
            self.groups.entry(key).or_insert_with_key(|[database, user, application, address]| Group {
                database: database.clone(),
                user: user.clone(),
                application: application.clone(),
                address: address.clone(),
                ..Group::default()
            });
        group.clients += 1;
        if r.get("state") == Some("waiting") {
            group.waiting += 1;
            group.wait_s = group.wait_s.max(r.seconds("wait", "wait_us"));
        } else if r.get("link").is_some_and(|l| !l.is_empty()) {
            // Until 1.22 a client that wants nothing is `active` too: that it has a partner is what counts.
            group.holding += 1;
            group.busy_s = group.busy_s.max(r.seconds("wait", "wait_us"));
        }
        if let Some(n) = r.number("prepared_statements") {
            *group.prepared.get_or_insert(0) += n;
        }
    }

    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Who holds server connections of each pool, most first. `forced` is the user that a database forces on its clients.
    pub fn holders<'a>(
        &'a self,
        forced: &HashMap<&'a str, &'a str>,
    ) -> HashMap<(&'a str, &'a str), Vec<Holder>> {
        let mut out: HashMap<(&str, &str), Vec<Holder>> = HashMap::new();
        for g in self.groups.values().filter(|g| g.holding > 0) {
            let who = match (g.application.as_str(), g.address.as_str()) {
                ("", address) => address.to_string(),
                (name, address) => format!("{name} at {address}"),
            };
            let user = forced.get(g.database.as_str()).copied().unwrap_or(&g.user);
            out.entry((g.database.as_str(), user)).or_default().push(Holder {
                who,
                holds: g.holding,
                busy_s: g.busy_s,
            });
        }
        for holders in out.values_mut() {
            holders.arrange_by(|a, b| b.holds.cmp(&a.holds).then_with(|| a.who.cmp(&b.who)));
            holders.truncate(HOLDERS);
        }
        out
    }

    /// The groups worth telling, those that wait first.
    pub fn kept(self, rows: usize) -> Kept<Group> {
        let total = self.groups.len() as u64 + u64::from(self.left_out > 0);
        let mut all: Vec<Group> = self.groups.into_values().collect();
        let rank = |g: &Group| (g.waiting, g.holding, g.clients);
        all.arrange_by(|a, b| {
            rank(b)
                .cmp(&rank(a))
                .then_with(|| (&a.application, &a.address).cmp(&(&b.application, &b.address)))
        });
        all.truncate(rows);
        Kept::worst(total, all)
    }
}
