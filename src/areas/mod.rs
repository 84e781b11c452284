//! The registry: one line an area.

mod area;
mod attributes;
mod compare;
mod cpu;
mod disk;
mod dns;
mod fds;
mod http;
mod lifecycle;
mod memory;
mod pg;
mod pgbouncer;
mod pods;
mod request;
mod shutdown;
mod sockets;

pub use area::{Area, Chosen, Entry, Place, Recorded, Running, StandIn};

use crate::model::Doc;

/// Every area, in the order in which reports name them.
pub static AREAS: &[Entry] = &[
    Entry::of::<fds::Fds>(),
    Entry::of::<sockets::Sockets>(),
    Entry::of::<memory::Memory>(),
    Entry::of::<cpu::Cpu>(),
    Entry::of::<disk::Disk>(),
    Entry::of::<lifecycle::Lifecycle>(),
    Entry::of::<dns::Dns>(),
    Entry::of::<pg::Pg>(),
    Entry::of::<pgbouncer::PgBouncer>(),
    Entry::of::<http::Http>(),
    Entry::of::<compare::Compare>(),
    Entry::of::<pods::Pods>(),
    Entry::of::<shutdown::Shutdown>(),
];

/// What `snapshot` records beside the areas, for `compare`.
pub static ATTRIBUTES: Entry = Entry::of::<attributes::AttributesOf>();

/// The documentation of every check there is.
pub fn docs() -> Vec<&'static Doc> {
    AREAS.iter().flat_map(|a| (a.docs)()).collect()
}
