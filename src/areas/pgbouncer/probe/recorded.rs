//! Tables as consoles of several versions gave them, read and joined. `tests/fixtures/pgbouncer/README.md` says whence.

use super::{
    clients::Clients,
    join::{First, Join},
    sight,
    slots::Known,
    table::Table,
};
use crate::{
    areas::pgbouncer::facts::{Config, Console, Facts, Holder, Pool, capacity::Slots},
    model::{Gaps, Reading, Seen, Why},
    source::pg::Rows,
};
use std::collections::HashMap;

const V1_16: &str = include_str!("../../../../tests/fixtures/pgbouncer/1.16.txt");
const V1_18: &str = include_str!("../../../../tests/fixtures/pgbouncer/1.18.txt");
const V1_21: &str = include_str!("../../../../tests/fixtures/pgbouncer/1.21.txt");
const V1_24: &str = include_str!("../../../../tests/fixtures/pgbouncer/1.24.txt");

/// The tables of one console, by look and name.
struct Recorded(HashMap<(usize, String), Rows>);

fn recorded(text: &str) -> Recorded {
    let mut tables: HashMap<(usize, String), Rows> = HashMap::new();
    let (mut look, mut key) = (0, None);
    for line in text.lines() {
        match line.strip_prefix("=== ") {
            Some("first") => look = 1,
            Some("second") => look = 2,
            Some(name) => key = Some((look, name.trim_start_matches("SHOW ").to_string())),
            None => {
                let cells = line.split('|');
                let rows = tables.entry(key.clone().unwrap()).or_default();
                if rows.columns.is_empty() {
                    rows.columns = cells.map(Into::into).collect();
                } else {
                    rows.rows.push(cells.map(|c| Some(c.to_string())).collect());
                }
            }
        }
    }
    Recorded(tables)
}

impl Recorded {
    fn table(&self, look: usize, name: &str) -> &Rows {
        &self.0[&(look, name.to_string())]
    }
    fn facts(&self, slots: Known) -> Facts {
        let mut facts = Facts::unseen(Why::NotAsked);
        let version = self.table(0, "VERSION").get(0, "version").unwrap().trim_start_matches("PgBouncer ");
        facts.console = Reading::seen(Console {
            version: version.into(),
            address: "10.0.0.6:6432".into(),
            span_s: Reading::seen(1.0),
            halted: self.0.get(&(0, "STATE".into())).ok_or(Why::Unsupported).and_then(sight::halted).into(),
        });
        facts.config = sight::config(self.table(0, "CONFIG")).into();
        facts.clients_used = sight::used_clients(self.table(0, "LISTS")).into();
        let second = |name| self.table(2, name);
        let first = First {
            pools: sight::pools(self.table(1, "POOLS")),
            stats: sight::stats(self.table(1, "STATS")),
            waiting: sight::waiting(self.table(1, "CLIENTS")),
            logins: sight::logging_in(self.table(1, "SERVERS")),
        };
        let join = Join {
            pools: sight::pools(second("POOLS")),
            databases: sight::databases(self.table(0, "DATABASES")),
            stats: sight::stats(second("STATS")),
            stayed: sight::waiting(second("CLIENTS")),
            logins: sight::logging_in(second("SERVERS")),
            addresses: sight::addresses(second("SERVERS")),
            clients: Clients::of(second("CLIENTS")),
            first: Ok(first),
            slots,
            rows: 100,
        };
        let mut gaps = Gaps::default();
        join.into(&mut facts, &mut gaps);
        assert!(gaps.list().is_empty(), "{:?}", gaps.list());
        facts
    }
}

fn pool(facts: &Facts, name: &str) -> Pool {
    facts.pools.drawn().unwrap().top().iter().find(|p| p.name() == name).unwrap().clone()
}

#[test]
fn the_same_scene_reads_the_same_in_every_version() {
    for text in [V1_16, V1_21, V1_24] {
        let facts = recorded(text).facts(Known::Everywhere(Slots::Given { ordinary: 97 }));
        let version = &facts.console.drawn().unwrap().version;
        assert_eq!(facts.pools.drawn().unwrap().total(), 1, "{version}: the console's own pool is none");
        let p = pool(&facts, "shop/app");
        assert_eq!(
            (p.now.cl_active, p.now.cl_waiting, p.now.sv_active, p.now.up()),
            (3, 2, 2, 2),
            "{version}"
        );
        assert_eq!((p.now.maxwait_s, p.before.drawn().unwrap().maxwait_s), (3.60577, 2.520094), "{version}");
        assert_eq!(
            (p.size, p.reserve, p.mode.as_str(), p.stop),
            (Some(2), 3, "transaction", None),
            "{version}"
        );
        assert_eq!(p.stayed, Reading::seen(1), "{version}: the other one is new at the same place");
        assert_eq!(p.servers, ["10.0.0.7:5432"], "{version}");
        assert_eq!(facts.clients_used, Reading::seen(5), "{version}: ours does not count");
        let host = &facts.hosts.drawn().unwrap().top()[0];
        assert_eq!((host.may_open, host.clients_fill, host.open), (5, 5, 2), "{version}");
    }
}

