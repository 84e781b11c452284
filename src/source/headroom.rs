//! How much memory is left to us: paramedic lives in the patient's cgroup and must not be what kills it.

use super::{
    World,
    cgroup::{Places, Version},
};
use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Whatever is left, no more than this is used: a container of 64 MiB must bear us beside the patient.
const MOST: u64 = 40 << 20;
/// Below this nothing useful can be kept; a look with so little says what it left out.
const LEAST: u64 = 512 << 10;

/// How many bytes the lists of one look may take: a quarter of what is left.
pub fn budget(world: &World) -> u64 {
    headroom(world).map_or(MOST, |h| (h.left / 4).clamp(LEAST, MOST))
}

/// What is left until something is killed, and where to read how it changes.
#[derive(Debug, PartialEq, Eq)]
struct Headroom {
    left: u64,
    /// The usage file of the group that binds; none when it is the machine.
    used: Option<PathBuf>,
}

/// Until the limit of our own control group, of a visible parent, or of the machine, whichever is least; `None` when none
/// of them can be read. Page cache that the kernel can drop counts as free.
fn headroom(world: &World) -> Option<Headroom> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = Places::read(world, None).find("memory", &own).and_then(|f| match f.version {
        Version::V1 => least_along(
            &f.top,
            &f.dir,
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        ),
        Version::V2 => least_along(&f.top, &f.dir, "memory.max", "memory.current", "inactive_file"),
    });
    let machine = world.text("meminfo").ok().and_then(|t| {
        let line = t.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
        let left = line.split_whitespace().next()?.parse::<u64>().ok()? << 10;
        Some(Headroom { left, used: None })
    });
    group.into_iter().chain(machine).min_by_key(|h| h.left)
}

/// Kernel memory that a descriptor costs when it is looked at for the first time: a directory entry and an inode of
/// procfs, charged to our own control group, which is the patient's (905 bytes measured on 6.18).
const LINK: u64 = 905;

/// Watches, during a walk of descriptors, that what it makes the kernel keep stays below a quarter of the memory that was
/// left. The kernel can drop it again, but not at once: a fast walk in a small group ends in an OOM kill.
pub struct Gauge {
    file: File,
    most: u64,
}

impl Gauge {
    /// Begins; `None` when `links` links fit in any case, or nothing can be watched.
    pub fn begin(world: &World, links: u64) -> Option<Self> {
        let Headroom { left, used } = headroom(world)?;
        if links.saturating_mul(LINK) <= left / 4 {
            return None;
        }
        let file = File::open(used?).ok()?;
        let most = number(&file)?.saturating_add(left / 4);
        Some(Self { file, most })
    }
    /// The quarter is used up.
    pub fn is_spent(&self) -> bool {
        number(&self.file).is_some_and(|used| used > self.most)
    }
}

/// The number that a file of a control group holds now.
fn number(file: &File) -> Option<u64> {
    let mut text = [0; 24];
    let len = file.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(&text[..len]).ok()?.trim().parse().ok()
}

/// The least that is left in the group at `dir` and in every parent of it up to `top`.
fn least_along(top: &Path, dir: &Path, limit: &str, used: &str, cache: &str) -> Option<Headroom> {
    let mut dir = dir.to_path_buf();
    let mut least: Option<Headroom> = None;
    loop {
        if let Some(left) = left_in(&dir, limit, used, cache)
            && least.as_ref().is_none_or(|l| left < l.left)
        {
            least = Some(Headroom { left, used: Some(dir.join(used)) });
        }
        if dir == top || !dir.pop() {
            return least;
        }
    }
}

fn left_in(dir: &Path, limit: &str, used: &str, cache: &str) -> Option<u64> {
    let number = |f: &str| fs::read_to_string(dir.join(f)).ok()?.trim().parse::<u64>().ok();
    // "max" (v2) does not parse; v1 writes "no limit" as 2^63 less a page.
    let limit = number(limit).filter(|l| *l < 1 << 62)?;
    let stat = fs::read_to_string(dir.join("memory.stat")).unwrap_or_default();
    let cache =
        stat.lines().find_map(|l| l.strip_prefix(cache)?.strip_prefix(' ')?.parse::<u64>().ok()).unwrap_or(0);
    Some(limit.saturating_sub(number(used)?.saturating_sub(cache)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_group_on_the_way_up_binds_and_cache_counts_as_free() {
        let root = tempfile::tempdir().unwrap();
        let write = |at: &str, limit: &str, used: &str| {
            let dir = root.path().join(at);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("memory.max"), limit).unwrap();
            fs::write(dir.join("memory.current"), used).unwrap();
            fs::write(dir.join("memory.stat"), "anon 5\ninactive_file 1000\n").unwrap();
        };
        write("pod", "100000\n", "41000\n");
        write("pod/app", "max\n", "9000\n");
        let left = least_along(
            root.path(),
            &root.path().join("pod/app"),
            "memory.max",
            "memory.current",
            "inactive_file",
        );
        assert_eq!(left, Some(Headroom { left: 60_000, used: Some(root.path().join("pod/memory.current")) }));
    }

    #[test]
    fn no_limit_is_not_a_limit_of_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        fs::write(root.path().join("memory.usage_in_bytes"), "5\n").unwrap();
        let left = least_along(
            root.path(),
            root.path(),
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        );
        assert_eq!(left, None);
    }
}
