//! Why a target could not be made out of what was given.

/// What is wrong with a connection string, a file or a variable: where, what, and what to do. Values are quoted only when they
/// cannot be (a piece of) a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTarget {
    /// Which source: `DATABASE_URL`, `PGSSLMODE`, a file with its line …
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it, one phrase.
    pub remedy: String,
}

impl BadTarget {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl std::fmt::Display for BadTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.remedy)
    }
}

impl std::error::Error for BadTarget {}
