//! What was seen of memory: plain data, bounded, and all that checks and tables get.

use crate::model::{Kept, Process, Psi, Reading, Untrusted, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod growth;
mod machine;
mod process;

pub use growth::{Grower, Growth, Rise, Riser};
pub use machine::Machine;
pub use process::Row;

/// The memory of one machine, pod or scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Control groups, the nearest to a limit of their own first.
    pub groups: Kept<Group>,
    /// What is known of the groups left out of `groups`.
    pub others: Others,
    /// The trees of control groups; `Absent` where none is mounted.
    pub tree: Reading<Tree>,
    /// The machine itself.
    pub machine: Reading<Machine>,
    /// Processes, the biggest first.
    pub processes: Kept<Row>,
    /// How big the heaps of the biggest processes may become.
    pub heaps: Reading<Heaps>,
    /// What several looks tell.
    pub growth: Reading<Growth>,
    /// Looks so far; with one there are no rates.
    pub looks: u32,
}

/// The trees of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// There are groups above those that can be seen, and so limits that cannot.
    pub parents_hidden: bool,
}

/// Groups that are not among the rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Others {
    /// How many whose use was seen.
    pub seen: u64,
    /// The nearest of them to its limit is no nearer than this, in percent.
    pub top_pct: f64,
    /// How many whose use could not be seen, by reason.
    pub unseen: BTreeMap<Why, u64>,
    /// How many are known to have had no kill.
    pub unkilled: u64,
    /// How many whose kills could not be seen, by reason.
    pub kills_unseen: BTreeMap<Why, u64>,
    /// How many are known to wait for less than [`Others::PRESSURE_FLOOR_PCT`] of the time.
    pub calm: u64,
    /// How many whose pressure could not be seen, by reason.
    pub pressure_unseen: BTreeMap<Why, u64>,
}

impl Others {
    /// A group that waits for less of its time than this, in percent, has no row for its pressure.
    pub const PRESSURE_FLOOR_PCT: f64 = 1.0;
}

/// One control group with all that is below it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its path as `/proc/PID/cgroup` has it.
    pub path: Untrusted,
    /// Version of its files: 1 or 2.
    pub version: u8,
    /// The limit that is set here; `None` is no limit.
    pub limit: Reading<Option<u64>>,
    /// From here on it is throttled and reclaimed from, but not killed: `memory.high`. Version 1 has none.
    pub high: Reading<Option<u64>>,
    /// The least limit that is set here or in a visible group above.
    pub binds: Reading<Option<Bound>>,
    /// What it is charged for.
    pub charge: Reading<Charge>,
    /// What it cannot give back, in percent of the limit that is set here; `None` when there is none.
    pub used_pct: Reading<Option<f64>>,
    /// How often it ran into its limits.
    pub hits: Reading<Hits>,
    /// Processes that were killed for want of memory.
    pub kills: Reading<Kills>,
    /// How long its tasks wait for memory.
    pub psi: Reading<Psi>,
    /// Slope of what it cannot give back, bytes a second.
    pub per_s: Reading<f64>,
    /// Processes in it or below it, of those looked at.
    pub processes: u64,
    /// The biggest of them.
    pub biggest: Option<Big>,
    /// The one that has lived longest: about as long as the container.
    pub oldest: Option<Process>,
    /// For how long, in seconds.
    pub age_s: Option<f64>,
}

impl Group {
    /// The file that holds its limit.
    pub fn limit_file(&self) -> &'static str {
        if self.version == 1 { "memory.limit_in_bytes" } else { "memory.max" }
    }
}

/// A limit and where it is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// In bytes.
    pub bytes: u64,
    /// The group.
    pub path: Untrusted,
}

/// What a group is charged for, in bytes: three figures that are often taken for one another, and their parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Everything, page cache included: what the limit is compared with.
    pub current: u64,
    /// Without the page cache that was not used lately: what Kubernetes shows and evicts by.
    pub working_set: u64,
    /// What the kernel cannot take away, so that only a kill helps.
    pub unreclaimable: u64,
    /// Memory of processes that no file stands behind.
    pub anon: u64,
    /// Shared memory and tmpfs, where the kernel tells it.
    pub shmem: Option<u64>,
    /// Page cache without shared memory.
    pub file: u64,
    /// Memory of the kernel, where it is told.
    pub kernel: Option<u64>,
    /// In swap, where it is told.
    pub swap: Option<u64>,
}

/// How often a group ran into its limits since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// Into `memory.max` (version 1: `memory.failcnt`). Page cache that fills up counts too.
    pub max: u64,
    /// Over `memory.high`.
    pub high: u64,
    /// The same within the window.
    pub window: Reading<HitsNow>,
}

/// How often a group ran into its limits within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitsNow {
    /// Into its limit.
    pub max: u64,
    /// Over `memory.high`.
    pub high: u64,
    /// Pages that had to be read again because they were taken away, and pages that a process had to wait for; `None`
    /// where that was not counted. Page cache that is written once and dropped makes none.
    pub refaults: Option<u64>,
}

/// Processes killed for want of memory (`oom_kill`, not `oom`) since the group was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kills {
    /// Processes of this very group.
    pub own: u64,
    /// Processes of groups below it that are not there any more. Version 1 does not tell.
    pub ended: u64,
    /// Times that the whole group was killed at once.
    pub whole: u64,
    /// Within the window: of this very group, of groups that have ended.
    pub window: Reading<(u64, u64)>,
}

/// A process and its resident memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Big {
    /// Which.
    pub process: Process,
    /// In bytes.
    pub rss_bytes: u64,
}

/// How big heaps may become, of the biggest processes whose group has a limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Heaps {
    /// Those that were told how big.
    pub told: Vec<Heap>,
    /// Processes that were looked at and told nothing.
    pub untold: u64,
    /// Processes that could not be asked, by reason.
    pub unseen: BTreeMap<Why, u64>,
}

/// The most of one heap.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Heap {
    /// Whose.
    pub process: Process,
    /// Its group.
    pub group: Untrusted,
    /// What says so: the name of a flag or of a setting.
    pub setting: String,
    /// In bytes.
    pub bytes: u64,
    /// The limit that binds the group.
    pub limit: Bound,
}

/// A share of a limit in percent; a limit of nought is all used up.
pub fn share(used: u64, limit: u64) -> f64 {
    used as f64 * 100.0 / limit.max(1) as f64
}

/// Whether the group of the second path lies below that of the first.
pub fn above(upper: &Untrusted, lower: &Untrusted) -> bool {
    let upper = upper.as_str().trim_end_matches('/');
    lower.as_str().strip_prefix(upper).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_above_what_lies_below_it_and_nobody_else() {
        let is = |a: &str, b: &str| above(&a.into(), &b.into());
        assert!(is("/", "/pod") && is("/pod", "/pod/app") && is("/", "/pod/app"));
        assert!(!is("/pod", "/pod") && !is("/pod", "/podder") && !is("/pod/app", "/pod") && !is("/", "/"));
    }
}
