//! `/proc/PID/status`: what a process does with signals, and what it is called in the pid namespaces below ours.
//! <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>

use super::read_at;
use crate::source::World;
use std::io;

/// What `kill` sends and every runtime of containers sends first.
pub const SIGTERM: u32 = 15;

/// What a process does with a signal, as far as its masks tell. A mask proves less than it seems to: whoever sits in
/// `sigtimedwait` has the signal unblocked for that time and no handler either, and some runtimes install handlers of
/// their own that end in the default action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// There is a handler.
    Caught,
    /// There is none: the default action, which the kernel skips for the first process of a pid namespace.
    Default,
    /// Held back: for `signalfd` or `sigwait`, or until it is unblocked.
    Blocked,
    /// Ignored on purpose.
    Ignored,
}

/// The lines that are needed. A line that this kernel or sandbox does not write is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `R`, `S`, `D`, `Z` …
    pub state: Option<u8>,
    /// Its pid in our pid namespace and in each one below, the innermost last. Empty before Linux 4.1.
    pub ns_pids: Vec<i32>,
    /// Threads.
    pub threads: Option<u32>,
    /// Memory that is swapped out, in bytes.
    pub swap_bytes: Option<u64>,
    /// Signals that wait for the main thread.
    pub pending: Option<u64>,
    /// Signals that wait for any thread.
    pub shared_pending: Option<u64>,
    /// Signals that the main thread holds back.
    pub blocked: Option<u64>,
    /// Signals that are ignored.
    pub ignored: Option<u64>,
    /// Signals with a handler.
    pub caught: Option<u64>,
}

impl Status {
    /// Reads it of one process.
    ///
    /// # Errors
    /// `NotFound` when the process is gone.
    pub fn read(world: &World, pid: i32, buf: &mut [u8]) -> io::Result<Self> {
        Ok(Self::parse(read_at(world.process(pid)?, c"status", buf)?))
    }

    /// Parses what is there; the first line of a name counts.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        for line in bytes.split(|b| *b == b'\n').take(256) {
            let Some((key, value)) = std::str::from_utf8(line).ok().and_then(|l| l.split_once(':')) else {
                continue;
            };
            let value = value.trim();
            let mask = |old: Option<u64>| old.or_else(|| u64::from_str_radix(value, 16).ok());
            match key {
                "State" if out.state.is_none() => out.state = value.bytes().next(),
                "NSpid" if out.ns_pids.is_empty() => {
                    out.ns_pids = value.split_ascii_whitespace().map_while(|n| n.parse().ok()).collect();
                }
                "Threads" => out.threads = out.threads.or_else(|| value.parse().ok()),
                "VmSwap" => out.swap_bytes = out.swap_bytes.or_else(|| kilobytes(value)),
                "SigPnd" => out.pending = mask(out.pending),
                "ShdPnd" => out.shared_pending = mask(out.shared_pending),
                "SigBlk" => out.blocked = mask(out.blocked),
                "SigIgn" => out.ignored = mask(out.ignored),
                "SigCgt" => out.caught = mask(out.caught),
                _ => {}
            }
        }
        out
    }

    /// The first process of its pid namespace. Unknown where the kernel does not say.
    pub fn is_first(&self) -> Option<bool> {
        self.ns_pids.last().map(|pid| *pid == 1)
    }

    /// What the main thread does with a signal; that one decides for signals sent to the process.
    pub fn disposition(&self, signal: u32) -> Option<Disposition> {
        let in_mask = |mask: u64| mask & bit(signal) != 0;
        let (blocked, ignored, caught) = (self.blocked?, self.ignored?, self.caught?);
        Some(match () {
            () if in_mask(ignored) => Disposition::Ignored,
            () if in_mask(blocked) => Disposition::Blocked,
            () if in_mask(caught) => Disposition::Caught,
            () => Disposition::Default,
        })
    }

    /// The signal was sent and nobody has taken it yet.
    pub fn waits(&self, signal: u32) -> bool {
        (self.pending.unwrap_or(0) | self.shared_pending.unwrap_or(0)) & bit(signal) != 0
    }
}

fn bit(signal: u32) -> u64 {
    1u64.checked_shl(signal.wrapping_sub(1)).unwrap_or(0)
}

fn kilobytes(value: &str) -> Option<u64> {
    value.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The kernel function that the main thread sleeps in. `None` where it does not sleep, where we have no right to know, and
/// where the kernel has no names: all three read as `0`.
pub fn sleeps_in(world: &World, pid: i32) -> Option<String> {
    let mut buf = [0u8; 128];
    let text = read_at(world.process(pid).ok()?, c"wchan", &mut buf).ok()?;
    let text = std::str::from_utf8(text).ok()?.trim();
    (!matches!(text, "" | "0")).then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Node.js 20 as the first process of a namespace, seen from its parent namespace on Linux 6.18.
    const NODE: &str = "Name:\tnode\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t25974\nNSpid:\t25974\t1\nVmSwap:\t      12 kB\n\
        Threads:\t7\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\n\
        SigIgn:\t0000000001001000\nSigCgt:\t0000000100004602\n";

    #[test]
    fn masks_and_names_are_read() {
        let s = Status::parse(NODE.as_bytes());
        assert_eq!((s.state, s.threads, s.swap_bytes), (Some(b'S'), Some(7), Some(12 << 10)));
        assert_eq!((s.ns_pids.as_slice(), s.is_first()), (&[25_974, 1][..], Some(true)));
        assert_eq!(s.disposition(SIGTERM), Some(Disposition::Caught));
        assert_eq!(s.disposition(13), Some(Disposition::Ignored));
        assert_eq!(s.disposition(12), Some(Disposition::Default));
        assert!(!s.waits(SIGTERM));
    }

    #[test]
    fn what_is_blocked_counts_before_what_is_caught() {
        let text =
            "ShdPnd:\t0000000000004000\nSigBlk:\t0000000000004000\nSigIgn:\t0\nSigCgt:\t0000000000004000\n";
        let s = Status::parse(text.as_bytes());
        assert_eq!(s.disposition(SIGTERM), Some(Disposition::Blocked));
        assert!(s.waits(SIGTERM) && !s.waits(14));
    }

    #[test]
    fn missing_lines_are_unknown_and_not_nought() {
        let s = Status::parse(b"Name:\tx\nState:\tZ (zombie)\nSigCgt:\tnot hex\n");
        assert_eq!((s.disposition(SIGTERM), s.is_first(), s.threads), (None, None, None));
        assert_eq!(Status::parse(b""), Status::default());
        // A name cannot forge a line: the kernel escapes newlines, and the first of a key counts.
        let s = Status::parse(b"Name:\tx\nNSpid:\t7\nNSpid:\t1\n");
        assert_eq!(s.is_first(), Some(false));
    }

    #[test]
    fn our_own_is_read() {
        let world = World::open("/proc".as_ref(), "/sys".as_ref()).unwrap();
        let pid = std::process::id() as i32;
        let s = Status::read(&world, pid, &mut [0; 4096]).unwrap();
        assert!(s.disposition(SIGTERM).is_some() && s.threads >= Some(1), "{s:?}");
        assert_eq!(s.ns_pids.first(), Some(&pid));
        assert!(Status::read(&world, i32::MAX, &mut [0; 4096]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>, signal: u32) {
            let s = Status::parse(&bytes);
            let _ = (s.disposition(signal), s.waits(signal), s.is_first());
        }
    }
}
