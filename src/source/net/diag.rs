//! Every TCP socket of one network namespace, over netlink (`sock_diag(7)`).
//!
//! The rows are streamed: the only memory is one buffer. A dump is no snapshot: the kernel walks its tables
//! bucket by bucket while sockets come and go, so a socket that moves may be seen twice (same
//! [`cookie`](super::Sock::cookie)) or not at all.

pub use super::message::parse_message;
use super::{
    Family, Sock, failed,
    message::{DUMP_INTR, Messages, Request, kind, request},
    netlink::{Netlink, Wire},
    netns,
};
use std::{io, path::Path, time::Instant};

/// What to ask of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Mask of states ([`TcpState::bit`](super::TcpState::bit), [`ALL_STATES`](super::ALL_STATES)). The
    /// kernel leaves out the others, which costs next to nothing.
    pub states: u32,
    /// [`Sock::info`]: 280 bytes more per socket.
    pub info: bool,
    /// [`Sock::drops`].
    pub skmem: bool,
}

/// Whose sockets.
#[derive(Clone, Copy, Debug)]
pub enum Namespace<'p> {
    /// Those of the network namespace this thread is in.
    Own,
    /// Those of the namespace of the process at this path (`/proc/PID`). A netlink socket speaks for the namespace that
    /// it was opened in, wherever it is read.
    Of(&'p Path),
}

impl Namespace<'_> {
    fn open(self) -> io::Result<Netlink> {
        match self {
            Self::Own => Netlink::open(),
            Self::Of(process) => netns::inside(process, Netlink::open)?,
        }
        .map_err(|e| explain(&e))
    }
}

/// How a dump went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dumped {
    /// Rows may be missing or doubled: the kernel said so, or a part of the answer was lost.
    pub interrupted: bool,
    /// Rows given to `each`.
    pub count: u64,
    /// Answers that could not be read.
    pub malformed: u64,
    /// Requests it took: 1, or 3 where the kernel refuses the one for both families.
    pub requests: u8,
}

/// The kernel fills at most 32 KiB per call, whatever it is offered (`netlink_recvmsg`).
const BUFFER: usize = 32 << 10;
const WHAT: &str = "sock_diag: dump of TCP sockets";
/// Tries of [`dump_whole`].
const TRIES: u32 = 3;

/// Streams every TCP socket, IPv4 and IPv6, in one of the asked states to `each`.
///
/// # Errors
/// `Unsupported`: no such protocol in this kernel (gVisor, no `tcp_diag`); `PermissionDenied`: a security module;
/// `TimedOut`: `deadline` passed. Rows may have been given before an error.
pub fn dump(at: Namespace, ask: &Ask, deadline: Instant, each: &mut dyn FnMut(&Sock)) -> io::Result<Dumped> {
    let mut wire = at.open()?;
    dump_over(&mut wire, ask, deadline, each)
}

/// [`dump`], repeated when it was interrupted, three times in all. Before each repetition `restart` is called:
/// forget the rows so far. What comes back still says `interrupted` when no try was whole.
///
/// # Errors
/// Those of [`dump`].
pub fn dump_whole(
    at: Namespace,
    ask: &Ask,
    deadline: Instant,
    restart: &mut dyn FnMut(),
    each: &mut dyn FnMut(&Sock),
) -> io::Result<Dumped> {
    // A socket of its own for each try: after lost messages the old one may still hold rows of the last dump.
    repeat(restart, &mut || dump(at, ask, deadline, each))
}

pub(super) fn repeat(
    restart: &mut dyn FnMut(),
    dump: &mut dyn FnMut() -> io::Result<Dumped>,
) -> io::Result<Dumped> {
    for _ in 1..TRIES {
        match dump()? {
            Dumped { interrupted: true, .. } => restart(),
            whole => return Ok(whole),
        }
    }
    dump()
}

