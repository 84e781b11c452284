//! Facts as they were recorded, for the tests of checks: what a snapshot would hold.

pub use crate::model::judged::*;
use crate::{
    areas::pg::facts::{
        Facts,
        server::{Door, Server},
        session::{Activity, Session},
    },
    model::{Reading, Why},
};

pub const PEER: &str = "10.0.0.3:5432";

/// A server of so many connections, 3 of them for superusers, that shows us these sessions beside ours.
pub fn server_with(max_connections: u32, sessions: impl IntoIterator<Item = Session>) -> Facts {
    let settings = [
        ("max_connections", max_connections.to_string()),
        ("superuser_reserved_connections", "3".into()),
        ("statement_timeout", "0".into()),
        ("lock_timeout", "0".into()),
        ("idle_in_transaction_session_timeout", "0".into()),
    ];
    let server = Server {
        peer: PEER.into(),
        version: "15.18".into(),
        version_num: 150_018,
        database: "shop".into(),
        user: "watch".into(),
        reads_all: true,
        settings: settings.into_iter().map(|(k, v)| (k.into(), v)).collect(),
        ..Server::default()
    };
    let numbered =
        (1000..).zip(sessions).map(|(pid, s)| Session { pid, started_us: i64::from(pid) * 1_000_000, ..s });
    Facts {
        door: Reading::seen(Door::Open { ms: 1.0 }),
        server: Reading::seen(server),
        activity: Reading::seen(Activity::of(numbered.collect(), 0, 100)),
        ..Facts::unseen(Why::NotAsked)
    }
}

/// The same after a change of what the server says of itself.
pub fn server_says(facts: Facts, change: impl FnOnce(&mut Server)) -> Facts {
    let server = facts.server.clone().map(|mut server| {
        change(&mut server);
        server
    });
    Facts { server, ..facts }
}

pub fn setting(facts: &mut Facts, name: &str, value: &str) {
    let changed = server_says(facts.clone(), |s| drop(s.settings.insert(name.into(), value.into())));
    *facts = changed;
}

/// Seen by a role that may not see what other roles' sessions do.
pub fn without_rights(facts: Facts) -> Facts {
    server_says(facts, |s| s.reads_all = false)
}

/// A client of the role `app` in the database `shop`.
pub fn client_session(application: &str, state: &str) -> Session {
    Session {
        database: Some("shop".into()),
        user: Some("app".into()),
        application: application.into(),
        client: Some("10.0.0.9".into()),
        kind: Some("client backend".into()),
        state: Some(state.into()),
        state_s: Some(0.1),
        xact_s: (state != "idle").then_some(0.1),
        query_s: Some(0.1),
        query: "SELECT * FROM orders WHERE id = ?".into(),
        ..Session::default()
    }
}

/// One that hides everything from our role but its name.
pub fn hidden_session(application: &str) -> Session {
    Session {
        database: Some("shop".into()),
        user: Some("app".into()),
        application: application.into(),
        hidden: true,
        ..Session::default()
    }
}

pub fn on(address: &str, s: Session) -> Session {
    Session { client: Some(address.into()), ..s }
}

/// For so many seconds in its state and its transaction.
pub fn since(seconds: f64, s: Session) -> Session {
    Session { state_s: Some(seconds), xact_s: Some(seconds), query_s: Some(seconds), ..s }
}
