//! Which processes a run is about.

use super::{World, proc::Process};
use std::{
    collections::{HashMap, HashSet},
    fs,
};

/// Whose sockets are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Netns {
    /// Those of the network namespace paramedic runs in (or of `--target`).
    #[default]
    Own,
    /// Those of every network namespace of which a process is visible.
    All,
}

/// What a run is limited to; empty means everything visible.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// These processes.
    pub pids: Vec<i32>,
    /// This process and its descendants.
    pub tree: Option<i32>,
    /// Processes of this name, exactly as the kernel has it.
    pub names: Vec<String>,
    /// Processes whose cgroup path holds this text: a container id or a part of the path.
    pub container: Option<String>,
    /// The patient: processes that share this one's control group, or else its mounts.
    pub target: Option<i32>,
    /// Network namespaces.
    pub netns: Netns,
}

impl Scope {
    /// True when every visible process is meant.
    pub fn is_everything(&self) -> bool {
        self.pids.is_empty()
            && self.tree.is_none()
            && self.names.is_empty()
            && self.container.is_none()
            && self.target.is_none()
    }

    /// The processes of the table that are meant. Every condition given must hold.
    pub fn keep(&self, world: &World, table: Vec<Process>) -> Vec<Process> {
        if self.is_everything() {
            return table;
        }
        let tree = self.tree.map(|root| descendants(root, &table));
        let patient = self.target.map(|pid| Patient::of(world, pid));
        table
            .into_iter()
            .filter(|p| self.pids.is_empty() || self.pids.contains(&p.pid))
            .filter(|p| tree.as_ref().is_none_or(|t| t.contains(&p.pid)))
            .filter(|p| self.names.is_empty() || self.names.iter().any(|n| n == p.comm.as_str()))
            .filter(|p| {
                self.container
                    .as_ref()
                    .is_none_or(|c| cgroup(world, p.pid).is_some_and(|g| g.contains(c.as_str())))
            })
            .filter(|p| patient.as_ref().is_none_or(|t| t.holds(world, p.pid)))
            .collect()
    }
}

impl std::fmt::Display for Scope {
    /// The flags that made it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pids = self.pids.iter().map(|p| format!("--pid {p}"));
        let tree = self.tree.iter().map(|p| format!("--tree {p}"));
        let names = self.names.iter().map(|n| format!("--name {n}"));
        let container = self.container.iter().map(|c| format!("--container {c}"));
        let target = self.target.iter().map(|p| format!("--target {p}"));
        let all: Vec<String> = pids.chain(tree).chain(names).chain(container).chain(target).collect();
        f.write_str(&all.join(" "))
    }
}

/// `root` and everything below it.
fn descendants(root: i32, table: &[Process]) -> HashSet<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for p in table {
        children.entry(p.ppid).or_default().push(p.pid);
    }
    let (mut found, mut next) = (HashSet::new(), vec![root]);
    while let Some(pid) = next.pop() {
        // A table read while processes come and go may hold a loop: no pid is followed twice.
        if found.insert(pid) {
            next.extend(children.get(&pid).into_iter().flatten());
        }
    }
    found
}

/// What the processes of one container have in common.
struct Patient {
    pid: i32,
    cgroup: Option<String>,
    mounts: Option<std::path::PathBuf>,
}

impl Patient {
    fn of(world: &World, pid: i32) -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").ok();
        // A cgroup that is ours too (no cgroup namespace, or the root everywhere) tells nobody apart.
        let cgroup = cgroup(world, pid).filter(|g| Some(g) != own.as_ref());
        Self { pid, cgroup, mounts: mounts(world, pid) }
    }
    fn holds(&self, world: &World, pid: i32) -> bool {
        if pid == self.pid {
            return true;
        }
        match (&self.cgroup, &self.mounts) {
            (Some(g), _) => cgroup(world, pid).as_ref() == Some(g),
            (None, Some(m)) => mounts(world, pid).as_ref() == Some(m),
            (None, None) => false,
        }
    }
}

fn cgroup(world: &World, pid: i32) -> Option<String> {
    fs::read_to_string(world.proc_root.join(format!("{pid}/cgroup"))).ok()
}
fn mounts(world: &World, pid: i32) -> Option<std::path::PathBuf> {
    fs::read_link(world.proc_root.join(format!("{pid}/ns/mnt"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Untrusted;

    fn process(pid: i32, ppid: i32) -> Process {
        Process {
            pid,
            ppid,
            start_ticks: 1,
            comm: Untrusted::default(),
            state: b'S',
            uid: 0,
            pgrp: 1,
            session: 1,
            kernel_thread: false,
            rss_bytes: 0,
            ticks: 0,
            threads: 1,
            open: Ok(0),
            limit: Err(crate::model::Why::Absent),
        }
    }

    #[test]
    fn a_tree_is_a_process_and_what_it_started_even_if_the_table_holds_a_loop() {
        let table =
            [process(1, 0), process(5, 1), process(6, 5), process(7, 6), process(9, 1), process(5, 7)];
        assert_eq!(descendants(5, &table), HashSet::from([5, 6, 7]));
    }
}
