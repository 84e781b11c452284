//! Deleted files that are held open: met on the shared walk by the text of their link, proven by asking.

use super::devices::Devices;
use crate::{
    areas::disk::facts::{Deleted, Holder, On, Total},
    model::{Arrange, Gaps, Kept, Reading, Seen, Untrusted, Why},
    source::{Moment, child::Budget, mounts::Table, proc},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

/// Links read in a look for this alone.
const LINKS: u64 = 20_000;
/// Deleted files looked at; a program that unlinks its temporary files at once has dozens.
const FILES: usize = 2_000;
/// The walk cuts longer links: whether they end in the mark is not to be seen.
const CUT: usize = 256;
const MARK: &[u8] = b" (deleted)";
/// A question is late after so much, and all late ones may cost so much.
const PATIENCE: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_millis(250);

/// Which processes are walked, and what was met there.
#[derive(Default)]
pub(super) struct Walk {
    planned: bool,
    wanted: Vec<bool>,
    met: Vec<Met>,
    /// Deleted files beyond what is looked at.
    beyond: u64,
    missed: BTreeMap<Why, u64>,
}

struct Met {
    process: usize,
    fd: u32,
    path: Vec<u8>,
}

/// A deleted file of which nothing is left but its inode.
struct File {
    met: usize,
    bytes: u64,
    inode: Inode,
    place: Place,
}

/// Device and inode: several devices may be one place.
type Inode = (u64, u64, u64);

/// What one process holds in one place.
struct Held<'f> {
    process: usize,
    place: Place,
    sharers: u64,
    bytes: u64,
    files: u64,
    largest: &'f File,
}

/// On which file system: one of the mount table, or a device that is in another mount namespace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Device(usize),
    Number(u64, u64),
}

/// Where files are.
pub(super) struct Places<'a> {
    asked: &'a Devices,
    known: bool,
}

impl<'a> Places<'a> {
    pub fn new(table: Option<&Table>, asked: &'a Devices) -> Self {
        Self { asked, known: table.is_some() }
    }
    fn name(&self, place: Place) -> String {
        match place {
            Place::Device(i) => self.asked.device(i).map(|d| d.device.clone()).unwrap_or_default(),
            Place::Number(major, minor) => format!("{major}:{minor}"),
        }
    }
    fn on(&self, place: Place) -> Reading<On> {
        let Place::Device(i) = place else { return Reading::unseen(Why::Absent) };
        let Some(d) = self.asked.device(i) else { return Reading::unseen(Why::Absent) };
        d.space.map(|s| On { mount: d.mount.clone(), size_bytes: s.size_bytes })
    }
}

impl Walk {
    /// Chooses the processes, biggest tables first, as many as the budget bears.
    pub fn plan(m: &Moment, gaps: &mut Gaps) -> Self {
        const LEFT: &str = "processes not searched for deleted files";
        let table = m.processes();
        let mut walk = Self { planned: true, wanted: vec![false; table.len()], ..Self::default() };
        if !m.world.procfs {
            return walk;
        }
        let own = proc::own::pid(m.world).filter(|pid| !m.scope.pids.contains(pid));
        let holds = |i: &usize| table[*i].open != Ok(0) && Some(table[*i].pid) != own;
        let mut order: Vec<usize> = (0..table.len()).filter(holds).collect();
        order.arrange_by_key(|i| std::cmp::Reverse(table[*i].open.unwrap_or(0)));
        let mut budget = LINKS;
        for i in order {
            // A list that could not even be counted costs one refused call.
            let cost = table[i].open.unwrap_or(1);
            if cost <= budget {
                budget -= cost;
                walk.wanted[i] = true;
            } else {
                *walk.missed.entry(Why::TooMany).or_default() += 1;
                gaps.add(Why::TooMany, LEFT, format!("{} (pid {})", table[i].comm, table[i].pid));
                gaps.remedy(Why::TooMany, LEFT, format!("paramedic disk --pid {}", table[i].pid));
            }
        }
        walk
    }
    pub fn wants(&self, process: usize) -> bool {
        self.wanted.get(process).copied().unwrap_or(false)
    }
    /// One descriptor. Only what may be a deleted file is kept.
    pub fn meet(&mut self, process: usize, fd: u32, link: &[u8]) {
        if link.first() != Some(&b'/') || !(link.ends_with(MARK) || link.len() >= CUT) || is_memory(link) {
            return;
        }
        if self.met.len() < FILES {
            let path = link.strip_suffix(MARK).unwrap_or(link).to_vec();
            self.met.push(Met { process, fd, path });
        } else {
            self.beyond += 1;
        }
    }
    pub fn missed(&mut self, process: usize, why: Why) {
        if self.wants(process) {
            self.wanted[process] = false;
            // One that has ended since holds nothing any more.
            if why != Why::Absent {
                *self.missed.entry(why).or_default() += 1;
            }
        }
    }

