//! The flags of `sockets`.

use crate::model::{ALL_STATES, TcpState, parse_states};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What the table of connections is grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// One row for each owner and peer.
    #[default]
    Peer,
    /// One row for each process.
    Owner,
    /// One row for each state.
    State,
}

/// Flags of `sockets`.
#[derive(clap::Args, Clone, Debug, Serialize, Deserialize)]
pub struct Args {
    /// Only these states, as ss names them: close-wait, established, connected …
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state)]
    pub state: Vec<u32>,
    /// Only connections to this address, as in 10.0.3.7, 10.0.3.7:443 or :443
    #[arg(long, value_name = "ADDR[:PORT]")]
    pub peer: Option<Peer>,
    /// Only listening sockets
    #[arg(long, conflicts_with_all = ["state", "peer"])]
    pub listen: bool,
    /// What the connections are grouped by
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub group_by: GroupBy,
    /// Rows kept of each table, the worst first
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Print every socket, as it is read
    #[arg(long)]
    pub all: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self { state: vec![], peer: None, listen: false, group_by: GroupBy::Peer, rows: 100, all: false }
    }
}

impl Args {
    /// The states asked for, as a mask.
    pub fn mask(&self) -> u32 {
        let mask = match self.state.iter().fold(0, |a, b| a | b) {
            _ if self.listen => TcpState::Listen.bit(),
            0 => ALL_STATES,
            mask => mask,
        };
        // A listener has no peer.
        if self.peer.is_some() { mask & !TcpState::Listen.bit() } else { mask }
    }
}

fn state(text: &str) -> Result<u32, String> {
    parse_states(text).ok_or_else(|| {
        let names: Vec<_> = TcpState::all().take(11).map(TcpState::name).collect();
        format!("no TCP state; states: {}, connected, synchronized, all", names.join(", "))
    })
}

/// One peer: an address, a port, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The address, IPv4 not mapped.
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: Option<u16>,
}

impl std::str::FromStr for Peer {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no address; write 10.0.3.7, 10.0.3.7:443, [2001:db8::1]:443 or :443");
        if let Some(port) = text.strip_prefix(':').and_then(|p| p.parse().ok()) {
            return Ok(Self { ip: None, port: Some(port) });
        }
        if let Ok(end) = text.parse::<std::net::SocketAddr>() {
            return Ok(Self { ip: Some(end.ip().to_canonical()), port: Some(end.port()) });
        }
        let ip: IpAddr = text.trim_matches(['[', ']']).parse().map_err(|_| wrong())?;
        Ok(Self { ip: Some(ip.to_canonical()), port: None })
    }
}

impl Peer {
    /// Whether this end is meant.
    pub fn holds(&self, ip: IpAddr, port: u16) -> bool {
        self.ip.is_none_or(|i| i == ip) && self.port.is_none_or(|p| p == port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_addresses_ports_or_both() {
        let of = |t: &str| t.parse::<Peer>();
        let v4: IpAddr = [10, 0, 3, 7].into();
        assert_eq!(of("10.0.3.7"), Ok(Peer { ip: Some(v4), port: None }));
        assert_eq!(of("10.0.3.7:443"), Ok(Peer { ip: Some(v4), port: Some(443) }));
        assert_eq!(of("[::ffff:10.0.3.7]:443"), of("10.0.3.7:443"));
        assert_eq!(of(":443"), Ok(Peer { ip: None, port: Some(443) }));
        assert_eq!(of("[2001:db8::1]"), of("2001:db8::1"));
        for bad in ["", "example.com", "10.0.3.7:", "10.0.3.7:99999", ":x"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
