//! The control groups of the processes of one look, with every parent that can be reached.

use super::{
    Group, Version,
    group::is_machine,
    places::{Found, Places},
};
use crate::{
    model::{Seen, Untrusted, Why},
    source::{World, proc::Process},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    time::Instant,
};

/// No machine that works has so many groups with processes; more are a gap.
const MOST: usize = 4096;

/// What limits are set by.
const CONTROLLERS: [&str; 3] = ["memory", "cpu", "pids"];

/// The trees of groups for one controller each, and who is in which group.
#[derive(Debug)]
pub struct View {
    places: Places,
    /// For each process of the look an index into `memberships`.
    of: Vec<Seen<u32>>,
    /// Texts of `/proc/PID/cgroup`, each once.
    memberships: Vec<String>,
}

/// The groups that one controller is about.
#[derive(Debug)]
pub struct Hierarchy {
    /// The groups of the processes in scope and their visible parents, parents first.
    pub groups: Vec<Group>,
    /// For each process of the look its group, an index into `groups`.
    pub members: Vec<Seen<u32>>,
    /// There are parents that cannot be seen from here, and so their limits.
    pub parents_hidden: bool,
    /// Groups that processes are in and that cannot be reached, and processes of which no group could be read, by reason.
    pub unreached: BTreeMap<Why, u64>,
}

impl View {
    /// Reads which groups the processes are in.
    pub(in crate::source) fn read(
        world: &World,
        processes: &[Process],
        patient: Option<i32>,
        deadline: Instant,
    ) -> Self {
        let patient = patient.or_else(|| strange(world));
        let places = Places::read(world, patient);
        // Beside a patient in another container, our own is not what was asked about.
        let ours = patient.and_then(|pid| {
            let own = world.text("self/cgroup").ok()?;
            (world.text(&format!("{pid}/cgroup")).ok()? != own).then_some(own)
        });
        let (mut known, mut memberships): (HashMap<String, u32>, _) = (HashMap::new(), Vec::new());
        let mut of = Vec::with_capacity(processes.len());
        for (i, p) in processes.iter().enumerate() {
            of.push(match () {
                // They charge nobody.
                () if p.kernel_thread => Err(Why::NotAsked),
                () if i % 64 == 0 && Instant::now() >= deadline => Err(Why::TimedOut),
                () if places.is_empty() => Err(Why::Absent),
                () => world.text(&format!("{}/cgroup", p.pid)).map_err(|e| Why::from(&e)).and_then(|text| {
                    if ours.as_ref() == Some(&text) {
                        return Err(Why::NotAsked);
                    }
                    if let Some(at) = known.get(&text) {
                        return Ok(*at);
                    }
                    if memberships.len() == MOST {
                        return Err(Why::TooMany);
                    }
                    let at = memberships.len() as u32;
                    memberships.push(text.clone());
                    known.insert(text, at);
                    Ok(at)
                }),
            });
        }
        Self { places, of, memberships }
    }

    /// No tree of control groups is mounted where we can reach it.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many processes are in groups that cannot be reached for any controller: their limits are not seen.
    pub fn out_of_reach(&self) -> u64 {
        let found = |text: &str| CONTROLLERS.iter().any(|c| self.places.find(c, text).is_some());
        let lost: Vec<bool> = self.memberships.iter().map(|text| !found(text)).collect();
        self.of.iter().filter(|m| m.is_ok_and(|at| lost[at as usize])).count() as u64
    }

    /// The groups for a controller: `memory`, `cpu`, `cpuacct`, `pids`, `io` (`blkio` in version 1).
    ///
    /// # Errors
    /// `Absent` when no tree of control groups is mounted where we can reach it.
    pub fn of(&self, controller: &str) -> Seen<Hierarchy> {
        if self.is_empty() {
            return Err(Why::Absent);
        }
        let mut tree = Tree::default();
        let mut leaves = Vec::with_capacity(self.memberships.len());
        for text in &self.memberships {
            let found = self.places.find(controller, text);
            let found = match controller {
                "io" => found.or_else(|| self.places.find("blkio", text)),
                _ => found,
            };
            leaves.push(found.map(|f| tree.add(&f)).ok_or(Why::Unsupported));
        }
        let mut unreached = BTreeMap::new();
        let lost = leaves.iter().filter_map(|l| l.err());
        let unread =
            self.of.iter().filter_map(|m| m.err()).filter(|why| *why != Why::NotAsked && *why != Why::Absent);
        lost.chain(unread).for_each(|why| *unreached.entry(why).or_default() += 1);
        let members = self.of.iter().map(|m| m.and_then(|at| leaves[at as usize])).collect();
        let parents_hidden = tree.groups.iter().any(|g| g.parent.is_none() && !g.machine);
        Ok(Hierarchy { groups: tree.groups, members, parents_hidden, unreached })
    }
}