    /// Asks for every file that was met and puts together who holds how much.
    pub fn facts(mut self, m: &Moment, places: &Places, most: usize, gaps: &mut Gaps) -> Seen<Deleted> {
        if !m.world.procfs {
            return Err(Why::Unsupported);
        }
        if !self.planned {
            return Err(Why::NotAsked);
        }
        if m.hidden() > 0 {
            *self.missed.entry(Why::Denied).or_default() += m.hidden();
        }
        let (files, files_unseen) = self.ask(m, places);
        for (why, n) in &files_unseen {
            gaps.add_many(*why, "deleted files that are held open", *n, "their size was not seen");
        }
        let looked = self.wanted.iter().filter(|w| **w).count() as u64;
        let holders = self.holders(m, places, &files, most);
        let totals = totals(places, &self.met, &files, most);
        Ok(Deleted { holders, totals, looked, unseen: self.missed, files_unseen })
    }

    fn ask(&self, m: &Moment, places: &Places) -> (Vec<File>, BTreeMap<Why, u64>) {
        let mut unseen: BTreeMap<Why, u64> = BTreeMap::new();
        let mut not = |why, n: usize| *unseen.entry(why).or_default() += n as u64;
        let asked: Vec<usize> =
            (0..self.met.len()).filter(|i| !places.asked.hangs(&self.met[*i].path)).collect();
        let link = |i: &usize| {
            let met = &self.met[*i];
            m.world.proc_root.join(format!("{}/fd/{}", m.processes()[met.process].pid, met.fd))
        };
        let mut budget = Budget { late: LATE.min(m.left()), until: m.deadline };
        let answers = m.world.ask().stat(&asked.iter().map(link).collect::<Vec<_>>(), PATIENCE, &mut budget);
        not(Why::TimedOut, self.met.len() - asked.len());
        not(Why::TooMany, self.beyond as usize);
        let mut files = Vec::new();
        for (index, answer) in asked.into_iter().zip(answers) {
            match answer {
                Ok(s) if s.links == 0 && s.mode & 0o170_000 == 0o100_000 => {
                    let number = (s.major as u32, s.minor as u32);
                    let place = match places.asked.find(s.mount_id, number) {
                        Some(i) => Place::Device(i),
                        // Memory that the kernel itself keeps as a file is on no mount.
                        None if places.known && s.major == 0 && is_bare(&self.met[index].path) => continue,
                        None => Place::Number(s.major, s.minor),
                    };
                    files.push(File { met: index, bytes: s.held, inode: (s.major, s.minor, s.inode), place });
                }
                // It has a name: that is how it is called. Or it is a directory, which takes next to nothing.
                Ok(_) => {}
                // Closed meanwhile.
                Err(no) if Why::from(no) == Why::Absent => {}
                Err(no) => not(no.into(), 1),
            }
        }
        unseen.retain(|_, n| *n > 0);
        (files, unseen)
    }

    fn holders(&self, m: &Moment, places: &Places, files: &[File], most: usize) -> Kept<Holder> {
        let table = m.processes();
        let mut held: HashMap<(Place, usize), BTreeMap<Inode, &File>> = HashMap::new();
        for f in files {
            let process = self.met[f.met].process;
            held.entry((f.place, process)).or_default().entry(f.inode).or_insert(f);
        }
        // Workers of one master hold exactly what it holds: they are one row, under the oldest.
        let mut alike: HashMap<(Place, Vec<Inode>), Vec<usize>> = HashMap::new();
        for ((place, process), inodes) in &held {
            alike.entry((*place, inodes.keys().copied().collect())).or_default().push(*process);
        }
        let mut rows: Vec<Held> = alike
            .into_iter()
            .filter_map(|((place, _), mut who)| {
                who.arrange_by_key(|i| (table[*i].start_ticks, table[*i].pid));
                let process = *who.first()?;
                let inodes = held.get(&(place, process))?;
                let largest = inodes.values().copied().max_by_key(|f| f.bytes)?;
                let bytes = inodes.values().map(|f| f.bytes).sum();
                let sharers = who.len() as u64 - 1;
                Some(Held { process, place, sharers, bytes, files: inodes.len() as u64, largest })
            })
            .collect();
        rows.arrange_by_key(|r| (std::cmp::Reverse(r.bytes), r.process, r.place));
        let total = rows.len() as u64;
        rows.truncate(most);
        let writes = self.writes(m, &rows);
        let holder = |(r, writes): (Held, Reading<bool>)| Holder {
            process: m.name(&table[r.process]),
            sharers: r.sharers,
            bytes: r.bytes,
            files: r.files,
            largest: Untrusted::from_bytes(&self.met[r.largest.met].path),
            largest_bytes: r.largest.bytes,
            writes,
            device: places.name(r.place),
            on: places.on(r.place),
        };
        Kept::worst(total, rows.into_iter().zip(writes).map(holder).collect())
    }

