//! What the child does: between fork and _exit only async-signal-safe calls, no allocation, no panic.
#![allow(unsafe_code)] // system calls as C functions: what wraps them may allocate

use libc::{c_int, c_void, pid_t};

/// Three words: of a question its kind, the most bytes wanted and the length of the path with its NUL; of an answer an
/// errno, the length of what follows and whether it was cut.
pub(super) const HEADER: usize = 12;
/// How process lists show the child, also one that was left behind because it cannot die.
pub(super) const NAME: &std::ffi::CStr = c"paramedic-asks";
pub(super) const STATVFS: u32 = 1;
pub(super) const STAT: u32 = 2;
pub(super) const READ: u32 = 3;

/// `stx_mnt_id` is valid; `linux/stat.h`, since 5.8.
const STATX_MNT_ID: u32 = 0x1000;

/// Answers until the other end of the socket closes.
///
/// # Safety
/// Only in a process that was just forked: every other descriptor is closed. `socket` must be open.
pub(super) unsafe fn serve(socket: c_int, parent: pid_t, question: &mut [u8], answer: &mut [u8]) -> ! {
    // SAFETY: plain system calls on our own process and on buffers that are ours alone.
    unsafe {
        settle(socket, parent);
        loop {
            let Some(path) = hear(question) else { libc::_exit(0) };
            let (head, body) = answer.split_at_mut(HEADER);
            let kind = word(question, 0);
            let most = (word(question, 1) as usize).min(body.len());
            let said = match kind {
                STATVFS => statvfs(path, body),
                STAT => stat(path, body),
                READ => read(path, body.get_mut(..most).unwrap_or_default()),
                _ => Err(libc::EINVAL),
            };
            let (errno, len, cut) = match said {
                Ok((len, cut)) => (0, len, cut),
                Err(errno) => (errno, 0, false),
            };
            for (i, n) in [errno as u32, len as u32, u32::from(cut)].into_iter().enumerate() {
                head.iter_mut().skip(i * 4).zip(n.to_ne_bytes()).for_each(|(to, b)| *to = b);
            }
            if !tell(answer.get(..HEADER + len).unwrap_or_default()) {
                libc::_exit(0);
            }
        }
    }
}

/// Gives up all that a child which may never end must not keep: descriptors (a reader of our stdout waits until nobody
/// can write any more), the directory it stands in, signal handlers. The socket becomes descriptor 0.
unsafe fn settle(socket: c_int, parent: pid_t) {
    // SAFETY: plain system calls; none of them touches memory but `mask`.
    unsafe {
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut mask: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut mask);
        libc::sigprocmask(libc::SIG_SETMASK, &mask, std::ptr::null_mut());
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::prctl(libc::PR_SET_NAME, NAME.as_ptr());
        // Whoever forked us ended before that call.
        if libc::getppid() != parent {
            libc::_exit(0);
        }
        // A core of a copy of somebody else's memory is of no use to anyone.
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        if socket != 0 && libc::dup2(socket, 0) != 0 {
            libc::_exit(0);
        }
        if libc::syscall(libc::SYS_close_range, 1, u32::MAX, 0) != 0 {
            // Before Linux 5.9. What is opened above this, if anything is, was opened with O_CLOEXEC by us alone.
            (1..4096).for_each(|fd| {
                libc::close(fd);
            });
        }
        libc::chdir(c"/".as_ptr());
    }
}

/// The next question, and where its path begins; none at the end of the stream or of what is understood.
unsafe fn hear(question: &mut [u8]) -> Option<*const libc::c_char> {
    // SAFETY: `fill` stays inside the buffer.
    unsafe {
        if !fill(question.get_mut(..HEADER)?) {
            return None;
        }
        let len = word(question, 2) as usize;
        let path = question.get_mut(HEADER..HEADER.checked_add(len)?)?;
        if !fill(path) || path.last() != Some(&0) {
            return None;
        }
        Some(path.as_ptr().cast())
    }
}

unsafe fn fill(buf: &mut [u8]) -> bool {
    let mut done = 0;
    while let Some(rest) = buf.get_mut(done..).filter(|r| !r.is_empty()) {
        // SAFETY: the buffer is ours and as long as said.
        let n = unsafe { libc::read(0, rest.as_mut_ptr().cast::<c_void>(), rest.len()) };
        match n {
            1.. => done += n as usize,
            -1 if errno() == libc::EINTR => {}
            _ => return false,
        }
    }
    true
}

unsafe fn tell(buf: &[u8]) -> bool {
    let mut done = 0;
    while let Some(rest) = buf.get(done..).filter(|r| !r.is_empty()) {
        // SAFETY: the buffer is ours and as long as said.
        let n = unsafe { libc::send(0, rest.as_ptr().cast::<c_void>(), rest.len(), libc::MSG_NOSIGNAL) };
        match n {
            0.. => done += n as usize,
            -1 if errno() == libc::EINTR => {}
            _ => return false,
        }
    }
    true
}

type Said = Result<(usize, bool), c_int>;

