//! What was seen of a pooler: plain data, bounded, without any password.

pub mod capacity;

use crate::model::{Kept, Reading, Why};
use capacity::Host;
use serde::{Deserialize, Serialize};

/// One pooler, seen through its console.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Who, where, how encrypted: `look@10.0.3.7:6432/pgbouncer sslmode=prefer`.
    pub target: String,
    /// `-d TARGET` without a password, where one was given: what reaches it again.
    #[serde(default)]
    pub again: Option<String>,
    /// The console itself.
    pub console: Reading<Console>,
    /// Its settings.
    pub config: Reading<Config>,
    /// Client connections of every sort, ours not counted.
    pub clients_used: Reading<u64>,
    /// Its databases.
    pub databases: Reading<Kept<Database>>,
    /// Its pools, those with waiting clients first.
    pub pools: Reading<Kept<Pool>>,
    /// Its clients by application and address, those that wait first.
    pub clients: Reading<Kept<Group>>,
    /// The servers behind it, those whose pools are the largest first.
    pub hosts: Reading<Kept<Host>>,
}

impl Facts {
    /// Nothing was looked at.
    pub fn unseen(why: Why) -> Self {
        Self {
            target: String::new(),
            again: None,
            console: Reading::unseen(why),
            config: Reading::unseen(why),
            clients_used: Reading::unseen(why),
            databases: Reading::unseen(why),
            pools: Reading::unseen(why),
            clients: Reading::unseen(why),
            hosts: Reading::unseen(why),
        }
    }
}

/// What the console says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Console {
    /// As in `1.18.0`.
    pub version: String,
    /// Where it listens.
    pub address: String,
    /// From the first look to the second, seconds.
    pub span_s: Reading<f64>,
    /// Whether all of it is paused or suspended; older ones do not tell.
    pub halted: Reading<bool>,
}

impl Console {
    /// Major and minor number of the version.
    pub fn number(&self) -> Option<(u32, u32)> {
        let mut parts = self.version.split('.').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    }
}

/// Settings that matter here. `None`: this version has none of that name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Client connections that it takes.
    pub max_client_conn: Option<u64>,
    /// Server connections of one user over all pools; 0 is no limit.
    pub max_user_connections: Option<u64>,
    /// Prepared statements by name that are tracked on each server connection; 0 is none. 1.21 and newer.
    pub max_prepared_statements: Option<u64>,
    /// Between two tries to log in to a server, seconds.
    pub server_login_retry_s: Option<f64>,
    /// After so long a waiting client is sent away, seconds; 0 is never.
    pub query_wait_timeout_s: Option<f64>,
}

/// One entry of `[databases]`, or one that was made up on demand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// What clients call it.
    pub name: String,
    /// Where it is: `host:port`.
    pub server: String,
    /// Every client is this user there.
    pub force_user: Option<String>,
    /// Server connections of each of its pools.
    pub pool_size: u64,
    /// More of them for each pool, when clients wait long.
    pub reserve: u64,
    /// Server connections of all of its pools; `None` is no limit.
    pub max: Option<u64>,
    /// Server connections that are open now.
    pub current: u64,
    /// Clients that it takes, and has; 1.24 and newer.
    pub clients: Option<(u64, u64)>,
    /// Its own mode of pooling.
    pub mode: Option<String>,
    /// `PAUSE` was said.
    pub paused: bool,
    /// `DISABLE` was said.
    pub disabled: bool,
    /// What the pools that there are may open together.
    pub may_open: u64,
}

/// Who sits where in one pool at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seats {
    /// Clients that are served, or want nothing.
    pub cl_active: u64,
    /// Clients that want a server connection and have none.
    pub cl_waiting: u64,
    /// Server connections that serve a client.
    pub sv_active: u64,
    /// Server connections that are free.
    pub sv_idle: u64,
    /// Those that must be tested before they serve again.
    pub sv_used: u64,
    /// Those that log in.
    pub sv_login: u64,
    /// Of any other sort: tested, cancelling, cancelled.
    pub sv_other: u64,
    /// How long the first of the queue has waited, seconds. Clients whose login waits for the first server are not
    /// counted by PgBouncer.
    pub maxwait_s: f64,
}

impl Seats {
    /// Server connections that are up.
    pub fn up(&self) -> u64 {
        self.sv_active + self.sv_idle + self.sv_used + self.sv_other
    }
    /// Server connections, those included that are to come up.
    pub fn servers(&self) -> u64 {
        self.up() + self.sv_login
    }
}

/// One pool: a database and a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pool {
    /// What clients call the database.
    pub database: String,
    /// As whom its server connections are opened.
    pub user: String,
    /// `session`, `transaction` or `statement`.
    pub mode: String,
    /// At the second look, or the only one.
    pub now: Seats,
    /// At the first look.
    pub before: Reading<Seats>,
    /// Clients that waited at both looks, the very same.
    pub stayed: Reading<u64>,
    /// Server connections that were logging in at both looks, the very same.
    pub stuck_logins: Reading<u64>,
    /// What a server connection was waited for between the looks, milliseconds on average over the clients of this database
    /// that got one; none got one, or the version does not tell.
    pub wait_ms: Reading<Option<f64>>,
    /// Its limit of server connections.
    pub size: Option<u64>,
    /// And so many more when clients wait long.
    pub reserve: u64,
    /// What keeps it from being served, that somebody said.
    pub stop: Option<Stop>,
    /// Where its database is: `host:port` as configured, then the addresses it is connected to.
    pub servers: Vec<String>,
    /// Who holds its server connections, most first; at most a few.
    pub holders: Vec<Holder>,
}

impl Pool {
    /// `database/user`, as PgBouncer's log has it.
    pub fn name(&self) -> String {
        format!("{}/{}", self.database, self.user)
    }
}

/// Why a pool opens no more server connections than it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// `PAUSE`, of the database or of all.
    Paused,
    /// `max_db_connections` is reached.
    DatabaseFull,
    /// `max_user_connections` is reached.
    UserFull,
}

/// An application that holds server connections of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// Its name, where it tells one, and its address.
    pub who: String,
    /// How many it holds.
    pub holds: u64,
    /// Since the oldest request that is not yet answered, seconds.
    pub busy_s: f64,
}

/// Clients of one application on one address in one pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What they call the database.
    pub database: String,
    /// As whom.
    pub user: String,
    /// `application_name`; many libraries tell none.
    pub application: String,
    /// Where they are, or `unix`.
    pub address: String,
    /// How many.
    pub clients: u64,
    /// Those that wait for a server connection.
    pub waiting: u64,
    /// Those that hold one.
    pub holding: u64,
    /// The longest wait among them, seconds.
    pub wait_s: f64,
    /// Of those that hold one: since the oldest request that is not yet answered, seconds.
    pub busy_s: f64,
    /// Named prepared statements that PgBouncer tracks for them; 1.21 and newer.
    pub prepared: Option<u64>,
}