    /// Whether descriptors are open for writing; proc_pid_fdinfo(5).
    fn writes(&self, m: &Moment, rows: &[Held]) -> Vec<Reading<bool>> {
        let info = |r: &Held| {
            let met = &self.met[r.largest.met];
            m.world.proc_root.join(format!("{}/fdinfo/{}", m.processes()[met.process].pid, met.fd))
        };
        let mut budget = Budget { late: LATE.min(m.left()), until: m.deadline };
        let paths: Vec<_> = rows.iter().map(info).collect();
        let all = m.world.ask().read_all(&paths, 1024, PATIENCE, &mut budget);
        all.into_iter()
            .map(|read| read.and_then(|r| flags(&r.bytes).map(|f| f & 3 != 0).ok_or(Why::Malformed)).into())
            .collect()
    }
}

/// What each file system keeps, every file once.
fn totals(places: &Places, met: &[Met], files: &[File], most: usize) -> Kept<Total> {
    let mut sums: BTreeMap<Place, (HashMap<Inode, u64>, HashSet<usize>)> = BTreeMap::new();
    for f in files {
        let (inodes, holders) = sums.entry(f.place).or_default();
        inodes.insert(f.inode, f.bytes);
        holders.insert(met[f.met].process);
    }
    let mut rows: Vec<Total> = sums
        .into_iter()
        .map(|(place, (inodes, holders))| Total {
            device: places.name(place),
            bytes: inodes.values().sum(),
            files: inodes.len() as u64,
            holders: holders.len() as u64,
        })
        .collect();
    rows.arrange_by_key(|t| std::cmp::Reverse(t.bytes));
    let total = rows.len() as u64;
    rows.truncate(most);
    Kept::worst(total, rows)
}

fn flags(fdinfo: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(fdinfo).ok()?;
    let octal = text.lines().find_map(|l| l.strip_prefix("flags:"))?;
    u32::from_str_radix(octal.trim(), 8).ok()
}

/// Memory that has a name like a file's: shared memory of System V and of parents with their children, of graphics
/// drivers, of asynchronous I/O, memfd.
fn is_memory(link: &[u8]) -> bool {
    const NAMES: [&[u8]; 8] = [
        b"/memfd:",
        b"/SYSV",
        b"/dev/zero (deleted)",
        b"/[aio]",
        b"/anon_hugepage",
        b"/drm mm object",
        b"/i915",
        b"/dmabuf:",
    ];
    NAMES.iter().any(|name| link.starts_with(name))
}

/// A name without any directory.
fn is_bare(path: &[u8]) -> bool {
    path.iter().filter(|c| **c == b'/').count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(links: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut walk = Walk { planned: true, wanted: vec![true], ..Walk::default() };
        links.iter().enumerate().for_each(|(fd, link)| walk.meet(0, fd as u32, link));
        walk.met.into_iter().map(|m| m.path).collect()
    }

    #[test]
    fn deleted_files_are_met_by_the_mark_and_memory_is_left_out() {
        let long = [b"/".as_slice(), &[b'x'; 300]].concat();
        let got = met(&[
            b"/var/log/app.log (deleted)",
            b"/var/log/app.log",
            b"socket:[1]",
            b"/memfd:x (deleted)",
            b"/SYSV00000000 (deleted)",
            b"/dev/zero (deleted)",
            b"/[aio] (deleted)",
            b"anon_inode:x (deleted)",
            b"/dev/shm/x (deleted)",
            &long[..CUT],
        ]);
        assert_eq!(got, [b"/var/log/app.log", &b"/dev/shm/x"[..], &long[..CUT]]);
    }

    #[test]
    fn more_than_are_looked_at_are_counted() {
        let mut walk = Walk { planned: true, wanted: vec![true], ..Walk::default() };
        (0..FILES as u32 + 7).for_each(|fd| walk.meet(0, fd, b"/x (deleted)"));
        assert_eq!((walk.met.len(), walk.beyond), (FILES, 7));
    }

    #[test]
    fn a_process_that_ended_is_no_hole_and_one_that_was_refused_is() {
        let mut walk = Walk { wanted: vec![true, true, false], ..Walk::default() };
        walk.missed(0, Why::Absent);
        walk.missed(1, Why::Denied);
        walk.missed(2, Why::Denied);
        assert_eq!((walk.missed, walk.wanted), (BTreeMap::from([(Why::Denied, 1)]), vec![false; 3]));
    }

    #[test]
    fn the_flags_of_a_descriptor_are_octal() {
        assert_eq!(flags(b"pos:\t12\nflags:\t0100001\nmnt_id:\t27\n"), Some(0o100_001));
        assert_eq!(flags(b"pos:\t12\nflags:\t9\n"), None);
        assert_eq!(flags(b""), None);
    }
}
