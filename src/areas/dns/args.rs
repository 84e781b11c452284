//! The flags of `dns`.

pub(super) mod load;

use crate::model::dns_name::{NAMES_MOST, lookup_name};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Servers that one run takes.
const SERVERS: usize = 8;

/// Flags of `dns`.
#[derive(clap::Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Args {
    /// Look these names up as the application does
    #[arg(value_name = "NAME", num_args = 0..=NAMES_MOST, value_parser = lookup_name)]
    pub names: Vec<String>,
    /// Print every query that would be sent, in order, and send nothing
    #[arg(long)]
    pub plan: bool,
    /// Whose rules to look names up by
    #[arg(long, value_enum, default_value_t = Library::Auto, value_name = "WHICH")]
    pub libc: Library,
    /// Ask these servers, not those of the settings
    #[arg(long, value_name = "ADDR", num_args = 1..=SERVERS)]
    pub server: Vec<IpAddr>,
    /// The port of the servers
    #[arg(long, value_name = "PORT", default_value_t = 53, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Types that the servers are asked for
    #[arg(
        long = "type",
        id = "types",
        value_name = "TYPE",
        value_enum,
        ignore_case = true,
        value_delimiter = ',',
        default_value = "a,aaaa"
    )]
    pub types: Vec<Type>,
    /// Look the names up with this runtime too: it is started for each name
    #[arg(
        long,
        value_enum,
        value_name = "WHICH",
        value_delimiter = ',',
        requires = "names",
        conflicts_with = "plan"
    )]
    #[serde(default)]
    pub runtime: Vec<Runtime>,
    /// Rows of the tables
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Load on the servers.
    #[command(flatten)]
    #[serde(default)]
    pub load: load::Asked,
    /// Plain `check` asks: few packets, within a second
    #[arg(skip)]
    #[serde(default)]
    pub brief: bool,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self {
            names: vec![],
            plan: false,
            libc: Library::Auto,
            server: vec![],
            port: 53,
            types: vec![Type::A, Type::Aaaa],
            runtime: vec![],
            rows: 100,
            load: load::Asked::default(),
            brief: false,
        }
    }
}

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Library {
    /// Those of the library that the process uses; both when that cannot be told
    Auto,
    /// The GNU C library: Debian, Red Hat, distroless
    Glibc,
    /// musl: Alpine
    Musl,
}

/// What applications are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Node.js: `dns.lookup`
    Node,
    /// Python: `socket.getaddrinfo`
    Python3,
}

/// A type of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// IPv4 addresses
    A,
    /// IPv6 addresses
    Aaaa,
    /// Another name
    Cname,
    /// Mail servers
    Mx,
    /// Nameservers
    Ns,
    /// Name of an address
    Ptr,
    /// Begin of a zone
    Soa,
    /// Host and port of a service
    Srv,
    /// Text
    Txt,
}

impl Type {
    /// As it is written in zones.
    pub fn name(self) -> &'static str {
        match self {
            Type::A => "A",
            Type::Aaaa => "AAAA",
            Type::Cname => "CNAME",
            Type::Mx => "MX",
            Type::Ns => "NS",
            Type::Ptr => "PTR",
            Type::Soa => "SOA",
            Type::Srv => "SRV",
            Type::Txt => "TXT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let line = [&["dns"], line].concat();
        Args::from_arg_matches(&Args::augment_args(clap::Command::new("dns")).try_get_matches_from(line)?)
    }

    #[test]
    fn flags_are_what_they_say() {
        assert_eq!(parse(&[]).unwrap(), Args::default());
        let args =
            parse(&["db", "--server", "10.0.0.1", "--server", "fe80::1", "--type", "mx,TXT", "--plan"]);
        let args = args.unwrap();
        assert_eq!((args.names, args.server.len(), args.plan), (vec!["db".to_string()], 2, true));
        assert_eq!(args.types, [Type::Mx, Type::Txt]);
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_to_write() {
        let error = parse(&["--", "a b"]).unwrap_err().to_string();
        assert!(error.contains("letters"), "{error}");
        assert!(parse(&["a"; NAMES_MOST]).is_ok() && parse(&["a"; NAMES_MOST + 1]).is_err());
        assert!(parse(&["--server", "dns.test"]).is_err() && parse(&["--port", "0"]).is_err());
        assert!(parse(&["--runtime", "node"]).is_err(), "there is nothing to look up");
    }
}
