//! The process table: every process once, with what is cheap to know of it.

use super::{Stat, read_at};
use crate::{
    model::{Gaps, Seen, Untrusted, Why},
    source::World,
};
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, fstat, openat, statat};
use std::{io, mem::MaybeUninit, os::fd::AsFd, time::Instant};

/// A resource limit; `unlimited` and 2^30 are both real settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What binds now; `None` is unlimited.
    pub soft: Option<u64>,
    /// How far the process may raise it itself; `None` is unlimited.
    pub hard: Option<u64>,
}

/// One process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its parent's.
    pub ppid: i32,
    /// Process group.
    pub pgrp: i32,
    /// Session.
    pub session: i32,
    /// Start in ticks since boot: with the pid, its identity.
    pub start_ticks: u64,
    /// Its name.
    pub comm: Untrusted,
    /// `R`, `S`, `D`, `Z` …
    pub state: u8,
    /// Effective user id (owner of its directory; root for processes that may not be traced).
    pub uid: u32,
    /// A kernel thread.
    pub kernel_thread: bool,
    /// Memory that is resident, in bytes; what it shares with others counts in full.
    pub rss_bytes: u64,
    /// Time spent computing by all its threads, in clock ticks.
    pub ticks: u64,
    /// Threads.
    pub threads: u32,
    /// Open descriptors.
    pub open: Seen<u64>,
    /// RLIMIT_NOFILE.
    pub limit: Seen<Limit>,
}

/// What a tree mounted with `hidepid` does not list, as a gap.
const HIDDEN: &str = "processes of other users";

/// Every process below the root, in order of pid. What could not be read is counted in `gaps`.
pub fn list(world: &World, deadline: Instant, gaps: &mut Gaps) -> Vec<Process> {
    let mut out = Vec::new();
    let pids = match pids(world) {
        Ok(pids) => pids,
        Err(e) => {
            gaps.add(Why::from(&e), "process table", e);
            return out;
        }
    };
    // Every pid namespace has a pid 1: where it is missing, procfs hides the processes of others (hidepid=2 or 4; with
    // hidepid=1 they are listed and refuse to be read). How many there are is not to be known. proc(5).
    if world.procfs && pids.first() != Some(&1) {
        gaps.add(Why::Denied, HIDDEN, "hidepid: not even pid 1 is listed in /proc");
        gaps.remedy(Why::Denied, HIDDEN, "sudo paramedic");
    }
    let mut buf = vec![0u8; 4096];
    for pid in pids {
        if Instant::now() >= deadline {
            gaps.add(Why::TimedOut, "processes", format!("from pid {pid} on"));
            continue;
        }
        match read(world, pid, &mut buf) {
            Ok(Some(p)) => out.push(p),
            Ok(None) => gaps.add(Why::Malformed, "processes", format!("{pid}/stat")),
            // Gone between the listing and the reading: there is no such process any more.
            Err(e) if Why::from(&e) == Why::Absent && world.procfs => {}
            Err(e) => gaps.add(Why::from(&e), "processes", format!("{pid}/stat: {e}")),
        }
    }
    out
}

fn pids(world: &World) -> io::Result<Vec<i32>> {
    let dir =
        openat(world.root(), c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut pids = Vec::new();
    let mut buf = vec![MaybeUninit::uninit(); 32 << 10];
    let mut entries = RawDir::new(dir, &mut buf);
    while let Some(entry) = entries.next() {
        if let Some(pid) = entry?.file_name().to_str().ok().and_then(|n| n.parse().ok()) {
            pids.push(pid);
        }
    }
    pids.sort_unstable();
    Ok(pids)
}

fn read(world: &World, pid: i32, buf: &mut [u8]) -> io::Result<Option<Process>> {
    let dir = world.process(pid)?;
    let uid = fstat(&dir)?.st_uid;
    let Some(stat) = Stat::parse(read_at(&dir, c"stat", buf)?) else { return Ok(None) };
    let mut process = Process {
        pid,
        ppid: stat.ppid,
        pgrp: stat.pgrp,
        session: stat.session,
        start_ticks: stat.start_ticks,
        comm: Untrusted::from_bytes(stat.comm),
        state: stat.state,
        uid,
        kernel_thread: stat.kernel_thread,
        rss_bytes: stat.rss_pages.saturating_mul(rustix::param::page_size() as u64),
        ticks: stat.ticks,
        threads: stat.threads,
        open: Ok(0),
        limit: Err(Why::Absent),
    };
    if !process.kernel_thread && process.state != b'Z' {
        process.open = count(world, &dir).map_err(|e| Why::from(&e));
    }
    process.limit = match read_at(&dir, c"limits", buf) {
        Ok(text) => parse_limits(text).ok_or(Why::Malformed),
        Err(e) => Err(Why::from(&e)),
    };
    Ok(Some(process))
}

/// How many descriptors: the directory's size where the kernel keeps it there, which needs no right on the process and
/// one call; else by counting.
fn count(world: &World, dir: impl AsFd) -> io::Result<u64> {
    if world.counts_by_size {
        return Ok(statat(dir, c"fd", AtFlags::empty())?.st_size.max(0) as u64);
    }
    let fd = openat(dir, c"fd", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buf = [MaybeUninit::uninit(); 8 << 10];
    let mut entries = RawDir::new(fd, &mut buf);
    let mut n = 0;
    while let Some(entry) = entries.next() {
        n += u64::from(entry?.file_name().to_bytes().first().is_some_and(u8::is_ascii_digit));
    }
    Ok(n)
}

fn parse_limits(bytes: &[u8]) -> Option<Limit> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("Max open files"))?;
    let mut words = line.split_ascii_whitespace();
    let mut next = || match words.next()? {
        "unlimited" => Some(None),
        n => n.parse().ok().map(Some),
    };
    Some(Limit { soft: next()?, hard: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_or_unlimited_and_nothing_else() {
        let line = |v: &str| {
            format!("Limit  Soft Limit  Hard Limit  Units\nMax open files            {v}   files\n")
        };
        let of = |v| parse_limits(line(v).as_bytes());
        assert_eq!(of("1024  524288"), Some(Limit { soft: Some(1024), hard: Some(524_288) }));
        assert_eq!(of("1073741816 unlimited"), Some(Limit { soft: Some(1_073_741_816), hard: None }));
        assert_eq!(of("many 1"), None);
        assert_eq!(parse_limits(b"Max processes 1 1"), None);
    }
}
