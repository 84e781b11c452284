//! What fills the slots: the slots themselves, programs, addresses, statements, and what a plan of pools comes to.

use super::{
    super::{
        args::{Args, View},
        facts::{
            Facts,
            bound::Bound,
            session::{Activity, Group, Program, Shape},
        },
    },
    rows_of,
};
use crate::model::{Block, Cell, Column};

pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = Vec::new();
    if let Some(activity) = facts.activity.drawn() {
        out.push(slots(facts, activity));
        out.push(clients(facts, activity, args));
        // Who looks at everything has enough with the programs.
        if args.view == View::Pool {
            out.push(addresses(activity, args));
        }
        out.push(statements(activity, args));
    }
    out.extend(budget(facts, args));
    out
}

fn slots(facts: &Facts, activity: &Activity) -> Block {
    let columns = vec![
        Column::new("ordinary"),
        Column::new("used"),
        Column::new("free"),
        Column::new("active"),
        Column::new("idle"),
        Column::new("in_transaction"),
        Column::new("hidden"),
        Column::new("reserved"),
        Column::new("max_connections").wide(),
        Column::new("superuser_reserved").wide(),
    ];
    let server = facts.server.drawn();
    let number = |name: &str| server.and_then(|s| s.number(name)).and_then(|n| u64::try_from(n).ok());
    let ordinary = server.and_then(super::super::facts::server::Server::ordinary_slots);
    let seen = |n: Option<u64>| n.map_or(Cell::Unseen, Cell::Int);
    // Before 16 there are none but those for superusers.
    let reserved =
        number("superuser_reserved_connections").map(|n| n + number("reserved_connections").unwrap_or(0));
    let hidden = activity.hidden_clients();
    // What is hidden may be in any state: a count of what is shown would be too low.
    let state = |n: u64| if hidden > 0 { Cell::Unseen } else { n.into() };
    let in_transaction =
        activity.state("idle in transaction") + activity.state("idle in transaction (aborted)");
    let row = vec![
        seen(ordinary),
        activity.used().into(),
        seen(ordinary.map(|n| n.saturating_sub(activity.used()))),
        state(activity.state("active")),
        state(activity.state("idle")),
        state(in_transaction),
        hidden.into(),
        seen(reserved),
        seen(number("max_connections")),
        seen(number("superuser_reserved_connections")),
    ];
    Block::Table { name: "slots", columns, rows: vec![row], total: 1 }
}

/// `active`, `idle`, idle in a transaction; unseen when the sessions are hidden from our role.
fn states(hidden: u64, counts: [u64; 3]) -> [Cell; 3] {
    counts.map(|n| if hidden > 0 { Cell::Unseen } else { n.into() })
}

fn clients(facts: &Facts, activity: &Activity, args: &Args) -> Block {
    let columns = vec![
        Column::new("client"),
        Column::new("sessions"),
        Column::new("active"),
        Column::new("idle"),
        Column::new("in_transaction"),
        Column::new("addresses"),
        Column::new("largest"),
        Column::unit("share", "pct"),
        Column::new("user").wide(),
        Column::new("if_all").wide(),
    ];
    let slots = facts.server.drawn().and_then(super::super::facts::server::Server::ordinary_slots);
    let row = |p: &Program| {
        let [active, idle, in_transaction] = states(p.hidden, [p.active, p.idle, p.in_transaction]);
        // The address is hidden with the rest.
        let address = |n: u64| if p.hidden > 0 { Cell::Unseen } else { n.into() };
        let share = slots.filter(|s| *s > 0).map(|s| p.sessions as f64 * 100.0 / s as f64);
        vec![
            p.name().into(),
            p.sessions.into(),
            active,
            idle,
            in_transaction,
            address(p.addresses),
            address(p.largest),
            share.map_or(Cell::Unseen, Into::into),
            p.user.as_str().into(),
            address(p.if_all()),
        ]
    };
    rows_of("clients", columns, &activity.programs, args, row)
}

fn addresses(activity: &Activity, args: &Args) -> Block {
    let columns = vec![
        Column::new("address"),
        Column::new("client"),
        Column::new("sessions"),
        Column::new("active"),
        Column::new("idle"),
        Column::new("in_transaction"),
        Column::new("database"),
        Column::new("user").wide(),
    ];
    let row = |g: &Group| {
        let [active, idle, in_transaction] = states(g.hidden, [g.active, g.idle, g.in_transaction]);
        let address =
            if g.hidden > 0 { Cell::Unseen } else { g.client.as_deref().unwrap_or("unix socket").into() };
        vec![
            address,
            g.name().into(),
            g.sessions.into(),
            active,
            idle,
            in_transaction,
            g.database.as_str().into(),
            g.user.as_str().into(),
        ]
    };
    rows_of("addresses", columns, &activity.groups, args, row)
}

