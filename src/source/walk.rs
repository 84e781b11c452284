//! The one walk over descriptors: what it costs is one `readlinkat` for each, so the art is not to visit them.

use super::{
    Moment,
    headroom::Gauge,
    proc::{Process, Stat, read_at},
};
use crate::model::{Gaps, Why};
use rustix::fs::{Mode, OFlags, RawDir, SeekFrom, openat, readlinkat_raw, seek};
use std::{ffi::CStr, io, mem::MaybeUninit, os::fd::AsFd, time::Instant};

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
    let open = order.iter().map(|(n, _)| if *n == u64::MAX { 0 } else { *n }).sum();
    let mut reader = Reader {
        deadline: moment.deadline,
        gauge: Gauge::begin(moment.world, open),
        entries: vec![MaybeUninit::uninit(); 32 << 10],
        links: 0,
    };
    for (_, index) in order {
        if !wanting.wants(index) {
            continue;
        }
        let p = &table[index];
        match reader.read(moment, p, index, wanting) {
            Ok(()) => out.processes += 1,
            Err(e) => {
                let why = Why::from(&e);
                wanting.missed(index, why);
                let example = format!("{} (pid {})", p.comm, p.pid);
                match why {
                    // A process that has ended since holds nothing any more.
                    Why::Absent => {}
                    Why::TooMany => gaps.add(why, "descriptor lists of processes (memory is short)", example),
                    _ => gaps.add(why, LISTS, example),
                }
                if why == Why::TimedOut {
                    gaps.remedy(why, LISTS, "paramedic --timeout 60s");
                }
            }
        }
    }
    out.links = reader.links;
    out
}

const LISTS: &str = "descriptor lists of processes";
/// From so many descriptors on, numbers are tried one after the other before the directory is listed: a table that big has
/// hardly any holes, and listing it costs a third of the walk.
const DENSE: u64 = 1024;
/// So many numbers in a row without a descriptor end the trying.
const HOLES: u32 = 16;
/// Links between two looks at the clock and at the memory.
const CAREFUL: u64 = 256;

struct Reader {
    deadline: Instant,
    gauge: Option<Gauge>,
    entries: Vec<MaybeUninit<u8>>,
    links: u64,
}

impl Reader {
    fn read(
        &mut self,
        moment: &Moment,
        p: &Process,
        index: usize,
        wanting: &mut dyn Wanting,
    ) -> io::Result<()> {
        self.go_on()?;
        let fds = open(moment, p)?;
        let mut text = [0u8; 256];
        if p.open.is_ok_and(|n| n >= DENSE) {
            let mut name = Name::default();
            let mut holes = 0;
            while holes < HOLES {
                let fd = name.number;
                match readlinkat_raw(&fds, name.text(), &mut text) {
                    Ok(len) => {
                        holes = 0;
                        if !self.met(wanting, index, fd, &text[..len])? {
                            return Ok(());
                        }
                    }
                    Err(_) => holes += 1,
                }
                name.next();
            }
            // Position n + 2 of the directory is descriptor n (`proc_readfd_common`): the rest is listed, nothing twice.
            seek(&fds, SeekFrom::Start(u64::from(name.number) + 2))?;
        }
        let mut entries = std::mem::take(&mut self.entries);
        let listed = self.list(&fds, &mut entries, index, wanting, &mut text);
        self.entries = entries;
        listed
    }

