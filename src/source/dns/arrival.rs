//! Datagrams with the time at which the kernel took them off the wire: what this thread does between arrival and reading,
//! on a machine that is busy or throttled, is then no part of a server's latency.
#![allow(unsafe_code)] // recvmsg with control messages that rustix does not know, SO_TIMESTAMPNS

use rustix::io::Errno;
use std::{
    mem,
    os::fd::{AsRawFd, OwnedFd},
    ptr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Control bytes of one datagram: a header of 16 and a `timespec` of 16, with room for another.
const CONTROL: usize = 64;
/// Two readings of one clock that are this far apart were interrupted.
const INTERRUPTED: Duration = Duration::from_micros(20);
/// A stamp may seem this much earlier than what it answers, because two clocks are not read at once.
const JITTER: Duration = Duration::from_micros(50);

/// Aligned for `cmsghdr`.
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// When something arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// When it was read.
    read: Instant,
    /// The same by the wall clock, since 1970.
    wall: Duration,
    /// The kernel's stamp, by the wall clock.
    stamp: Option<Duration>,
}

impl Arrival {
    fn now(stamp: Option<Duration>) -> Self {
        for _ in 0..2 {
            let (read, wall) = both();
            if read.elapsed() < INTERRUPTED {
                return Self { read, wall, stamp };
            }
        }
        let (read, wall) = both();
        Self { read, wall, stamp }
    }

    /// By the monotonic clock, for the answer to what was sent then. When the stamp cannot be true, because the wall clock
    /// was set meanwhile or there is none, it is the time of reading.
    pub fn after(&self, sent: Instant) -> Instant {
        let ago = self.stamp.and_then(|stamp| self.wall.checked_sub(stamp));
        let at = ago.and_then(|ago| self.read.checked_sub(ago));
        at.filter(|at| *at + JITTER >= sent).map_or(self.read, |at| at.max(sent))
    }
}

fn both() -> (Instant, Duration) {
    (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Asks the kernel to stamp what arrives. Where it does not, nothing is stamped.
pub(super) fn stamp_arrivals(socket: &OwnedFd) {
    let on: libc::c_int = 1;
    // SAFETY: the option takes an int of this length.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        );
    }
}

/// Reads one datagram, without waiting.
pub(super) fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Result<(usize, Arrival), Errno> {
    let mut control = Control([0; CONTROL]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: numbers and pointers, for which zero is a value; musl has private padding in it.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL as _;
    // SAFETY: the header points to a buffer and a control buffer of the lengths that it says, which outlive the call.
    let n = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT) };
    let Ok(n) = usize::try_from(n) else {
        let error = std::io::Error::last_os_error().raw_os_error();
        return Err(error.map_or(Errno::IO, Errno::from_raw_os_error));
    };
    Ok((n, Arrival::now(stamp(&header))))
}

/// The kernel's time among the control messages, whichever of its two ways it was asked in: the first of its times is that of
/// the software.
pub(super) fn stamp(header: &libc::msghdr) -> Option<Duration> {
    // SAFETY: recvmsg filled the control buffer of this header and set its length; the macros stay within it.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(header);
        while !at.is_null() {
            let kind = (*at).cmsg_type;
            let is_time = kind == libc::SCM_TIMESTAMPNS || kind == libc::SCM_TIMESTAMPING;
            if (*at).cmsg_level == libc::SOL_SOCKET && is_time {
                let time: libc::timespec = ptr::read_unaligned(libc::CMSG_DATA(at).cast());
                let s = u64::try_from(time.tv_sec).ok()?;
                return Some(Duration::new(s, u32::try_from(time.tv_nsec).ok()?));
            }
            at = libc::CMSG_NXTHDR(header, at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::UdpSocket, thread};

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn what_is_read_late_arrived_when_the_kernel_says() {
        let (one, other) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let socket = OwnedFd::from(one.try_clone().unwrap());
        stamp_arrivals(&socket);
        let mut buffer = [0; 8];
        assert_eq!(receive(&socket, &mut buffer).unwrap_err(), Errno::AGAIN);
        // The kernel begins to stamp a moment after the first socket of the machine asks for it.
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let sent = Instant::now();
            other.send_to(b"abc", one.local_addr().unwrap()).unwrap();
            let there = sent.elapsed();
            thread::sleep(ms(60));
            let (n, arrival) = receive(&socket, &mut buffer).unwrap();
            assert_eq!(&buffer[..n], b"abc");
            // Loopback delivers within the call.
            let took = arrival.after(sent) - sent;
            if took <= there + JITTER {
                break;
            }
            assert!(Instant::now() < until, "{took:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_meanwhile_is_not_believed() {
        let read = Instant::now() + ms(1000);
        let sent = read - ms(100);
        let arrival = |ago_ms: Option<i64>| {
            let stamp = ago_ms.map(|ago| Duration::from_millis((1_000_000 - ago) as u64));
            Arrival { read, wall: ms(1_000_000), stamp }
        };
        assert_eq!(arrival(Some(30)).after(sent), read - ms(30));
        assert_eq!(arrival(Some(100)).after(sent), sent);
        assert_eq!(arrival(Some(101)).after(sent), read, "before it was asked");
        assert_eq!(arrival(Some(-1)).after(sent), read, "in the future");
        assert_eq!(arrival(None).after(sent), read);
    }
}
