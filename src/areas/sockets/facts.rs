//! What is known of the TCP sockets: bounded, whatever their number.

use crate::model::{Kept, Process, Reading, TcpState, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that the checks judge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// How many sockets in each state; exact.
    pub states: Reading<BTreeMap<TcpState, u64>>,
    /// The states that were asked for, as a mask.
    pub mask: u32,
    /// Rows were left out by `--peer` or by the scope: sums are of what was asked for.
    pub narrowed: bool,
    /// What only sock_diag tells, and not the files: `tcp_info`, backlog, drops.
    pub detail: Reading<()>,
    /// How many looks a condition had to hold for; unseen with one look.
    pub looks: Reading<u32>,
    /// Every socket is in exactly one group; the largest first.
    pub groups: Reading<Kept<Group>>,
    /// Every listening socket, the fullest first.
    pub listeners: Reading<Kept<Listener>>,
    /// Local ports in use by destination, the most first.
    pub ports: Reading<Kept<PortUse>>,
    /// How many local ports one destination can have.
    pub ports_available: Reading<u64>,
    /// What happened during the window.
    pub during: During,
    /// Tables of the machine against their limits.
    pub tables: Tables,
    /// The worst single sockets, oldest first.
    pub worst: Kept<Row>,
}

impl Facts {
    /// Whether all sockets in this state were asked for; a check of it is skipped when not.
    pub fn asked(&self, state: TcpState) -> Reading<()> {
        if self.mask & state.bit() != 0 { Reading::seen(()) } else { Reading::unseen(Why::NotAsked) }
    }
}

/// Deltas over the window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct During {
    /// Segments sent by this network namespace.
    pub sent: Reading<u64>,
    /// Segments retransmitted.
    pub retransmitted: Reading<u64>,
    /// Connections that listeners turned away, all together (`ListenDrops`).
    pub listen_drops: Reading<u64>,
}

/// Tables of the machine or namespace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tables {
    /// Connections tracked. Unseen outside the host's own namespace, where it would read 0.
    pub conntrack: Reading<u64>,
    /// How many can be.
    pub conntrack_max: Reading<u64>,
    /// Pages that TCP uses.
    pub pages: Reading<u64>,
    /// From here on buffers are kept small.
    pub pages_pressure: Reading<u64>,
    /// Here allocation fails.
    pub pages_max: Reading<u64>,
    /// Sockets that no process holds any more.
    pub orphans: Reading<u64>,
    /// How many the kernel bears before it resets them.
    pub orphans_max: Reading<u64>,
}

/// The other end of a group of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", content = "address", rename_all = "snake_case")]
pub enum End {
    /// Connections that we made to this address and port.
    Peer(String),
    /// Connections that clients made to this local port.
    ClientsOf(u16),
    /// No other end: listeners, unconnected sockets.
    Nobody,
    /// What is left when there are too many groups.
    Others,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Peer(a) => f.write_str(a),
            End::ClientsOf(port) => write!(f, "clients of :{port}"),
            End::Nobody => f.write_str("-"),
            End::Others => f.write_str("(others)"),
        }
    }
}

/// Who holds a socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// The process.
    pub process: Process,
    /// Its soft limit of descriptors; none is unlimited.
    pub soft_limit: Reading<Option<u64>>,
    /// Other processes that hold the same sockets (inherited over a fork), a few of them.
    pub also: Vec<Process>,
}

/// Sockets of one state, owner and end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// The state.
    pub state: TcpState,
    /// The other end.
    pub end: End,
    /// `None`: nobody, the kernel finishes these alone (TIME_WAIT, orphans), or nobody has accepted them yet. Unseen: some
    /// processes, which need not be one.
    pub owner: Reading<Option<Owner>>,
    /// How many.
    pub count: u64,
    /// Bytes in their queues.
    pub bytes: u64,
    /// Time in this condition, where the kernel tells it.
    pub ages: Reading<Ages>,
    /// Segments sent over these connections, in their lives and (with a window) lately.
    pub segments: u64,
    /// Of these, retransmitted.
    pub retransmitted: u64,
    /// What is remarkable about some of them.
    pub marks: BTreeMap<Mark, Marked>,
}

impl Group {
    /// How many bear the mark.
    pub fn marked(&self, mark: Mark) -> Marked {
        self.marks.get(&mark).cloned().unwrap_or_default()
    }
}

/// What can be remarkable about a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// CLOSE_WAIT, and the process has read the end of the stream: it forgot to close.
    EofRead,
    /// CLOSE_WAIT, and the end of the stream was never read: nobody looks at this descriptor.
    EofUnread,
    /// Bytes wait to be read, and did not become fewer in any look.
    Unread,
    /// Bytes wait to be sent because the peer's window is closed, and did not become fewer in any look.
    Unsent,
    /// The last that happened is that we sent; every look.
    Awaiting,
    /// Idle with no keepalive armed.
    NoKeepalive,
    /// Several retransmissions or probes in a row without any answer.
    Dead,
    /// A connection attempt that was repeated without an answer.
    Hanging,
}

