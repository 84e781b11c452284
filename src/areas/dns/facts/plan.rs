//! Which queries a stub resolver sends for a name, in order, and what ends the walk: one state machine that the printed
//! plan and the walk over the wire share, so that what is shown beforehand is what is done.
//!
//! glibc: `__res_context_search` of `resolv/res_query.c` and the loops of `resolv/res_send.c`; musl:
//! `name_from_dns_search` of `src/network/lookup_name.c` and `src/network/res_msend.c`.

#[cfg(test)]
mod tests;

use super::conf::{Conf, Libc};
use serde::{Deserialize, Serialize};

/// What asking all servers for one candidate came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// At least one address.
    Found,
    /// There is no such name.
    NxDomain,
    /// The name exists without an address.
    NoData,
    /// Another name, which has no address: a CNAME and nothing behind it.
    Alias,
    /// Every server answered that it failed.
    ServFail,
    /// Every server refused.
    Refused,
    /// Nothing came in time.
    Timeout,
    /// Nobody listens on the port of any server.
    PortClosed,
}

/// Why a candidate is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The name as it was given.
    AsIs,
    /// The name with a domain of the search list, counted from 0.
    Search(u32),
}

/// One name that every server is asked for, in A and AAAA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What is asked for, without a dot at its end.
    pub name: String,
    /// Why.
    pub from: From,
}

/// How a lookup ends, as `getaddrinfo` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Addresses.
    Found,
    /// `EAI_NONAME`: Node says ENOTFOUND.
    NoName,
    /// `EAI_NODATA`: Node says ENOTFOUND.
    NoData,
    /// `EAI_AGAIN`.
    Again,
    /// `EAI_FAIL`: the name is too long to be asked for.
    Fail,
}

/// A name that no stub resolver asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// Nothing was given.
    Empty,
    /// More than 253 bytes.
    TooLong,
    /// A label of more than 63 bytes, or of none.
    Label,
    /// It is an address.
    Address,
}

/// A walk over the candidates of one name.
#[derive(Clone, Debug)]
pub struct Walk {
    libc: Libc,
    todo: Vec<Candidate>,
    at: usize,
    as_is: Candidate,
    /// The name as it is was asked for, and came to this.
    as_is_came_to: Option<Outcome>,
    root_searched: bool,
    dots: usize,
    no_tld_query: bool,
    /// The search list is over before its end: only the name as it is remains.
    stopped: bool,
    nodata: bool,
    servfail: bool,
    last: Option<Outcome>,
    end: Option<End>,
}

impl Walk {
    /// The begin of a walk.
    ///
    /// # Errors
    /// When the name is none that DNS is asked for.
    pub fn new(conf: &Conf, name: &str) -> Result<Self, BadName> {
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Err(BadName::Address);
        }
        let bare = name.strip_suffix('.').unwrap_or(name);
        match bare {
            "" => return Err(BadName::Empty),
            b if b.len() > 253 => return Err(BadName::TooLong),
            b if b.split('.').any(|l| l.is_empty() || l.len() > 63) => return Err(BadName::Label),
            _ => {}
        }
        let absolute = bare.len() < name.len();
        let dots = name.matches('.').count();
        let enough = dots >= conf.ndots as usize;
        let as_is = Candidate { name: bare.into(), from: From::AsIs };
        let searched = (0..).zip(&conf.search).filter_map(|(i, domain)| {
            // musl skips what is no name with the domain behind it, the root included: `db..` is none.
            let odd = domain.starts_with('.') || domain.is_empty() || domain.ends_with("..");
            if conf.libc == Libc::Musl && odd {
                return None;
            }
            let domain = domain.strip_prefix('.').unwrap_or(domain);
            let domain = domain.strip_suffix('.').unwrap_or(domain);
            let joined = if domain.is_empty() { bare.to_string() } else { format!("{bare}.{domain}") };
            let fits = match conf.libc {
                Libc::Glibc => true,
                // musl skips what does not fit into 256 bytes and asks for the rest.
                Libc::Musl => joined.len() < 255,
            };
            fits.then_some(Candidate { name: joined, from: From::Search(i) })
        });
        let todo = match conf.libc {
            _ if absolute => vec![as_is.clone()],
            Libc::Glibc if enough => std::iter::once(as_is.clone()).chain(searched).collect(),
            Libc::Musl if enough => vec![as_is.clone()],
            _ => searched.collect(),
        };
        let root_searched =
            conf.libc == Libc::Glibc && conf.search.iter().any(|d| matches!(d.as_str(), "." | ""));
        let mut walk = Self {
            libc: conf.libc,
            todo,
            at: 0,
            as_is,
            as_is_came_to: None,
            root_searched,
            dots,
            no_tld_query: conf.no_tld_query,
            stopped: false,
            nodata: false,
            servfail: false,
            last: None,
            end: None,
        };
        walk.settle();
        Ok(walk)
    }

    /// What is asked for next; `None` when the walk is over.
    pub fn next(&self) -> Option<&Candidate> {
        match self.end {
            Some(_) => None,
            None if self.stopped || self.at >= self.todo.len() => Some(&self.as_is),
            None => self.todo.get(self.at),
        }
    }

    /// How it ended, once it did.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Says what the candidate of [`Walk::next`] came to.
    pub fn came_to(&mut self, outcome: Outcome) {
        let Some(asked) = self.next().cloned() else { return };
        self.last = Some(outcome);
        if outcome == Outcome::Found {
            self.end = Some(End::Found);
            return;
        }
        if outcome == Outcome::Alias {
            // To glibc an answer with records is one: the search is over, and what it lacks is found out too late.
            self.end = Some(if self.libc == Libc::Glibc { End::NoName } else { End::NoData });
            return;
        }
        if asked.from == From::AsIs {
            self.as_is_came_to = Some(outcome);
        }
        self.at += 1;
        match self.libc {
            Libc::Glibc => self.glibc(asked.from, outcome),
            Libc::Musl => self.musl(outcome),
        }
        self.settle();
    }

    fn glibc(&mut self, from: From, outcome: Outcome) {
        if let From::Search(_) = from {
            match outcome {
                Outcome::NxDomain => {}
                Outcome::NoData => self.nodata = true,
                Outcome::ServFail => self.servfail = true,
                // Nobody is there: the whole lookup is given up, the name as it is is not asked for.
                Outcome::PortClosed => self.end = Some(End::Again),
                // Silence stops the search, and what the name as it is comes to is what the application hears.
                Outcome::Refused | Outcome::Timeout | Outcome::Found | Outcome::Alias => self.stopped = true,
            }
        }
    }

    fn musl(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::NxDomain => {}
            Outcome::NoData => self.end = Some(End::NoData),
            _ => self.end = Some(End::Again),
        }
    }

    /// Ends the walk when nothing is left to ask for.
    fn settle(&mut self) {
        let left = !self.stopped && self.at < self.todo.len();
        if self.end.is_some() || left {
            return;
        }
        let searched = self.todo.iter().any(|c| c.from != From::AsIs);
        // `no-tld-query`: a name without a dot is not asked for as it is when there was something to search.
        let barred = self.libc == Libc::Glibc && self.dots == 0 && searched && self.no_tld_query;
        if self.as_is_came_to.is_none() && !self.root_searched && !barred {
            return;
        }
        self.end = Some(match self.libc {
            // What the name as it is came to first outlives the search; else a name without an address does.
            Libc::Glibc => match self.as_is_came_to {
                Some(first) if self.todo.first().is_some_and(|c| c.from == From::AsIs) => told(first),
                _ if self.nodata => End::NoData,
                _ if self.servfail => End::Again,
                _ => self.last.map_or(End::NoName, told),
            },
            Libc::Musl => self.last.map_or(End::NoName, told),
        });
    }
}

