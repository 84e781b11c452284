//! One TCP socket as the kernel tells it: plain figures, no heap, copied freely.

use super::{Info, TcpState};
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
};

/// The family a socket was made with. An IPv6 socket may well carry an IPv4 connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `AF_INET`
    V4,
    /// `AF_INET6`
    V6,
}

/// One end of a connection. IPv4 is kept as `::ffff:a.b.c.d`, whatever the family of the socket: a peer seen
/// through a dual-stack socket and the same peer seen through an IPv4 socket are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address in network order; IPv4 as `::ffff:a.b.c.d`.
    pub ip: [u8; 16],
    /// The port; 0 when there is none (the peer of a listener).
    pub port: u16,
    /// The interface that a link-local IPv6 address belongs to; 0 for every other address and when unknown.
    pub scope: u32,
}

impl Endpoint {
    /// An end from an address and a port.
    pub fn new(ip: IpAddr, port: u16) -> Self {
        let ip = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        Self { ip: ip.octets(), port, scope: 0 }
    }

    /// The address, with `::ffff:a.b.c.d` folded to IPv4.
    pub fn addr(&self) -> IpAddr {
        Ipv6Addr::from(self.ip).to_canonical()
    }

    /// 127.0.0.0/8 or ::1.
    pub fn is_loopback(&self) -> bool {
        self.addr().is_loopback()
    }

    /// 0.0.0.0 or ::, "any address".
    pub fn is_unspecified(&self) -> bool {
        self.addr().is_unspecified()
    }

    /// An IPv6 address that means something on one interface only (fe80::/10).
    pub(super) fn is_link_local(&self) -> bool {
        self.ip[0] == 0xfe && self.ip[1] & 0xc0 == 0x80
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(a: SocketAddr) -> Self {
        let mut end = Self::new(a.ip(), a.port());
        if let SocketAddr::V6(v6) = a
            && end.is_link_local()
        {
            end.scope = v6.scope_id();
        }
        end
    }
}

impl fmt::Display for Endpoint {
    /// `10.0.0.1:80`, `[2001:db8::1]:80`, `[fe80::1%2]:80`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match self.addr() {
            IpAddr::V6(v6) => SocketAddr::V6(SocketAddrV6::new(v6, self.port, 0, self.scope)),
            v4 => SocketAddr::new(v4, self.port),
        };
        fmt::Display::fmt(&address, f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The one timer that the kernel reports of a socket. A pending retransmission or probe hides a keepalive timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Nothing is armed.
    None,
    /// Sent data (or SYN, FIN) awaits its acknowledgement.
    Retransmit,
    /// Keepalive, or an orphan in FIN_WAIT2 that waits for its peer.
    Keepalive,
    /// TIME_WAIT, or FIN_WAIT2 without a process.
    TimeWait,
    /// The peer's window is zero: the kernel asks from time to time.
    Probe,
    /// A number this program does not know.
    Other(u8),
}

impl Timer {
    pub(super) fn from_kernel(number: u8) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Retransmit,
            2 => Self::Keepalive,
            3 => Self::TimeWait,
            4 => Self::Probe,
            n => Self::Other(n),
        }
    }
}