impl Mark {
    /// Every mark; the position is its bit.
    pub const ALL: [Mark; 8] = [
        Mark::EofRead,
        Mark::EofUnread,
        Mark::Unread,
        Mark::Unsent,
        Mark::Awaiting,
        Mark::NoKeepalive,
        Mark::Dead,
        Mark::Hanging,
    ];
    /// The mark as a bit.
    pub fn bit(self) -> u16 {
        1 << Self::ALL.iter().position(|m| *m == self).unwrap_or(15)
    }
}

/// Sockets that bear one mark.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marked {
    /// How many.
    pub count: u64,
    /// Bytes in their queues.
    pub bytes: u64,
    /// Most retransmissions or probes in a row.
    pub tries: u64,
    /// For how long already.
    pub ages: Ages,
}

/// Ages counted at fixed edges, so that a threshold set later can still be judged: exactly at an edge, and between two
/// edges never by more sockets than there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ages {
    counts: [u32; EDGES_S.len()],
    /// Seconds.
    pub youngest_s: u32,
    /// Seconds.
    pub oldest_s: u32,
}

const EDGES_S: [u32; 18] =
    [0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 43_200, 86_400];

impl Ages {
    /// Counts one more.
    pub fn add(&mut self, s: u32) {
        self.youngest_s = if self.total() == 0 { s } else { self.youngest_s.min(s) };
        self.oldest_s = self.oldest_s.max(s);
        let edge = EDGES_S.iter().rposition(|e| s >= *e).unwrap_or(0);
        self.counts[edge] = self.counts[edge].saturating_add(1);
    }
    /// Adds the counts of another.
    pub fn merge(&mut self, o: &Ages) {
        if o.total() == 0 {
            return;
        }
        self.youngest_s = if self.total() == 0 { o.youngest_s } else { self.youngest_s.min(o.youngest_s) };
        self.oldest_s = self.oldest_s.max(o.oldest_s);
        self.counts.iter_mut().zip(o.counts).for_each(|(a, b)| *a = a.saturating_add(b));
    }
    /// How many in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|n| u64::from(*n)).sum()
    }
    /// How many are surely at least `s` seconds old.
    pub fn at_least(&self, s: f64) -> u64 {
        EDGES_S.iter().zip(self.counts).filter(|(e, _)| f64::from(**e) >= s).map(|(_, n)| u64::from(n)).sum()
    }
    /// How many are surely younger than `s` seconds.
    pub fn younger_than(&self, s: f64) -> u64 {
        let upper = EDGES_S.iter().skip(1).map(|e| f64::from(*e)).chain([f64::INFINITY]);
        upper.zip(self.counts).filter(|(e, _)| *e <= s).map(|(_, n)| u64::from(n)).sum()
    }
}

/// One listening socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    /// `address:port`.
    pub address: String,
    /// Only this machine can reach it.
    pub loopback: bool,
    /// Its port.
    pub port: u16,
    /// Who accepts.
    pub owner: Reading<Option<Owner>>,
    /// Connections that wait to be accepted.
    pub queue: u64,
    /// The fewest that waited in any look.
    pub queue_least: u64,
    /// How many may wait; the queue is full when there are more.
    pub backlog: Reading<u64>,
    /// Connections turned away since it listens.
    pub drops: Reading<u64>,
    /// Of these, during the window.
    pub dropped: Reading<u64>,
}

/// Local ports used towards one destination from one source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortUse {
    /// Source address.
    pub source: String,
    /// Destination `address:port`.
    pub peer: String,
    /// Ports of the ephemeral range in use, TIME_WAIT included.
    pub used: u64,
    /// Of these, in TIME_WAIT.
    pub time_wait: u64,
    /// The process with most of them, where one is seen.
    pub owner: Option<Process>,
}

/// One socket worth showing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// State.
    pub state: TcpState,
    /// Our end.
    pub local: String,
    /// The other end.
    pub peer: String,
    /// Who holds it.
    pub owner: Reading<Option<Process>>,
    /// Receive queue in bytes.
    pub recv_q: u64,
    /// Send queue in bytes.
    pub send_q: u64,
    /// How long it has been so.
    pub age_s: Reading<u64>,
    /// Its marks.
    pub marks: Vec<Mark>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ages_are_exact_at_the_edges() {
        let mut a = Ages::default();
        [0, 59, 60, 119, 120, 5000].into_iter().for_each(|s| a.add(s));
        assert_eq!((a.at_least(60.0), a.at_least(120.0), a.younger_than(60.0)), (4, 2, 2));
        assert_eq!((a.youngest_s, a.oldest_s, a.total()), (0, 5000, 6));
    }

    proptest! {
        #[test]
        fn an_age_is_never_overstated(ages in prop::collection::vec(0u32..200_000, 0..50), at in 0u32..100_000) {
            let mut a = Ages::default();
            ages.iter().for_each(|s| a.add(*s));
            prop_assert!(a.at_least(at.into()) <= ages.iter().filter(|s| **s >= at).count() as u64);
            prop_assert!(a.younger_than(at.into()) <= ages.iter().filter(|s| **s < at).count() as u64);
            let mut doubled = a;
            doubled.merge(&a);
            prop_assert_eq!(doubled.total(), 2 * a.total());
        }
    }
}
