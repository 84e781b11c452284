//! Where control groups are mounted: the mount table says it, whatever the layout.

use super::Version;
use crate::source::{World, mounts};
use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// One mounted tree of control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    version: Version,
    /// Controllers of a version 1 tree.
    controllers: Vec<String>,
    /// The group that is mounted there, relative to our own cgroup namespace.
    root: String,
    /// Where to reach it from here.
    dir: PathBuf,
}

/// The trees of control groups that can be reached.
#[derive(Clone, Debug, Default)]
pub(in crate::source) struct Places(Vec<Place>);

/// A group that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) struct Found {
    pub version: Version,
    /// The directory of the mounted tree; its parents cannot be reached.
    pub top: PathBuf,
    /// The group mounted there.
    pub root: String,
    /// The group's directory below it.
    pub dir: PathBuf,
    /// The group's path.
    pub path: String,
}

impl Places {
    /// Reads our own mount table and, when the patient has other mounts, the patient's.
    pub fn read(world: &World, patient: Option<i32>) -> Self {
        // A tree of another machine, or a recorded one, tells of itself by its first process.
        let own = if world.live && world.proc_root == Path::new("/proc") { "self" } else { "1" };
        let mut places = Self::default();
        if let Ok(text) = mounts::bytes(&world.proc_root.join(own).join("mountinfo")) {
            places.add(&text, |point| below_sys(world, point, own));
        }
        if let Some(pid) = patient.filter(|_| world.live)
            && let Ok(text) = mounts::bytes(&world.proc_root.join(format!("{pid}/mountinfo")))
        {
            let root = world.proc_root.join(format!("{pid}/root"));
            places.add(&text, |point| root.join(point.strip_prefix("/").unwrap_or(point)));
        }
        if places.0.is_empty() {
            places.usual(&world.sys_root.join("fs/cgroup"));
        }
        places
    }

    fn add(&mut self, mountinfo: &[u8], dir: impl Fn(&Path) -> PathBuf) {
        for (place, point) in mounts::lines(mountinfo).filter_map(place) {
            let dir = dir(&point);
            if !self.0.iter().any(|p| p.dir == dir) {
                self.0.push(Place { dir, ..place });
            }
        }
    }

    /// Where everybody mounts them, for a tree without a mount table.
    fn usual(&mut self, base: &Path) {
        let root = String::from("/");
        if base.join("cgroup.controllers").exists() {
            let controllers = vec![];
            self.0.push(Place { version: Version::V2, controllers, root, dir: base.into() });
            return;
        }
        for name in ["memory", "cpu", "cpuacct", "pids", "blkio"] {
            let dir = base.join(name);
            if dir.is_dir() {
                let controllers = vec![name.into()];
                self.0.push(Place { version: Version::V1, controllers, root: root.clone(), dir });
            }
        }
    }

    /// Whether anything is mounted at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The group of a process for one controller, by the text of its `/proc/PID/cgroup`. `None` when it cannot be
    /// reached: it is outside of our cgroup namespace, or nothing is mounted for this controller.
    pub fn find(&self, controller: &str, membership: &str) -> Option<Found> {
        let mut unified = None;
        for line in membership.lines().take(64) {
            let mut parts = line.splitn(3, ':');
            let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            if controllers.split(',').any(|c| c == controller) {
                return self.reach(path, |p| {
                    p.version == Version::V1 && p.controllers.iter().any(|c| c == controller)
                });
            }
            if id == "0" && controllers.is_empty() {
                unified = Some(path);
            }
        }
        // A controller that version 1 has bound is not there in version 2.
        self.reach(unified?, |p| p.version == Version::V2)
    }

    fn reach(&self, path: &str, fits: impl Fn(&Place) -> bool) -> Option<Found> {
        // A group that was removed while somebody is still in it.
        let path = path.strip_suffix(" (deleted)").unwrap_or(path);
        self.0.iter().filter(|p| fits(p)).find_map(|p| {
            let dir = p.dir.join(below(path, &p.root)?);
            // `..` leads out of the namespace: only a mount of that very group reaches it.
            (dir.components().all(|c| c != std::path::Component::ParentDir) && dir.is_dir()).then(|| Found {
                version: p.version,
                top: p.dir.clone(),
                root: p.root.clone(),
                dir,
                path: path.into(),
            })
        })
    }
}

/// `path` relative to `root`, when it is that group or one below it.
fn below<'p>(path: &'p str, root: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(root.trim_end_matches('/'))?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// `/sys/…` of the machine is our sys root, which need not be `/sys`.
fn below_sys(world: &World, point: &Path, own: &str) -> PathBuf {
    match point.strip_prefix("/sys") {
        Ok(rest) => world.sys_root.join(rest),
        Err(_) if own == "self" => point.into(),
        Err(_) => world.proc_root.join("1/root").join(point.strip_prefix("/").unwrap_or(point)),
    }
}

