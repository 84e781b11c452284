//! What was seen of file systems: plain data, bounded, and all that checks and tables get.

use crate::model::{Kept, Process, Psi, Reading, Untrusted, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file systems of one machine, pod or scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What is mounted.
    pub mounts: Reading<Mounts>,
    /// Files without a name that are still held open.
    pub deleted: Reading<Deleted>,
    /// How much of the time tasks waited for a disk.
    pub pressure: Reading<Pressure>,
}

impl Facts {
    /// Nothing was looked at.
    pub fn unseen(why: Why) -> Self {
        Self { mounts: Reading::unseen(why), deleted: Reading::unseen(why), pressure: Reading::unseen(why) }
    }
}

/// What is mounted, each file system once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mounts {
    /// Those that do not answer or take no writes, then the fullest first.
    pub devices: Kept<Device>,
    /// File systems left out of `devices` that answered and are less full than every row there.
    pub others: u64,
    /// File systems left out of `devices` that gave no answer, by reason.
    pub others_unseen: BTreeMap<Why, u64>,
}

/// What a file system is to who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Where a container writes what is in no volume; it is gone with the container.
    WritableLayer,
    /// The same of another container, seen from its node.
    Layer,
    /// Mounted into a container.
    Volume,
    /// Of this machine.
    Disk,
    /// In memory.
    Tmpfs,
    /// A server answers for it.
    Network,
    /// A process answers for it.
    Fuse,
    /// An image that is read and never written.
    Image,
}

impl Kind {
    /// As tables and sentences have it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::WritableLayer => "writable layer",
            Kind::Layer => "layer",
            Kind::Volume => "volume",
            Kind::Disk => "disk",
            Kind::Tmpfs => "tmpfs",
            Kind::Network => "network",
            Kind::Fuse => "fuse",
            Kind::Image => "image",
        }
    }
}

/// One file system, however often it is mounted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The shortest path that leads to it.
    pub mount: Untrusted,
    /// Other paths that do.
    pub others: u64,
    /// What it is.
    pub kind: Kind,
    /// Its type, such as `ext4`.
    pub filesystem: Untrusted,
    /// What is mounted: a device or a server's export.
    pub source: Untrusted,
    /// Major and minor number.
    pub device: String,
    /// A path leads to it that allows writing, and the file system does too.
    pub writable: bool,
    /// The file system takes no writes although this mount of it allows them.
    pub refused: Option<Refused>,
    /// What came of asking it.
    pub answer: Answer,
    /// How full it is.
    pub space: Reading<Space>,
}

/// Writes are refused below a mount that allows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The mount.
    pub mount: Untrusted,
    /// The option that says so: `ro`, `emergency_ro`, `shutdown`.
    pub option: String,
    /// It was mounted to become read-only after an error.
    pub on_errors: bool,
}

/// What came of asking a file system for its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Answer {
    /// It answered.
    Given,
    /// It did not answer at once, and then it did.
    Slow {
        /// How long nothing came, in milliseconds.
        waited_ms: u64,
    },
    /// It does not answer.
    Hung {
        /// How long nothing came, in milliseconds, all questions together.
        waited_ms: u64,
        /// How often it was asked.
        asked: u32,
    },
    /// Whoever answers for it is gone: the kernel gives an error at once.
    Dead {
        /// The error, an errno.
        errno: i32,
    },
    /// It was not asked, or we have no right to.
    Unknown {
        /// Why not.
        why: Why,
    },
}

/// How full a file system is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// All of it.
    pub size_bytes: u64,
    /// Used.
    pub used_bytes: u64,
    /// Left for whoever is not root.
    pub avail_bytes: u64,
    /// Used, of what is used and left for whoever is not root, in percent; `None` when it has no size.
    pub used_pct: Option<f64>,
    /// Inodes; `None` where there is no such limit.
    pub inodes: Option<Inodes>,
}

/// Inodes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inodes {
    /// All.
    pub total: u64,
    /// Used.
    pub used: u64,
}

impl Inodes {
    /// Share that is used, in percent.
    pub fn used_pct(self) -> f64 {
        self.used as f64 * 100.0 / self.total.max(1) as f64
    }
}

/// Files without a name that are still held open: their space is not free before the last one lets go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Deleted {
    /// Who holds them, by file system; most bytes first.
    pub holders: Kept<Holder>,
    /// What is held on each file system, each file once; most bytes first.
    pub totals: Kept<Total>,
    /// Processes whose descriptors were looked through.
    pub looked: u64,
    /// Processes whose descriptors were not, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// Files that could not be looked at, by reason.
    pub files_unseen: BTreeMap<Why, u64>,
}

/// The deleted files that one process holds on one file system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// Who; of several that hold exactly the same files the oldest.
    pub process: Process,
    /// So many more processes hold the same files.
    pub sharers: u64,
    /// What they take, in bytes; each file once.
    pub bytes: u64,
    /// How many.
    pub files: u64,
    /// Path that the largest had; its end is cut when it is very long.
    pub largest: Untrusted,
    /// What the largest takes, in bytes.
    pub largest_bytes: u64,
    /// The largest is open for writing: it may go on growing.
    pub writes: Reading<bool>,
    /// Major and minor number of the file system.
    pub device: String,
    /// Where it is mounted, and its size in bytes.
    pub on: Reading<On>,
}

/// The file system that something is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct On {
    /// The shortest path that leads to it.
    pub mount: Untrusted,
    /// Its size, in bytes.
    pub size_bytes: u64,
}

/// What deleted files take on one file system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Total {
    /// Major and minor number.
    pub device: String,
    /// What they take, in bytes; each file once, however many hold it.
    pub bytes: u64,
    /// How many.
    pub files: u64,
    /// Who holds any of them.
    pub holders: u64,
}

/// How much of the time tasks waited for a disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// The control group; `None` is the machine.
    pub group: Option<Untrusted>,
    /// What the kernel counted.
    pub io: Psi,
    /// Share of the window in which every task waited, in percent; unseen without a window.
    pub full_pct: Reading<f64>,
    /// Processes in uninterruptible sleep at the last look.
    pub waiting: u64,
    /// The oldest of them.
    pub first: Option<Process>,
}

/// How a title names a file system.
pub fn label(d: &Device) -> String {
    match d.kind {
        Kind::WritableLayer => format!("{} (the container's writable layer)", d.mount),
        Kind::Tmpfs => format!("{} (tmpfs)", d.mount),
        _ => d.mount.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inodes_have_a_share_even_when_there_are_none() {
        assert_eq!(Inodes { total: 200, used: 190 }.used_pct(), 95.0);
        assert_eq!(Inodes { total: 0, used: 0 }.used_pct(), 0.0);
    }

    #[test]
    fn facts_survive_a_snapshot() {
        let facts = Facts { deleted: Reading::seen(Deleted::default()), ..Facts::unseen(Why::Denied) };
        let text = serde_json::to_string(&facts).unwrap();
        let back: Facts = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
    }
}
