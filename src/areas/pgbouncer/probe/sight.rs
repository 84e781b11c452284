//! What the tables of one moment say, before two moments are joined.

use super::table::{Row, Table};
use crate::{
    areas::pgbouncer::facts::{Config, Database, Seats},
    model::{Seen, Why},
    source::pg::Rows,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The database of the console itself: it has no server.
pub(super) const CONSOLE: &str = "pgbouncer";
/// What PgBouncer calls a client on a Unix socket.
const UNIX: &str = "unix";

/// One pool at one moment.
#[derive(Clone, Debug)]
pub(super) struct PoolSeen {
    pub database: String,
    pub user: String,
    pub mode: String,
    pub seats: Seats,
}

/// `SHOW POOLS`.
pub(super) fn pools(rows: &Rows) -> Seen<Vec<PoolSeen>> {
    let table = Table::of(rows);
    if !table.has(&[
        "database",
        "user",
        "cl_active",
        "cl_waiting",
        "sv_active",
        "sv_idle",
        "sv_login",
        "maxwait",
    ]) {
        return Err(Why::Malformed);
    }
    Ok(table.rows().filter(|r| r.get("database") != Some(CONSOLE)).map(pool).collect())
}

fn pool(r: Row) -> PoolSeen {
    let own = ["sv_active", "sv_idle", "sv_used", "sv_login"].map(|c| r.count(c));
    let seats = Seats {
        cl_active: r.count("cl_active"),
        cl_waiting: r.count("cl_waiting"),
        sv_active: own[0],
        sv_idle: own[1],
        sv_used: own[2],
        sv_login: own[3],
        sv_other: r.sum("sv_").saturating_sub(own.into_iter().fold(0, u64::saturating_add)),
        maxwait_s: r.seconds("maxwait", "maxwait_us"),
    };
    PoolSeen { database: r.text("database"), user: r.text("user"), mode: r.text("pool_mode"), seats }
}

/// Counters of one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    pub wait_us: u64,
    pub assigned: Option<u64>,
    pub transactions: u64,
}

/// `SHOW STATS`.
pub(super) fn stats(rows: &Rows) -> Seen<HashMap<String, Counters>> {
    let table = Table::of(rows);
    if !table.has(&["database", "total_wait_time"]) {
        return Err(Why::Unsupported);
    }
    let one = |r: Row| {
        let counters = Counters {
            wait_us: r.count("total_wait_time"),
            assigned: r.number("total_server_assignment_count"),
            transactions: r.count("total_xact_count"),
        };
        (r.text("database"), counters)
    };
    Ok(table.rows().map(one).collect())
}

/// What a server connection was waited for from one to the other, milliseconds on average over those that were given out.
/// Before 1.23 these are not counted: with transaction pooling each transaction gets one. `avg_wait_time` is no help: until
/// 1.22 it is what all clients waited in a second, <https://github.com/pgbouncer/pgbouncer/pull/727>.
pub(super) fn wait_ms(before: Counters, now: Counters, mode: &str) -> Option<f64> {
    let given_out = match (before.assigned, now.assigned) {
        (Some(before), Some(now)) => now.checked_sub(before)?,
        _ if mode == "transaction" => now.transactions.checked_sub(before.transactions)?,
        _ => return None,
    };
    let waited = now.wait_us.checked_sub(before.wait_us)?;
    (given_out > 0).then(|| waited as f64 / given_out as f64 / 1000.0)
}

/// `SHOW DATABASES`; 0 as a limit is none.
pub(super) fn databases(rows: &Rows) -> Seen<Vec<Database>> {
    let table = Table::of(rows);
    if !table.has(&["name", "host", "port", "pool_size"]) {
        return Err(Why::Malformed);
    }
    let one = |r: Row| Database {
        name: r.text("name"),
        server: place(r.get("host").unwrap_or_default(), r.get("port").unwrap_or_default()),
        force_user: r.own("force_user"),
        pool_size: r.count("pool_size"),
        // Renamed in 1.24.
        reserve: r.number("reserve_pool_size").unwrap_or_else(|| r.count("reserve_pool")),
        max: r.number("max_connections").filter(|n| *n > 0),
        current: r.count("current_connections"),
        clients: r
            .number("max_client_connections")
            .filter(|n| *n > 0)
            .map(|max| (max, r.count("current_client_connections"))),
        mode: r.own("pool_mode"),
        paused: r.count("paused") > 0,
        disabled: r.count("disabled") > 0,
        may_open: 0,
    };
    Ok(table.rows().filter(|r| r.get("name") != Some(CONSOLE)).map(one).collect())
}

