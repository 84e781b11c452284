//! The sockets of a load, each connected to the server, so that only it can answer and an ICMP message is heard; and ids
//! that nobody can guess.

use super::{super::udp::connected, datagrams};
use rustix::{
    buffer::spare_capacity,
    event::{PollFd, PollFlags, Timespec, epoll, poll},
    io::Errno,
    net::sockopt,
};
use std::{net::SocketAddr, os::fd::OwnedFd};

/// Fewest and most of them. An id has 16 bits, a receive buffer holds some 200 small answers, and servers share out their
/// work by port.
const FEWEST: usize = 16;
const MOST: usize = 64;
/// With another socket for each so many questions a second.
const PER_SOCKET: f64 = 100.0;
/// Up to so many questions a second the kernel says when each left, at the price of a call more.
const STAMPED_PER_S: f64 = 10_000.0;
/// What is asked of the kernel as a receive buffer, bytes; it gives what `net.core.rmem_max` allows.
const BUFFER: usize = 1 << 20;

/// All of them.
pub(super) struct Ports {
    sockets: Vec<OwnedFd>,
    any: OwnedFd,
    ready: Vec<epoll::Event>,
    random: Vec<u8>,
    /// Sockets that were wanted and not had.
    pub exhausted: u64,
    /// The kernel says when each question left.
    pub stamped: bool,
}

impl Ports {
    /// As many as this rate needs, or as can be had.
    pub fn open(server: SocketAddr, per_s: f64) -> Result<Self, Errno> {
        let wanted = ((per_s / PER_SOCKET) as usize).clamp(FEWEST, MOST);
        let stamped = per_s <= STAMPED_PER_S;
        let any = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut sockets = Vec::with_capacity(wanted);
        for n in 0..wanted as u64 {
            let socket = match connected(server) {
                Ok(s) => s,
                Err(e) if n == 0 => return Err(e),
                Err(_) => break,
            };
            let _ = sockopt::set_socket_recv_buffer_size(&socket, BUFFER);
            datagrams::stamp(&socket, stamped);
            epoll::add(&any, &socket, epoll::EventData::new_u64(n), epoll::EventFlags::IN)?;
            sockets.push(socket);
        }
        let exhausted = (wanted - sockets.len()) as u64;
        Ok(Self { sockets, any, ready: Vec::with_capacity(MOST), random: Vec::new(), exhausted, stamped })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// One of them.
    pub fn socket(&self, at: u16) -> &OwnedFd {
        &self.sockets[usize::from(at)]
    }

    /// Those that something arrived on.
    pub fn ready(&mut self) -> Vec<u16> {
        self.ready.clear();
        let _ = epoll::wait(
            &self.any,
            spare_capacity(&mut self.ready),
            Some(&Timespec { tv_sec: 0, tv_nsec: 0 }),
        );
        self.ready.iter().map(|e| e.data.u64() as u16).collect()
    }

    /// Sleeps until something arrives, or so many nanoseconds.
    pub fn sleep(&self, ns: u64) {
        let left = Timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as _ };
        let _ = poll(&mut [PollFd::new(&self.any, PollFlags::IN)], Some(&left));
    }

    /// Datagrams that the kernel dropped because they were read too late; none where it does not tell.
    pub fn drops(&self) -> Option<u64> {
        self.sockets.iter().map(datagrams::drops).sum()
    }

    /// An id that nobody can guess.
    pub fn random_id(&mut self) -> u16 {
        if self.random.len() < 2 {
            self.random.resize(512, 0);
            if rustix::rand::getrandom(&mut self.random[..], rustix::rand::GetRandomFlags::NONBLOCK)
                != Ok(512)
            {
                // Early at boot there is no entropy yet.
                self.random.truncate(2);
                self.random.copy_from_slice(&super::super::random().to_ne_bytes());
            }
        }
        u16::from_ne_bytes([self.random.pop().unwrap_or_default(), self.random.pop().unwrap_or_default()])
    }
}
