//! The limits of this program: how late it sent, what was dropped before it read, how much processor it took; and the
//! clock that it measures with.

use super::{Latency, Own, ports::Ports};
use rustix::thread::{current_timer_slack, set_current_timer_slack};
use rustix::time::{ClockId, clock_gettime};
use std::{
    fs::File,
    io::Read,
    num::NonZeroU64,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// A stamp may seem this much earlier than what it answers, because two clocks are not read at once.
const JITTER_NS: u64 = 50_000;
/// Two readings of one clock that are this far apart were interrupted.
const INTERRUPTED_NS: u64 = 2_000;

/// Nanoseconds since a load began, by the monotonic clock.
#[derive(Clone, Copy)]
pub(super) struct Clock(Instant);

/// How long ago 1970 was, at a moment of the other clock.
#[derive(Clone, Copy)]
pub(super) struct Now {
    /// Since the load began.
    pub ns: u64,
    wall: Duration,
}

impl Clock {
    pub fn start() -> Self {
        Self(Instant::now())
    }
    pub fn ns(self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
    pub fn at(self, instant: Instant) -> u64 {
        instant.saturating_duration_since(self.0).as_nanos() as u64
    }
    /// Both clocks at one moment.
    pub fn both(self) -> Now {
        let mut tries = 5;
        loop {
            let before = self.ns();
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let ns = self.ns();
            tries -= 1;
            if ns - before < INTERRUPTED_NS || tries == 0 {
                return Now { ns, wall };
            }
        }
    }
}

impl Now {
    /// When the kernel stamped an answer to what was sent then; none when that cannot be: the wall clock was set meanwhile.
    pub fn of_stamp(self, stamp: Duration, sent: u64) -> Option<u64> {
        let ago = self.wall.checked_sub(stamp)?.as_nanos() as u64;
        let at = self.ns.checked_sub(ago)?;
        (at + JITTER_NS >= sent).then(|| at.max(sent))
    }
}

/// Measures from its making on.
pub(super) struct Watch {
    processor: Duration,
    dropped: Option<u64>,
    slack: Option<u64>,
    /// How late questions left that had a free place.
    pub lag: Latency,
    /// Times the kernel had no room for a question.
    pub send_full: u64,
    /// Answers that were timed by us.
    pub unstamped: u64,
}

impl Watch {
    /// Also lets this thread wake on time, instead of within 50 µs of it.
    pub fn start() -> Self {
        let slack = current_timer_slack().ok();
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        let (processor, dropped) = (processor(), dropped());
        Self { processor, dropped, slack, lag: Latency::default(), send_full: 0, unstamped: 0 }
    }

    /// What it was.
    pub fn end(self, took: Duration, ports: &Ports) -> Own {
        let _ = set_current_timer_slack(self.slack.and_then(NonZeroU64::new));
        let us = |q| self.lag.quantile_us(q).map_or(0.0, |q| q.us);
        Own {
            lag_p99_us: us(0.99),
            lag_max_us: us(1.0),
            receive_errors: dropped().zip(self.dropped).map(|(now, then)| now.saturating_sub(then)),
            socket_drops: ports.drops(),
            send_full: self.send_full,
            ports_exhausted: ports.exhausted,
            unstamped: self.unstamped,
            cpu_pct: 100.0 * (processor() - self.processor).as_secs_f64() / took.as_secs_f64().max(1e-9),
        }
    }
}

/// Processor time of this thread.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Datagrams dropped for full buffers in the network namespace of this thread, both families.
fn dropped() -> Option<u64> {
    let text = |name| {
        let mut text = String::new();
        let file = File::open(format!("/proc/thread-self/net/{name}")).ok()?;
        file.take(1 << 16).read_to_string(&mut text).ok()?;
        Some(text)
    };
    Some(v4(&text("snmp")?)? + text("snmp6").and_then(|t| v6(&t)).unwrap_or(0))
}

/// `Udp: InDatagrams … RcvbufErrors …`, and below it the figures.
fn v4(snmp: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter_map(|l| l.strip_prefix("Udp:"));
    let at = lines.next()?.split_ascii_whitespace().position(|name| name == "RcvbufErrors")?;
    lines.next()?.split_ascii_whitespace().nth(at)?.parse().ok()
}

/// `Udp6RcvbufErrors   0`
fn v6(snmp6: &str) -> Option<u64> {
    snmp6.lines().find_map(|l| l.strip_prefix("Udp6RcvbufErrors"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_of_the_wall_clock_is_a_moment_of_ours() {
        let now = Now { ns: 5_000_000, wall: Duration::from_secs(1000) };
        let stamp = |before_us| Duration::from_secs(1000) - Duration::from_micros(before_us);
        assert_eq!(now.of_stamp(stamp(1000), 3_000_000), Some(4_000_000));
        assert_eq!(now.of_stamp(stamp(2030), 3_000_000), Some(3_000_000), "30 µs are jitter");
        assert_eq!(
            now.of_stamp(stamp(2100), 3_000_000),
            None,
            "answered before it was asked: the clock was put on"
        );
        assert_eq!(now.of_stamp(stamp(6000), 0), None, "before all of it");
        assert_eq!(now.of_stamp(Duration::from_secs(1001), 0), None, "in the future: the clock was put back");
    }

    #[test]
    fn drops_are_found_by_name() {
        let snmp = "Tcp: A\nTcp: 1\nUdp: InDatagrams NoPorts RcvbufErrors SndbufErrors\nUdp: 9 8 7 6\nUdpLite: RcvbufErrors\n";
        assert_eq!(v4(snmp), Some(7));
        assert_eq!(v4("Udp: InDatagrams\nUdp: 9\n"), None);
        assert_eq!(v4(""), None);
        assert_eq!(v6("Udp6InErrors 3\nUdp6RcvbufErrors                	12\n"), Some(12));
        assert!(dropped().is_some(), "this machine counts them");
    }
}
