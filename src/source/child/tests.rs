//! Real questions, real hangs: a FUSE file system whose requests nobody reads.
#![allow(unsafe_code)] // mount, kill

use super::*;
use std::os::{fd::AsRawFd, unix::ffi::OsStrExt};
use std::{fs, fs::File, io::Read, os::unix::net::UnixStream, path::PathBuf, process::Command};

const PATIENT: Duration = Duration::from_secs(10);

fn statvfs(child: &Child, path: &Path, patience: Duration) -> Result<Statvfs, No> {
    child.statvfs(&[(path.into(), patience)], &mut Budget::late(PATIENT)).remove(0)
}
fn stat(child: &Child, path: &Path) -> Result<Stat, No> {
    child.stat(&[path.into()], PATIENT, &mut Budget::late(PATIENT)).remove(0)
}

/// A mount that never answers, in a mount namespace of this thread alone: nobody else can stumble over it, it is gone with
/// the thread, and with its descriptor closed, however the process ends, the kernel gives every question up.
struct Dead {
    at: tempfile::TempDir,
    fuse: Option<File>,
}

impl Dead {
    fn mount() -> Self {
        // SAFETY: a mount namespace of this thread; the texts end in NUL.
        unsafe {
            assert_eq!(libc::unshare(libc::CLONE_NEWNS), 0, "this test needs root");
            let private = libc::MS_REC | libc::MS_PRIVATE;
            assert_eq!(
                libc::mount(c"none".as_ptr(), c"/".as_ptr(), std::ptr::null(), private, std::ptr::null()),
                0
            );
        }
        let at = tempfile::tempdir().unwrap();
        let fuse = File::options().read(true).write(true).open("/dev/fuse");
        let fuse = fuse.expect("this test needs root and /dev/fuse");
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0\0", fuse.as_raw_fd());
        let target = std::ffi::CString::new(at.path().as_os_str().as_bytes()).unwrap();
        // SAFETY: all four texts end in NUL and outlive the call.
        let done = unsafe {
            libc::mount(
                c"dead".as_ptr(),
                target.as_ptr(),
                c"fuse.dead".as_ptr(),
                libc::MS_NOSUID | libc::MS_NODEV,
                options.as_ptr().cast(),
            )
        };
        assert_eq!(done, 0, "this test needs root: {}", io::Error::last_os_error());
        Self { at, fuse: Some(fuse) }
    }
}

impl Drop for Dead {
    fn drop(&mut self) {
        drop(self.fuse.take());
        let at = std::ffi::CString::new(self.at.path().as_os_str().as_bytes()).unwrap();
        // SAFETY: the text ends in NUL. Before the directory below it can be removed.
        unsafe { libc::umount2(at.as_ptr(), libc::MNT_DETACH) };
    }
}

#[test]
fn a_file_system_is_measured_and_its_mount_is_told() {
    let child = Child::default();
    let proc = statvfs(&child, Path::new("/proc"), PATIENT).unwrap();
    assert_eq!(proc.blocks, 0);
    let root = statvfs(&child, Path::new("/"), PATIENT).unwrap();
    assert!(root.block >= 512 && root.blocks > root.free && root.free >= root.avail, "{root:?}");
    if let Some(id) = root.mount_id {
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(
            table.lines().any(|l| l.starts_with(&format!("{id} ")) && l.contains(" / / ")),
            "{id}: {table}"
        );
    }
}

#[test]
fn a_deleted_file_has_no_name_left_and_says_what_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log (deleted)");
    fs::write(&path, vec![1u8; 100_000]).unwrap();
    let file = File::open(&path).unwrap();
    let fd = format!("/proc/self/fd/{}", file.as_raw_fd());
    let own = PathBuf::from(fd.replace("self", &std::process::id().to_string()));
    let child = Child::default();
    let named = stat(&child, &own).unwrap();
    fs::remove_file(&path).unwrap();
    let gone = stat(&child, &own).unwrap();
    assert_eq!((named.links, gone.links, gone.size), (1, 0, 100_000));
    assert!(
        gone.held >= 100_000 && gone.inode == named.inode && gone.mode & 0o170_000 == 0o100_000,
        "{gone:?}"
    );
    assert_eq!(stat(&child, &path), Err(No::Error(libc::ENOENT)));
}

#[test]
fn files_are_read_whole_or_said_to_be_cut() {
    let dir = tempfile::tempdir().unwrap();
    let child = Child::default();
    for (size, most, cut) in
        [(0, 10, false), (10, 10, false), (11, 10, true), (5, 0, true), (READ_MOST + 1, usize::MAX, true)]
    {
        let path = dir.path().join("file");
        fs::write(&path, vec![7u8; size]).unwrap();
        let read = child.read(&path, most, PATIENT).unwrap();
        assert_eq!((read.bytes.len(), read.cut), (size.min(most).min(READ_MOST), cut), "{size} {most}");
    }
    assert_eq!(child.read(&dir.path().join("none"), 10, PATIENT), Err(Why::Absent));
    assert_eq!(child.read(dir.path(), 10, PATIENT), Err(Why::Unsupported));
    let stat = child.read(Path::new("/proc/self/stat"), 4096, PATIENT).unwrap();
    assert!(!stat.bytes.starts_with(std::process::id().to_string().as_bytes()), "it is read by the child");
}