    fn list(
        &mut self,
        fds: impl AsFd,
        entries: &mut [MaybeUninit<u8>],
        index: usize,
        wanting: &mut dyn Wanting,
        text: &mut [u8],
    ) -> io::Result<()> {
        let mut list = RawDir::new(&fds, entries);
        while let Some(entry) = list.next() {
            let entry = entry?;
            let name = entry.file_name();
            let Some(fd) = number(name.to_bytes()) else { continue };
            // Longer links are cut: their kind is told by the beginning, and only files have long ones.
            let Ok(len) = readlinkat_raw(&fds, name, &mut *text) else { continue };
            if !self.met(wanting, index, fd, &text[..len])? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn met(&mut self, wanting: &mut dyn Wanting, index: usize, fd: u32, link: &[u8]) -> io::Result<bool> {
        self.links += 1;
        if self.links.is_multiple_of(CAREFUL) {
            self.go_on()?;
        }
        Ok(wanting.meet(index, fd, link))
    }

    /// There is time and memory left.
    fn go_on(&self) -> io::Result<()> {
        if Instant::now() >= self.deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // OutOfMemory reads as "too many".
        if self.gauge.as_ref().is_some_and(Gauge::is_spent) {
            Err(io::ErrorKind::OutOfMemory.into())
        } else {
            Ok(())
        }
    }
}

/// A number counted up in decimal, as a C string: formatting it anew each time would cost as much as the call.
struct Name {
    digits: [u8; 11],
    from: usize,
    number: u32,
}
impl Default for Name {
    fn default() -> Self {
        Self { digits: *b"0000000000\0", from: 9, number: 0 }
    }
}
impl Name {
    fn text(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.digits[self.from..]).unwrap_or(c"0")
    }
    fn next(&mut self) {
        self.number += 1;
        let mut at = 9;
        while self.digits[at] == b'9' && at > 0 {
            self.digits[at] = b'0';
            at -= 1;
        }
        self.digits[at] += 1;
        self.from = self.from.min(at);
    }
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
    std::str::from_utf8(name).ok().filter(|n| n.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_up_through_every_length() {
        let mut name = Name::default();
        for n in 0..12_345u32 {
            assert_eq!((name.text().to_str().unwrap(), name.number), (n.to_string().as_str(), n));
            name.next();
        }
    }

    struct All(Vec<u32>);
    impl Wanting for All {
        fn wants(&mut self, _: usize) -> bool {
            true
        }
        fn meet(&mut self, _: usize, fd: u32, _: &[u8]) -> bool {
            self.0.push(fd);
            true
        }
        fn missed(&mut self, _: usize, why: Why) {
            panic!("{why:?}");
        }
    }

    #[test]
    fn a_big_table_with_holes_is_read_whole_and_nothing_twice() {
        use crate::source::{Phase, Scope, World};
        use std::{collections::BTreeSet, fs::File, os::fd::AsRawFd, path::Path, time::Duration};
        let mut held: Vec<File> = (0..3_000).map(|_| File::open("/dev/null").unwrap()).collect();
        // Holes shorter and longer than the trying bears, and a lone descriptor far behind them.
        held.drain(1_500..1_505);
        held.drain(2_000..2_040);
        let far = rustix::io::fcntl_dupfd_cloexec(&held[0], 6_000).unwrap();
        let mine: BTreeSet<u32> =
            held.iter().map(AsRawFd::as_raw_fd).chain([far.as_raw_fd()]).map(|n| n as u32).collect();
        let world = World::open(Path::new("/proc"), Path::new("/sys")).unwrap();
        let scope = Scope { pids: vec![std::process::id() as i32], ..Scope::default() };
        let moment = Moment::now(&world, &scope, Instant::now() + Duration::from_secs(20), Phase::Last);
        let mut all = All(vec![]);
        let walked = walk(&moment, &mut all, &mut Gaps::default());
        let met: BTreeSet<u32> = all.0.iter().copied().collect();
        assert!(mine.is_subset(&met), "missing: {:?}", mine.difference(&met).collect::<Vec<_>>());
        assert_eq!((met.len(), walked.links), (all.0.len(), all.0.len() as u64));
    }

    #[test]
    fn a_name_of_a_descriptor_is_digits_and_nothing_else() {
        assert_eq!(
            ["0", "4294967295", "4294967296", "", ".", "..", "1x"].map(|n| number(n.as_bytes())),
            [Some(0), Some(u32::MAX), None, None, None, None, None]
        );
    }
}