/// One TCP socket. Fields that are `None` were not said by the source asked: [`files`](super::files) says
/// least, an older kernel says less than a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sock {
    /// The family of the socket, not of the connection.
    pub family: Family,
    /// The state.
    pub state: TcpState,
    /// Our end.
    pub local: Endpoint,
    /// The peer; all zero for a listener.
    pub remote: Endpoint,
    /// The armed timer.
    pub timer: Timer,
    /// Time until [`Sock::timer`] fires, milliseconds; `None` when no timer is armed.
    pub expires_ms: Option<u32>,
    /// What the armed timer has done: retransmissions in a row (retransmit) or probes without an answer
    /// (keepalive, probe).
    pub retrans: u8,
    /// Bytes received and not read by the process; a FIN counts as one. Of a listener: connections that wait to
    /// be accepted.
    pub rqueue: u32,
    /// Bytes sent and not acknowledged, or not sent yet. Of a listener: meaningless, see [`Sock::backlog`].
    pub wqueue: u32,
    /// Of a listener: how many connections may wait. The queue is full when `rqueue` is **greater**. Not in
    /// `/proc/net/tcp`.
    pub backlog: Option<u32>,
    /// The user who made the socket; see [`Sock::owner_uid`] before believing a 0.
    pub uid: u32,
    /// The inode, as in `socket:[1234]`; 0 when no process holds the socket: [`Sock::is_orphan`],
    /// [`Sock::awaits_accept`], SYN_RECV.
    pub inode: u32,
    /// A number no other socket has had since boot. Not in `/proc/net/tcp`.
    pub cookie: Option<u64>,
    /// The interface the socket is bound to, 0 for none. Not in `/proc/net/tcp`.
    pub ifindex: Option<u32>,
    /// `struct tcp_info`; `None` when it was not asked for, and for TIME_WAIT and SYN_RECV.
    pub info: Option<Info>,
    /// Packets this socket dropped; of a listener the connections it turned away.
    pub drops: Option<u32>,
    /// Which directions the process shut down: 1 receiving, 2 sending, 3 both .
    pub shutdown: Option<u8>,
    /// Of an IPv6 listener: whether it refuses IPv4 (IPV6_V6ONLY).
    pub v6_only: Option<bool>,
    /// Inode of the cgroup v2 directory that the socket was made in; newer kernels.
    pub cgroup_id: Option<u64>,
    /// `struct inet_diag_sockopt` as it came; newer kernels; see [`Sock::binds_without_port`].
    pub sockopt: Option<[u8; 2]>,
}

impl Sock {
    /// The user who owns the socket. Sockets that no process holds carry uid 0 without being root's.
    pub fn owner_uid(&self) -> Option<u32> {
        (self.inode != 0).then_some(self.uid)
    }

    /// Established by the kernel and not accepted by the process yet (in CLOSE_WAIT: the peer has given up waiting).
    /// Such a connection has no inode either, but belongs to whoever holds the listener on its local port.
    pub fn awaits_accept(&self) -> bool {
        self.inode == 0 && matches!(self.state, TcpState::Established | TcpState::CloseWait)
    }

    /// Closed by its process, not yet by the kernel: FIN_WAIT1/2, CLOSING, LAST_ACK or TIME_WAIT without an inode.
    pub fn is_orphan(&self) -> bool {
        use TcpState::{Closing, FinWait1, FinWait2, LastAck, TimeWait};
        self.inode == 0 && matches!(self.state, FinWait1 | FinWait2 | Closing | LastAck | TimeWait)
    }

    /// IP_BIND_ADDRESS_NO_PORT: bound to a source address, the port chosen only at `connect`, so that one
    /// port may serve several peers.
    pub fn binds_without_port(&self) -> Option<bool> {
        // A C bit field: bit 0 is the first one declared on little-endian machines and the last on big-endian ones.
        let first = if cfg!(target_endian = "big") { 0x80 } else { 0x01 };
        self.sockopt.map(|o| o[1] & first != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Endpoint {
        text.parse::<SocketAddr>().unwrap().into()
    }

    #[test]
    fn endpoints_read_like_addresses() {
        for text in
            ["10.0.0.1:80", "[2001:db8::1]:80", "0.0.0.0:22", "[::]:22", "[::1]:65535", "[fe80::1%2]:80"]
        {
            assert_eq!(end(text).to_string(), text);
        }
        assert_eq!(format!("{:>12}|{:<8}|", end("1.2.3.4:5"), end("[::]:1")), "   1.2.3.4:5|[::]:1  |");
    }

    #[test]
    fn an_ipv4_peer_is_the_same_behind_either_family() {
        assert_eq!(end("[::ffff:10.0.0.1]:80"), end("10.0.0.1:80"));
        assert_eq!(end("[::ffff:10.0.0.1]:80").to_string(), "10.0.0.1:80");
        assert_ne!(end("0.0.0.0:80"), end("[::]:80"), "the two wildcards are not one listener");
        assert!(end("[::ffff:127.0.0.1]:1").is_loopback() && end("[::1]:1").is_loopback());
        assert!(end("0.0.0.0:1").is_unspecified() && end("[::]:1").is_unspecified());
        assert!(!end("10.0.0.1:1").is_loopback() && !end("10.0.0.1:1").is_unspecified());
    }

    #[test]
    fn a_scope_belongs_to_link_local_addresses_only() {
        assert_eq!(end("[fe80::1%7]:1").scope, 7);
        assert_eq!(end("[2001:db8::1%7]:1").scope, 0);
    }
}
