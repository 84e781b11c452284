//! The mount table as text: what is mounted where, and which of it a path still leads to.
//!
//! `/proc/PID/mountinfo` is read and nothing is followed: a path on a dead mount hangs for ever. proc_pid_mountinfo(5).

use super::{Moment, World};
use crate::model::{Gap, Why};
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// A longer table is cut: 5,000 mounts of a node with many pods are less.
const MOST: u64 = 1 << 20;

/// One mount. Paths are bytes as the kernel keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number, the same in every mount namespace.
    pub id: u64,
    /// The mount it is mounted on.
    pub parent: u64,
    /// Major and minor number of the device: the same for every mount of one file system.
    pub device: (u32, u32),
    /// What of the file system is mounted: `/` unless it is a bind mount of a part.
    pub root: Vec<u8>,
    /// Where, as the process sees it whose table this is.
    pub point: Vec<u8>,
    /// The mount does not allow writing.
    pub read_only: bool,
    /// Type, such as `ext4` or `fuse.sshfs`.
    pub filesystem: Vec<u8>,
    /// What is mounted: a device, a server's export, or nothing in particular.
    pub source: Vec<u8>,
    /// Options of the file system itself.
    pub options: Vec<Vec<u8>>,
    /// Something else is mounted on top, so that its path leads there.
    pub hidden: bool,
}

/// The mounts that a process sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// In the order of the kernel's list.
    pub mounts: Vec<Mount>,
    /// Lines that are no mounts.
    pub malformed: u64,
    /// There were more than are kept.
    pub cut: bool,
    /// In front of a mount's path: where to find the process's own root.
    root: PathBuf,
}

/// Whose mounts a look is about: the patient, or whoever the scope chooses first; `None` is ourselves.
pub fn patient(moment: &Moment) -> Option<i32> {
    let (world, scope) = (moment.world, moment.scope);
    if let Some(pid) = scope.target {
        return Some(pid);
    }
    if !scope.is_everything() {
        return moment.processes().iter().find(|p| p.state != b'Z' && !p.kernel_thread).map(|p| p.pid);
    }
    // In a container of our own beside the patient, pid 1 has other mounts than we have.
    (world.live && namespace(world, "1")? != namespace(world, "self")?).then_some(1)
}

/// Its mounts are ours: the namespace is the same, or, where we may not see which one it is, the table is.
fn ours(world: &World, name: &str, table: &[u8]) -> bool {
    match namespace(world, name) {
        Some(theirs) => Some(theirs) == namespace(world, "self"),
        None => bytes(&world.proc_root.join("self/mountinfo")).is_ok_and(|own| own == table),
    }
}

fn namespace(world: &World, pid: &str) -> Option<PathBuf> {
    fs::read_link(world.proc_root.join(pid).join("ns/mnt")).ok()
}

impl Table {
    /// The mounts of a process, or our own.
    ///
    /// # Errors
    /// The gap to be said when there is no table that can be read.
    pub fn read(world: &World, patient: Option<i32>) -> Result<Self, Gap> {
        let near = world.live && world.proc_root == Path::new("/proc");
        let names = match patient {
            Some(pid) => vec![pid.to_string()],
            None if near => vec!["self".into()],
            // Another machine's tree, or a recorded one: its first process stands for it.
            None => vec!["1".into(), "self".into()],
        };
        let mut last = None;
        for name in names {
            let path = world.proc_root.join(&name).join("mountinfo");
            match bytes(&path) {
                Ok(text) => {
                    // Our own mounts are where they say; another's are below its root.
                    let same = near && (name == "self" || ours(world, &name, &text));
                    let root =
                        if same { PathBuf::from("/") } else { world.proc_root.join(&name).join("root") };
                    return Ok(Self { root, ..Self::parse(&text) });
                }
                Err(e) => {
                    last = Some(Gap::new("mount table", Why::from(&e), format!("{}: {e}", path.display())))
                }
            }
        }
        Err(last.unwrap_or_else(|| Gap::new("mount table", Why::Absent, "mountinfo")))
    }

    /// Parses the text of a mount table, at most a megabyte of it.
    pub fn parse(text: &[u8]) -> Self {
        let cut = text.len() as u64 > MOST;
        let text = &text[..text.len().min(MOST as usize)];
        // The last line of what was cut is not a whole one.
        let end = if cut { text.iter().rposition(|c| *c == b'\n').unwrap_or(0) } else { text.len() };
        let mut table = Self { cut, root: "/".into(), ..Self::default() };
        for line in text[..end].split(|c| *c == b'\n').filter(|l| !l.is_empty()) {
            match mount(line) {
                Some(m) => table.mounts.push(m),
                None => table.malformed += 1,
            }
        }
        table.hide();
        table
    }