#[test]
fn a_fifo_without_a_writer_does_not_hold_anybody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(Child::default().read(&path, 10, PATIENT), Ok(Bytes::default()));
}

#[test]
fn names_that_are_no_paths_are_refused_before_anybody_is_asked() {
    let child = Child::default();
    for bad in ["a\0b".to_string(), "x".repeat(PATH_MOST)] {
        assert_eq!(statvfs(&child, Path::new(&bad), PATIENT), Err(No::Error(libc::ENAMETOOLONG)));
    }
    assert!(child.0.borrow().at_work.is_none());
}

#[test]
fn a_dead_mount_is_the_culprit_and_the_next_question_is_answered() {
    let dead = Dead::mount();
    let child = Child::default();
    let patience = Duration::from_millis(150);
    for _ in 0..3 {
        let asked = Instant::now();
        let answer = statvfs(&child, dead.at.path(), patience);
        let took = asked.elapsed();
        assert!(matches!(answer, Err(No::Late(waited)) if waited >= patience), "{answer:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(statvfs(&child, Path::new("/"), PATIENT).is_ok());
    }
    assert_eq!(child.read(&dead.at.path().join("x"), 10, patience), Err(Why::TimedOut));
    drop(dead);
    child.rest();
    // Killed while its question was still in the queue: nobody has to wait for a server that answers no more.
    let until = Instant::now() + PATIENT;
    while !child.0.borrow().left.is_empty() && Instant::now() < until {
        child.rest();
    }
    assert_eq!(child.0.borrow().left, [0; 0]);
}

#[test]
fn of_many_questions_put_at_once_only_the_dead_ones_are_late() {
    let dead = Dead::mount();
    let child = Child::default();
    let patience = Duration::from_millis(150);
    let mut paths: Vec<_> = (0..600).map(|_| (PathBuf::from("/"), PATIENT)).collect();
    paths[200] = (dead.at.path().into(), patience);
    paths[400] = (dead.at.path().into(), patience);
    paths[500] = ("\0".into(), PATIENT);
    let mut budget = Budget::late(PATIENT);
    let answers = child.statvfs(&paths, &mut budget);
    let odd: Vec<_> = (0..600).filter(|i| answers[*i].is_err()).collect();
    assert_eq!(odd, [200, 400, 500]);
    assert!(matches!(answers[200], Err(No::Late(_))) && matches!(answers[400], Err(No::Late(_))));
    assert!(budget.late <= PATIENT - patience * 2);
    // With no time left for late ones the others are still answered, up to the first that would be late.
    let mut short = Budget::late(Duration::from_millis(100));
    let answers = child.statvfs(&paths, &mut short);
    assert!(answers[..200].iter().all(Result::is_ok) && matches!(answers[200], Err(No::Late(_))));
    assert!(answers[201..500].iter().all(|a| *a == Err(No::Unasked(Why::TimedOut))));
}

#[test]
fn long_answers_and_many_questions_do_not_block_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, vec![7u8; READ_MOST]).unwrap();
    let child = Child::default();
    let paths = vec![path; 200];
    let all = child.read_all(&paths, READ_MOST, PATIENT, &mut Budget::late(PATIENT));
    assert_eq!(all.len(), 200);
    assert!(all.iter().all(|a| a.as_ref().is_ok_and(|b| b.bytes.len() == READ_MOST && !b.cut)));
}

#[test]
fn a_child_that_was_killed_from_outside_is_replaced() {
    let child = Child::default();
    assert!(statvfs(&child, Path::new("/"), PATIENT).is_ok());
    let pid = child.0.borrow().at_work.as_ref().unwrap().pid;
    // SAFETY: a signal to our own child.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
    for _ in 0..20 {
        assert!(statvfs(&child, Path::new("/"), PATIENT).is_ok());
    }
    assert_ne!(child.0.borrow().at_work.as_ref().unwrap().pid, pid);
}

#[test]
fn a_stopped_child_is_late_and_no_descriptor_of_ours_stays_with_it() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let child = Child::default();
    assert!(statvfs(&child, Path::new("/"), PATIENT).is_ok());
    let pid = child.0.borrow().at_work.as_ref().unwrap().pid;
    let held = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    assert_eq!(held, 1, "its socket and nothing else");
    drop(theirs);
    assert_eq!(ours.read(&mut [0]).unwrap(), 0, "the child must not hold the other end");
    // SAFETY: a signal to our own child.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGSTOP) }, 0);
    let late = statvfs(&child, Path::new("/"), Duration::from_millis(100));
    assert!(matches!(late, Err(No::Late(_))), "{late:?}");
}

#[test]
fn the_child_ends_when_nobody_asks_any_more() {
    let child = Child::default();
    assert!(statvfs(&child, Path::new("/"), PATIENT).is_ok());
    let pid = child.0.borrow().at_work.as_ref().unwrap().pid;
    child.rest();
    assert!(child.0.borrow().left.is_empty() && !Path::new(&format!("/proc/{pid}/stat")).exists());
    assert!(statvfs(&child, Path::new("/"), PATIENT).is_ok(), "and another one is started");
}
