//! Lines that do not do what they look like.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One such line. Words of the file are kept short; they are shown escaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "lint", rename_all = "snake_case")]
pub enum Lint {
    /// Only three servers are ever asked.
    ServerIgnored {
        /// The line, counted from 1.
        line: u32,
        /// The server that is never asked.
        server: String,
    },
    /// No address: the line is passed over.
    NotAnAddress {
        /// The line, counted from 1.
        line: u32,
        /// What stands there.
        word: String,
    },
    /// A comment at the end of a line is read as part of it.
    TrailingComment {
        /// The line, counted from 1.
        line: u32,
        /// The first word that becomes a search domain.
        word: String,
    },
    /// musl passes over lines of more than 254 bytes.
    LineTooLong {
        /// The line, counted from 1.
        line: u32,
        /// Its length, bytes.
        bytes: u32,
    },
    /// The root is on the search list: musl before 1.2.4 gives up every lookup that searches, without a packet.
    RootSearched {
        /// The line, counted from 1.
        line: u32,
    },
    /// Of several `domain` and `search` lines only the last counts.
    SearchReplaced {
        /// The line that is without effect, counted from 1.
        line: u32,
        /// The line that replaces it.
        by: u32,
    },
    /// The library in use does not know this option.
    OptionIgnored {
        /// The option.
        option: String,
    },
    /// A number above what the library takes.
    OptionCapped {
        /// The option as it is written.
        option: String,
        /// What counts.
        counts: u32,
    },
    /// Nothing named a server.
    NoServer,
    /// A search domain that ends a walk too early or never answers: commas, for example, are part of a name.
    OddSearchDomain {
        /// The domain.
        domain: String,
    },
    /// The environment of the process replaces what the file says; musl does not look at it.
    Environment {
        /// `RES_OPTIONS` or `LOCALDOMAIN`.
        variable: String,
        /// Whether the library in use obeys it.
        obeyed: bool,
    },
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lint::ServerIgnored { line, server } => {
                write!(f, "line {line}: server {server} is never asked: three are the most")
            }
            Lint::NotAnAddress { line, word } => write!(f, "line {line}: {word} is no address: passed over"),
            Lint::TrailingComment { line, word } => {
                write!(
                    f,
                    "line {line}: no comment can stand behind a search list: {word} is searched as a domain"
                )
            }
            Lint::LineTooLong { line, bytes } => {
                write!(f, "line {line}: {bytes} bytes, the whole line is passed over")
            }
            Lint::RootSearched { line } => {
                write!(
                    f,
                    "line {line}: with `search .` musl before 1.2.4 fails every name that it searches for"
                )
            }
            Lint::SearchReplaced { line, by } => {
                write!(f, "line {line}: without effect, line {by} replaces it")
            }
            Lint::OptionIgnored { option } => write!(f, "option {option}: this library does not know it"),
            Lint::OptionCapped { option, counts } => write!(f, "option {option}: {counts} is the most"),
            Lint::NoServer => f.write_str("no server is named: 127.0.0.1 is asked"),
            Lint::OddSearchDomain { domain } => write!(f, "search domain {domain} can be no name"),
            Lint::Environment { variable, obeyed: true } => write!(f, "{variable} is set and counts"),
            Lint::Environment { variable, obeyed: false } => {
                write!(f, "{variable} is set and this library does not look at it")
            }
        }
    }
}

/// At most so much of a word is kept.
pub(super) fn short(word: &str) -> String {
    word.chars().take(64).collect()
}

/// Lints of a search list, the same for both libraries.
pub(super) fn of_search(domains: &[String], line: u32, lints: &mut Vec<Lint>) {
    for domain in domains {
        if domain.starts_with(['#', ';']) {
            lints.push(Lint::TrailingComment { line, word: short(domain) });
            return;
        }
        let label = |l: &str| !l.is_empty() && l.len() <= 63;
        let bare = domain.strip_suffix('.').unwrap_or(domain);
        if domain != "." && (bare.contains(',') || bare.len() > 253 || !bare.split('.').all(label)) {
            lints.push(Lint::OddSearchDomain { domain: short(domain) });
        }
    }
}