/// `host:port`, as peers are written everywhere.
pub(super) fn place(host: &str, port: &str) -> String {
    match host {
        "" => format!("{UNIX}:{port}"),
        six if six.contains(':') && !six.starts_with('[') => format!("[{six}]:{port}"),
        host => format!("{host}:{port}"),
    }
}

/// `SHOW CONFIG`. Nothing of it is kept but these numbers: users, paths and queries are nobody's business.
pub(super) fn config(rows: &Rows) -> Seen<Config> {
    let table = Table::of(rows);
    if !table.has(&["key", "value"]) {
        return Err(Why::Malformed);
    }
    let values: HashMap<&str, Row> = table.rows().filter_map(|r| Some((r.get("key")?, r))).collect();
    let number = |key: &str| values.get(key).and_then(|r| r.number("value"));
    let seconds = |key: &str| values.get(key)?.get("value")?.trim().parse::<f64>().ok().filter(|s| *s >= 0.0);
    Ok(Config {
        max_client_conn: number("max_client_conn"),
        max_user_connections: number("max_user_connections"),
        max_prepared_statements: number("max_prepared_statements"),
        server_login_retry_s: seconds("server_login_retry"),
        query_wait_timeout_s: seconds("query_wait_timeout"),
    })
}

/// `used_clients` of `SHOW LISTS`, without the one that asks.
pub(super) fn used_clients(rows: &Rows) -> Seen<u64> {
    let table = Table::of(rows);
    let row = table.rows().find(|r| r.get("list") == Some("used_clients")).ok_or(Why::Malformed)?;
    Ok(row.number("items").ok_or(Why::Malformed)?.saturating_sub(1))
}

/// `SHOW STATE`: whether all of it is paused or suspended.
pub(super) fn halted(rows: &Rows) -> Seen<bool> {
    let table = Table::of(rows);
    let active = table.rows().find(|r| r.get("key") == Some("active")).ok_or(Why::Malformed)?;
    Ok(active.get("value") == Some("no"))
}

/// A connection, as it is the same at two looks: the pool it is in, its place in PgBouncer's memory and when it was made.
pub(super) type Id = (String, String, String, String);

fn id(r: Row) -> Id {
    (r.text("database"), r.text("user"), r.text("ptr"), r.text("connect_time"))
}

/// Clients that wait, in `SHOW CLIENTS`.
pub(super) fn waiting(rows: &Rows) -> Seen<HashSet<Id>> {
    states(rows, "waiting")
}

/// Server connections that log in, in `SHOW SERVERS`: `new` since 1.8, `login` in other words for it.
pub(super) fn logging_in(rows: &Rows) -> Seen<HashSet<Id>> {
    let mut out = states(rows, "new")?;
    out.extend(states(rows, "login")?);
    Ok(out)
}

fn states(rows: &Rows, state: &str) -> Seen<HashSet<Id>> {
    let table = Table::of(rows);
    if !table.has(&["database", "user", "state", "ptr", "connect_time"]) {
        return Err(Why::Malformed);
    }
    Ok(table.rows().filter(|r| r.get("state") == Some(state)).map(id).collect())
}

/// The addresses that server connections of each database go to.
pub(super) fn addresses(rows: &Rows) -> BTreeMap<String, BTreeSet<String>> {
    let table = Table::of(rows);
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for r in table.rows() {
        let (Some(address), Some(port)) = (r.get("addr"), r.get("port")) else { continue };
        if address != UNIX && !address.starts_with('(') {
            out.entry(r.text("database")).or_default().insert(place(address, port));
        }
    }
    out
}
