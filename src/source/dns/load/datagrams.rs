//! Datagrams of a connected socket, many at a call, each with the time at which the kernel took it off the wire or put it
//! there: what this thread does between arrival and reading is then no part of anybody's latency, nor is the way into a
//! kernel whose code is not in the cache (25 µs were measured).
//! <https://docs.kernel.org/networking/timestamping.html>
#![allow(unsafe_code)] // sendmmsg, recvmmsg, SO_TIMESTAMPING and SO_MEMINFO: rustix has none of them

use super::super::arrival;
use rustix::io::Errno;
use std::{
    mem,
    os::fd::{AsRawFd, OwnedFd},
    ptr,
    time::Duration,
};

/// Datagrams of one call.
pub(super) const BATCH: usize = 32;
/// Of a datagram so much is read: its header and the longest question, 12 + 255 + 4 bytes.
const BYTES: usize = 288;
/// Control bytes of one datagram: two messages of times with 32 and 64 bytes, and an error of 48.
const CONTROL: usize = 192;

/// What was read last.
pub(super) struct Inbox {
    bytes: Box<[[u8; BYTES]; BATCH]>,
    control: Box<[Control; BATCH]>,
    lengths: [usize; BATCH],
    stamps: [Option<Duration>; BATCH],
}

/// Aligned for `cmsghdr`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

/// A datagram.
#[derive(Clone, Copy)]
pub(super) struct Datagram<'a> {
    /// Its beginning.
    pub bytes: &'a [u8],
    /// When it arrived, since 1970 by the wall clock; none when the kernel did not say.
    pub stamp: Option<Duration>,
}

impl Inbox {
    pub fn new() -> Self {
        Self {
            bytes: Box::new([[0; BYTES]; BATCH]),
            control: Box::new([Control([0; CONTROL]); BATCH]),
            lengths: [0; BATCH],
            stamps: [None; BATCH],
        }
    }

    /// Reads what is there, without waiting, and says how many they are.
    pub fn receive(&mut self, socket: &OwnedFd) -> Result<usize, Errno> {
        self.read(socket, libc::MSG_DONTWAIT)
    }

    /// When this many datagrams that were sent last were put on the wire: none when the kernel has not said so of each by now.
    /// What it says later is forgotten by the next call.
    pub fn left(&mut self, socket: &OwnedFd, many: usize) -> Option<&[Option<Duration>]> {
        let n = self.read(socket, libc::MSG_DONTWAIT | libc::MSG_ERRQUEUE).ok()?;
        (n == many).then(|| &self.stamps[..n])
    }

    fn read(&mut self, socket: &OwnedFd, flags: libc::c_int) -> Result<usize, Errno> {
        let mut parts = [const { libc::iovec { iov_base: ptr::null_mut(), iov_len: BYTES } }; BATCH];
        // SAFETY: all of it are numbers and pointers, for which zero is a value; musl has private padding in it.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        for (i, header) in headers.iter_mut().enumerate() {
            parts[i].iov_base = self.bytes[i].as_mut_ptr().cast();
            header.msg_hdr.msg_iov = &raw mut parts[i];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = self.control[i].0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = CONTROL as _;
        }
        // SAFETY: each header points to a buffer and a control buffer of the lengths that it says, which outlive the call.
        let n = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as _, flags as _, ptr::null_mut())
        };
        let n = usize::try_from(n).map_err(|_| last_error())?;
        for (i, header) in headers.iter().take(n).enumerate() {
            self.lengths[i] = (header.msg_len as usize).min(BYTES);
            self.stamps[i] = arrival::stamp(&header.msg_hdr);
        }
        Ok(n)
    }

    /// One of those that were read last.
    pub fn datagram(&self, i: usize) -> Datagram<'_> {
        Datagram { bytes: &self.bytes[i][..self.lengths[i]], stamp: self.stamps[i] }
    }
}

/// Sends these, one behind the other, without waiting, and says how many left.
pub(super) fn send_all(socket: &OwnedFd, messages: &[&[u8]]) -> Result<usize, Errno> {
    let mut parts = [const { libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 } }; BATCH];
    // SAFETY: all of it are numbers and pointers, for which zero is a value; musl has private padding in it.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
    let n = messages.len().min(BATCH);
    for ((header, part), bytes) in headers.iter_mut().zip(&mut parts).zip(messages) {
        part.iov_base = bytes.as_ptr().cast_mut().cast();
        part.iov_len = bytes.len();
        header.msg_hdr.msg_iov = &raw mut *part;
        header.msg_hdr.msg_iovlen = 1;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the first n headers point to n messages that outlive the call; sendmmsg only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), n as _, flags as _) };
    usize::try_from(sent).map_err(|_| last_error())
}

/// Asks the kernel to stamp what arrives, and what leaves if that is wanted too: each of those must be [fetched](Inbox::left).
/// Where it does not, nothing is stamped.
pub(super) fn stamp(socket: &OwnedFd, leaving: bool) {
    let arriving = libc::SOF_TIMESTAMPING_SOFTWARE | libc::SOF_TIMESTAMPING_RX_SOFTWARE;
    let leaving =
        if leaving { libc::SOF_TIMESTAMPING_TX_SOFTWARE | libc::SOF_TIMESTAMPING_OPT_TSONLY } else { 0 };
    let flags: libc::c_uint = arriving | leaving;
    // SAFETY: the option takes an int of this length.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPING,
            (&raw const flags).cast(),
            size_of_val(&flags) as libc::socklen_t,
        );
    }
}

/// Datagrams that the kernel dropped because the buffer of the socket was full: `sk_drops`, since Linux 4.12.
pub(super) fn drops(socket: &OwnedFd) -> Option<u64> {
    const DROPS: usize = libc::SK_MEMINFO_DROPS as usize;
    let mut figures = [0u32; DROPS + 1];
    let mut length = size_of_val(&figures) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, the size of the array.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            figures.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    (done == 0 && length as usize == size_of_val(&figures)).then(|| figures[DROPS].into())
}

fn last_error() -> Errno {
    std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)
}
