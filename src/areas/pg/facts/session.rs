//! Sessions: who they are, what they do, and since when.

mod clients;
mod counted;

use crate::model::Kept;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its process on the server.
    pub pid: i32,
    /// Its start, microseconds since 1970 by the server's clock; with the pid its identity. 0 when hidden from us.
    pub started_us: i64,
    /// The session that a parallel worker works for.
    pub leader: Option<i32>,
    /// Its database; none for background processes.
    pub database: Option<String>,
    /// Its role.
    pub user: Option<String>,
    /// What it calls itself.
    pub application: String,
    /// Address of the client; none is a unix socket, or hidden.
    pub client: Option<String>,
    /// `client backend`, `autovacuum worker`, `walsender` …; none when hidden.
    pub kind: Option<String>,
    /// `active`, `idle`, `idle in transaction` …; none when hidden or for background processes.
    pub state: Option<String>,
    /// How long in this state, seconds.
    pub state_s: Option<f64>,
    /// Age of its transaction, seconds.
    pub xact_s: Option<f64>,
    /// Age of its statement, or of its last one, seconds.
    pub query_s: Option<f64>,
    /// What it waits for: `Lock`, `Client`, `IO` …
    pub wait_type: Option<String>,
    /// … and which.
    pub wait_event: Option<String>,
    /// Age of the oldest row version that it keeps alive, transactions.
    pub xmin_age: Option<u64>,
    /// Age of its own transaction id, transactions.
    pub xid_age: Option<u64>,
    /// The shape of its statement, or of its last one: every literal a `?`.
    pub query: String,
    /// We may not see what it does.
    pub hidden: bool,
    /// Sessions that wait for it, directly or not.
    pub blocks: u32,
}

impl Session {
    /// It takes one of the slots that `max_connections` counts. Hidden ones show neither kind nor state: what has a role and a
    /// database is taken for one.
    pub fn is_client(&self) -> bool {
        match &self.kind {
            Some(kind) => kind == "client backend",
            None => self.user.is_some() && self.database.is_some() && self.leader.is_none(),
        }
    }
    /// What people call the program behind it: its application name, else its role, with the client's address.
    pub fn who(&self) -> String {
        match &self.client {
            Some(client) => format!("{} at {client}", self.name()),
            None => self.name().to_string(),
        }
    }
    /// Its application name, else its role, else what it is.
    pub fn name(&self) -> &str {
        match (self.application.as_str(), &self.user) {
            ("", Some(user)) => user.as_str(),
            ("", None) => self.kind.as_deref().unwrap_or("?"),
            (name, _) => name,
        }
    }
    /// Age of the oldest row version that may not be removed because of it: a transaction with an id of its own keeps what it
    /// could have seen, also while it has no snapshot.
    pub fn holds(&self) -> Option<u64> {
        self.xmin_age.max(self.xid_age)
    }
    /// Its state, as far as our role sees it.
    pub fn shown_state(&self) -> &str {
        if self.hidden { HIDDEN } else { self.state.as_deref().unwrap_or("unknown") }
    }
    /// In a transaction and doing nothing.
    pub fn idle_in_transaction(&self) -> bool {
        self.state.as_deref().is_some_and(|s| s.starts_with("idle in transaction"))
    }
}

/// All sessions but our own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Activity {
    /// The worst: who blocks most, then the oldest transaction.
    pub sessions: Kept<Session>,
    /// Those that take an ordinary slot, ours not counted.
    pub clients: u64,
    /// Clients by state; `hidden` for those that we may not see.
    pub states: BTreeMap<String, u64>,
    /// Those that wait for a lock.
    pub waiting: u64,
    /// Sessions that hide what they do from our role.
    pub hidden: u64,
    /// Clients by who they are.
    pub groups: Kept<Group>,
    /// Clients by program, wherever it runs: those with most sessions first.
    #[serde(default)]
    pub programs: Kept<Program>,
    /// Clients by the shape of what they are doing right now.
    pub shapes: Kept<Shape>,
    /// What sessions of all sorts wait for: `type/event`, for at most 64 of them.
    pub waits: BTreeMap<String, u64>,
    /// Clients idle inside of a transaction: who blocks most first, then who idles for longest.
    #[serde(default)]
    pub idle_in_transaction: Kept<Session>,
    /// Clients in a transaction, the oldest first.
    #[serde(default)]
    pub in_transaction: Kept<Session>,
    /// Those that keep old row versions alive, whatever they are, the oldest first.
    #[serde(default)]
    pub holders: Kept<Session>,
}

impl Activity {
    /// Clients in this state, as far as our role sees them.
    pub fn state(&self, name: &str) -> u64 {
        self.states.get(name).copied().unwrap_or(0)
    }
    /// Clients whose state our role may not see.
    pub fn hidden_clients(&self) -> u64 {
        self.state(HIDDEN)
    }
    /// Slots taken, our own session among them.
    pub fn used(&self) -> u64 {
        self.clients + 1
    }
}

/// The state of those that we may not see.
pub const HIDDEN: &str = "hidden";

/// Clients that are one program on one machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Application name; may be empty.
    pub application: String,
    /// Role.
    pub user: String,
    /// Database.
    pub database: String,
    /// Address of the client; none is a unix socket, or hidden.
    pub client: Option<String>,
    /// Sessions.
    pub sessions: u64,
    /// Of them active.
    pub active: u64,
    /// Of them idle outside of a transaction.
    pub idle: u64,
    /// Of them idle inside of one.
    pub in_transaction: u64,
    /// Of them hidden from our role.
    pub hidden: u64,
    /// What most of the active ones run.
    #[serde(default)]
    pub busiest: Option<Shape>,
}

/// Clients that are one program, on all of its machines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Application name; may be empty.
    pub application: String,
    /// Role.
    pub user: String,
    /// Client addresses, as far as they are not hidden; a unix socket is one.
    pub addresses: u64,
    /// Sessions of the address with most.
    pub largest: u64,
    /// Sessions of the address with next most.
    pub second: u64,
    /// Sessions.
    pub sessions: u64,
    /// Of them active.
    pub active: u64,
    /// Of them idle outside of a transaction.
    pub idle: u64,
    /// Of them idle inside of one.
    pub in_transaction: u64,
    /// Of them hidden from our role.
    pub hidden: u64,
    /// What most of the active ones run.
    pub busiest: Option<Shape>,
}

impl Program {
    /// What people call it: its application name, else its role.
    pub fn name(&self) -> &str {
        called(&self.application, &self.user)
    }
    /// Sessions if each machine opened as many as the one with most has now.
    pub fn if_all(&self) -> u64 {
        self.addresses.saturating_mul(self.largest)
    }
}

impl Group {
    /// What people call the program: its application name, else its role.
    pub fn name(&self) -> &str {
        called(&self.application, &self.user)
    }
}

fn called<'a>(application: &'a str, user: &'a str) -> &'a str {
    match (application, user) {
        ("", "") => "?",
        ("", user) => user,
        (application, _) => application,
    }
}

/// Active clients that run the same statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The statement, every literal a `?`.
    pub query: String,
    /// Sessions.
    pub sessions: u64,
    /// The oldest, seconds.
    pub oldest_s: f64,
    /// The median of those that do not wait for a lock, seconds.
    #[serde(default)]
    pub median_s: f64,
    /// Of them waiting for a lock.
    pub waiting: u64,
    /// The application that most of them are of.
    pub application: String,
}
