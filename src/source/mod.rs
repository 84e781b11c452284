//! The only door to the world, and each part takes its root as an argument. Everything here reads; what starts, signals or asks
//! others (`rehearse`, `reach`, `http`) is called only for what somebody asked for by name.

mod certificate;
pub mod cgroup;
pub mod child;
mod clock;
pub mod dns;
mod headroom;
mod host;
pub mod http;
pub mod input;
pub mod interrupt;
mod machine;
pub mod manifests;
mod moment;
pub mod mounts;
pub mod net;
mod own_binary;
pub mod pg;
pub mod proc;
pub mod program;
pub mod reach;
pub mod rehearse;
pub mod rooted;
mod scope;
pub mod snapshot;
mod users;
mod walk;
mod world;
pub mod yaml;

pub use certificate::expires;
pub use clock::Clock;
pub use headroom::budget;

pub use host::host;
pub use machine::{machine, random};
pub use moment::{Moment, Phase};
pub use own_binary::OwnBinary;
pub use scope::{Netns, Scope};
pub use users::Users;
pub use walk::{Walked, Wanting, link_of, walk};
pub use world::World;
