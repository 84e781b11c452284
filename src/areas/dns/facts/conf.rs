//! The stub resolver's settings as a C library reads them: the same file means different things to glibc and to musl.
//!
//! glibc: `resolv/res_init.c`; musl: `src/network/resolvconf.c`. What either passes over without a word is kept as a
//! [`Lint`], because the one who wrote it believes that it works.

mod glibc;
mod lint;
mod musl;
#[cfg(test)]
mod tests;

pub use lint::Lint;

use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Libc {
    /// The GNU C library.
    Glibc,
    /// musl, as in Alpine.
    Musl,
}

impl fmt::Display for Libc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Libc::Glibc => "glibc",
            Libc::Musl => "musl",
        })
    }
}

/// Where one server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    /// Its address.
    pub address: IpAddr,
    /// The interface of a link-local address, by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Some(scope) => write!(f, "{}%{scope}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conf {
    /// Whose reading of the file this is.
    pub libc: Libc,
    /// The servers that are asked, in order; at most [`SERVERS_MOST`].
    pub servers: Vec<Server>,
    /// No server was named: 127.0.0.1 is asked.
    pub default_server: bool,
    /// The search list, in order; at most [`SEARCH_MOST`] of it.
    pub search: Vec<String>,
    /// Names with fewer dots are searched for first.
    pub ndots: u32,
    /// Seconds until a server is given up for this attempt (glibc), or until everything is (musl).
    pub timeout_s: u32,
    /// Rounds over all servers (glibc), or packets to each within the timeout (musl).
    pub attempts: u32,
    /// glibc: every lookup begins with another server.
    pub rotate: bool,
    /// glibc: A and AAAA one after the other.
    pub single_request: bool,
    /// glibc: the same, on a new socket each.
    pub single_request_reopen: bool,
    /// glibc: TCP only.
    pub use_vc: bool,
    /// glibc: EDNS.
    pub edns0: bool,
    /// glibc 2.36: no AAAA at all.
    pub no_aaaa: bool,
    /// glibc: names without a dot are never asked for as they are.
    pub no_tld_query: bool,
    /// What is written there and does not do what it looks like.
    pub lints: Vec<Lint>,
}

/// `MAXNS` of both libraries.
pub const SERVERS_MOST: usize = 3;
/// glibc has no bound on the search list; nobody has so many.
pub const SEARCH_MOST: usize = 64;
/// Bytes of the file that are read.
pub const FILE_MOST: usize = 64 << 10;

/// What else decides beside the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// `RES_OPTIONS` of the process; musl does not know it.
    pub res_options: Option<String>,
    /// `LOCALDOMAIN` of the process: a search list in the place of the file's; musl does not know it.
    pub localdomain: Option<String>,
    /// The host's name: glibc takes the domain from it when the file names none.
    pub hostname: Option<String>,
}

impl Conf {
    /// Reads the text of `/etc/resolv.conf`.
    pub fn read(whose: Libc, text: &[u8], around: &Around) -> Self {
        let text = String::from_utf8_lossy(&text[..text.len().min(FILE_MOST)]);
        match whose {
            Libc::Glibc => glibc::read(&text, around),
            Libc::Musl => musl::read(&text, around),
        }
    }

    /// What applies before a line was read.
    fn defaults(whose: Libc) -> Self {
        Self {
            libc: whose,
            servers: vec![],
            default_server: false,
            search: vec![],
            ndots: 1,
            timeout_s: 5,
            attempts: 2,
            rotate: false,
            single_request: false,
            single_request_reopen: false,
            use_vc: false,
            edns0: false,
            no_aaaa: false,
            no_tld_query: false,
            lints: vec![],
        }
    }

    /// Both ask the local host when nobody is named.
    fn or_local_host(mut self) -> Self {
        if self.servers.is_empty() {
            self.default_server = true;
            self.servers.push(Server { address: IpAddr::from([127, 0, 0, 1]), scope: None });
        }
        self
    }
}
