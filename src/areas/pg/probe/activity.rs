//! From rows to sessions.

use super::super::facts::session::Session;
use super::row::rows;
use crate::{model::Sql, source::pg::Rows};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{areas::pg::facts::session::Activity, model::Kept};

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
        let a = Activity::of(sessions(&table), 0, 2);
        assert_eq!((a.clients, a.hidden, a.sessions.total(), a.sessions.top().len()), (5, 1, 6, 2));
        assert_eq!(a.states["active"], 2);
        assert_eq!((a.states["hidden"], a.states["idle in transaction"]), (1, 1));
        let web = &a.groups.top()[0];
        assert_eq!(
            (web.application.as_str(), web.sessions, web.active, web.idle, web.in_transaction),
            ("web", 4, 2, 1, 1)
        );
        let pids = |kept: &Kept<Session>| kept.top().iter().map(|s| s.pid).collect::<Vec<_>>();
        assert_eq!(pids(&a.idle_in_transaction), [4]);
        let shape = &a.shapes.top()[0];
        assert_eq!(
            (shape.query.as_str(), shape.sessions, shape.application.as_str()),
            ("select * from t where id = ?", 2, "web")
        );
        assert!(!serde_json::to_string(&a).unwrap().contains("secret"));
    }
}