fn statements(activity: &Activity, args: &Args) -> Block {
    let columns = vec![
        Column::new("sessions"),
        Column::unit("oldest", "s"),
        Column::unit("median", "s"),
        Column::new("waiting"),
        Column::new("client"),
        Column::new("statement"),
    ];
    let row = |s: &Shape| {
        vec![
            s.sessions.into(),
            s.oldest_s.into(),
            // Half of those that do not wait; of none there is no half.
            if s.sessions > s.waiting { s.median_s.into() } else { Cell::None },
            s.waiting.into(),
            s.application.as_str().into(),
            s.query.as_str().into(),
        ]
    };
    rows_of("statements", columns, &activity.shapes, args, row)
}

/// The plan against the slots, and what the machines of each program would come to if all had as many as the largest one.
fn budget(facts: &Facts, args: &Args) -> Option<Block> {
    let columns = vec![
        Column::new("source"),
        Column::new("instances"),
        Column::new("surge"),
        Column::new("pool"),
        Column::new("others"),
        Column::new("wanted"),
        Column::new("slots"),
        Column::new("fitting_pool"),
    ];
    let slots = facts.server.drawn().and_then(super::super::facts::server::Server::ordinary_slots);
    let row = |source: String, plan: Bound| {
        vec![
            source.into(),
            plan.instances.into(),
            plan.surge.into(),
            plan.pool.into(),
            plan.others.into(),
            plan.wanted().into(),
            slots.map_or(Cell::Unseen, Cell::Int),
            slots.map_or(Cell::Unseen, |s| plan.fitting(s).into()),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = facts.budget.map(|plan| row("plan".into(), plan)).into_iter().collect();
    if args.view == View::Pool {
        let several =
            facts.activity.drawn().into_iter().flat_map(|a| a.programs.top()).filter(|p| p.addresses > 1);
        rows.extend(several.take(args.rows as usize).map(|p| {
            let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            let seen = Bound { instances: number(p.addresses), pool: number(p.largest), ..Bound::default() };
            row(format!("{}, seen", p.name()), seen)
        }));
    }
    let total = rows.len() as u64;
    (total > 0).then_some(Block::Table { name: "budget", columns, rows, total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::{server::Server, session::Session},
        model::{Reading, Why},
    };

    fn seen(hidden: bool) -> Facts {
        let session = |i: u8| Session {
            user: Some("app".into()),
            database: Some("shop".into()),
            application: "web".into(),
            client: (!hidden).then(|| format!("10.0.0.{}", i % 2)),
            state: (!hidden).then(|| "active".into()),
            kind: (!hidden).then(|| "client backend".into()),
            query: if hidden { String::new() } else { "SELECT ?".into() },
            query_s: Some(2.0),
            hidden,
            ..Session::default()
        };
        let settings = [
            ("max_connections", "20"),
            ("superuser_reserved_connections", "3"),
            ("reserved_connections", "2"),
        ];
        let server = Server {
            settings: settings.into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
            ..Server::default()
        };
        Facts {
            server: Reading::seen(server),
            activity: Reading::seen(Activity::of((0..5).map(session).collect(), 0, 10)),
            budget: Some(Bound { instances: 3, pool: 6, surge: 0, others: 0 }),
            ..Facts::unseen(Why::NotAsked)
        }
    }
    fn rows(facts: &Facts, wanted: &str) -> Vec<String> {
        let args = Args { view: View::Pool, ..Args::default() };
        let of = |b: Block| match b {
            Block::Table { name, rows, columns, .. } if name == wanted => {
                assert!(rows.iter().all(|r| r.len() == columns.len()));
                Some(rows)
            }
            _ => None,
        };
        let rows = blocks(facts, &args).into_iter().find_map(of).expect("the table is there");
        rows.iter().map(|r| r.iter().map(Cell::plain).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn slots_clients_and_the_plan_stand_side_by_side() {
        let facts = seen(false);
        assert_eq!(rows(&facts, "slots"), ["15 6 9 5 0 0 0 5 20 3"]);
        assert_eq!(rows(&facts, "clients"), ["web 5 5 0 0 2 3 33.3 app 6"]);
        assert_eq!(
            rows(&facts, "addresses"),
            ["10.0.0.0 web 3 3 0 0 shop app", "10.0.0.1 web 2 2 0 0 shop app"]
        );
        assert_eq!(rows(&facts, "statements"), ["5 2 2 0 web SELECT ?"]);
        assert_eq!(rows(&facts, "budget"), ["plan 3 0 6 0 18 15 5", "web, seen 2 0 3 0 6 15 7"]);
    }

    #[test]
    fn what_is_hidden_is_not_zero() {
        let facts = seen(true);
        assert_eq!(rows(&facts, "slots"), ["15 6 9 ? ? ? 5 5 20 3"]);
        assert_eq!(rows(&facts, "clients"), ["web 5 ? ? ? ? ? 33.3 app ?"]);
    }
}
