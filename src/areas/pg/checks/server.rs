//! What checks say alike: things by the server that knows them.

use super::super::facts::Facts;
use crate::model::{Judging, Thing, What};

/// The server, by the name that findings know it by.
pub(super) fn peer(f: &Facts, out: &mut Judging) -> String {
    out.aside(&f.server).map_or_else(|| f.target.clone(), |s| s.peer.clone())
}

/// Something that it knows by name.
pub(super) fn named(server: &str, what: What, name: impl Into<String>) -> Thing {
    Thing::Named { what, server: server.into(), name: name.into() }
}
