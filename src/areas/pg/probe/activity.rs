//! From rows to sessions, and what they amount to.

use super::super::facts::session::{Activity, Group, Session, Shape};
use super::row::rows;
use crate::{
    model::{Kept, Sql},
    source::pg::Rows,
};
use std::collections::{BTreeMap, HashMap};

/// Groups and shapes that are counted; a server cannot have many more sessions than that.
const GROUPS: usize = 4096;
/// Events of waiting that are told apart.
const WAITS: usize = 64;

/// Every session, statements as shapes.
pub(super) fn sessions(table: &Rows) -> Vec<Session> {
    rows(table)
        .map(|r| {
            let hidden = r.yes("hidden");
            Session {
                pid: r.number("pid").unwrap_or(0),
                started_us: r.number("started_us").unwrap_or(0),
                leader: r.number("leader"),
                database: r.own("database"),
                user: r.own("role"),
                application: r.text("application"),
                client: r.own("client"),
                kind: r.own("kind"),
                state: r.own("state"),
                state_s: r.seconds("state_s"),
                xact_s: r.seconds("xact_s"),
                query_s: r.seconds("query_s"),
                wait_type: r.own("wait_type"),
                wait_event: r.own("wait_event"),
                xmin_age: r.number("xmin_age"),
                xid_age: r.number("xid_age"),
                query: if hidden { String::new() } else { shape(r.get("query").unwrap_or_default()) },
                hidden,
                blocks: 0,
            }
        })
        .collect()
}

/// The statement asks for so much of each text.
const TEXT: usize = 1024;

/// The statement without what somebody typed as a value.
fn shape(text: &str) -> String {
    Sql::new(text, text.chars().count() >= TEXT).shape().as_str().to_string()
}

/// What they amount to; `kept` rows of each list. `blocks` of the sessions is already known.
pub(super) fn amount(mut all: Vec<Session>, waiting: u64, kept: usize) -> Activity {
    let mut out = Activity { waiting, ..Activity::default() };
    let mut groups: HashMap<(String, String, String, Option<String>), Group> = HashMap::new();
    let mut shapes: HashMap<String, (Shape, HashMap<String, u64>)> = HashMap::new();
    let mut waits: BTreeMap<String, u64> = BTreeMap::new();
    for s in &all {
        out.hidden += u64::from(s.hidden);
        if let (Some(kind), Some(event)) = (&s.wait_type, &s.wait_event) {
            *waits.entry(format!("{kind}/{event}")).or_default() += 1;
        }
        if !s.is_client() {
            continue;
        }
        out.clients += 1;
        let state = if s.hidden { "hidden" } else { s.state.as_deref().unwrap_or("unknown") };
        *out.states.entry(state.to_string()).or_default() += 1;
        let key = (
            s.application.clone(),
            s.user.clone().unwrap_or_default(),
            s.database.clone().unwrap_or_default(),
            s.client.clone(),
        );
        if groups.len() < GROUPS || groups.contains_key(&key) {
            let (application, user, database, client) = key.clone();
            let g = groups.entry(key).or_insert(Group {
                application,
                user,
                database,
                client,
                ..Group::default()
            });
            g.sessions += 1;
            g.hidden += u64::from(s.hidden);
            g.active += u64::from(state == "active");
            g.idle += u64::from(state == "idle");
            g.in_transaction += u64::from(s.idle_in_transaction());
        }
        if state == "active"
            && !s.query.is_empty()
            && (shapes.len() < GROUPS || shapes.contains_key(&s.query))
        {
            let (shape, of) = shapes.entry(s.query.clone()).or_default();
            shape.query.clone_from(&s.query);
            shape.sessions += 1;
            shape.oldest_s = shape.oldest_s.max(s.query_s.unwrap_or(0.0));
            shape.waiting += u64::from(s.wait_type.as_deref() == Some("Lock"));
            *of.entry(s.application.clone()).or_default() += 1;
        }
    }
    let mut shapes: Vec<Shape> = shapes.into_values().map(|(shape, of)| most(shape, of)).collect();
    shapes.sort_by(|a, b| b.sessions.cmp(&a.sessions).then(b.oldest_s.total_cmp(&a.oldest_s)));
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|a, b| b.sessions.cmp(&a.sessions).then_with(|| a.application.cmp(&b.application)));
    let mut waits: Vec<(String, u64)> = waits.into_iter().collect();
    waits.sort_by_key(|w| std::cmp::Reverse(w.1));
    waits.truncate(WAITS);
    out.waits = waits.into_iter().collect();
    out.shapes = cut(shapes, kept);
    out.groups = cut(groups, kept);
    all.sort_by(worst);
    out.sessions = cut(all, kept);
    out
}

