//! The states of a TCP socket: the kernel's numbers, the names people type and the names we show.

use serde::{Deserialize, Serialize};
use std::fmt;

/// State of a TCP socket, written as `close_wait`; the numbers are the kernel's (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum TcpState {
    /// Both sides can send.
    Established = 1,
    /// `connect` called, no answer yet.
    SynSent = 2,
    /// A connection request was answered and waits for the third packet.
    SynRecv = 3,
    /// We closed; the peer has not acknowledged it.
    FinWait1 = 4,
    /// We closed, the peer acknowledged and has not closed.
    FinWait2 = 5,
    /// Both closed; the port pair rests.
    TimeWait = 6,
    /// Not connected.
    Close = 7,
    /// The peer closed, we did not.
    CloseWait = 8,
    /// The peer closed, then we did; its acknowledgement is missing.
    LastAck = 9,
    /// Accepts connections.
    Listen = 10,
    /// Both closed at the same time.
    Closing = 11,
    /// A request socket. The kernel reports it as [`TcpState::SynRecv`]; the number exists for masks.
    NewSynRecv = 12,
    /// Bound to a port but neither listening nor connected. For masks only (Linux ≥ 6.8; older kernels ignore it):
    /// such a socket is then reported as [`TcpState::Close`], and not at all when only `Close` is asked for.
    BoundInactive = 13,
}

/// The eleven states of RFC 9293 and Linux, as a mask for `source::net::Ask::states`. Sockets that are only bound
/// (`bound-inactive`) are not among them: they cost a second pass over the table of ports.
pub const ALL_STATES: u32 = 0xffe;

/// (state, the name `ss` uses, the name shown)
const NAMES: [(TcpState, &str, &str); 13] = [
    (TcpState::Established, "established", "ESTABLISHED"),
    (TcpState::SynSent, "syn-sent", "SYN_SENT"),
    (TcpState::SynRecv, "syn-recv", "SYN_RECV"),
    (TcpState::FinWait1, "fin-wait-1", "FIN_WAIT1"),
    (TcpState::FinWait2, "fin-wait-2", "FIN_WAIT2"),
    (TcpState::TimeWait, "time-wait", "TIME_WAIT"),
    (TcpState::Close, "close", "CLOSE"),
    (TcpState::CloseWait, "close-wait", "CLOSE_WAIT"),
    (TcpState::LastAck, "last-ack", "LAST_ACK"),
    (TcpState::Listen, "listen", "LISTEN"),
    (TcpState::Closing, "closing", "CLOSING"),
    (TcpState::NewSynRecv, "new-syn-recv", "NEW_SYN_RECV"),
    (TcpState::BoundInactive, "bound-inactive", "BOUND_INACTIVE"),
];

impl TcpState {
    /// All states, in the order of their numbers.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        NAMES.iter().map(|n| n.0)
    }

    /// The state with this number, if there is one.
    pub fn from_kernel(number: u8) -> Option<Self> {
        NAMES.get(usize::from(number).checked_sub(1)?).map(|n| n.0)
    }

    /// The state of this name, however it is written: `close-wait`, `CLOSE_WAIT`, `closewait`; also `estab`,
    /// `closed`, `syn-rcv`.
    pub fn parse(name: &str) -> Option<Self> {
        let plain = plain(name);
        match plain.as_str() {
            "estab" => Some(Self::Established),
            "closed" => Some(Self::Close),
            "synrcv" => Some(Self::SynRecv),
            _ => NAMES.iter().find(|n| same(n.1, &plain)).map(|n| n.0),
        }
    }

    /// The name that `ss` takes: `close-wait`, `fin-wait-1`.
    pub fn name(self) -> &'static str {
        NAMES[self as usize - 1].1
    }

    /// The name shown: `CLOSE_WAIT`, `FIN_WAIT1`.
    pub fn shown(self) -> &'static str {
        NAMES[self as usize - 1].2
    }

    /// This state in a mask of states.
    pub const fn bit(self) -> u32 {
        1 << self as u8
    }
}

impl fmt::Display for TcpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.shown())
    }
}

