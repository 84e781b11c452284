//! What servers answered, and what a lookup came to.

use super::{
    conf::Libc,
    plan::{End, From, Outcome},
};
use crate::model::{Arrange, Reading};
use serde::{Deserialize, Serialize};

/// One server, asked directly.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerSeen {
    /// Its address as the settings have it, and the port where that is not 53.
    pub address: String,
    /// `address:port`.
    pub peer: String,
    /// Nobody named it: it is what both libraries ask when the settings name none.
    pub default: bool,
    /// What it was asked.
    pub asked: Vec<Asked>,
}

/// One name and type at one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: String,
    /// Over UDP, one after the other: the first is cold, the others are warm. Each unseen one says why.
    pub udp: Vec<Reading<Try>>,
    /// Over TCP.
    pub tcp: Reading<Try>,
    /// What arrived beside the answers.
    pub odd: Odd,
    /// The name was our own choice; nobody gave it.
    #[serde(default)]
    pub chosen: bool,
    /// Nobody wants to know: it only shows whether the server is there at all.
    #[serde(default)]
    pub control: bool,
}

impl ServerSeen {
    /// What it was asked for its own sake.
    pub fn real(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|a| !a.control)
    }
}

/// One question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Try {
    /// What came.
    pub came: Came,
    /// From before the first packet until then, milliseconds; of a silence, how long it was.
    pub ms: f64,
    /// Packets sent.
    pub sends: u32,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "came", rename_all = "snake_case")]
pub enum Came {
    /// An answer.
    Reply(Reply),
    /// Nothing.
    Silence,
    /// Nobody listens there.
    Closed,
    /// There is nobody of this address.
    Unreachable,
    /// The connection was ended without an answer.
    Ended,
    /// No DNS message.
    Malformed,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Response code.
    pub rcode: u8,
    /// It did not fit.
    pub truncated: bool,
    /// Records of the answer section.
    pub records: u32,
    /// Addresses, sorted, and other records as text from outside; at most 32 together.
    pub answers: Vec<String>,
    /// The shortest time to live, seconds.
    pub ttl_s: Option<u32>,
}

/// What arrived beside the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odd {
    /// With another id or question.
    pub foreign: u32,
    /// More than once.
    pub duplicate: u32,
    /// After the wait was over.
    pub late: u32,
}

/// NOERROR.
pub const NO_ERROR: u8 = 0;
/// SERVFAIL.
pub const SERV_FAIL: u8 = 2;
/// NXDOMAIN.
pub const NX_DOMAIN: u8 = 3;
/// REFUSED.
pub const REFUSED: u8 = 5;

/// The name of a response code.
pub fn rcode(code: u8) -> String {
    let names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
    names.get(usize::from(code)).map_or_else(|| format!("RCODE {code}"), ToString::to_string)
}

impl Reply {
    /// Whether there is what was asked for: another name alone is no address.
    pub fn knows(&self, kind: &str) -> bool {
        let alias = |a: &String| a.starts_with("CNAME ") || a.starts_with("DNAME ");
        let elsewhere = kind != "CNAME" && !self.answers.is_empty() && self.answers.iter().all(alias);
        self.rcode == NO_ERROR && self.records > 0 && !elsewhere
    }
}

impl Came {
    /// The answer, if there is one.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Came::Reply(r) => Some(r),
            _ => None,
        }
    }
    /// A few words about the answer to a question of this type.
    pub fn word(&self, kind: &str) -> String {
        match self {
            Came::Reply(r) if r.rcode == NO_ERROR && r.truncated => "truncated".into(),
            Came::Reply(r) if r.rcode == NO_ERROR && !r.knows(kind) => "NODATA".into(),
            Came::Reply(r) => rcode(r.rcode),
            Came::Silence => "no answer".into(),
            Came::Closed => "port closed".into(),
            Came::Unreachable => "host unreachable".into(),
            Came::Ended => "connection ended".into(),
            Came::Malformed => "not DNS".into(),
        }
    }
}

/// One name, looked up as a library does it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Walked {
    /// The name as it was given.
    pub name: String,
    /// Whose rules.
    pub libc: Libc,
    /// Candidate by candidate.
    pub steps: Vec<Step>,
    /// What `getaddrinfo` returns; unseen when our own deadline came first.
    pub end: Reading<End>,
    /// The addresses that it returns, sorted; at most 32.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// What it took, milliseconds; as far as it came.
    pub ms: f64,
}

/// One candidate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// What was asked for.
    pub name: String,
    /// Why.
    pub from: From,
    /// What it came to; unseen when our own deadline came first.
    pub outcome: Reading<Outcome>,
    /// What it took, milliseconds.
    pub ms: f64,
    /// Packets sent.
    pub packets: u32,
    /// The server that decided.
    pub server: Option<String>,
    /// Servers that said nothing before it, or of it all.
    pub silent: Vec<String>,
    /// One of the two types was not answered at first.
    pub half: bool,
    /// Packets in order, as `AAAA 10.0.0.1` or `A 10.0.0.1 tcp`; at most 64, and none of musl, which sends each to everybody.
    #[serde(default)]
    pub sent: Vec<String>,
}

/// Pairs of A and AAAA on one socket, as libraries send them, against pairs on two sockets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Race {
    /// The server that was asked.
    pub server: String,
    /// Pairs of each sort.
    pub pairs: u32,
    /// Pairs on one socket of which exactly one answer came.
    pub half_one_socket: u32,
    /// The same on two sockets.
    pub half_two_sockets: u32,
    /// Pairs on one socket without any answer.
    pub none_one_socket: u32,
    /// The same on two sockets.
    pub none_two_sockets: u32,
    /// How long each answer was waited for, milliseconds.
    pub waited_ms: f64,
}

/// What several answers to one question say of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// The median of all.
    Median(f64),
    /// The median is not below this: some had not come by then.
    AtLeast(f64),
}

impl Asked {
    /// The median over UDP, as far as it can be told; `None` when nothing was answered.
    pub fn speed(tries: &[&Try]) -> Option<Speed> {
        let mut all: Vec<(f64, bool)> = tries.iter().map(|t| (t.ms, t.came.reply().is_some())).collect();
        if !all.iter().any(|t| t.1) {
            return None;
        }
        all.arrange_by(|a, b| a.0.total_cmp(&b.0));
        let (ms, answered) = all[all.len() / 2];
        Some(if answered { Speed::Median(ms) } else { Speed::AtLeast(ms) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_alone_is_no_address_and_all_that_a_question_for_it_wants() {
        let reply = |answers: &[&str]| Reply {
            rcode: NO_ERROR,
            truncated: false,
            records: answers.len() as u32,
            answers: answers.iter().map(ToString::to_string).collect(),
            ttl_s: None,
        };
        let alias = reply(&["CNAME other.test."]);
        assert_eq!((alias.knows("A"), alias.knows("AAAA"), alias.knows("CNAME")), (false, false, true));
        assert!(reply(&["10.0.0.7", "CNAME other.test."]).knows("A"));
        assert!(!reply(&[]).knows("A"));
        assert_eq!(Came::Reply(alias.clone()).word("A"), "NODATA");
        assert_eq!(Came::Reply(alias).word("CNAME"), "NOERROR");
    }
}