/// What a candidate's outcome is called when it is the last word.
fn told(outcome: Outcome) -> End {
    match outcome {
        Outcome::Found => End::Found,
        Outcome::NxDomain | Outcome::Alias => End::NoName,
        Outcome::NoData => End::NoData,
        Outcome::ServFail | Outcome::Refused | Outcome::Timeout | Outcome::PortClosed => End::Again,
    }
}

/// The longest that one candidate can take, in seconds: every server is silent.
pub fn candidate_worst_s(conf: &Conf) -> f64 {
    match conf.libc {
        Libc::Glibc => f64::from(conf.attempts.max(1)) * glibc_waits(conf).iter().sum::<u64>() as f64,
        // Resends within the timeout, not after it.
        Libc::Musl => f64::from(conf.timeout_s),
    }
}

/// How long glibc waits for each server in turn: doubling with its place, divided by how many there are.
pub fn glibc_waits(conf: &Conf) -> Vec<u64> {
    let n = conf.servers.len().max(1) as u64;
    (0..n)
        .map(|i| {
            let wait = u64::from(conf.timeout_s) << i;
            (if i == 0 { wait } else { wait / n }).max(1)
        })
        .collect()
}

/// The plan of a name: what is asked for when no candidate but the last is found, and what it can cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Whose rules.
    pub libc: Libc,
    /// In order.
    pub candidates: Vec<Candidate>,
    /// Queries until the last candidate was answered: A and AAAA of each.
    pub queries: u64,
    /// The candidate that costs when no server answers: one search domain and then the name as it is, for glibc.
    pub worst_s: f64,
}

impl Plan {
    /// Of this name.
    ///
    /// # Errors
    /// As for [`Walk::new`].
    pub fn of(conf: &Conf, name: &str) -> Result<Self, BadName> {
        let candidates = followed(Walk::new(conf, name)?, Outcome::NxDomain);
        let silent = followed(Walk::new(conf, name)?, Outcome::Timeout).len();
        let types = if conf.no_aaaa { 1 } else { 2 };
        Ok(Self {
            libc: conf.libc,
            queries: types * candidates.len() as u64,
            candidates,
            worst_s: silent as f64 * candidate_worst_s(conf),
        })
    }
}

/// The candidates of a walk of which each comes to the same.
fn followed(mut walk: Walk, outcome: Outcome) -> Vec<Candidate> {
    let mut out = Vec::new();
    while let Some(candidate) = walk.next() {
        out.push(candidate.clone());
        walk.came_to(outcome);
    }
    out
}
