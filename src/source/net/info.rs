//! `struct tcp_info`: what the kernel remembers of one connection.

/// The figures of one connection (`struct tcp_info` of `linux/tcp.h`). The struct has only ever grown at its
/// end: what every kernel has is plain, what came later is `None` where the kernel is older. Counters are
/// totals since the connection began.
///
/// Of a listener the kernel fills in almost nothing, and `unacked` and `sacked` are its queue and backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Default))]
pub struct Info {
    /// State, as a kernel number.
    pub state: u8,
    /// Congestion state: 0 open, 1 disorder, 2 reduced, 3 recovery, 4 loss.
    pub ca_state: u8,
    /// Retransmissions of the oldest unacknowledged segment in a row; 0 again after any acknowledgement.
    pub retransmits: u8,
    /// Zero-window or keepalive probes without an answer.
    pub probes: u8,
    /// How often the retransmission timeout was doubled.
    pub backoff: u8,
    /// What was agreed: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN seen, 32 SYN data.
    pub options: u8,
    /// Retransmission timeout, µs.
    pub rto_us: u32,
    /// Largest segment sent, bytes.
    pub snd_mss: u32,
    /// Segments sent and not acknowledged. Of a listener: its accept queue.
    pub unacked: u32,
    /// Segments acknowledged out of order. Of a listener: its backlog.
    pub sacked: u32,
    /// Segments thought lost.
    pub lost: u32,
    /// Retransmitted segments not acknowledged yet.
    pub retrans: u32,
    /// Since data was last sent, ms. Before the connection is established it counts from boot.
    pub last_data_sent_ms: u32,
    /// Since data last arrived, ms.
    pub last_data_recv_ms: u32,
    /// Since any acknowledgement last arrived, ms. In CLOSE_WAIT: at most the time since the peer's FIN.
    pub last_ack_recv_ms: u32,
    /// Path MTU, bytes.
    pub pmtu: u32,
    /// Smoothed round trip time, µs.
    pub rtt_us: u32,
    /// Its mean deviation, µs.
    pub rttvar_us: u32,
    /// Congestion window, segments.
    pub snd_cwnd: u32,
    /// Segments retransmitted.
    pub total_retrans: u32,
    /// Bytes acknowledged by the peer (Linux ≥ 4.1).
    pub bytes_acked: Option<u64>,
    /// Bytes received (≥ 4.1).
    pub bytes_received: Option<u64>,
    /// Segments sent (≥ 4.2).
    pub segs_out: Option<u32>,
    /// Segments received (≥ 4.2).
    pub segs_in: Option<u32>,
    /// Bytes queued and never sent (≥ 4.6).
    pub notsent_bytes: Option<u32>,
    /// Smallest round trip seen, µs (≥ 4.6).
    pub min_rtt_us: Option<u32>,
    /// Segments with data received (≥ 4.6).
    pub data_segs_in: Option<u32>,
    /// Segments with data sent (≥ 4.6).
    pub data_segs_out: Option<u32>,
    /// Latest goodput, bytes per second (≥ 4.9).
    pub delivery_rate: Option<u64>,
    /// Time with data to send, µs (≥ 4.10).
    pub busy_us: Option<u64>,
    /// Of that: stopped by the peer's window, µs (≥ 4.10).
    pub rwnd_limited_us: Option<u64>,
    /// Of that: stopped by our send buffer, µs (≥ 4.10).
    pub sndbuf_limited_us: Option<u64>,
    /// Segments delivered, retransmissions included (≥ 4.18).
    pub delivered: Option<u32>,
    /// Of these: marked with congestion (≥ 4.18).
    pub delivered_ce: Option<u32>,
    /// Data bytes sent, retransmissions included (≥ 4.19).
    pub bytes_sent: Option<u64>,
    /// Data bytes retransmitted (≥ 4.19).
    pub bytes_retrans: Option<u64>,
    /// Duplicates the peer reported: retransmissions that were not needed (≥ 4.19).
    pub dsack_dups: Option<u32>,
    /// Reorderings seen (≥ 4.19).
    pub reord_seen: Option<u32>,
    /// Segments received out of order (≥ 5.4).
    pub rcv_ooopack: Option<u32>,
    /// The window the peer offers, bytes (≥ 5.4).
    pub snd_wnd: Option<u32>,
    /// The window we offer, bytes (≥ 6.2).
    pub rcv_wnd: Option<u32>,
    /// Times the flow label changed to get around a dead path (≥ 6.2).
    pub rehash: Option<u32>,
    /// Retransmission timeouts (≥ 6.7).
    pub total_rto: Option<u16>,
}

/// What Linux 2.6 to 3.14 send; nothing shorter was ever a `tcp_info`.
const FIRST: usize = 104;

impl Info {
    /// Reads the struct as the kernel wrote it, in the byte order of this machine. `None` when it is shorter
    /// than any kernel's.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; FIRST] = bytes.first_chunk()?;
        let word = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let later16 = |at: usize| Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        let later32 = |at: usize| Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        let later64 = |at: usize| Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(Self {
            state: head[0],
            ca_state: head[1],
            retransmits: head[2],
            probes: head[3],
            backoff: head[4],
            options: head[5],
            rto_us: word(8),
            snd_mss: word(16),
            unacked: word(24),
            sacked: word(28),
            lost: word(32),
            retrans: word(36),
            last_data_sent_ms: word(44),
            last_data_recv_ms: word(52),
            last_ack_recv_ms: word(56),
            pmtu: word(60),
            rtt_us: word(68),
            rttvar_us: word(72),
            snd_cwnd: word(80),
            total_retrans: word(100),
            bytes_acked: later64(120),
            bytes_received: later64(128),
            segs_out: later32(136),
            segs_in: later32(140),
            notsent_bytes: later32(144),
            min_rtt_us: later32(148),
            data_segs_in: later32(152),
            data_segs_out: later32(156),
            delivery_rate: later64(160),
            busy_us: later64(168),
            rwnd_limited_us: later64(176),
            sndbuf_limited_us: later64(184),
            delivered: later32(192),
            delivered_ce: later32(196),
            bytes_sent: later64(200),
            bytes_retrans: later64(208),
            dsack_dups: later32(216),
            reord_seen: later32(220),
            rcv_ooopack: later32(224),
            snd_wnd: later32(228),
            rcv_wnd: later32(232),
            rehash: later32(236),
            total_rto: later16(240),
        })
    }
}
