//! The counters of TCP: `snmp`, `netstat` and `sockstat` in `/proc/net`. Totals since the namespace was made; a rate
//! needs two readings.
//!
//! Which kernel has which counter differs by version, and gVisor writes headings without values: a
//! counter that is not there, is negative or does not fit is `None`.

use super::failed;
use std::{fs::File, io, io::Read, path::Path};

/// Declares a struct of counters and which name of the file each is read from.
macro_rules! counters {
    ($(#[$doc:meta])* $name:ident, $prefix:literal { $($(#[$field_doc:meta])* $field:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: Option<u64>,)* }

        impl $name {
            fn set(&mut self, key: &str, value: &str) {
                match key {
                    $($key => self.$field = value.parse().ok(),)*
                    _ => {}
                }
            }

            /// The counters of a line of names followed by a line of values, both beginning with the same word.
            pub fn parse(text: &str) -> Self {
                let mut found = Self::default();
                let mut lines = text.lines().filter_map(|l| l.strip_prefix($prefix)).map(str::split_ascii_whitespace);
                while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
                    names.zip(values).for_each(|(name, value)| found.set(name, value));
                }
                found
            }
        }
    };
}

counters! {
    /// The line `Tcp:` of `/proc/net/snmp`.
    Snmp, "Tcp:" {
        /// Connections begun by us.
        active_opens = "ActiveOpens",
        /// Connections begun by peers.
        passive_opens = "PassiveOpens",
        /// Connections that failed before they were established.
        attempt_fails = "AttemptFails",
        /// Established connections that ended by a reset.
        estab_resets = "EstabResets",
        /// Connections in ESTABLISHED or CLOSE_WAIT now.
        curr_estab = "CurrEstab",
        /// Segments received.
        in_segs = "InSegs",
        /// Segments sent, retransmissions not counted.
        out_segs = "OutSegs",
        /// Segments retransmitted.
        retrans_segs = "RetransSegs",
        /// Segments received with an error.
        in_errs = "InErrs",
        /// Resets sent.
        out_rsts = "OutRsts",
    }
}

counters! {
    /// The line `TcpExt:` of `/proc/net/netstat`.
    TcpExt, "TcpExt:" {
        /// Connections turned away because an accept queue was full.
        listen_overflows = "ListenOverflows",
        /// Connections turned away by a listener for any reason, overflows included.
        listen_drops = "ListenDrops",
        /// Requests answered with a cookie because a queue was full.
        req_q_full_cookies = "TCPReqQFullDoCookies",
        /// Requests dropped because a queue was full.
        req_q_full_drop = "TCPReqQFullDrop",
        /// Connections reset because there was too much TCP memory or too many orphans.
        abort_on_memory = "TCPAbortOnMemory",
        /// Connections reset because data came after the process had closed.
        abort_on_data = "TCPAbortOnData",
        /// Connections reset because the process closed with data unread.
        abort_on_close = "TCPAbortOnClose",
        /// Connections reset because a timer ran out.
        abort_on_timeout = "TCPAbortOnTimeout",
        /// Connections reset because the lingering time ran out.
        abort_on_linger = "TCPAbortOnLinger",
        /// Resets that could not be sent for lack of memory.
        abort_failed = "TCPAbortFailed",
        /// Retransmission timeouts.
        timeouts = "TCPTimeouts",
        /// Retransmissions that were lost too.
        lost_retransmit = "TCPLostRetransmit",
        /// SYN and SYN-ACK segments retransmitted.
        syn_retrans = "TCPSynRetrans",
        /// Segments dropped because the socket's backlog was full.
        backlog_drop = "TCPBacklogDrop",
        /// Segments dropped because the receive queue was full.
        rcvq_drop = "TCPRcvQDrop",
        /// Segments dropped because the window was zero.
        zero_window_drop = "TCPZeroWindowDrop",
        /// Times the window announced became zero.
        to_zero_window = "TCPToZeroWindowAdv",
        /// Times TCP came under memory pressure.
        memory_pressures = "TCPMemoryPressures",
        /// Time under memory pressure, ms.
        memory_pressure_ms = "TCPMemoryPressuresChrono",
        /// Segments thrown away out of receive queues for lack of memory.
        rcv_pruned = "RcvPruned",
        /// TIME_WAIT sockets not made because there were too many.
        time_wait_overflow = "TCPTimeWaitOverflow",
        /// Keepalive probes sent.
        keep_alive = "TCPKeepAlive",
    }
}

/// `/proc/net/sockstat`, the line `TCP:`. Beware of its scopes: `in_use` and `time_wait` are of one network namespace,
/// the others of the whole machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SockStat {
    /// IPv4 sockets that have a port, TIME_WAIT not counted (this namespace).
    pub in_use: Option<u64>,
    /// Sockets that no process holds any more (machine).
    pub orphan: Option<u64>,
    /// Sockets in TIME_WAIT (this namespace).
    pub time_wait: Option<u64>,
    /// Sockets in any state (machine).
    pub alloc: Option<u64>,
    /// Pages of memory in use by TCP (machine), to hold against [`sysctl::tcp_mem`](super::sysctl::tcp_mem).
    pub mem_pages: Option<u64>,
}

impl SockStat {
    /// Reads `TCP: inuse 5 orphan 0 tw 3 alloc 9 mem 2`.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        let mut words =
            text.lines().find_map(|l| l.strip_prefix("TCP:")).unwrap_or_default().split_ascii_whitespace();
        while let (Some(key), Some(value)) = (words.next(), words.next()) {
            let value = value.parse().ok();
            match key {
                "inuse" => found.in_use = value,
                "orphan" => found.orphan = value,
                "tw" => found.time_wait = value,
                "alloc" => found.alloc = value,
                "mem" => found.mem_pages = value,
                _ => {}
            }
        }
        found
    }

    /// Reads `sockstat` in `dir` (`/proc/net`, `/proc/PID/net`).
    ///
    /// # Errors
    /// Those of opening and reading, with the path.
    pub fn read(dir: &Path) -> io::Result<Self> {
        text(&dir.join("sockstat")).map(|t| Self::parse(&t))
    }
}

impl Snmp {
    /// Reads `snmp` in `dir` (`/proc/net`, `/proc/PID/net`).
    ///
    /// # Errors
    /// Those of opening and reading, with the path.
    pub fn read(dir: &Path) -> io::Result<Self> {
        text(&dir.join("snmp")).map(|t| Self::parse(&t))
    }
}

impl TcpExt {
    /// Reads `netstat` in `dir` (`/proc/net`, `/proc/PID/net`).
    ///
    /// # Errors
    /// Those of opening and reading, with the path.
    pub fn read(dir: &Path) -> io::Result<Self> {
        text(&dir.join("netstat")).map(|t| Self::parse(&t))
    }
}

/// The text of a small file. Bounded, because under a recorded root anything may bear the name of a counter
/// file; bytes that are no UTF-8 become U+FFFD.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|f| f.take(1 << 20).read_to_end(&mut bytes))
        .map_err(|e| failed(path.display(), &e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