/// The worst first: who blocks most, then the oldest transaction, then who has been at it for longest; background
/// processes last.
fn worst(a: &Session, b: &Session) -> std::cmp::Ordering {
    let age = |s: &Session| s.xact_s.unwrap_or(-1.0);
    let idle = |s: &Session| s.state.as_deref() == Some("idle");
    b.blocks
        .cmp(&a.blocks)
        .then(b.is_client().cmp(&a.is_client()))
        .then(age(b).total_cmp(&age(a)))
        .then(idle(a).cmp(&idle(b)))
        .then(b.state_s.unwrap_or(-1.0).total_cmp(&a.state_s.unwrap_or(-1.0)))
        .then(a.pid.cmp(&b.pid))
}

fn most(shape: Shape, of: HashMap<String, u64>) -> Shape {
    let application = of.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0))).map(|a| a.0);
    Shape { application: application.unwrap_or_default(), ..shape }
}

fn cut<T>(mut rows: Vec<T>, kept: usize) -> Kept<T> {
    let total = rows.len() as u64;
    rows.truncate(kept);
    Kept::worst(total, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[Option<&str>; 8]]) -> Rows {
        let columns = ["pid", "role", "database", "application", "kind", "state", "query", "hidden"];
        Rows {
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: rows.iter().map(|r| r.iter().map(|v| v.map(Into::into)).collect()).collect(),
            cut: false,
        }
    }

    #[test]
    fn sessions_are_grouped_by_who_and_by_what_and_literals_are_gone() {
        let client = |pid, state, query| {
            [
                Some(pid),
                Some("app"),
                Some("shop"),
                Some("web"),
                Some("client backend"),
                Some(state),
                Some(query),
                Some("f"),
            ]
        };
        let table = table(&[
            client("1", "active", "select * from t where id = 17"),
            client("2", "active", "select * from t where id = 18"),
            client("3", "idle", "commit"),
            client("4", "idle in transaction", "update t set a = 'secret'"),
            [Some("5"), None, None, Some(""), Some("checkpointer"), None, Some(""), Some("f")],
            [
                Some("6"),
                Some("bob"),
                Some("shop"),
                Some("psql"),
                None,
                None,
                Some("<insufficient privilege>"),
                Some("t"),
            ],
        ]);
        let a = amount(sessions(&table), 0, 2);
        assert_eq!((a.clients, a.hidden, a.sessions.total(), a.sessions.top().len()), (5, 1, 6, 2));
        assert_eq!(a.states["active"], 2);
        assert_eq!((a.states["hidden"], a.states["idle in transaction"]), (1, 1));
        let web = &a.groups.top()[0];
        assert_eq!(
            (web.application.as_str(), web.sessions, web.active, web.idle, web.in_transaction),
            ("web", 4, 2, 1, 1)
        );
        let shape = &a.shapes.top()[0];
        assert_eq!(
            (shape.query.as_str(), shape.sessions, shape.application.as_str()),
            ("select * from t where id = ?", 2, "web")
        );
        assert!(!serde_json::to_string(&a).unwrap().contains("secret"));
    }
}
