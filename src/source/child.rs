//! Questions that may never be answered, asked in one child process for all of them.
//!
//! `statvfs` of a mount whose server is gone, `stat` of a file on it and `/proc/PID/cmdline` of a process stuck in a page
//! fault hang for ever and cannot be interrupted, so none of them is asked by this process. The child is forked, not
//! executed: one for all questions costs a millisecond, one for each mount twenty. When an answer is late the child is
//! killed and left (nobody can wait for what does not end), the question is the culprit, and the next one gets a new child.

mod within;
mod worker;

use crate::model::{Seen, Why};
use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use worker::{Answer, Question, State};

/// The longest path that the kernel takes; `PATH_MAX`.
const PATH_MOST: usize = 4096;
/// No file is answered with more bytes than this.
pub const READ_MOST: usize = 1 << 20;

/// Whether a process of this name and parent is one of ours: it is no part of what is looked at.
pub fn is_ours(name: &str, parent: i32, own: Option<i32>) -> bool {
    Some(parent) == own && within::NAME.to_str() == Ok(name)
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    /// It hangs: the child was not waiting for a processor and had not answered after this time.
    Late(Duration),
    /// The kernel's own error, an errno.
    Error(i32),
    /// It was not put: no child could be had, or it would not have been heard in time on a machine that is too busy.
    Unasked(Why),
}

impl From<No> for Why {
    fn from(no: No) -> Why {
        match no {
            No::Late(_) => Why::TimedOut,
            No::Error(errno) => Why::from(&io::Error::from_raw_os_error(errno)),
            No::Unasked(why) => why,
        }
    }
}

/// What `statvfs(3)` says of a file system, and which mount the path led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statvfs {
    /// Unit of the three counts below, bytes; `f_frsize`.
    pub block: u64,
    /// All blocks.
    pub blocks: u64,
    /// Free for root.
    pub free: u64,
    /// Free for everybody else.
    pub avail: u64,
    /// All inodes; 0 where there is no such limit.
    pub files: u64,
    /// Free inodes for root.
    pub ffree: u64,
    /// `ST_RDONLY` and the like.
    pub flags: u64,
    /// What the file system calls itself.
    pub fsid: u64,
    /// Id of the mount that the path led to, as in `mountinfo`; none before Linux 5.8.
    pub mount_id: Option<u64>,
}

/// What `stat(2)` says of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Type and permissions.
    pub mode: u64,
    /// Length, bytes.
    pub size: u64,
    /// What it takes on its file system, bytes.
    pub held: u64,
    /// Device, major number.
    pub major: u64,
    /// Device, minor number.
    pub minor: u64,
    /// Inode.
    pub inode: u64,
    /// Names that it has; 0 when it was deleted.
    pub links: u64,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// Last change of its content, milliseconds since 1970 (before that a number that wraps around).
    pub modified_ms: u64,
    /// Id of the mount that it was opened through, as in `mountinfo`; none before Linux 5.8.
    pub mount_id: Option<u64>,
}

/// The bytes of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// From its begin.
    pub bytes: Vec<u8>,
    /// There was more.
    pub cut: bool,
}

/// How long a run of questions may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// What all late answers together may cost; what they cost is taken off.
    pub late: Duration,
    /// When the last question must have been put.
    pub until: Instant,
}

impl Budget {
    /// So much for late answers, and no other bound.
    pub fn late(late: Duration) -> Self {
        Self { late, until: Instant::now() + Duration::from_secs(3600) }
    }
}

/// Whoever is asked. It is started by the first question and ends with [`Child::rest`] or with us.
#[derive(Default)]
pub struct Child(RefCell<State>);

impl Child {
    /// How full file systems are, each with its own patience. All are asked in one go: on a machine that is busy a turn for
    /// each would take seconds.
    ///
    /// # Errors
    /// For each of them: nothing came within its patience, or what the kernel said.
    pub fn statvfs(&self, paths: &[(PathBuf, Duration)], budget: &mut Budget) -> Vec<Result<Statvfs, No>> {
        let questions =
            paths.iter().map(|(path, patience)| Question::new(within::STATVFS, path, 0, *patience));
        let answers = self.0.borrow_mut().ask(questions.collect(), budget);
        answers.into_iter().map(|a| statvfs(&a?)).collect()
    }

    /// What paths lead to, links followed; nothing is fetched from a server when the kernel knows it.
    ///
    /// # Errors
    /// As for [`Child::statvfs`].
    pub fn stat(&self, paths: &[PathBuf], patience: Duration, budget: &mut Budget) -> Vec<Result<Stat, No>> {
        let questions = paths.iter().map(|path| Question::new(within::STAT, path, 0, patience));
        let answers = self.0.borrow_mut().ask(questions.collect(), budget);
        answers.into_iter().map(|a| stat(&a?)).collect()
    }

    /// The first `most` bytes of each file, never more than [`READ_MOST`].
    ///
    /// # Errors
    /// For each of them why nothing was read; `TimedOut` when nothing came within `patience`.
    pub fn read_all(
        &self,
        paths: &[PathBuf],
        most: usize,
        patience: Duration,
        budget: &mut Budget,
    ) -> Vec<Seen<Bytes>> {
        let most = most.min(READ_MOST) as u32;
        let questions = paths.iter().map(|path| Question::new(within::READ, path, most, patience));
        let answers = self.0.borrow_mut().ask(questions.collect(), budget);
        answers.into_iter().map(|a| a.map(|(bytes, cut)| Bytes { bytes, cut }).map_err(Why::from)).collect()
    }

    /// The first `most` bytes of one file.
    ///
    /// # Errors
    /// As for [`Child::read_all`].
    pub fn read(&self, path: &Path, most: usize, patience: Duration) -> Seen<Bytes> {
        let all =
            self.read_all(&[path.into()], most, patience, &mut Budget::late(patience.max(worker::LEAST)));
        all.into_iter().next().unwrap_or(Err(Why::Broken))
    }

    /// Ends the child, so that no memory is kept twice while nobody asks. The next question starts another.
    pub fn rest(&self) {
        self.0.borrow_mut().rest();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.rest();
    }
}

fn statvfs(answer: &Answer) -> Result<Statvfs, No> {
    let [block, blocks, free, avail, files, ffree, flags, fsid, mount] = numbers(&answer.0)?;
    let mount_id = (mount != u64::MAX).then_some(mount);
    Ok(Statvfs { block, blocks, free, avail, files, ffree, flags, fsid, mount_id })
}

fn stat(answer: &Answer) -> Result<Stat, No> {
    let [mode, size, held, major, minor, inode, links, uid, gid, modified_ms, mount] = numbers(&answer.0)?;
    let mount_id = (mount != u64::MAX).then_some(mount);
    Ok(Stat { mode, size, held, major, minor, inode, links, uid, gid, modified_ms, mount_id })
}

fn numbers<const N: usize>(bytes: &[u8]) -> Result<[u64; N], No> {
    let mut out = [0; N];
    if bytes.len() != N * 8 {
        return Err(No::Unasked(Why::Broken));
    }
    out.iter_mut().zip(bytes.chunks_exact(8)).for_each(|(n, b)| {
        *n = b.try_into().map_or(0, u64::from_ne_bytes);
    });
    Ok(out)
}

#[cfg(test)]
mod tests;
