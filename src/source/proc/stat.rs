//! `/proc/PID/stat`: the line whose second field may hold anything.

/// `PF_KTHREAD` of `linux/sched.h`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// The fields of `/proc/PID/stat` that are needed; proc_pid_stat(5).
#[derive(Debug, PartialEq, Eq)]
pub struct Stat<'a> {
    /// The name, as bytes: it may hold brackets, newlines, anything but NUL.
    pub comm: &'a [u8],
    /// `R`, `S`, `D`, `Z` …
    pub state: u8,
    /// Parent.
    pub ppid: i32,
    /// Process group.
    pub pgrp: i32,
    /// Session.
    pub session: i32,
    /// A kernel thread: it has no descriptors.
    pub kernel_thread: bool,
    /// Time spent computing, in user and kernel mode, in clock ticks; of all its threads.
    pub ticks: u64,
    /// Threads.
    pub threads: u32,
    /// Start in clock ticks since boot.
    pub start_ticks: u64,
    /// Resident pages. The kernel sums them up lazily: off by up to 64 pages for each thread and processor.
    pub rss_pages: u64,
}

impl<'a> Stat<'a> {
    /// Parses the line; the name ends at the *last* closing bracket.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let open = bytes.iter().position(|c| *c == b'(')?;
        let close = bytes.iter().rposition(|c| *c == b')')?;
        let comm = bytes.get(open + 1..close)?;
        let rest = std::str::from_utf8(bytes.get(close + 2..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let ppid = fields.next()?.parse().ok()?;
        let (pgrp, session) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let flags: u64 = fields.nth(2)?.parse().ok()?;
        let user: u64 = fields.nth(4)?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        let threads = fields.nth(4)?.parse().ok()?;
        let start_ticks = fields.nth(1)?.parse().ok()?;
        // The kernel prints what it holds; a negative number would be a tree that somebody made up.
        let rss_pages = fields.nth(1)?.parse().ok()?;
        Some(Self {
            comm,
            state,
            ppid,
            pgrp,
            session,
            kernel_thread: flags & PF_KTHREAD != 0,
            ticks: user.saturating_add(system),
            threads,
            start_ticks,
            rss_pages,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REST: &str = "S 1 41 40 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 11 0 812334 1 2 3";

    #[test]
    fn names_with_brackets_and_newlines_are_kept_whole() {
        for comm in ["node", "nc (", "a)b", "x\n127.0.0.1", ") R 1 ("] {
            let line = format!("41 ({comm}) {REST}");
            let stat = Stat::parse(line.as_bytes()).unwrap();
            assert_eq!(
                (stat.comm, stat.state, stat.ppid, stat.start_ticks, stat.kernel_thread),
                (comm.as_bytes(), b'S', 1, 812_334, false)
            );
            assert_eq!(
                (stat.pgrp, stat.session, stat.ticks, stat.threads, stat.rss_pages),
                (41, 40, 11, 11, 2)
            );
        }
    }

    #[test]
    fn a_cut_line_is_not_a_process() {
        for cut in ["", "41", "41 (node", "41 (node)", "41 (node) S 1 41", "41 (node) S x y z 0 0 0 0"] {
            assert_eq!(Stat::parse(cut.as_bytes()), None, "{cut}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = Stat::parse(&bytes);
        }
    }
}
