//! Why a member gave no answer, in one of a few kinds and in the words of whoever refused.

use super::{Said, Way};
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

/// Whether what ended is the transport and not the program behind it.
pub(super) fn of_transport(way: &Way, said: &Said) -> Option<Refused> {
    let code = match said.code {
        Some(0) => return None,
        Some(code) => code,
        None => return Some(Refused::new(Refusal::Other, "the program that reaches it was killed")),
    };
    let words = String::from_utf8_lossy(&said.stderr);
    match way {
        Way::Pod(_) => of_kubectl(code, &words),
        Way::Ssh(_) => of_ssh(code, &words),
        Way::Exec(_) | Way::File(_) => of_shell(code, &words, &said.stdout),
    }
}

/// What `kubectl` says of a failure. Its exit code is the program's only after `command terminated with exit code`.
pub(super) fn of_kubectl(code: i32, words: &str) -> Option<Refused> {
    let line = last(words);
    let has = |part: &str| words.contains(part);
    let missing = [
        "executable file not found",
        "command terminated with exit code 126",
        "command terminated with exit code 127",
    ];
    let kind = if missing.iter().any(|m| has(m)) || has("no such file or directory") && has("exec") {
        Refusal::NoBinary
    } else if has("command terminated with exit code") {
        return None;
    } else if has("(Forbidden)") || has("forbidden:") || has("Forbidden") {
        Refusal::Forbidden
    } else if has("Unauthorized") || has("must be logged in") || has("getting credentials") {
        Refusal::Unauthenticated
    } else if has("(NotFound)") || has("not found") {
        Refusal::Gone
    } else if has("context") && has("does not exist")
        || has("no configuration has been provided")
        || has("localhost:8080")
    {
        Refusal::NoContext
    } else if has("unable to connect to the server")
        || has("Unable to connect to the server")
        || has("was refused")
    {
        Refusal::Unreachable
    } else {
        Refusal::Other
    };
    let said = if line.is_empty() { format!("kubectl ended with {code} and said nothing") } else { line };
    Some(Refused::new(kind, said))
}

/// `ssh` itself ends with 255.
fn of_ssh(code: i32, words: &str) -> Option<Refused> {
    let kind = match code {
        126 | 127 => Refusal::NoBinary,
        255 if words.contains("Permission denied") => Refusal::Unauthenticated,
        255 if words.contains("Could not resolve") => Refusal::Gone,
        255 if words.contains("timed out") || words.contains("refused") || words.contains("No route") => {
            Refusal::Unreachable
        }
        255 => Refusal::Other,
        _ => return None,
    };
    Some(Refused::new(kind, last(words)))
}

/// What runs commands elsewhere hands their codes through; only what shells say of a missing program is known.
fn of_shell(code: i32, words: &str, stdout: &[u8]) -> Option<Refused> {
    let kind = match code {
        126 | 127 => Refusal::NoBinary,
        _ if stdout.is_empty() && !words.is_empty() && code > 3 => Refusal::Other,
        _ => return None,
    };
    Some(Refused::new(kind, last(words)))
}

/// The last line that says something: what went before it is warnings.
fn last(words: &str) -> String {
    words.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or_default().chars().take(400).collect()
}