/// A mount, when it is a tree of control groups.
fn place(mount: mounts::Mount) -> Option<(Place, PathBuf)> {
    let version = match mount.filesystem.as_slice() {
        b"cgroup" => Version::V1,
        b"cgroup2" => Version::V2,
        _ => return None,
    };
    let controllers = match version {
        Version::V1 => mount.options.into_iter().filter_map(|o| String::from_utf8(o).ok()).collect(),
        Version::V2 => vec![],
    };
    let root = String::from_utf8(mount.root).ok()?;
    let point = PathBuf::from(OsString::from_vec(mount.point));
    Some((Place { version, controllers, root, dir: PathBuf::new() }, point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Places at directories of a temporary tree, out of lines of a mount table.
    fn places(base: &Path, mountinfo: &str) -> Places {
        let mut places = Places::default();
        places.add(mountinfo.as_bytes(), |p| base.join(p.strip_prefix("/").unwrap()));
        places
    }
    fn tree(dirs: &[&str]) -> tempfile::TempDir {
        let base = tempfile::tempdir().unwrap();
        dirs.iter().for_each(|d| fs::create_dir_all(base.path().join(d)).unwrap());
        base
    }
    fn found(places: &Places, controller: &str, membership: &str) -> Option<(Version, PathBuf)> {
        places.find(controller, membership).map(|f| (f.version, f.dir))
    }

    #[test]
    fn on_a_hybrid_machine_the_old_tree_of_the_controller_counts() {
        let base = tree(&["mem/pod/app", "uni/pod"]);
        let places = places(
            base.path(),
            "32 22 0:27 / /mem rw,relatime - cgroup cgroup rw,memory\n\
             33 22 0:28 / /uni rw,relatime shared:9 - cgroup2 cgroup2 rw\n",
        );
        let me = "4:memory:/pod/app\n1:name=systemd:/\n0::/pod\n";
        assert_eq!(found(&places, "memory", me), Some((Version::V1, base.path().join("mem/pod/app"))));
        assert_eq!(found(&places, "pids", me), Some((Version::V2, base.path().join("uni/pod"))));
    }

    #[test]
    fn a_mounted_part_of_the_tree_is_found_by_the_root_of_the_mount() {
        let base = tree(&["cg/nested"]);
        let places =
            places(base.path(), "32 22 0:27 /docker/77aa /cg ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n");
        let of = |path: &str| found(&places, "cpuacct", &format!("3:cpu,cpuacct:{path}\n")).map(|f| f.1);
        assert_eq!(of("/docker/77aa"), Some(base.path().join("cg/")));
        assert_eq!(of("/docker/77aa/nested"), Some(base.path().join("cg/nested")));
        assert_eq!(of("/docker/77aaa"), None, "a neighbour whose name begins alike");
        assert_eq!(of("/docker/77aa/gone"), None);
    }

    #[test]
    fn a_group_outside_of_our_namespace_is_reached_by_the_patients_mount_or_not_at_all() {
        let base = tree(&["own", "theirs"]);
        let mut places = places(base.path(), "32 22 0:27 / /own rw - cgroup2 cgroup2 rw\n");
        assert_eq!(found(&places, "memory", "0::/../app\n"), None);
        places.add(b"90 80 0:27 /../app /theirs rw - cgroup2 cgroup2 rw\n", |p| {
            base.path().join(p.strip_prefix("/").unwrap())
        });
        assert_eq!(found(&places, "memory", "0::/../app\n").unwrap().1, base.path().join("theirs/"));
        assert_eq!(found(&places, "memory", "0::/\n").unwrap().1, base.path().join("own/"));
    }

    #[test]
    fn lines_that_are_no_trees_of_groups_and_names_that_are_no_text_do_no_harm() {
        let base = tree(&["my groups"]);
        let mut places = Places::default();
        let table = b"\n - \n1 2 3\n1 2 0:3 / /x rw - tmpfs tmpfs rw\n1 2 0:3 / - cgroup\n\
                      1 2 0:4 / /\xff\xfe rw - ext4 /dev/a rw\n32 22 0:27 / /my\\040groups rw - cgroup2 cgroup2 rw\n";
        places.add(table, |p| base.path().join(p.strip_prefix("/").unwrap()));
        assert_eq!(places.0.len(), 1);
        assert_eq!(found(&places, "memory", "0::/\n").unwrap().1, base.path().join("my groups/"));
    }
}
