//! The vocabulary: what is read, what is judged, what is drawn. No I/O, no clap, no clock.

mod arrange;
mod attribute;
mod block;
mod check;
mod cluster;
pub mod dns_name;
mod finding;
pub mod json;
#[cfg(test)]
pub mod judged;
mod own_names;
mod progress;
mod psi;
mod queue;
mod reading;
mod redact;
pub mod report;
pub mod role;
mod seal;
pub mod signal;
pub mod sigterm;
mod sql;
mod tcp;
mod time;
pub mod traffic;
pub mod untrusted;

pub use arrange::Arrange;
pub use attribute::{Attribute, Attributes, Class, Group, Identity, MOST_ATTRIBUTES, Value};
pub use block::{Block, Cell, Column, Counts, Edge, Node, RowSink, Section};
pub use check::{Check, Defaults, Doc, Judging, Level, Levels, Limit, Outcome};
pub use cluster::{Cluster, PodStatus, WayIn};
pub use finding::{Confidence, Finding, Process, Severity, Thing, What, rates};
pub use own_names::OwnNames;
pub use progress::{Progress, Quiet, Work};
pub use psi::{Psi, PsiLine};
pub use queue::QueueTable;
pub use reading::{Gap, Gaps, Kept, Reading, Seen, Why};
pub use redact::{Argv, Environ, OwnName, Setting, Shape, Suspicion, suspicion};
pub use seal::Seal;
pub use sql::Sql;
pub use tcp::{ALL_STATES, TcpState, parse_states};
pub use time::Stamp;
pub use traffic::{Fate, Fates, Traffic};
pub use untrusted::Untrusted;
