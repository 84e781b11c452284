//! A connected socket whose every wait ends at one moment. Nothing here blocks in the kernel: a server that accepts and
//! stays silent, or drips a byte a second, costs no more than the deadline.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv, send,
        socket_with, sockopt,
    },
};
use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    os::fd::OwnedFd,
    path::PathBuf,
    time::Instant,
};

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Over TCP.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
    /// A socket in the abstract name space of Linux, its name without the leading zero byte.
    Abstract(String),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Abstract(name) => write!(f, "@{name}"),
        }
    }
}

/// The socket, and when whoever waits for it gives up.
#[derive(Debug)]
pub(super) struct Wire {
    socket: OwnedFd,
    /// Every wait ends then, with `TimedOut`.
    pub until: Instant,
}

impl Wire {
    /// Connects, until then at the latest.
    pub fn connect(address: &Address, until: Instant) -> io::Result<Self> {
        let family = match address {
            Address::Tcp(SocketAddr::V4(_)) => AddressFamily::INET,
            Address::Tcp(SocketAddr::V6(_)) => AddressFamily::INET6,
            Address::Unix(_) | Address::Abstract(_) => AddressFamily::UNIX,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let wire = Self { socket: socket_with(family, SocketType::STREAM, flags, None)?, until };
        let begun = match address {
            Address::Tcp(to) => {
                // Each of our messages is a whole one: waiting to fill a segment only costs a round trip.
                sockopt::set_tcp_nodelay(&wire.socket, true)?;
                connect(&wire.socket, to)
            }
            Address::Unix(path) => connect(&wire.socket, &SocketAddrUnix::new(path)?),
            Address::Abstract(name) => {
                connect(&wire.socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)
            }
        };
        match begun {
            Ok(()) => Ok(wire),
            Err(Errno::INPROGRESS) => {
                wire.wait(PollFlags::OUT)?;
                sockopt::socket_error(&wire.socket)??;
                Ok(wire)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Who is at the other end of a socket of this machine.
    pub fn peer(&self) -> io::Result<u32> {
        Ok(sockopt::socket_peercred(&self.socket)?.uid.as_raw())
    }

    fn wait(&self, what: PollFlags) -> io::Result<()> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            match poll(&mut [PollFd::new(&self.socket, what)], Some(&left)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(other) => return Err(other.into()),
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            // Who drips never lets us wait: the moment counts even while there is something to read.
            if Instant::now() >= self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match recv(&self.socket, &mut *into, RecvFlags::empty()) {
                Ok((n, _)) => return Ok(n),
                Err(Errno::AGAIN) => self.wait(PollFlags::IN)?,
                Err(Errno::INTR) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match send(&self.socket, bytes, SendFlags::NOSIGNAL) {
                Ok(n) => return Ok(n),
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
