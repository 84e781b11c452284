//! The one walk over descriptors: what it costs is one `readlinkat` for each, so the art is not to visit them.

use super::{
    Moment,
    proc::{Process, Stat, read_at},
};
use crate::model::{Gaps, Why};
use rustix::fs::{Mode, OFlags, RawDir, openat, readlinkat_raw};
use std::{
    io,
    mem::MaybeUninit,
    os::fd::AsFd,
    time::{Duration, Instant},
};

/// What the areas of a look want of the walk. The runner unites them.
pub trait Wanting {
    /// Is anything still to be found in this process (an index into [`Moment::processes`])?
    fn wants(&mut self, process: usize) -> bool;
    /// One descriptor: the process, its number, the text of its link. False when nothing more of this process is wanted.
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool;
    /// The descriptors of this process could not be read, or not to the end.
    fn missed(&mut self, process: usize, why: Why);
}

/// What the walk came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Processes whose descriptors were read.
    pub processes: u64,
    /// Links read.
    pub links: u64,
}

/// Walks the biggest tables first, so that a wish is fulfilled after as few links as possible, and ends when nothing is
/// wanted any more or the deadline comes.
pub fn walk(moment: &Moment, wanting: &mut dyn Wanting, gaps: &mut Gaps) -> Walked {
    let table = moment.processes();
    let mut order: Vec<(u64, usize)> = table
        .iter()
        .enumerate()
        .map(|(i, p)| (p.open.unwrap_or(u64::MAX), i))
        .filter(|(n, _)| *n > 0)
        .collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let mut out = Walked::default();
    let mut entries = vec![MaybeUninit::uninit(); 32 << 10];
    for (_, index) in order {
        if !wanting.wants(index) {
            continue;
        }
        let p = &table[index];
        match read(moment, p, index, &mut entries, wanting, &mut out.links) {
            Ok(()) => out.processes += 1,
            Err(e) => {
                let why = Why::from(&e);
                wanting.missed(index, why);
                // A process that has ended since holds nothing any more.
                if why != Why::Absent {
                    gaps.add(why, "descriptor lists of processes", format!("{} (pid {})", p.comm, p.pid));
                }
            }
        }
    }
    out
}

fn read(
    moment: &Moment,
    p: &Process,
    index: usize,
    entries: &mut [MaybeUninit<u8>],
    wanting: &mut dyn Wanting,
    links: &mut u64,
) -> io::Result<()> {
    if moment.left() == Duration::ZERO {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let fds = open(moment, p)?;
    let mut list = RawDir::new(&fds, entries);
    let mut text = [0u8; 256];
    while let Some(entry) = list.next() {
        let entry = entry?;
        let name = entry.file_name();
        let Some(fd) = number(name.to_bytes()) else { continue };
        // Longer links are cut: their kind is told by the beginning, and only files have long ones.
        let Ok(len) = readlinkat_raw(&fds, name, &mut text) else { continue };
        *links += 1;
        if !wanting.meet(index, fd, &text[..len]) {
            return Ok(());
        }
        if links.is_multiple_of(4096) && Instant::now() >= moment.deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    Ok(())
}

/// The descriptor directory of a process, if it is still the one of the table.
fn open(moment: &Moment, p: &Process) -> io::Result<impl AsFd + use<>> {
    let dir = moment.world.process(p.pid)?;
    let mut buf = [0u8; 1024];
    let same = Stat::parse(read_at(&dir, c"stat", &mut buf)?).is_some_and(|s| s.start_ticks == p.start_ticks);
    if !same {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(openat(&dir, c"fd", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// One link of one process: what descriptor `fd` of it is now.
///
/// # Errors
/// When the process or the descriptor is gone, or may not be looked at.
pub fn link_of(moment: &Moment, p: &Process, fd: u32) -> io::Result<Vec<u8>> {
    let fds = open(moment, p)?;
    let mut text = [0u8; 256];
    let len = readlinkat_raw(&fds, fd.to_string(), &mut text)?;
    Ok(text[..len].to_vec())
}

fn number(name: &[u8]) -> Option<u32> {
    let digits = |n: u32, d: &u8| n.checked_mul(10)?.checked_add(u32::from(d.checked_sub(b'0')?));
    if name.first()?.is_ascii_digit() { name.iter().try_fold(0, digits) } else { None }
}
