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
    // Any acknowledgement sets both to 0 again: a peer that only has no room answers its probes.
    let unanswered = s.info.is_some_and(|i| i.retransmits >= SILENT || i.probes >= SILENT);
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
        // A peer without room answers every probe, so only the data itself tells how long it waits.
        TcpState::Established if window_closed(s, i) => Some(i.last_data_sent_ms),
        // The last acknowledgement may be from before a long idle time, in which nobody waited.
        TcpState::Established if s.wqueue > 0 => Some(i.last_ack_recv_ms.min(first_sent_ms(i))),
        // Unanswered keepalive probes: as long as nothing came back.
        TcpState::Established if i.probes > 0 => Some(i.last_ack_recv_ms),
        TcpState::Established => Some(i.last_data_sent_ms.min(i.last_data_recv_ms)),
        _ => None,
    }
}

/// When the oldest unacknowledged byte was sent for the first time, never too early. Each retransmission counts as sent
/// data; what was waited before the last of them are timeouts, each twice as long as the one before.
fn first_sent_ms(i: &Info) -> u32 {
    let rto_ms = i.rto_us / 1000;
    let waited = rto_ms - rto_ms.checked_shr(i.backoff.into()).unwrap_or(0);
    i.last_data_sent_ms.saturating_add(waited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::net::{Endpoint, Family};

    fn sock(state: TcpState, change: impl FnOnce(&mut Sock, &mut Info)) -> Sock {
        let mut info = Info { last_data_sent_ms: 9_000, last_data_recv_ms: 8_000, ..Info::default() };
        let mut s = Sock {
            family: Family::V4,
            state,
            local: Endpoint::new([10, 0, 0, 1].into(), 40_000),
            remote: Endpoint::new([10, 0, 3, 7].into(), 443),
            timer: Timer::None,
            expires_ms: None,
            retrans: 0,
            rqueue: 0,
            wqueue: 0,
            backlog: None,
            uid: 1000,
            inode: 77,
            cookie: None,
            ifindex: None,
            info: None,
            drops: None,
            shutdown: None,
            v6_only: None,
            cgroup_id: None,
            sockopt: None,
        };
        change(&mut s, &mut info);
        s.info = Some(info);
        s
    }
    fn marks(s: &Sock) -> Vec<Mark> {
        let bits = classify(s, true).marks;
        Mark::ALL.into_iter().filter(|m| bits & m.bit() != 0).collect()
    }
    use TcpState::{CloseWait, Established, FinWait2, SynSent};

    #[test]
    fn close_wait_tells_whether_the_end_was_read() {
        assert_eq!(marks(&sock(CloseWait, |_, _| {})), [Mark::EofRead]);
        assert_eq!(marks(&sock(CloseWait, |s, _| s.rqueue = 1)), [Mark::EofUnread]);
        assert_eq!(
            marks(&sock(CloseWait, |s, _| s.inode = 0)),
            [],
            "not accepted yet: nobody forgot anything"
        );
        assert_eq!(
            classify(&sock(CloseWait, |_, i| i.last_ack_recv_ms = 5_210_900), true).age_s,
            Some(5_210)
        );
    }

    #[test]
    fn who_spoke_last_and_was_answered_before_awaits_a_reply() {
        let awaits = |change: fn(&mut Sock, &mut Info)| {
            let s = sock(Established, |s, i| {
                (i.last_data_sent_ms, i.last_data_recv_ms, i.bytes_received) = (2_000, 60_000, Some(9));
                s.timer = Timer::Keepalive;
                change(s, i);
            });
            marks(&s).contains(&Mark::Awaiting)
        };
        assert!(awaits(|_, _| {}));
        assert!(!awaits(|_, i| i.last_data_recv_ms = 1_000), "answered");
        assert!(!awaits(|_, i| i.bytes_received = Some(0)), "a log shipper's peer never answers");
        assert!(!awaits(|s, _| s.rqueue = 5), "the answer is here and unread");
        assert!(!awaits(|_, i| i.unacked = 1), "still under way");
        let server = sock(Established, |_, i| i.last_data_sent_ms = 1);
        assert_eq!(
            classify(&server, false).marks & Mark::Awaiting.bit(),
            0,
            "a server's clients are merely idle"
        );
    }

    #[test]
    fn idle_without_keepalive_counts_only_where_a_peer_can_vanish_in_silence() {
        assert_eq!(marks(&sock(Established, |_, _| {})), [Mark::NoKeepalive]);
        assert_eq!(marks(&sock(Established, |s, _| s.timer = Timer::Keepalive)), []);
        assert_eq!(marks(&sock(Established, |s, _| s.remote = Endpoint::new([127, 0, 0, 1].into(), 1))), []);
        assert_eq!(marks(&sock(Established, |s, _| s.remote.ip = s.local.ip)), [], "the same machine");
        assert_eq!(classify(&sock(Established, |_, _| {}), true).age_s, Some(8));
    }

    #[test]
    fn silence_is_several_tries_in_a_row_and_a_closed_window_that_answers_is_none() {
        assert_eq!(marks(&sock(FinWait2, |_, i| i.probes = SILENT)), [Mark::Dead]);
        let busy = |s: &mut Sock, i: &mut Info| (s.timer, s.wqueue, i.unacked) = (Timer::Retransmit, 10, 1);
        assert_eq!(
            marks(&sock(Established, |s, i| {
                busy(s, i);
                i.retransmits = SILENT
            })),
            [Mark::Dead]
        );
        assert_eq!(
            marks(&sock(Established, |s, i| {
                busy(s, i);
                i.retransmits = SILENT - 1
            })),
            []
        );
        let full = sock(Established, |s, i| (s.timer, s.wqueue, i.backoff) = (Timer::Probe, 4096, 6));
        assert_eq!(marks(&full), [Mark::Unsent]);
        assert_eq!(marks(&sock(SynSent, |s, _| s.retrans = HANGING)), [Mark::Hanging]);
        assert_eq!(marks(&sock(SynSent, |s, _| s.retrans = HANGING - 1)), []);
    }

    #[test]
    fn ages_of_what_waits_to_be_sent_are_those_of_its_first_try() {
        // Both as a 6.18 kernel told them, 14 and 15 s after the peer stopped reading, and was cut off.
        let stuck = sock(Established, |s, i| {
            (s.timer, s.wqueue, i.notsent_bytes) = (Timer::Probe, 621_192, Some(621_192));
            (i.last_data_sent_ms, i.last_ack_recv_ms, i.backoff) = (14_080, 420, 6);
        });
        assert_eq!(classify(&stuck, true).age_s, Some(14), "acknowledged probes are no progress");
        let dead = sock(Established, |s, i| {
            (s.timer, s.wqueue, i.unacked) = (Timer::Retransmit, 100, 1);
            (i.last_data_sent_ms, i.last_ack_recv_ms) = (1_652, 15_128);
            (i.rto_us, i.backoff) = (13_056_000, 6);
        });
        assert_eq!(classify(&dead, true).age_s, Some(14), "the last retransmission is not the first try");
        let fresh = sock(Established, |s, i| {
            (s.wqueue, i.unacked, i.rto_us, i.last_data_sent_ms, i.last_ack_recv_ms) =
                (100, 1, 204_000, 90, 3_600_000);
        });
        assert_eq!(classify(&fresh, true).age_s, Some(0), "however long nothing was sent before");
    }
}
