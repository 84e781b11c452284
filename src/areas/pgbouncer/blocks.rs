//! The tables of `pgbouncer`.

use super::{
    args::Args,
    facts::{Config, Console, Database, Facts, Group, Pool, capacity::Host},
};
use crate::model::{Block, Cell, Column, Kept};

/// Everything worth drawing: the pooler, its pools, who is in them, and what is behind.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let Some(console) = facts.console.drawn() else { return vec![] };
    let mut out = vec![pooler(console, facts)];
    if let Some(pools) = facts.pools.drawn() {
        out.push(table("pools", POOLS, pools, pool, args));
        out.extend(modes(console, facts, pools));
    }
    if let Some(databases) = facts.databases.drawn() {
        out.push(table("databases", DATABASES, databases, database, args));
    }
    if let Some(hosts) = facts.hosts.drawn() {
        out.push(table("servers", SERVERS, hosts, host, args));
    }
    if let Some(clients) = facts.clients.drawn().filter(|c| c.total() > 0) {
        out.push(table("clients", CLIENTS, clients, group, args));
    }
    out
}

fn table<T>(
    name: &'static str,
    columns: &[Column],
    of: &Kept<T>,
    row: fn(&T) -> Vec<Cell>,
    args: &Args,
) -> Block {
    let rows = of.top().iter().take(args.rows as usize).map(row).collect();
    Block::Table { name, columns: columns.to_vec(), rows, total: of.total() }
}

fn pooler(console: &Console, facts: &Facts) -> Block {
    let columns = vec![
        Column::new("address"),
        Column::new("version"),
        Column::new("clients"),
        Column::new("max_client_conn"),
        Column::new("paused"),
        Column::unit("span", "s"),
        Column::new("target").wide(),
    ];
    let max = facts.config.drawn().map_or(Cell::Unseen, |c: &Config| c.max_client_conn.into());
    let row = vec![
        console.address.as_str().into(),
        console.version.as_str().into(),
        (&facts.clients_used).into(),
        max,
        (&console.halted).into(),
        (&console.span_s).into(),
        facts.target.as_str().into(),
    ];
    Block::Table { name: "pooler", columns, rows: vec![row], total: 1 }
}

const POOLS: &[Column] = &[
    Column::new("pool"),
    Column::new("mode"),
    Column::new("cl_active"),
    Column::new("cl_waiting"),
    Column::new("sv_active"),
    Column::unit("maxwait", "s"),
    Column::unit("avg_wait", "ms"),
    Column::new("sv_idle").wide(),
    Column::new("sv_used").wide(),
    Column::new("sv_login").wide(),
    Column::new("pool_size").wide(),
    Column::new("reserve").wide(),
    Column::new("held_by").wide(),
    Column::new("database").wide(),
    Column::new("user").wide(),
];

fn pool(p: &Pool) -> Vec<Cell> {
    vec![
        p.name().into(),
        p.mode.as_str().into(),
        p.now.cl_active.into(),
        p.now.cl_waiting.into(),
        p.now.sv_active.into(),
        p.now.maxwait_s.into(),
        (&p.wait_ms).into(),
        p.now.sv_idle.into(),
        p.now.sv_used.into(),
        p.now.sv_login.into(),
        p.size.into(),
        p.reserve.into(),
        Cell::List(p.holders.iter().map(|h| format!("{}: {}", h.who, h.holds)).collect()),
        p.database.as_str().into(),
        p.user.as_str().into(),
    ]
}

/// What a client may not rely on in pools that hand their connections on.
fn modes(console: &Console, facts: &Facts, pools: &Kept<Pool>) -> Option<Block> {
    let prepared = match facts.config.drawn().map(|c| c.max_prepared_statements) {
        Some(Some(0)) => "break: max_prepared_statements 0".to_string(),
        Some(Some(n)) => format!("up to {n} are tracked"),
        Some(None) if console.number().is_some_and(|v| v < (1, 21)) => "break: before 1.21".into(),
        _ => "?".into(),
    };
    let columns = vec![
        Column::new("mode"),
        Column::new("pools"),
        Column::new("prepared_statements"),
        Column::new("listen"),
        Column::new("session_locks"),
    ];
    let row = |mode: &str| {
        let n = pools.top().iter().filter(|p| p.mode == mode).count();
        (n > 0)
            .then(|| vec![mode.into(), n.into(), prepared.as_str().into(), "breaks".into(), "break".into()])
    };
    let rows: Vec<Vec<Cell>> = ["transaction", "statement"].into_iter().filter_map(row).collect();
    let total = rows.len() as u64;
    (!rows.is_empty()).then_some(Block::Table { name: "shared_pools", columns, rows, total })
}

const DATABASES: &[Column] = &[
    Column::new("database"),
    Column::new("server"),
    Column::new("pool_size"),
    Column::new("reserve"),
    Column::new("current"),
    Column::new("max"),
    Column::new("may_open"),
    Column::new("paused").wide(),
    Column::new("disabled").wide(),
    Column::new("force_user").wide(),
    Column::new("mode").wide(),
];

fn database(d: &Database) -> Vec<Cell> {
    vec![
        d.name.as_str().into(),
        d.server.as_str().into(),
        d.pool_size.into(),
        d.reserve.into(),
        d.current.into(),
        d.max.into(),
        d.may_open.into(),
        d.paused.into(),
        d.disabled.into(),
        d.force_user.clone().into(),
        d.mode.clone().into(),
    ]
}

const SERVERS: &[Column] = &[
    Column::new("server"),
    Column::new("pools"),
    Column::new("open"),
    Column::new("clients_fill"),
    Column::new("may_open"),
    Column::new("slots"),
    Column::new("addresses").wide(),
    Column::new("terms").wide(),
];

fn host(h: &Host) -> Vec<Cell> {
    vec![
        h.server.as_str().into(),
        h.pools.into(),
        h.open.into(),
        h.clients_fill.into(),
        h.may_open.into(),
        (&h.slots.map(|s| s.ordinary())).into(),
        Cell::List(h.addresses.clone()),
        Cell::List(h.terms.iter().map(ToString::to_string).collect()),
    ]
}

const CLIENTS: &[Column] = &[
    Column::new("application"),
    Column::new("address"),
    Column::new("pool"),
    Column::new("clients"),
    Column::new("waiting"),
    Column::new("holding"),
    Column::unit("wait", "s"),
    Column::unit("busy", "s").wide(),
    Column::new("prepared").wide(),
    Column::new("database").wide(),
    Column::new("user").wide(),
];

fn group(g: &Group) -> Vec<Cell> {
    vec![
        Some(g.application.as_str()).filter(|a| !a.is_empty()).into(),
        g.address.as_str().into(),
        format!("{}/{}", g.database, g.user).into(),
        g.clients.into(),
        g.waiting.into(),
        g.holding.into(),
        g.wait_s.into(),
        g.busy_s.into(),
        g.prepared.into(),
        g.database.as_str().into(),
        g.user.as_str().into(),
    ]
}
