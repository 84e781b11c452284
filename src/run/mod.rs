//! One run: looks in their order, the shared walk, deadlines.

mod apart;
mod session;
mod snapshot;

pub use session::{Session, Timing};
pub use snapshot::{Snapshot, parse as parse_snapshot, read as read_snapshot, write as write_snapshot};
