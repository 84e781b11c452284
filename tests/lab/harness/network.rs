//! The wire between the two hosts of a case, and what is done to it.

use super::host::{Host, PATH};
use super::run;
use super::{HERE, THERE, THERE_V6};
use std::process::Command;
use std::time::Duration;

/// Joins two hosts by a veth pair named `wire` on both sides, as [`HERE`] and [`THERE`].
pub fn join(here: &Host, there: &Host) {
    let (a, b) = (here.init().to_string(), there.init().to_string());
    let mut command = Command::new("ip");
    command
        .args(["link", "add", "name", "wire", "netns", &a, "type", "veth"])
        .args(["peer", "name", "wire", "netns", &b])
        .env_clear()
        .env("PATH", PATH);
    let ended = run::to_end(command, "", Duration::from_secs(20));
    assert!(ended.status.success(), "no veth pair between two namespaces: {}", ended.stderr);
    for (host, address, v6) in [(here, HERE, "fd77::1"), (there, THERE, THERE_V6)] {
        let lines =
            format!("addr add {address}/16 dev wire\naddr add {v6}/64 dev wire nodad\nlink set wire up\n");
        host.tool_fed(&["ip", "-batch", "-"], &lines);
    }
}

impl Host {
    /// Loads nft rules into the input chain of this host, before anything else sees the packets.
    pub fn filter_input(&self, rules: &str) {
        let script = format!(
            "table inet lab {{ chain input {{ type filter hook input priority -300; {rules}; }}\n}}\n"
        );
        self.tool_fed(&["nft", "-f", "-"], &script);
    }

    /// Makes a network namespace inside this host, as a pod is on a node, with loopback up.
    pub fn add_netns(&self, name: &str) {
        self.tool(&["ip", "netns", "add", name]);
        self.tool(&["ip", "-netns", name, "link", "set", "lo", "up"]);
    }

    /// Makes counts of TIME_WAIT exact. On a loaded machine a FIN is sent twice, the second finds
    /// nobody, and the reset that answers it would end a TIME_WAIT here (RFC 1337).
    pub fn time_wait_survives_late_packets(&self) {
        self.sysctl("net/ipv4/tcp_rfc1337", "1");
    }

    /// Gives this host more addresses on the wire.
    pub fn add_addresses<'a>(&self, addresses: impl IntoIterator<Item = &'a str>) {
        let lines: String =
            addresses.into_iter().map(|address| format!("addr add {address}/16 dev wire\n")).collect();
        self.tool_fed(&["ip", "-batch", "-"], &lines);
    }
}
