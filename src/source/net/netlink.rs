//! The netlink socket that carries sock_diag requests and answers.
#![allow(unsafe_code)] // socket, send, recvfrom and poll of a netlink socket exist only as C functions

use std::{
    io,
    mem::{size_of, zeroed},
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    time::{Duration, Instant},
};

/// One datagram that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    /// How many bytes of the buffer it fills.
    pub bytes: usize,
    /// It was longer than the buffer; the rest is lost.
    pub truncated: bool,
    /// The kernel sent it. A process with CAP_NET_ADMIN may send to a netlink socket too.
    pub from_kernel: bool,
}

/// What carries datagrams to and from the kernel; a trait so that tests can be a kernel that misbehaves.
pub(super) trait Wire {
    fn send(&mut self, request: &[u8]) -> io::Result<()>;
    /// Waits for one datagram until `deadline`, then fails with `TimedOut`.
    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<Received>;
}

/// A socket of the protocol `NETLINK_SOCK_DIAG`, in the network namespace of the thread that opened it.
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    pub fn open() -> io::Result<Self> {
        // SAFETY: no pointers; the descriptor returned belongs to nobody else.
        let fd = unsafe {
            libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, libc::NETLINK_SOCK_DIAG)
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` is open and owned by nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Waits until something can be read. A dump is produced inside the reading call, so this is hardly ever reached.
    fn wait(&self, deadline: Instant) -> io::Result<()> {
        let left = left(deadline)?;
        // Rounded up: a rest of half a millisecond must not become a busy loop.
        let ms = left.as_millis().saturating_add(1).min(i32::MAX as u128) as i32;
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `poll` is one pollfd and outlives the call.
        match unsafe { libc::poll(&mut poll, 1, ms) } {
            -1 => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => Ok(()),
                e => Err(e),
            },
            _ => Ok(()),
        }
    }
}

impl Wire for Netlink {
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        // SAFETY: pointer and length are those of `request`. A socket without an address sends to the kernel.
        match unsafe { libc::send(self.0.as_raw_fd(), request.as_ptr().cast(), request.len(), 0) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<Received> {
        loop {
            left(deadline)?;
            // SAFETY: all zero is a valid sockaddr_nl.
            let mut from: libc::sockaddr_nl = unsafe { zeroed() };
            let mut from_len = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
            // MSG_TRUNC: the length returned is that of the datagram, not of what fitted.
            // SAFETY: every pointer is to a live variable of the length given beside it.
            let length = unsafe {
                libc::recvfrom(
                    self.0.as_raw_fd(),
                    buffer.as_mut_ptr().cast(),
                    buffer.len(),
                    libc::MSG_DONTWAIT | libc::MSG_TRUNC,
                    (&raw mut from).cast(),
                    &mut from_len,
                )
            };
            if let Ok(length) = usize::try_from(length) {
                return Ok(Received {
                    bytes: length.min(buffer.len()),
                    truncated: length > buffer.len(),
                    from_kernel: from_len as usize >= size_of::<libc::sockaddr_nl>() && from.nl_pid == 0,
                });
            }
            let error = io::Error::last_os_error();
            match error.kind() {
                io::ErrorKind::WouldBlock => self.wait(deadline)?,
                io::ErrorKind::Interrupted => {}
                _ => return Err(error),
            }
        }
    }
}

/// What is left until `deadline`; `TimedOut` when nothing is.
fn left(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::Error::new(io::ErrorKind::TimedOut, "the deadline passed")),
        left => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_says_nothing_costs_the_deadline_and_no_more() {
        let mut wire = Netlink::open().unwrap();
        let start = Instant::now();
        let e = wire.receive(&mut [0; 64], start + Duration::from_millis(50)).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
        let e = wire.receive(&mut [0; 64], start).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::TimedOut, "a deadline in the past");
    }

    #[test]
    fn a_datagram_longer_than_the_buffer_is_noticed() {
        let mut wire = Netlink::open().unwrap();
        wire.send(&[0; 16]).unwrap(); // length 0: ignored by the kernel, no answer
        let mut request = [0u8; 16];
        request[0..4].copy_from_slice(&16u32.to_ne_bytes());
        request[4..6].copy_from_slice(&0x7fffu16.to_ne_bytes()); // no such message: an error is the answer
        request[6..8].copy_from_slice(&1u16.to_ne_bytes());
        wire.send(&request).unwrap();
        let got = wire.receive(&mut [0; 18], Instant::now() + Duration::from_secs(5)).unwrap();
        assert!(got.truncated && got.from_kernel && got.bytes == 18, "{got:?}");
    }

    #[test]
    fn a_message_from_another_process_is_not_the_kernels() {
        let mut wire = Netlink::open().unwrap();
        // SAFETY: plain C structs and lengths of live variables.
        let port = unsafe {
            let mut own: libc::sockaddr_nl = zeroed();
            own.nl_family = libc::AF_NETLINK as u16;
            let mut len = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
            assert_eq!(libc::bind(wire.0.as_raw_fd(), (&raw const own).cast(), len), 0);
            assert_eq!(libc::getsockname(wire.0.as_raw_fd(), (&raw mut own).cast(), &mut len), 0);
            own
        };
        let other = Netlink::open().unwrap();
        // SAFETY: as above.
        let sent = unsafe {
            let len = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
            libc::sendto(other.0.as_raw_fd(), [7u8; 20].as_ptr().cast(), 20, 0, (&raw const port).cast(), len)
        };
        assert_eq!(sent, 20, "this test needs root (CAP_NET_ADMIN): {}", io::Error::last_os_error());
        let got = wire.receive(&mut [0; 64], Instant::now() + Duration::from_secs(5)).unwrap();
        assert!(!got.from_kernel && got.bytes == 20, "{got:?}");
    }
}
