//! What is remarkable about one socket in one look, and for how long it has been so.

use crate::{
    areas::sockets::facts::Mark,
    model::TcpState,
    source::net::{Info, Sock, Timer},
};

/// Retransmissions or probes in a row after which a peer counts as silent: by then the timeout has doubled twice.
const SILENT: u8 = 3;
/// Of a connection attempt: the second repetition comes three seconds after the first packet.
const HANGING: u8 = 2;

/// The marks of a socket as bits, and its age in seconds where the kernel tells one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class {
    pub marks: u16,
    pub age_s: Option<u32>,
    pub tries: u8,
}

/// Marks that count only when they hold in every look.
pub const LASTING: [Mark; 3] = [Mark::Unread, Mark::Unsent, Mark::Awaiting];

/// Looks at one socket. `outbound`: we made the connection.
pub fn classify(s: &Sock, outbound: bool) -> Class {
    let held = s.inode != 0;
    let mut marks = 0;
    let mut set = |mark: Mark, on: bool| marks |= if on { mark.bit() } else { 0 };
    match s.state {
        TcpState::CloseWait if held => {
            // The FIN counts as one byte of the receive queue until the process has read the end of the stream.
            set(Mark::EofRead, s.rqueue == 0);
            set(Mark::EofUnread, s.rqueue > 0);
        }
        TcpState::SynSent => set(Mark::Hanging, s.retrans >= HANGING),
        TcpState::Established if held => {
            set(Mark::Unread, s.rqueue > 0);
            if let Some(i) = &s.info {
                set(Mark::Unsent, s.wqueue > 0 && window_closed(s, i));
                set(Mark::Awaiting, outbound && awaits_reply(s, i));
                // Loopback peers cannot vanish without a word; and a pending timer would hide the keepalive one.
                let quiet = s.wqueue == 0 && i.unacked == 0 && s.timer == Timer::None;
                set(Mark::NoKeepalive, quiet && !s.remote.is_loopback() && s.remote.ip != s.local.ip);
            }
        }
        _ => {}
    }
    let unanswered =
        s.info.is_some_and(|i| i.retransmits >= SILENT || (i.probes >= SILENT && !window_closed(s, &i)));
    set(Mark::Dead, held && unanswered && !matches!(s.state, TcpState::SynSent | TcpState::Listen));
    let tries = s.info.map_or(s.retrans, |i| i.retransmits.max(i.probes).max(s.retrans));
    Class { marks, age_s: s.info.and_then(|i| age_ms(s, &i)).map(|ms| ms / 1000), tries }
}

/// The peer has no room, so what is left waits unsent and nothing is in flight.
fn window_closed(s: &Sock, i: &Info) -> bool {
    s.timer == Timer::Probe || (i.unacked == 0 && i.notsent_bytes.is_some_and(|n| n > 0))
}

/// We spoke last, everything is acknowledged, and this peer has answered before (a log shipper's never does).
fn awaits_reply(s: &Sock, i: &Info) -> bool {
    s.rqueue == 0
        && s.wqueue == 0
        && i.unacked == 0
        && i.last_data_sent_ms < i.last_data_recv_ms
        && i.bytes_received.is_none_or(|n| n > 0)
}

/// For how long it has been in its condition, in milliseconds.
fn age_ms(s: &Sock, i: &Info) -> Option<u32> {
    match s.state {
        // Never less than the time since the peer's FIN, or our own: a later acknowledgement makes it look younger.
        TcpState::CloseWait
        | TcpState::FinWait1
        | TcpState::FinWait2
        | TcpState::LastAck
        | TcpState::Closing => Some(i.last_ack_recv_ms),
        TcpState::Established if s.rqueue > 0 => Some(i.last_data_recv_ms),
        TcpState::Established if s.wqueue > 0 => Some(i.last_ack_recv_ms.min(i.last_data_sent_ms)),
        TcpState::Established => Some(i.last_data_sent_ms.min(i.last_data_recv_ms)),
        _ => None,
    }
}
