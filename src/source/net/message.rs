//! The bytes of a sock_diag exchange: requests as the kernel takes them, answers as it gives them. Nothing here
//! can panic or loop, whatever the bytes are.

use super::{Ask, Endpoint, Family, Info, Sock, TcpState, Timer};

/// `nlmsghdr.nlmsg_type` values (`linux/netlink.h`, `linux/inet_diag.h`, `linux/sock_diag.h`).
pub(super) mod kind {
    pub const NOOP: u16 = 1;
    pub const ERROR: u16 = 2;
    pub const DONE: u16 = 3;
    pub const OVERRUN: u16 = 4;
    pub const TCPDIAG_GETSOCK: u16 = 18;
    pub const SOCK_DIAG_BY_FAMILY: u16 = 20;
}
/// `NLM_F_REQUEST | NLM_F_DUMP`
const REQUEST_DUMP: u16 = 0x001 | 0x300;
/// `NLM_F_DUMP_INTR`: the table changed under the dump, rows may be missing or doubled.
pub(super) const DUMP_INTR: u16 = 0x10;

const HEADER: usize = 16;
/// `struct inet_diag_msg`
const ROW: usize = 72;
const INFO: u16 = 2;
const SKMEMINFO: u16 = 7;
const SHUTDOWN: u16 = 8;
const SKV6ONLY: u16 = 11;
const CGROUP_ID: u16 = 21;
const SOCKOPT: u16 = 22;
/// The top two bits of an attribute's type say how its payload is written; the rest is the type.
const TYPE_MASK: u16 = 0x3fff;

/// Which request to put to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The first sock_diag request there was: it does not ask for a family and so gets both in one pass.
    Both,
    /// The request that `ss` sends, once per family.
    One(Family),
}

/// The bytes of one dump request.
pub(super) fn request(which: Request, ask: &Ask, sequence: u32) -> Vec<u8> {
    let extensions = (u8::from(ask.info) << (INFO - 1)) | (u8::from(ask.skmem) << (SKMEMINFO - 1));
    let states = ask.states.to_ne_bytes();
    let mut body = vec![0u8; if which == Request::Both { 60 } else { 56 }];
    let message = match which {
        // struct inet_diag_req: family, src_len, dst_len, ext, id[48], states, dbs
        Request::Both => {
            body[3] = extensions;
            body[52..56].copy_from_slice(&states);
            kind::TCPDIAG_GETSOCK
        }
        // struct inet_diag_req_v2: family, protocol, ext, pad, states, id[48]
        Request::One(family) => {
            body[0] = match family {
                Family::V4 => libc::AF_INET as u8,
                Family::V6 => libc::AF_INET6 as u8,
            };
            body[1] = libc::IPPROTO_TCP as u8;
            body[2] = extensions;
            body[4..8].copy_from_slice(&states);
            kind::SOCK_DIAG_BY_FAMILY
        }
    };
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    bytes.extend(message.to_ne_bytes());
    bytes.extend(REQUEST_DUMP.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(body);
    bytes
}

/// One netlink message.
pub(super) struct Message<'a> {
    pub kind: u16,
    pub flags: u16,
    pub sequence: u32,
    pub payload: &'a [u8],
}

impl Message<'_> {
    /// The error number at the front of an ERROR or DONE message, positive; 0 for none. `None` when the
    /// message is too short to have one, as the DONE of old kernels is.
    pub fn errno(&self) -> Option<i32> {
        self.payload.first_chunk().map(|b| i32::from_ne_bytes(*b).saturating_neg())
    }
}

/// The messages of one datagram, in order. A length that cannot be right ends them: [`Messages::broken`].
pub(super) struct Messages<'a> {
    rest: &'a [u8],
    /// The datagram held bytes that are no message.
    pub broken: bool,
}

impl<'a> Messages<'a> {
    pub fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram, broken: false }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() {
            return None;
        }
        let length = word(rest, 0).map_or(0, |l| l as usize);
        let (Some(head), Some(payload)) = (rest.first_chunk::<HEADER>(), rest.get(HEADER..length)) else {
            self.broken = true;
            return None;
        };
        // The last message may lack the padding that its successor would need.
        self.rest = rest.get(aligned(length)..).unwrap_or_default();
        Some(Message {
            kind: u16::from_ne_bytes([head[4], head[5]]),
            flags: u16::from_ne_bytes([head[6], head[7]]),
            sequence: u32::from_ne_bytes([head[8], head[9], head[10], head[11]]),
            payload,
        })
    }
}

/// Reads one socket: the payload of one answer, the netlink header taken off (`struct inet_diag_msg` and the
/// attributes behind it). `None` when it is too short, of another family or in no known state. An attribute that is
/// absent, cut or shorter than its figure leaves that figure `None`.
pub fn parse_message(payload: &[u8]) -> Option<Sock> {
    let row: &[u8; ROW] = payload.first_chunk()?;
    let number = |at: usize| u32::from_ne_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
    let family = match i32::from(row[0]) {
        libc::AF_INET => Family::V4,
        libc::AF_INET6 => Family::V6,
        _ => return None,
    };
    let ifindex = number(40);
    let end = |ip: usize, port: usize| {
        let mut end =
            Endpoint { ip: [0; 16], port: u16::from_be_bytes([row[port], row[port + 1]]), scope: 0 };
        match family {
            Family::V4 => {
                end.ip[10..12].fill(0xff);
                end.ip[12..].copy_from_slice(&row[ip..ip + 4]);
            }
            Family::V6 => end.ip.copy_from_slice(&row[ip..ip + 16]),
        }
        if end.is_link_local() {
            end.scope = ifindex;
        }
        end
    };
    let state = TcpState::from_kernel(row[1])?;
    let timer = Timer::from_kernel(row[2]);
    let mut sock = Sock {
        family,
        state,
        local: end(8, 4),
        remote: end(24, 6),
        timer,
        expires_ms: (timer != Timer::None).then(|| number(52)),
        retrans: row[3],
        rqueue: number(56),
        wqueue: number(60),
        backlog: (state == TcpState::Listen).then(|| number(60)),
        uid: number(64),
        inode: number(68),
        cookie: Some(u64::from(number(44)) | u64::from(number(48)) << 32),
        ifindex: Some(ifindex),
        info: None,
        drops: None,
        shutdown: None,
        v6_only: None,
        cgroup_id: None,
        sockopt: None,
    };
    let mut rest = &payload[ROW..];
    while let Some(&[l0, l1, k0, k1]) = rest.first_chunk() {
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        let Some(value) = rest.get(4..length) else { break };
        match u16::from_ne_bytes([k0, k1]) & TYPE_MASK {
            INFO => sock.info = Info::parse(value),
            // The ninth word, SK_MEMINFO_DROPS; kernels before 4.7 send eight.
            SKMEMINFO => sock.drops = word(value, 32),
            SHUTDOWN => sock.shutdown = value.first().copied(),
            SKV6ONLY => sock.v6_only = value.first().map(|b| *b != 0),
            CGROUP_ID => sock.cgroup_id = value.first_chunk().map(|b| u64::from_ne_bytes(*b)),
            SOCKOPT => sock.sockopt = value.first_chunk().copied(),
            _ => {}
        }
        rest = rest.get(aligned(length)..).unwrap_or_default();
    }
    Some(sock)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Messages and attributes begin at multiples of four.
fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}
