//! SQL text: raw, it has no `Serialize` and no `Debug` of what it holds, so that the only way out of the program is its
//! shape. What counts as a literal is what the scanner of Postgres takes for one:
//! <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>

mod shape;

use super::Untrusted;
use std::fmt;

/// The text of one or more statements as a server or its log gave it: possibly cut at its end, never at its beginning.
/// Literals hold what users type: for probes only, never for facts.
#[derive(Clone)]
pub struct Sql {
    text: Vec<u8>,
    cut: bool,
}

impl Sql {
    /// The bytes of a statement; `cut` when it is known that there was more.
    pub fn new(text: impl Into<Vec<u8>>, cut: bool) -> Self {
        Self { text: text.into(), cut }
    }
    /// Nothing is there.
    pub fn is_empty(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }
    /// The statement with `?` for every literal, without comments, in one line, at most 1 KiB of it. Names stay, quoted
    /// ones too; parameters (`$1`) stay; lists of literals are folded to one. What could be read in two ways, and what
    /// begins as a literal and does not end, is hidden down to the end: equal statements have equal shapes, and nothing
    /// that somebody typed as a value is in one.
    pub fn shape(&self) -> Untrusted {
        Untrusted::from_bytes(&shape::of(&self.text, self.cut))
    }
}

impl From<&str> for Sql {
    fn from(text: &str) -> Self {
        Self::new(text, false)
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sql({} bytes)", self.text.len())
    }
}

#[cfg(test)]
mod tests;
