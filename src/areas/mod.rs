//! The registry: one line an area.

mod area;
mod dns;
mod fds;
mod sockets;

pub use area::{Area, Chosen, Entry, Place, Recorded, Running, StandIn};

use crate::model::Doc;

/// Every area, in the order in which reports name them.
pub static AREAS: &[Entry] =
    &[Entry::of::<fds::Fds>(), Entry::of::<sockets::Sockets>(), Entry::of::<dns::Dns>()];

/// The documentation of every check there is.
pub fn docs() -> Vec<&'static Doc> {
    AREAS.iter().flat_map(|a| (a.docs)()).collect()
}
