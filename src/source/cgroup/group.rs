//! One control group: a directory of small files.

use crate::{
    model::{Psi, Seen, Untrusted, Why},
    source::proc::read_text,
};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// Version 1 has a tree for each controller, version 2 one tree for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// cgroups(7), version 1.
    V1,
    /// `Documentation/admin-guide/cgroup-v2.rst`.
    V2,
}

/// One control group. It may be kept between looks: a directory of a group that has ended reads as `Absent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its path as `/proc/PID/cgroup` has it: relative to our own cgroup namespace.
    pub path: Untrusted,
    /// The next group above it that is visible, as an index into [`Hierarchy::groups`](super::Hierarchy::groups).
    pub parent: Option<usize>,
    /// It is the root of the whole machine: it has no limits of its own.
    pub machine: bool,
    /// Which files it has.
    pub version: Version,
    pub(super) dir: PathBuf,
}

/// From here on a number of version 1 is "no limit": it writes 2^63 less a page.
const UNLIMITED: u64 = 1 << 62;

impl Group {
    /// A file of it; at most a megabyte.
    ///
    /// # Errors
    /// With the path, as the system gave it.
    pub fn text(&self, file: &str) -> io::Result<String> {
        read_text(&self.dir.join(file))
    }

    /// A file that holds one number that is not negative.
    ///
    /// # Errors
    /// `Absent` where this kernel has no such file, `Malformed` when it holds something else.
    pub fn number(&self, file: &str) -> Seen<u64> {
        self.seen(file)?.trim().parse().map_err(|_| Why::Malformed)
    }

    /// A file that holds a limit: `None` is "no limit", which version 2 writes as `max`, version 1 as 2^63 less a page
    /// or, for a quota of processor time, as -1.
    ///
    /// # Errors
    /// As [`Group::number`].
    pub fn limit(&self, file: &str) -> Seen<Option<u64>> {
        limit(self.seen(file)?.trim())
    }

    /// A file of lines `key number`. Keys of newer kernels are kept, lines that are something else are left out; a file
    /// without any such line is malformed, not a file of noughts.
    ///
    /// # Errors
    /// As [`Group::number`].
    pub fn keyed(&self, file: &str) -> Seen<BTreeMap<String, u64>> {
        let text = self.seen(file)?;
        let keys: BTreeMap<_, _> = text.lines().take(512).filter_map(pair).collect();
        if keys.is_empty() { Err(Why::Malformed) } else { Ok(keys) }
    }

    /// A pressure file, such as `memory.pressure`.
    ///
    /// # Errors
    /// `Unsupported` where the kernel was told not to count pressure, `Absent` where it has no such file.
    pub fn pressure(&self, file: &str) -> Seen<Psi> {
        Psi::parse(&self.seen(file)?).ok_or(Why::Malformed)
    }

    /// Whether it still exists.
    pub fn exists(&self) -> bool {
        self.dir.is_dir()
    }

    fn seen(&self, file: &str) -> Seen<String> {
        self.text(file).map_err(|e| Why::from(&e))
    }
}

fn limit(text: &str) -> Seen<Option<u64>> {
    match text {
        "max" | "-1" => Ok(None),
        n => n.parse().map(|n| Some(n).filter(|n| *n < UNLIMITED)).map_err(|_| Why::Malformed),
    }
}

fn pair(line: &str) -> Option<(String, u64)> {
    let (key, value) = line.split_once(' ')?;
    Some((key.into(), value.trim().parse().ok()?))
}

/// The root of the whole machine, and not one that a namespace or a mount makes look like it: only the real one lacks
/// `cgroup.type` (version 2) or has `release_agent` (version 1).
pub(super) fn is_machine(dir: &Path, version: Version) -> bool {
    match version {
        Version::V1 => dir.join("release_agent").exists(),
        Version::V2 => dir.join("cgroup.procs").exists() && !dir.join("cgroup.type").exists(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn group(files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let path = dir.path().to_path_buf();
        (dir, Group { path: "/".into(), parent: None, machine: false, version: Version::V2, dir: path })
    }

    #[test]
    fn no_limit_unreadable_and_a_number_are_three_things() {
        let (_dir, g) = group(&[
            ("max", "max\n"),
            ("v1", "9223372036854771712\n"),
            ("quota", "-1\n"),
            ("number", "536870912\n"),
            ("empty", ""),
            ("negative", "-5\n"),
            ("enormous", "99999999999999999999999999\n"),
            ("words", "many\n"),
        ]);
        assert_eq!(g.limit("max"), Ok(None));
        assert_eq!(g.limit("v1"), Ok(None));
        assert_eq!(g.limit("quota"), Ok(None));
        assert_eq!(g.limit("number"), Ok(Some(536_870_912)));
        for bad in ["empty", "negative", "enormous", "words"] {
            assert_eq!(g.limit(bad), Err(Why::Malformed), "{bad}");
            assert_eq!(g.number(bad), Err(Why::Malformed), "{bad}");
        }
        assert_eq!(g.limit("missing"), Err(Why::Absent));
    }

    #[test]
    fn keys_nobody_knows_are_kept_and_an_empty_file_is_not_a_file_of_noughts() {
        let (_dir, g) =
            group(&[("events", "low 0\nhigh 3\nsock_throttled 7\nbroken\nnegative -4\n"), ("empty", "\n")]);
        let events = g.keyed("events").unwrap();
        assert_eq!(events.get("high"), Some(&3));
        assert_eq!(events.get("sock_throttled"), Some(&7));
        assert_eq!(events.get("negative"), None);
        assert_eq!(g.keyed("empty"), Err(Why::Malformed));
        assert_eq!(g.keyed("missing"), Err(Why::Absent));
    }
}