    /// Where to find the root of the process whose table this is from here.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where to find a mount from here.
    pub fn path(&self, mount: &Mount) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        let point = Path::new(std::ffi::OsStr::from_bytes(&mount.point));
        self.root.join(point.strip_prefix("/").unwrap_or(point))
    }

    /// Marks what no path leads to any more: a mount with another one on its root, everything mounted below such a
    /// root, and what was mounted before something was mounted above it.
    fn hide(&mut self) {
        let at: HashMap<u64, usize> = self.mounts.iter().enumerate().map(|(i, m)| (m.id, i)).collect();
        // The first mount of all is its own parent and covers nothing.
        let taken: HashSet<(u64, &[u8])> =
            self.mounts.iter().filter(|m| m.parent != m.id).map(|m| (m.parent, &m.point[..])).collect();
        let covered = |m: &Mount| taken.contains(&(m.id, &m.point[..]));
        let mut hidden = vec![false; self.mounts.len()];
        for (i, first) in self.mounts.iter().enumerate() {
            hidden[i] = covered(first);
            let mut m = first;
            // A table read while it changes may hold a circle.
            for _ in 0..64 {
                if hidden[i] {
                    break;
                }
                let above = prefixes(&m.point)
                    .any(|p| taken.contains(&(m.parent, p)) && !same_point(&at, self, m, p));
                let Some(parent) = at.get(&m.parent).map(|p| &self.mounts[*p]) else {
                    hidden[i] = above;
                    break;
                };
                // On a root that is covered only what covers it is seen.
                hidden[i] = above || covered(parent) && parent.point != m.point;
                m = parent;
            }
        }
        self.mounts.iter_mut().zip(hidden).for_each(|(m, h)| m.hidden = h);
    }
}

/// The sibling at `point` is not in the way when it is the mount's own parent's place.
fn same_point(at: &HashMap<u64, usize>, table: &Table, m: &Mount, point: &[u8]) -> bool {
    at.get(&m.parent).is_some_and(|p| table.mounts[*p].point == point)
}

/// The paths above a path, without itself: `/a` and `/` of `/a/b`.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter()
        .enumerate()
        .filter(|(i, c)| **c == b'/' && path.len() > 1 && *i < path.len())
        .map(|(i, _)| &path[..i.max(1)])
}

/// At most a megabyte of a table, and one byte more when it is longer.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut out)?;
    Ok(out)
}

/// The mounts of a table, in its order, without what is no mount.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Mount> {
    text.split(|c| *c == b'\n').filter_map(mount)
}

/// One line: number, parent, device, root, point, options, optional fields up to a hyphen, type, source, options.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|c| *c == b' ');
    let id = number(words.next()?)?;
    let parent = number(words.next()?)?;
    let (major, minor) = std::str::from_utf8(words.next()?).ok()?.split_once(':')?;
    let (root, point) = (plain(words.next()?), plain(words.next()?));
    let mut flags = words.next()?.split(|c| *c == b',');
    let read_only = flags.any(|f| f == b"ro");
    words.find(|w| *w == b"-")?;
    let filesystem = plain(words.next()?);
    // The source may be empty, and some kernels leave the options out.
    let source = plain(words.next().unwrap_or_default());
    let options = words.next().unwrap_or_default().split(|c| *c == b',').map(plain).collect();
    if !point.starts_with(b"/") || filesystem.is_empty() {
        return None;
    }
    Some(Mount {
        id,
        parent,
        device: (major.parse().ok()?, minor.parse().ok()?),
        root,
        point,
        read_only,
        filesystem,
        source,
        options,
        hidden: false,
    })
}