#[test]
fn what_a_version_adds_is_taken_and_what_it_lacks_is_not_made_up() {
    let [old, middle, new] = [V1_16, V1_21, V1_24].map(|t| recorded(t).facts(Known::Not(Why::NotAsked)));
    // 16 − 12 transactions against 110 − 100 assignments, for the same 2 s of waiting.
    let wait = |f: &Facts| *pool(f, "shop/app").wait_ms.drawn().unwrap();
    assert_eq!((wait(&old), wait(&middle), wait(&new)), (Some(500.0), Some(500.0), Some(200.0)));
    let halted = |f: &Facts| f.console.drawn().unwrap().halted;
    assert_eq!((halted(&old), halted(&middle)), (Reading::unseen(Why::Unsupported), Reading::seen(false)));
    let tracked = |f: &Facts| f.config.drawn().unwrap().max_prepared_statements;
    assert_eq!((tracked(&old), tracked(&middle), tracked(&new)), (None, Some(0), Some(200)));
    let limit = |f: &Facts| f.databases.drawn().unwrap().top()[0].clients;
    assert_eq!((limit(&old), limit(&new)), (None, Some((50, 5))));
    let who = |f: &Facts| pool(f, "shop/app").holders[0].who.clone();
    assert_eq!((who(&old), who(&new)), ("10.0.1.2".to_string(), "web at 10.0.1.2".to_string()));
}

#[test]
fn a_real_console_of_1_18_tells_who_waits_for_whom() {
    let facts = recorded(V1_18).facts(Known::Not(Why::NotAsked));
    let p = pool(&facts, "shop/app");
    assert_eq!((p.now.cl_waiting, p.stayed), (1, Reading::seen(1)));
    assert_eq!(p.holders, [Holder { who: "report at 127.0.0.1".into(), holds: 2, busy_s: 4.243985 }]);
    assert_eq!(p.wait_ms, Reading::seen(None), "nobody got a server connection in between");
    // The server of the other database does not listen: somebody waits, and by PgBouncer's own count for no time at all.
    let gone = pool(&facts, "gone/app");
    assert_eq!((gone.now.cl_waiting, gone.now.servers(), gone.now.maxwait_s), (1, 0, 0.0));
    assert_eq!(gone.stayed, Reading::seen(1));
    assert_eq!(facts.clients.drawn().unwrap().top()[0].waiting, 1);
    let config = Config {
        max_client_conn: Some(100),
        max_user_connections: Some(0),
        server_login_retry_s: Some(15.0),
        query_wait_timeout_s: Some(120.0),
        ..Config::default()
    };
    assert_eq!(facts.config, Reading::seen(config));
}

#[test]
fn a_server_that_was_asked_is_found_by_its_address_or_by_being_the_only_one() {
    let slots = Slots::Asked { max: 100, reserved: 3 };
    let at = |place: &str| Known::At { places: vec![place.into(), "localhost:1".into()], slots };
    let given = |text: &str, known| {
        let facts = recorded(text).facts(known);
        let hosts = facts.hosts.drawn().unwrap().top().to_vec();
        hosts.into_iter().map(|h| (h.server, h.slots.drawn().copied())).collect::<Vec<_>>()
    };
    assert_eq!(given(V1_24, at("[::1]:1")), [("10.0.0.7:5432".to_string(), Some(slots))]);
    let three = given(V1_18, at("127.0.0.1:7811"));
    assert!(three.contains(&("127.0.0.1:7811".into(), Some(slots))), "{three:?}");
    assert!(three.contains(&("127.0.0.1:7999".into(), None)), "{three:?}");
}

#[test]
fn a_table_without_its_columns_is_not_understood_and_never_empty() {
    let strange =
        Rows { columns: vec!["database".into()], rows: vec![vec![Some("shop".into())]], cut: false };
    assert!(matches!(sight::pools(&strange), Err(Why::Malformed)));
    assert!(matches!(sight::databases(&strange), Err(Why::Malformed)));
    assert!(matches!(Clients::of(&strange), Err(Why::Malformed)));
    let none: Seen<u64> = sight::used_clients(&strange);
    assert_eq!(none, Err(Why::Malformed));
    let negative = Rows { columns: vec!["n".into()], rows: vec![vec![Some("-1".into())]], cut: false };
    assert_eq!(Table::of(&negative).rows().next().unwrap().number("n"), None);
}
