//! What every case is made of: hosts out of namespaces, programs started in them, and the report.

mod case;
mod cgroup;
mod dns;
mod document;
mod fleet;
mod host;
mod network;
mod patient;
mod pgbouncer;
mod postgres;
mod proof;
mod report;
mod run;
mod schema;

pub use case::{Case, Look};
pub use cgroup::Cgroup;
pub use dns::Query;
pub use document::Document;
pub use fleet::Fleet;
pub use host::Host;
pub use patient::{Patient, Program};
pub use postgres::Postgres;
pub use report::{Finding, Report};
pub use run::{eventually, must_have, soon};

/// The uid of `nobody` on Debian.
pub const NOBODY: u32 = 65534;
/// Where a case writes limits of its own, for `--config`.
pub const LIMITS: &str = "/run/lab/limits.toml";
/// Where the patient's host is found by the other host of a case.
pub const HERE: &str = "10.77.0.1";
/// Where the other host of a case is found by the patient.
pub const THERE: &str = "10.77.0.2";
/// The same in IPv6.
pub const THERE_V6: &str = "fd77::2";