/// A mask of states from what a user typed: one state ([`TcpState::parse`]) or one of the groups of `ss`: `all`,
/// `connected` (all but close and listen), `synchronized` (connected but not syn-sent), `bucket` (those
/// the kernel keeps in short form: syn-recv, time-wait), `big` (the others).
pub fn parse_states(name: &str) -> Option<u32> {
    use TcpState::{Close, Listen, SynRecv, SynSent, TimeWait};
    let connected = ALL_STATES & !(Close.bit() | Listen.bit());
    let bucket = SynRecv.bit() | TimeWait.bit();
    Some(match plain(name).as_str() {
        "all" => ALL_STATES,
        "connected" => connected,
        "synchronized" => connected & !SynSent.bit(),
        "bucket" => bucket,
        "big" => ALL_STATES & !bucket,
        _ => TcpState::parse(name)?.bit(),
    })
}

/// Lower case without `-` and `_`: what all spellings of a name have in common.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

fn same(name: &str, plain: &str) -> bool {
    name.bytes().filter(|b| *b != b'-').eq(plain.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels_and_nothing_else_is_a_state() {
        for s in TcpState::all() {
            assert_eq!(TcpState::from_kernel(s as u8), Some(s));
        }
        assert_eq!(TcpState::all().map(|s| s as u8).collect::<Vec<_>>(), (1..=13).collect::<Vec<_>>());
        for n in [0, 14, 15, 255] {
            assert_eq!(TcpState::from_kernel(n), None, "{n}");
        }
    }

    #[test]
    fn every_spelling_of_a_name_is_understood() {
        for s in ["close-wait", "close_wait", "CLOSE-WAIT", "CLOSE_WAIT", "Close-Wait", "closewait"] {
            assert_eq!(TcpState::parse(s), Some(TcpState::CloseWait), "{s}");
        }
        for s in ["fin-wait-1", "FIN_WAIT1", "FIN-WAIT-1", "fin_wait_1"] {
            assert_eq!(TcpState::parse(s), Some(TcpState::FinWait1), "{s}");
        }
        for s in TcpState::all() {
            assert_eq!(TcpState::parse(s.name()), Some(s));
            assert_eq!(TcpState::parse(s.shown()), Some(s));
        }
        assert_eq!(TcpState::parse("estab"), Some(TcpState::Established));
        assert_eq!(TcpState::parse("closed"), Some(TcpState::Close));
        assert_eq!(TcpState::parse("syn-rcv"), Some(TcpState::SynRecv));
        for s in ["", "-", "close wait", "closewaits", "established ", "1", "all"] {
            assert_eq!(TcpState::parse(s), None, "{s:?}");
        }
    }

    #[test]
    fn groups_are_those_of_ss() {
        let bits = |names: &[&str]| names.iter().filter_map(|n| parse_states(n)).fold(0, |a, b| a | b);
        assert_eq!(parse_states("all"), Some(ALL_STATES));
        assert_eq!(ALL_STATES, TcpState::all().filter(|s| *s as u8 <= 11).map(TcpState::bit).sum::<u32>());
        assert_eq!(
            parse_states("Connected"),
            Some(bits(&[
                "established",
                "syn-sent",
                "syn-recv",
                "fin-wait-1",
                "fin-wait-2",
                "time-wait",
                "close-wait",
                "last-ack",
                "closing"
            ]))
        );
        assert_eq!(parse_states("synchronized").map(|s| s | bits(&["syn-sent"])), parse_states("connected"));
        assert_eq!(parse_states("bucket"), Some(bits(&["syn-recv", "time-wait"])));
        assert_eq!(parse_states("big").map(|s| s | bits(&["bucket"])), parse_states("all"));
        assert_eq!(parse_states("big").map(|s| s & bits(&["bucket"])), Some(0));
        assert_eq!(parse_states("LISTEN"), Some(1 << 10));
        assert_eq!(parse_states("nonsense"), None);
    }

    #[test]
    fn shown_names_line_up_in_a_column() {
        assert_eq!(format!("{:<12}|", TcpState::CloseWait), "CLOSE_WAIT  |");
        assert_eq!(TcpState::FinWait2.to_string(), "FIN_WAIT2");
    }
}
