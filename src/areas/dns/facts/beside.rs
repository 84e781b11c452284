//! What other resolvers make of the same names: evidence beside our own questions, never in their place.

use crate::model::Reading;
use serde::{Deserialize, Serialize};

/// One name as one resolver sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// The name as it was given.
    pub name: String,
    /// Which resolver, and whose it is.
    pub resolver: String,
    /// What it said; unseen when our own deadline came first, or when it could not be asked.
    pub looked: Reading<Looked>,
}

/// One lookup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    /// What it came to.
    pub saw: Saw,
    /// What it took, milliseconds.
    pub ms: f64,
}

/// What a lookup came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "saw", content = "what", rename_all = "snake_case")]
pub enum Saw {
    /// Addresses, sorted; at most 32.
    Addresses(Vec<String>),
    /// There is no such name.
    NoSuchName,
    /// The name exists without an address.
    NoAddress,
    /// Nobody answered in time.
    NoAnswer,
    /// One of the three before: it does not tell them apart.
    Nothing,
    /// Something else, in its own words; text from outside.
    Error(String),
}

impl Saw {
    /// For a table: the addresses, or a few words.
    pub fn told(&self) -> Vec<String> {
        let word = match self {
            Saw::Addresses(all) => return all.clone(),
            Saw::NoSuchName => "NXDOMAIN",
            Saw::NoAddress => "NODATA",
            Saw::NoAnswer => "no answer",
            Saw::Nothing => "not found or no answer",
            Saw::Error(text) => text,
        };
        vec![word.to_string()]
    }
}
