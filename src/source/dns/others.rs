//! What other resolvers make of a name, each by its own rules: beside our own questions, never in their place. They repeat,
//! merge and fail over behind the back of whoever asks, so their figures are those of a lookup and of no server.

mod hickory;
mod programs;

pub use hickory::{Hickory, Surroundings};
pub use programs::{Runtime, Tool};

use std::{net::IpAddr, time::Duration};

/// Addresses of one answer that are kept.
const ADDRESSES: usize = 32;
/// Of an error's text so much is kept, in characters.
const TEXT: usize = 120;

/// What a lookup came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Addresses, sorted; at most 32.
    Addresses(Vec<IpAddr>),
    /// There is no such name.
    NoSuchName,
    /// The name exists without an address.
    NoAddress,
    /// Nobody answered in time.
    NoAnswer,
    /// No such name, no address or no answer: whoever was asked does not tell them apart.
    Nothing,
    /// A server said so: this response code.
    Code(u16),
    /// Something else, in its own words.
    Error(String),
}

/// One lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What it came to.
    pub said: Said,
    /// What it took.
    pub took: Duration,
}

/// Sorted, each once, not too many.
fn addresses(all: impl Iterator<Item = IpAddr>) -> Said {
    let mut all: Vec<IpAddr> = all.collect();
    all.sort_unstable();
    all.dedup();
    all.truncate(ADDRESSES);
    if all.is_empty() { Said::NoAddress } else { Said::Addresses(all) }
}

fn error(text: &str) -> Said {
    Said::Error(text.chars().take(TEXT).collect())
}
