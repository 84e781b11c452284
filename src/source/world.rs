//! The roots that everything is read below, and whether kernel interfaces without a path speak of the same machine.

use super::{Clock, Users, child::Child};
use anyhow::{Context, bail};
use rustix::fs::{Mode, OFlags, fstatfs, open, openat, stat};
use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

/// `f_type` of procfs, from `linux/magic.h`.
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// One machine, or a recorded tree of one.
pub struct World {
    /// Usually `/proc`.
    pub proc_root: PathBuf,
    /// Usually `/sys`.
    pub sys_root: PathBuf,
    /// A real procfs, not a recorded tree: sizes of its directories mean something.
    pub procfs: bool,
    /// Netlink in our own network namespace speaks of the machine under `proc_root`.
    pub live: bool,
    /// `st_size` of `/proc/PID/fd` is the number of descriptors (Linux 6.2 and later, commit f1f1f2569901).
    pub counts_by_size: bool,
    /// Wall time and ticks.
    pub clock: Clock,
    /// Names of user ids.
    pub users: Users,
    root: OwnedFd,
    child: Child,
}

impl World {
    /// Opens the two roots.
    ///
    /// # Errors
    /// When `proc_root` is not a directory that holds a process table.
    pub fn open(proc_root: &Path, sys_root: &Path) -> anyhow::Result<Self> {
        let root = open(proc_root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .with_context(|| {
                format!(
                    "{}: cannot be opened as a process table; is procfs mounted there?",
                    proc_root.display()
                )
            })?;
        #[allow(clippy::unnecessary_cast, reason = "the type of f_type differs between libcs")]
        let procfs = fstatfs(&root).is_ok_and(|s| s.f_type as i64 == PROC_SUPER_MAGIC);
        let counts_by_size = procfs && stat(proc_root.join("self/fd")).is_ok_and(|s| s.st_size > 0);
        let clock = Clock::read(proc_root);
        if !procfs
            && !proc_root.join("stat").exists()
            && fs::read_dir(proc_root).is_ok_and(|mut d| d.next().is_none())
        {
            bail!("{}: is empty; --proc-root wants a /proc tree", proc_root.display());
        }
        let own = fs::read_link("/proc/self/ns/net").ok();
        let live = procfs
            && (proc_root == Path::new("/proc")
                || (own.is_some() && fs::read_link(proc_root.join("1/ns/net")).ok() == own));
        let users = Users::read(proc_root);
        Ok(Self {
            proc_root: proc_root.into(),
            sys_root: sys_root.into(),
            procfs,
            live,
            counts_by_size,
            clock,
            users,
            root,
            child: Child::default(),
        })
    }

    /// The directory of one process. Holding it pins the process: a reused pid gives ESRCH, not somebody else's data.
    ///
    /// # Errors
    /// `NotFound` when the process is gone.
    pub fn process(&self, pid: i32) -> io::Result<OwnedFd> {
        let mut name = itoa(pid);
        Ok(openat(
            &self.root,
            name.as_cstr(),
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?)
    }
    /// The process table's directory.
    pub fn root(&self) -> impl AsFd + '_ {
        &self.root
    }
    /// Whoever is asked what may never be answered: `statvfs` of a dead mount, the command line of a stuck process.
    pub fn ask(&self) -> &Child {
        &self.child
    }
    /// A file of the machine under `proc_root`, such as `sys/fs/file-nr`; at most a megabyte of it.
    ///
    /// # Errors
    /// With the path, as the system gave it.
    pub fn text(&self, path: &str) -> io::Result<String> {
        super::proc::read_text(&self.proc_root.join(path))
    }
}

/// A pid as a C string, without an allocation.
struct Digits([u8; 12]);
fn itoa(pid: i32) -> Digits {
    use io::Write;
    let mut d = Digits([0; 12]);
    // Eleven digits and a sign always fit, and the last byte stays 0.
    let _ = write!(&mut d.0[..11], "{pid}");
    d
}
impl Digits {
    fn as_cstr(&mut self) -> &std::ffi::CStr {
        std::ffi::CStr::from_bytes_until_nul(&self.0).unwrap_or(c"")
    }
}