fn number(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// The kernel writes space, tab, newline, backslash and `#` as three octal digits.
fn plain(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digits = tail.get(..3).filter(|d| *first == b'\\' && d.iter().all(|c| (b'0'..b'8').contains(c)));
        let value = digits.map(|d| d.iter().fold(0u32, |n, c| n * 8 + u32::from(c - b'0')));
        match value.and_then(|v| u8::try_from(v).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &tail[3..];
            }
            None => out.push(*first),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(text: &str) -> Vec<(String, bool)> {
        let show = |m: &Mount| (String::from_utf8_lossy(&m.point).into_owned(), m.hidden);
        Table::parse(text.as_bytes()).mounts.iter().map(show).collect()
    }
    fn seen(text: &str) -> Vec<String> {
        points(text).into_iter().filter(|(_, hidden)| !hidden).map(|(p, _)| p).collect()
    }

    #[test]
    fn a_line_is_read_with_its_optional_fields_and_octal_digits() {
        let text = b"36 35 98:0 /mnt1 /with\\040space\\134x rw,noatime shared:7 master:1 - ext3 /dev/my\\043disk rw,errors=remount-ro\n";
        let m = &Table::parse(text).mounts[0];
        assert_eq!((m.id, m.parent, m.device, m.read_only), (36, 35, (98, 0), false));
        assert_eq!(
            (&m.root[..], &m.point[..], &m.source[..]),
            (&b"/mnt1"[..], &b"/with space\\x"[..], &b"/dev/my#disk"[..])
        );
        assert_eq!((&m.filesystem[..], m.options.len()), (&b"ext3"[..], 2));
    }

    #[test]
    fn names_that_are_not_utf8_and_types_nobody_knows_are_kept() {
        let t = Table::parse(b"1 0 0:5 / /\xff\xfe ro - newfs  \n2 1 0:6 / /x rw - y z\n");
        assert_eq!((t.mounts.len(), t.malformed), (2, 0));
        assert_eq!(
            (&t.mounts[0].point[..], t.mounts[0].read_only, t.mounts[0].source.len()),
            (&b"/\xff\xfe"[..], true, 0)
        );
    }

    #[test]
    fn lines_that_are_no_mounts_are_counted() {
        let t = Table::parse(b"\n1 2\n1 0 0:1 / / rw no hyphen\nx 0 0:1 / / rw - a b c\n1 0 01 / / rw - a b c\n1 0 0:1 / rel rw - a b c\n");
        assert_eq!((t.mounts.len(), t.malformed), (0, 5));
    }

    #[test]
    fn a_table_of_more_than_a_megabyte_is_cut_at_a_line() {
        let line = "1 0 0:1 / /some/where rw - tmpfs tmpfs rw\n";
        let text = line.repeat((MOST as usize) / line.len() + 10);
        let t = Table::parse(text.as_bytes());
        assert!(t.cut && t.malformed == 0 && t.mounts.len() == MOST as usize / line.len());
    }

    #[test]
    fn what_is_mounted_on_the_same_place_again_hides_the_first() {
        let text = "1 0 8:1 / / rw - ext4 a rw\n2 1 0:1 / /dev rw - devtmpfs b rw\n3 2 0:2 / /dev/pts rw - devpts c rw\n\
                    4 3 0:3 / /dev/pts rw - devpts d rw\n5 2 0:4 / /dev/shm rw - tmpfs e rw\n";
        assert_eq!(points(text).iter().map(|p| p.1).collect::<Vec<_>>(), [false, false, true, false, false]);
    }

    #[test]
    fn a_cover_hides_what_was_mounted_below_it_and_what_is_mounted_on_it_stays() {
        let text = "1 0 8:1 / / rw - ext4 a rw\n2 1 0:1 / /data rw - tmpfs b rw\n3 2 0:2 / /data/old rw - tmpfs c rw\n\
                    4 2 0:3 / /data rw - tmpfs d rw\n5 4 0:4 / /data/new rw - tmpfs e rw\n6 3 0:5 / /data/old/x rw - tmpfs f rw\n";
        assert_eq!(seen(text), ["/", "/data", "/data/new"]);
        let above = "1 0 8:1 / / rw - ext4 a rw\n2 1 0:1 / /a/b rw - tmpfs b rw\n3 1 0:2 / /a rw - tmpfs c rw\n4 1 0:3 / /ab rw - tmpfs d rw\n";
        assert_eq!(seen(above), ["/", "/a", "/ab"], "/a was mounted when /a/b was there already");
    }

    #[test]
    fn the_root_of_a_container_and_a_circle_are_no_trouble() {
        let container =
            "100 90 0:50 / / rw - overlay overlay rw,upperdir=/u\n101 100 0:51 / /proc rw - proc proc rw\n";
        assert_eq!(seen(container), ["/", "/proc"]);
        let circle = "1 2 0:1 / /a rw - tmpfs a rw\n2 1 0:2 / /b rw - tmpfs b rw\n";
        assert_eq!(points(circle).len(), 2);
        let own = "7 7 0:1 / / rw - rootfs none rw\n";
        assert_eq!(seen(own), ["/"]);
    }

    #[test]
    fn our_own_table_holds_the_root() {
        let world = World::open(Path::new("/proc"), Path::new("/sys")).unwrap();
        let table = Table::read(&world, None).unwrap();
        let root = table.mounts.iter().find(|m| m.point == b"/" && !m.hidden).unwrap();
        assert_eq!(table.path(root), Path::new("/"));
        assert_eq!(table.malformed, 0);
        let gap = Table::read(&world, Some(i32::MAX)).unwrap_err();
        assert_eq!(gap.why, Why::Absent);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>, lines in "([0-9]{1,2} [0-9]{1,2} 0:1 / /[ab/]{0,4} rw - x y z\n){0,9}") {
            let _ = Table::parse(&bytes);
            let _ = Table::parse(lines.as_bytes());
        }
    }
}
