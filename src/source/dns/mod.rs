//! Questions to nameservers over sockets of our own: one packet is one packet, nothing is repeated, merged or asked elsewhere
//! behind our back, and each figure is that of one server, one type and one transport.

mod arrival;
mod crowd;
pub mod load;
mod message;
pub mod others;
mod resolve;
mod tcp;
mod udp;

pub use crowd::{Rounds, ask_all};
pub use message::{Question, Reply};
pub use resolve::{Names, NoAddress};
pub use tcp::ask_tcp;
pub use udp::{Ask, Line, Manner, Open, ask_udp, ask_udp_open};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketType, netdevice, socket},
};
use std::{
    net::{IpAddr, SocketAddr, SocketAddrV6},
    time::Duration,
};

/// The port that nameservers listen on.
pub const PORT: u16 = 53;

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// A reply with our id and our question.
    Reply(Reply),
    /// Nothing for as long as was waited.
    Silence,
    /// Nobody listens on that port there: an ICMP message or a reset said so.
    Closed,
    /// The kernel or a router says that there is nobody of this address.
    Unreachable,
    /// The kernel knows no way there: nothing was sent.
    NoRoute,
    /// A rule on this machine forbids it, or the kernel refused for another reason: nothing was sent.
    Barred(Errno),
    /// Our own deadline came before the end of the wait.
    Cut,
    /// The other side ended the connection without an answer.
    Ended,
    /// A reply with our id that is not a DNS message.
    Malformed,
}

/// What arrived beside the one answer that was waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// With another id or another question: a stray answer, or somebody who guesses.
    pub foreign: u32,
    /// The same answer once more.
    pub duplicate: u32,
    /// An answer after the wait was over.
    pub late: u32,
}

impl Odd {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            foreign: self.foreign + other.foreign,
            duplicate: self.duplicate + other.duplicate,
            late: self.late + other.late,
        }
    }
}

/// What was heard of one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// What came.
    pub came: Came,
    /// From before the first packet was sent until then; monotonic. Over UDP an answer came when the kernel took it off the
    /// wire, not when we read it.
    pub took: Duration,
    /// Packets sent.
    pub sends: u32,
    /// What else arrived.
    pub odd: Odd,
}

impl Heard {
    fn at_once(came: Came) -> Self {
        Self { came, took: Duration::ZERO, sends: 0, odd: Odd::default() }
    }
}

/// Where a server listens. The scope of a link-local address is an interface by name or number.
pub fn address(ip: IpAddr, scope: Option<&str>, port: u16) -> SocketAddr {
    let index = |scope: &str| {
        scope.parse().ok().or_else(|| {
            let any = socket(AddressFamily::INET6, SocketType::DGRAM, None).ok()?;
            netdevice::name_to_index(any, scope).ok()
        })
    };
    match ip {
        IpAddr::V4(v4) => SocketAddr::from((v4, port)),
        IpAddr::V6(v6) => SocketAddrV6::new(v6, port, 0, scope.and_then(index).unwrap_or(0)).into(),
    }
}

/// Gives this thread its normal priority back, where that is allowed: who waits for the processor measures himself.
pub fn at_normal_priority() {
    let _ = rustix::process::setpriority_process(None, 0);
}

/// What an error of `connect` or `send` means.
fn refused(errno: Errno) -> Came {
    match errno {
        Errno::CONNREFUSED => Came::Closed,
        Errno::HOSTUNREACH | Errno::HOSTDOWN => Came::Unreachable,
        // No address of the family of the server, or none that may reach it, is the same as no way.
        Errno::NETUNREACH | Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT | Errno::NETDOWN | Errno::NODEV => {
            Came::NoRoute
        }
        other => Came::Barred(other),
    }
}

/// A number that nobody else can guess.
pub fn random() -> u16 {
    let mut bytes = [0u8; 2];
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK) {
        Ok(2) => u16::from_ne_bytes(bytes),
        // Early at boot there is no entropy yet; the hasher of the standard library has keys of its own.
        _ => {
            use std::hash::{BuildHasher, Hasher};
            std::hash::RandomState::new().build_hasher().finish() as u16
        }
    }
}

#[cfg(test)]
mod tests;
