//! Why a member gave no answer, in one of a few kinds and in the words of whoever refused.

use crate::model::{Gap, Why};
use std::io;

/// The kinds that are told apart, since another thing helps against each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is nobody to ask: a file.
    Nobody,
    /// `kubectl`, `ssh` or the user's own program is not installed here.
    NoProgram,
    /// No cluster is configured, or the context that was named is not.
    NoContext,
    /// The cluster could not be reached.
    Unreachable,
    /// Who we are was not accepted: an expired token, a plugin that failed.
    Unauthenticated,
    /// We may not; the right that is missing is in the words.
    Forbidden,
    /// There is no such pod, container or host.
    Gone,
    /// The program that was to be run is not there.
    NoBinary,
    /// It had not answered by our deadline.
    Late,
    /// It answered more than we take.
    TooMuch,
    /// The answer was cut, or is none.
    Cut,
    /// Something else; the words say what.
    Other,
}

impl Refusal {
    /// As a reading says it.
    pub fn why(self) -> Why {
        match self {
            Self::Unauthenticated | Self::Forbidden => Why::Denied,
            Self::NoProgram | Self::NoContext | Self::Gone | Self::NoBinary => Why::Absent,
            Self::Late => Why::TimedOut,
            Self::TooMuch => Why::TooMany,
            Self::Cut | Self::Other => Why::Malformed,
            Self::Nobody | Self::Unreachable => Why::Unsupported,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which kind.
    pub kind: Refusal,
    /// The words of whoever refused, first line, not yet safe for a terminal.
    pub words: String,
    /// What helps, when that is known: a command line or a right.
    pub remedy: Option<String>,
}

impl Refused {
    /// One of a kind.
    pub fn new(kind: Refusal, words: impl Into<String>) -> Self {
        Self { kind, words: words.into(), remedy: None }
    }
    /// The same with what helps.
    pub fn remedy(mut self, line: impl Into<String>) -> Self {
        self.remedy = Some(line.into());
        self
    }
    /// There is nobody to ask.
    pub(super) fn nobody() -> Self {
        Self::new(Refusal::Nobody, "it is a file: there is nobody to ask")
    }
    /// A program of ours could not be run.
    pub(super) fn of_start(program: &str, e: &io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::NotFound => {
                Self::new(Refusal::NoProgram, format!("`{program}` is not installed here"))
            }
            io::ErrorKind::TimedOut => Self::new(Refusal::Late, "it had not answered in time"),
            io::ErrorKind::InvalidData => Self::new(Refusal::TooMuch, "it answered more than is taken"),
            _ => Self::new(Refusal::Other, format!("`{program}`: {e}")),
        }
    }
    /// As a gap about this member.
    pub fn gap(&self, member: &str) -> Gap {
        let gap = Gap::new(member, self.kind.why(), &self.words);
        match &self.remedy {
            Some(line) => gap.remedy(line.clone()),
            None => gap,
        }
    }
}
