//! Things of the report: what findings are about.

use crate::model::{Stamp, Thing, What};
use schemars::JsonSchema;
use serde::Serialize;

/// A thing, with the bytes of its name where they were not UTF-8.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ThingV1 {
    /// A process.
    Process {
        /// Process id as seen by paramedic.
        pid: i32,
        /// Start in clock ticks since boot.
        start_ticks: u64,
        /// Start in wall time.
        start: Option<Stamp>,
        /// Name; bytes that are not UTF-8 stand as `\xNN`.
        name: String,
        /// The name's bytes in base64 when they were not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        name_b64: Option<String>,
        /// Owner.
        user: Option<String>,
    },
    /// A user.
    User {
        /// Numeric id.
        uid: u32,
    },
    /// A control group.
    Cgroup {
        /// Path below the root; bytes that are not UTF-8 stand as `\xNN`.
        path: String,
        /// The path's bytes in base64 when they were not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_b64: Option<String>,
    },
    /// A mounted file system.
    Mount {
        /// Where it is mounted; bytes that are not UTF-8 stand as `\xNN`.
        path: String,
        /// The path's bytes in base64 when they were not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_b64: Option<String>,
    },
    /// A listener.
    Listener {
        /// `address:port`.
        address: String,
    },
    /// A peer.
    Peer {
        /// `address:port`.
        address: String,
    },
    /// The machine.
    Host,
    /// A session of a database server.
    Session {
        /// The server, `address:port` or socket.
        server: String,
        /// Its process on the server.
        pid: i32,
        /// Start, microseconds since 1970 by the server's clock.
        started_us: i64,
    },
    /// Something that a database server, a pooler or a cluster knows by name.
    Named {
        /// What it is.
        what: What,
        /// The server, `address:port` or socket; of a member its namespace.
        server: String,
        /// Its name there.
        name: String,
    },
}

impl From<&Thing> for ThingV1 {
    fn from(t: &Thing) -> Self {
        match t {
            Thing::Process(p) => ThingV1::Process {
                pid: p.pid,
                start_ticks: p.start_ticks,
                start: p.start,
                name: p.name.as_str().into(),
                name_b64: p.name.b64().map(Into::into),
                user: p.user.clone(),
            },
            Thing::User { uid } => ThingV1::User { uid: *uid },
            Thing::Cgroup { path } => {
                ThingV1::Cgroup { path: path.as_str().into(), path_b64: path.b64().map(Into::into) }
            }
            Thing::Mount { path } => {
                ThingV1::Mount { path: path.as_str().into(), path_b64: path.b64().map(Into::into) }
            }
            Thing::Listener { address } => ThingV1::Listener { address: address.clone() },
            Thing::Peer { address } => ThingV1::Peer { address: address.clone() },
            Thing::Host => ThingV1::Host,
            Thing::Session { server, pid, started_us } => {
                ThingV1::Session { server: server.clone(), pid: *pid, started_us: *started_us }
            }
            Thing::Named { what, server, name } => {
                ThingV1::Named { what: *what, server: server.clone(), name: name.clone() }
            }
        }
    }
}