unsafe fn statvfs(path: *const libc::c_char, body: &mut [u8]) -> Said {
    // SAFETY: `path` ends in NUL, both structures are plain numbers and ours.
    unsafe {
        let mut s: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(path, &mut s) != 0 {
            return Err(errno());
        }
        let mut x: libc::statx = std::mem::zeroed();
        let mount = if statx(path, STATX_MNT_ID, &mut x) == 0 { mount_id(&x) } else { u64::MAX };
        let block = if s.f_frsize == 0 { s.f_bsize } else { s.f_frsize };
        #[allow(clippy::unnecessary_cast, reason = "the widths differ between libcs")]
        let values = [
            block as u64,
            s.f_blocks as u64,
            s.f_bfree as u64,
            s.f_bavail as u64,
            s.f_files as u64,
            s.f_ffree as u64,
            s.f_flag as u64,
            s.f_fsid as u64,
            mount,
        ];
        Ok((put(body, &values), false))
    }
}

unsafe fn stat(path: *const libc::c_char, body: &mut [u8]) -> Said {
    // SAFETY: `path` ends in NUL, both structures are plain numbers and ours.
    unsafe {
        let mut x: libc::statx = std::mem::zeroed();
        if statx(path, libc::STATX_BASIC_STATS | STATX_MNT_ID, &mut x) == 0 {
            let values = [
                u64::from(x.stx_mode),
                x.stx_size,
                x.stx_blocks.saturating_mul(512),
                u64::from(x.stx_dev_major),
                u64::from(x.stx_dev_minor),
                x.stx_ino,
                u64::from(x.stx_nlink),
                u64::from(x.stx_uid),
                u64::from(x.stx_gid),
                milliseconds(x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec),
                mount_id(&x),
            ];
            return Ok((put(body, &values), false));
        }
        // Before Linux 4.11, and in sandboxes that do not know statx.
        if !matches!(errno(), libc::ENOSYS | libc::EPERM) {
            return Err(errno());
        }
        let mut s: libc::stat = std::mem::zeroed();
        if libc::stat(path, &mut s) != 0 {
            return Err(errno());
        }
        #[allow(clippy::unnecessary_cast, reason = "the widths differ between libcs and machines")]
        let values = [
            u64::from(s.st_mode),
            s.st_size as u64,
            (s.st_blocks as u64).saturating_mul(512),
            u64::from(libc::major(s.st_dev)),
            u64::from(libc::minor(s.st_dev)),
            s.st_ino as u64,
            s.st_nlink as u64,
            u64::from(s.st_uid),
            u64::from(s.st_gid),
            milliseconds(s.st_mtime as i64, s.st_mtime_nsec as u32),
            u64::MAX,
        ];
        Ok((put(body, &values), false))
    }
}

unsafe fn read(path: *const libc::c_char, body: &mut [u8]) -> Said {
    // SAFETY: `path` ends in NUL, the buffer is ours and as long as said; the descriptor is closed again.
    unsafe {
        // O_NONBLOCK: a FIFO without a writer would wait for one.
        let fd = libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK);
        if fd < 0 {
            return Err(errno());
        }
        let (mut done, mut failed) = (0, 0);
        let mut more = [0u8; 1];
        let cut = loop {
            let rest = body.get_mut(done..).unwrap_or_default();
            let full = rest.is_empty();
            let to = if full { &mut more[..] } else { rest };
            let n = libc::read(fd, to.as_mut_ptr().cast::<c_void>(), to.len());
            match n {
                1.. if full => break true,
                1.. => done += n as usize,
                0 => break false,
                _ if errno() == libc::EINTR => {}
                _ => {
                    failed = errno();
                    break false;
                }
            }
        };
        libc::close(fd);
        if failed != 0 { Err(failed) } else { Ok((done, cut)) }
    }
}

/// The system call itself: not every libc has a function for it. Links are followed, automounts are not started, and what
/// the kernel knows of a file on a server is enough.
unsafe fn statx(path: *const libc::c_char, mask: u32, x: &mut libc::statx) -> c_int {
    const AT_STATX_DONT_SYNC: c_int = 0x4000;
    let flags = AT_STATX_DONT_SYNC | libc::AT_NO_AUTOMOUNT;
    // SAFETY: `path` ends in NUL and `x` is as the kernel expects it.
    unsafe {
        libc::syscall(libc::SYS_statx, libc::AT_FDCWD, path, flags, mask, std::ptr::from_mut(x)) as c_int
    }
}

fn milliseconds(seconds: i64, nanoseconds: u32) -> u64 {
    seconds.wrapping_mul(1000).wrapping_add(i64::from(nanoseconds / 1_000_000)) as u64
}

fn mount_id(x: &libc::statx) -> u64 {
    if x.stx_mask & STATX_MNT_ID != 0 { x.stx_mnt_id } else { u64::MAX }
}

fn put(body: &mut [u8], values: &[u64]) -> usize {
    body.chunks_exact_mut(8).zip(values).for_each(|(to, v)| to.copy_from_slice(&v.to_ne_bytes()));
    values.len() * 8
}

fn word(bytes: &[u8], i: usize) -> u32 {
    bytes.get(i * 4..i * 4 + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

fn errno() -> c_int {
    // SAFETY: it points to a number of this thread.
    unsafe { *libc::__errno_location() }
}