pub(super) fn dump_over(
    wire: &mut impl Wire,
    ask: &Ask,
    deadline: Instant,
    each: &mut dyn FnMut(&Sock),
) -> io::Result<Dumped> {
    let mut dumped = Dumped::default();
    let mut exchange = Exchange { wire, ask, deadline, buffer: vec![0; BUFFER], sequence: 0 };
    // One pass over the kernel's tables instead of two: what the pass costs counts when few sockets match.
    match exchange.run(Request::Both, each, &mut dumped) {
        Ok(()) => return Ok(dumped),
        Err(e) if dumped.count > 0 || e.kind() == io::ErrorKind::TimedOut => return Err(explain(&e)),
        Err(_) => {}
    }
    exchange.run(Request::One(Family::V4), each, &mut dumped).map_err(|e| explain(&e))?;
    match exchange.run(Request::One(Family::V6), each, &mut dumped) {
        // A kernel built without IPv6 has no handler for it, and no IPv6 sockets.
        Err(e) if !absent(&e) => Err(explain(&e)),
        _ => Ok(dumped),
    }
}

struct Exchange<'a, W> {
    wire: &'a mut W,
    ask: &'a Ask,
    deadline: Instant,
    buffer: Vec<u8>,
    sequence: u32,
}

impl<W: Wire> Exchange<'_, W> {
    /// One request and all of its answer.
    fn run(&mut self, which: Request, each: &mut dyn FnMut(&Sock), dumped: &mut Dumped) -> io::Result<()> {
        self.sequence += 1;
        dumped.requests += 1;
        self.wire.send(&request(which, self.ask, self.sequence))?;
        loop {
            let received = match self.wire.receive(&mut self.buffer, self.deadline) {
                // The kernel had no room or no memory for a part of the answer, perhaps for its end.
                Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) => {
                    dumped.interrupted = true;
                    return Ok(());
                }
                other => other?,
            };
            if !received.from_kernel {
                continue;
            }
            dumped.interrupted |= received.truncated;
            let bytes = self.buffer.get(..received.bytes).unwrap_or_default();
            if read_datagram(bytes, self.sequence, each, dumped)? {
                return Ok(());
            }
        }
    }
}

/// Reads one datagram; true when it held the end of the answer.
pub(super) fn read_datagram(
    bytes: &[u8],
    sequence: u32,
    each: &mut dyn FnMut(&Sock),
    dumped: &mut Dumped,
) -> io::Result<bool> {
    let mut messages = Messages::new(bytes);
    for message in messages.by_ref().filter(|m| m.sequence == sequence) {
        dumped.interrupted |= message.flags & DUMP_INTR != 0;
        match message.kind {
            kind::TCPDIAG_GETSOCK | kind::SOCK_DIAG_BY_FAMILY => match parse_message(message.payload) {
                Some(sock) => {
                    dumped.count += 1;
                    each(&sock);
                }
                None => dumped.malformed += 1,
            },
            // What goes wrong inside a dump is said in its last message.
            kind::DONE => return errno(message.errno().unwrap_or(0)).map(|()| true),
            kind::ERROR => errno(message.errno().unwrap_or(libc::EPROTO))?,
            kind::OVERRUN => dumped.interrupted = true,
            kind::NOOP => {}
            _ => dumped.malformed += 1,
        }
    }
    // Behind a length that cannot be right the rest of the datagram is lost.
    dumped.malformed += u64::from(messages.broken);
    dumped.interrupted |= messages.broken;
    Ok(false)
}

fn errno(number: i32) -> io::Result<()> {
    if number == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(number)) }
}

/// The kernel has nothing that answers.
fn absent(e: &io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(
            libc::ENOENT | libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT | libc::EOPNOTSUPP | libc::ENOPROTOOPT
        )
    )
}

/// Says what was being done, and gives `Unsupported` to the several ways in which a kernel has no sock_diag.
fn explain(e: &io::Error) -> io::Error {
    let said = failed(WHAT, e);
    if absent(e) { io::Error::new(io::ErrorKind::Unsupported, said.to_string()) } else { said }
}
