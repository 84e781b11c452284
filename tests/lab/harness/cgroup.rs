//! A control group of a case, in each of the old trees that this machine has. It ends with its case.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Where version 1 is mounted, one directory for each controller.
const TREES: &str = "/sys/fs/cgroup";
/// The controllers that cases have limits in.
const CONTROLLERS: [&str; 4] = ["memory", "cpu", "cpuacct", "pids"];

/// One group below the one that runs the tests. Programs of the case are started in it with
/// [`Program::in_cgroup`](super::Program::in_cgroup); dropped after them, it is removed.
pub struct Cgroup {
    /// Its directory in the tree of each controller.
    dirs: Vec<(&'static str, PathBuf)>,
}

impl Cgroup {
    /// A new group without limits.
    pub fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("paramedic-lab-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let own = fs::read_to_string("/proc/self/cgroup").expect("our own control groups are readable");
        let dirs = CONTROLLERS.map(|controller| {
            let base = PathBuf::from(TREES).join(controller);
            let line = own.lines().find_map(|l| l.split_once(&format!(":{controller}:")));
            let (_, path) = line.unwrap_or_else(|| {
                panic!(
                    "no version 1 tree of the controller {controller} here: this room of the lab needs one"
                )
            });
            let dir = base.join(path.trim_start_matches('/')).join(&name);
            fs::create_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
            (controller, dir)
        });
        Self { dirs: dirs.into() }
    }

    /// Its path as `/proc/PID/cgroup` has it in the tree of this controller.
    pub fn path(&self, controller: &str) -> String {
        let dir = self.dir(controller);
        let below = dir.strip_prefix(PathBuf::from(TREES).join(controller)).expect("it is in that tree");
        format!("/{}", below.display())
    }

    /// Writes one of its files.
    pub fn set(&self, controller: &str, file: &str, value: &str) {
        let path = self.dir(controller).join(file);
        fs::write(&path, value).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Reads one of its files.
    pub fn read(&self, controller: &str, file: &str) -> String {
        let path = self.dir(controller).join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The number behind `key` in one of its files, or the only number of a file when `key` is empty.
    pub fn number(&self, controller: &str, file: &str, key: &str) -> u64 {
        let text = self.read(controller, file);
        let value = match key {
            "" => Some(text.trim()),
            key => text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(' ')),
        };
        let value = value.unwrap_or_else(|| panic!("{file} has no {key}: {text}"));
        value.trim().parse().unwrap_or_else(|_| panic!("{file}: {key} is no number: {text}"))
    }

    /// The files to which a pid is written to bring a process into the group.
    pub(super) fn doors(&self) -> impl Iterator<Item = PathBuf> {
        self.dirs.iter().map(|(_, dir)| dir.join("cgroup.procs"))
    }

    fn dir(&self, controller: &str) -> &PathBuf {
        let found = self.dirs.iter().find(|(name, _)| *name == controller);
        &found.unwrap_or_else(|| panic!("cases have no controller {controller}")).1
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The last process of the case may still be on its way out.
        let deadline = Instant::now() + Duration::from_secs(5);
        for (_, dir) in &self.dirs {
            while fs::remove_dir(dir).is_err() && dir.exists() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