/// Our own group for a controller and those above it that can be reached, from the bottom up: whatever the scope, it is we who
/// are kept from working in time by their limits.
///
/// # Errors
/// `Absent` where no tree of it can be reached.
pub fn own(world: &World, controller: &str) -> Seen<Vec<Group>> {
    let text = world.text("self/cgroup").map_err(|e| Why::from(&e))?;
    let found = Places::read(world, None).find(controller, &text).ok_or(Why::Absent)?;
    let mut tree = Tree::default();
    let leaf = tree.add(&found) as usize;
    let up = std::iter::successors(Some(leaf), |g| tree.groups[*g].parent);
    Ok(up.map(|g| tree.groups[g].clone()).collect())
}

/// The first process, when its mounts are not ours: we look at it from a container of our own.
fn strange(world: &World) -> Option<i32> {
    let mounts = |pid: &str| std::fs::read_link(world.proc_root.join(pid).join("ns/mnt")).ok();
    (world.live && mounts("1")? != mounts("self")?).then_some(1)
}

#[derive(Default)]
struct Tree {
    groups: Vec<Group>,
    at: HashMap<PathBuf, u32>,
}

impl Tree {
    /// The group and all its parents up to the mount; its index.
    fn add(&mut self, found: &Found) -> u32 {
        let steps: Vec<_> =
            found.dir.strip_prefix(&found.top).unwrap_or(Path::new("")).components().collect();
        let (mut dir, mut path) = (found.top.clone(), PathBuf::from(&found.root));
        let mut index = self.group(dir.clone(), &path, None, found.version);
        for step in steps {
            dir.push(step);
            path.push(step);
            index = self.group(dir.clone(), &path, Some(index), found.version);
        }
        index
    }

    fn group(&mut self, dir: PathBuf, path: &Path, parent: Option<u32>, version: Version) -> u32 {
        if let Some(known) = self.at.get(&dir) {
            return *known;
        }
        let index = self.groups.len() as u32;
        self.groups.push(Group {
            path: Untrusted::from_bytes(path.as_os_str().as_encoded_bytes()),
            parent: parent.map(|p| p as usize),
            machine: parent.is_none() && is_machine(&dir, version),
            version,
            dir: dir.clone(),
        });
        self.at.insert(dir, index);
        index
    }
}

impl Hierarchy {
    /// The group and its parents, from the bottom up.
    pub fn upwards(&self, group: usize) -> impl Iterator<Item = (usize, &Group)> {
        std::iter::successors(Some(group), |g| self.groups[*g].parent).map(|g| (g, &self.groups[g]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn found(base: &Path, root: &str, below: &str) -> Found {
        let path = format!("{}/{below}", root.trim_end_matches('/'));
        Found { version: Version::V2, top: base.into(), root: root.into(), dir: base.join(below), path }
    }

    #[test]
    fn parents_come_first_each_group_once_and_only_the_real_root_is_the_machine() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("cgroup.procs"), "").unwrap();
        let mut tree = Tree::default();
        assert_eq!(tree.add(&found(base.path(), "/", "pod/app")), 2);
        assert_eq!(tree.add(&found(base.path(), "/", "pod/side")), 3);
        assert_eq!(tree.add(&found(base.path(), "/", "pod/app")), 2);
        let paths: Vec<_> = tree.groups.iter().map(|g| (g.path.as_str(), g.parent, g.machine)).collect();
        assert_eq!(
            paths,
            [
                ("/", None, true),
                ("/pod", Some(0), false),
                ("/pod/app", Some(1), false),
                ("/pod/side", Some(1), false)
            ]
        );
        let all = Hierarchy {
            groups: tree.groups,
            members: vec![],
            parents_hidden: false,
            unreached: BTreeMap::new(),
        };
        assert_eq!(all.upwards(3).map(|(i, _)| i).collect::<Vec<_>>(), [3, 1, 0]);
    }

    #[test]
    fn the_root_of_a_namespace_is_not_the_machine() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("cgroup.procs"), "").unwrap();
        fs::write(base.path().join("cgroup.type"), "domain\n").unwrap();
        let mut tree = Tree::default();
        tree.add(&found(base.path(), "/", ""));
        assert_eq!(tree.groups.len(), 1);
        assert!(!tree.groups[0].machine);
    }
}
