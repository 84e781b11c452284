//! What the keeper does: between fork and its end only async-signal-safe calls, no allocation, no panic.
#![allow(unsafe_code)] // system calls as C functions: what wraps them may allocate

use libc::{c_char, c_int, c_ulong, c_void, pid_t};
use std::ffi::CStr;

/// How process lists show it.
pub(super) const NAME: &CStr = c"paramedic-keeps";
/// A message to or from the keeper: what it is, a pid, a value, a time in nanoseconds of the monotonic clock.
pub(super) type Message = [u64; 4];

/// Orders: start the line of this number; send its first process a signal; end everything.
pub(super) const START: u64 = 1;
pub(super) const SIGNAL: u64 = 2;
pub(super) const END: u64 = 3;
/// Events: a line was started, or could not be; a process ended; the signal was sent, or not; everything has ended.
pub(super) const STARTED: u64 = 11;
pub(super) const REFUSED: u64 = 12;
pub(super) const ENDED: u64 = 13;
pub(super) const SIGNALLED: u64 = 14;
pub(super) const OVER: u64 = 15;

/// Where it failed, in the upper half of the value of [`REFUSED`]; the lower half is an errno.
pub(super) const AT_EXEC: u64 = 0;
pub(super) const AT_FORK: u64 = 1;
pub(super) const AT_NAMESPACE: u64 = 2;
pub(super) const AT_PROC: u64 = 3;

/// Descriptors, once it has settled.
const SOCKET: c_int = 3;
const OUT: c_int = 4;
const DEATHS: c_int = 5;
/// Who was killed and has not ended after so many rounds of [`PAUSE_NS`] never will: it is left.
const ROUNDS: u32 = 1500;
const PAUSE_NS: i64 = 2_000_000;

/// One program with its arguments, made ready before the fork. Both lists end in a null pointer.
pub(super) struct Line {
    pub path: *const c_char,
    pub argv: *const *const c_char,
}

/// What the keeper is given.
pub(super) struct Given<'a> {
    /// Its end of the pair.
    pub socket: c_int,
    /// Where programs print.
    pub out: c_int,
    /// `/dev/null`.
    pub null: c_int,
    /// The service, and what runs before its signal.
    pub lines: &'a [Line],
    /// The environment, with a null pointer at its end.
    pub environment: *const *const c_char,
    /// The first line is the first process of a pid namespace.
    pub first: bool,
    /// `uid uid 1` and `gid gid 1`, for a user namespace.
    pub maps: [&'a [u8]; 2],
}

struct Keeper<'a> {
    given: &'a Given<'a>,
    /// The process of the first line while it is not collected.
    main: pid_t,
}

/// Keeps programs until the other end of the socket is closed, however that came; then nothing of them is left.
///
/// # Safety
/// Only in a process that was just forked: every other descriptor is closed. The pointers of `given` must be valid.
pub(super) unsafe fn keep(given: &Given) -> ! {
    // SAFETY: plain system calls on our own process.
    unsafe {
        settle(given);
        let mut keeper = Keeper { given, main: 0 };
        if given.first
            && let Err(errno) = namespaces(given)
        {
            tell(REFUSED, 0, AT_NAMESPACE << 32 | errno as u64);
            libc::_exit(0);
        }
        loop {
            let mut ready = [
                libc::pollfd { fd: SOCKET, events: libc::POLLIN, revents: 0 },
                libc::pollfd { fd: DEATHS, events: libc::POLLIN, revents: 0 },
            ];
            if libc::poll(ready.as_mut_ptr(), 2, -1) < 0 {
                continue;
            }
            if ready[1].revents != 0 {
                let mut news = [0u8; 128 * 8];
                libc::read(DEATHS, news.as_mut_ptr().cast::<c_void>(), news.len());
                keeper.collect();
            }
            if ready[0].revents != 0 {
                match hear() {
                    Some([START, which, ..]) => keeper.start(which as usize),
                    Some([SIGNAL, signal, ..]) => {
                        let sent = keeper.main > 0 && libc::kill(keeper.main, signal as c_int) == 0;
                        let errno = match sent {
                            true => 0,
                            false if keeper.main > 0 => errno(),
                            false => libc::ESRCH,
                        };
                        tell(SIGNALLED, keeper.main as u64, errno as u64);
                    }
                    Some([END, ..]) | None => {
                        keeper.end();
                        libc::_exit(0);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// Its own session, so that what a terminal sends to us does not reach it; deaf to signals; orphans come to it.
unsafe fn settle(given: &Given) {
    // SAFETY: plain system calls; none of them touches memory but `mask`.
    unsafe {
        libc::setsid();
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut mask: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut mask);
        libc::sigprocmask(libc::SIG_SETMASK, &mask, std::ptr::null_mut());
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1 as c_ulong, 0, 0, 0);
        libc::prctl(libc::PR_SET_NAME, NAME.as_ptr());
        // Out of the way first: the numbers that are wanted may be taken by each other.
        let socket = libc::fcntl(given.socket, libc::F_DUPFD, 10);
        let out = libc::fcntl(given.out, libc::F_DUPFD, 10);
        let null = libc::fcntl(given.null, libc::F_DUPFD, 10);
        for (from, to) in [(null, 0), (null, 1), (null, 2), (socket, SOCKET), (out, OUT)] {
            if libc::dup2(from, to) != to {
                libc::_exit(1);
            }
        }
        if libc::syscall(libc::SYS_close_range, 5, u32::MAX, 0) != 0 {
            // Before Linux 5.9.
            (5..4096).for_each(|fd| {
                libc::close(fd);
            });
        }
        for fd in [SOCKET, OUT] {
            libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        libc::sigemptyset(&mut mask);
        libc::sigaddset(&mut mask, libc::SIGCHLD);
        let deaths = libc::signalfd(-1, &mask, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        // The lowest number that is free, as all above were closed.
        if deaths != DEATHS {
            libc::_exit(1);
        }
    }
}

/// Whoever is started next is the first process of a pid namespace. Without the right to that, a user namespace gives it, where
/// the machine lets everybody have one.
unsafe fn namespaces(given: &Given) -> Result<(), c_int> {
    // SAFETY: plain system calls; the texts end in NUL.
    unsafe {
        let wanted = libc::CLONE_NEWPID | libc::CLONE_NEWNS;
        if libc::unshare(wanted) != 0 {
            let refused = errno();
            if refused != libc::EPERM || libc::unshare(wanted | libc::CLONE_NEWUSER) != 0 {
                return Err(refused);
            }
            write(c"/proc/self/setgroups", b"deny");
            let [users, groups] = given.maps;
            if !write(c"/proc/self/uid_map", users) || !write(c"/proc/self/gid_map", groups) {
                return Err(libc::EPERM);
            }
        }
        let private = libc::MS_REC | libc::MS_PRIVATE;
        match libc::mount(std::ptr::null(), c"/".as_ptr(), std::ptr::null(), private, std::ptr::null()) {
            0 => Ok(()),
            _ => Err(errno()),
        }
    }
}

unsafe fn write(path: &CStr, bytes: &[u8]) -> bool {
    // SAFETY: the path ends in NUL, the bytes are as long as said.
    unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        let written = libc::write(fd, bytes.as_ptr().cast::<c_void>(), bytes.len());
        libc::close(fd);
        written == bytes.len() as isize
    }
}

impl Keeper<'_> {
    unsafe fn start(&mut self, which: usize) {
        let Some(line) = self.given.lines.get(which) else { return };
        // SAFETY: plain system calls; the child calls nothing but `become_it`.
        unsafe {
            let mut pipe = [0; 2];
            if libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
                tell(REFUSED, which as u64, AT_FORK << 32 | errno() as u64);
                return;
            }
            let pid = libc::fork();
            if pid == 0 {
                self.become_it(line, which == 0, pipe[1]);
            }
            let failed = errno();
            libc::close(pipe[1]);
            let mut why = 0u64;
            let bytes = (&raw mut why).cast::<c_void>();
            // The end comes with exec, or with its failure.
            let said = if pid > 0 { libc::read(pipe[0], bytes, 8) } else { 0 };
            libc::close(pipe[0]);
            if pid < 0 {
                tell(REFUSED, which as u64, AT_FORK << 32 | failed as u64);
            } else if said == 8 {
                libc::waitpid(pid, std::ptr::null_mut(), 0);
                tell(REFUSED, which as u64, why);
            } else {
                if which == 0 {
                    self.main = pid;
                }
                tell(STARTED, pid as u64, which as u64);
            }
        }
    }

    /// The new process, until it is the program.
    unsafe fn become_it(&self, line: &Line, main: bool, pipe: c_int) -> ! {
        // SAFETY: plain system calls; the lists end in null pointers.
        unsafe {
            let fail = |at: u64| -> ! {
                let why = at << 32 | errno() as u64;
                libc::write(pipe, (&raw const why).cast::<c_void>(), 8);
                libc::_exit(127)
            };
            libc::setsid();
            // When the keeper is killed, at least its children go with it.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if main && self.given.first {
                let (proc, flags) = (c"proc".as_ptr(), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC);
                if libc::mount(proc, c"/proc".as_ptr(), proc, flags, std::ptr::null()) != 0 {
                    fail(AT_PROC);
                }
            }
            libc::dup2(OUT, 1);
            libc::dup2(OUT, 2);
            let mut mask: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut mask);
            libc::sigprocmask(libc::SIG_SETMASK, &mask, std::ptr::null_mut());
            libc::execve(line.path, line.argv, self.given.environment);
            fail(AT_EXEC)
        }
    }

    /// Everybody who has ended is collected and told of.
    unsafe fn collect(&mut self) {
        loop {
            let mut status = 0;
            // SAFETY: the status is ours.
            let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
            if pid <= 0 {
                return;
            }
            if pid == self.main {
                self.main = 0;
            }
            tell(ENDED, pid as u64, status as u32 as u64);
        }
    }

    /// Kills round after round: whose parent dies is our child in the next one. Nobody but us can collect our children, so that
    /// no number can be somebody else's by now.
    unsafe fn end(&mut self) {
        for _ in 0..ROUNDS {
            // SAFETY: plain system calls.
            unsafe {
                if self.main > 0 {
                    libc::kill(self.main, libc::SIGKILL);
                }
                // With the first process of a pid namespace all others in it end, and its /proc does not show us.
                if !self.given.first || self.main == 0 {
                    kill_children();
                }
                self.collect();
                if libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) < 0 && errno() == libc::ECHILD {
                    tell(OVER, 0, 0);
                    return;
                }
                let pause = libc::timespec { tv_sec: 0, tv_nsec: PAUSE_NS };
                libc::nanosleep(&pause, std::ptr::null_mut());
            }
        }
        tell(OVER, 0, 1);
    }
}

/// Kills every process whose parent we are.
unsafe fn kill_children() {
    // SAFETY: plain system calls on buffers that are ours; records are as long as the kernel says and inside what it wrote.
    unsafe {
        let own = libc::getpid();
        let dir = libc::open(c"/proc".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC);
        if dir < 0 {
            return;
        }
        let mut buf = [0u64; 1024];
        loop {
            let n = libc::syscall(libc::SYS_getdents64, dir, buf.as_mut_ptr(), size_of_val(&buf));
            if n <= 0 {
                break;
            }
            let bytes = std::slice::from_raw_parts(buf.as_ptr().cast::<u8>(), n as usize);
            let mut at = 0;
            // struct linux_dirent64: inode and offset of 8 bytes each, length of 2, type of 1, name.
            while let Some(entry) = bytes.get(at..).filter(|e| e.len() > 19) {
                let length = usize::from(u16::from_ne_bytes([entry[16], entry[17]]));
                let name = entry.get(19..length.min(entry.len())).unwrap_or_default();
                if let Some(pid) = number(name)
                    && parent(dir, name) == Some(own)
                {
                    libc::kill(pid, libc::SIGKILL);
                }
                at += length.max(1);
            }
        }
        libc::close(dir);
    }
}

fn number(text: &[u8]) -> Option<pid_t> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    let n = digits.fold(0i32, |n, b| n.saturating_mul(10).saturating_add(i32::from(b - b'0')));
    (text.first()?.is_ascii_digit()).then_some(n)
}

/// The fourth field of `stat`: it stands behind the state, which stands behind the last bracket.
unsafe fn parent(dir: c_int, name: &[u8]) -> Option<pid_t> {
    let mut path = [0u8; 24];
    let digits = name.iter().take_while(|b| b.is_ascii_digit()).count().min(12);
    path.get_mut(..digits)?.copy_from_slice(name.get(..digits)?);
    path.get_mut(digits..digits + 5)?.copy_from_slice(b"/stat");
    let mut text = [0u8; 512];
    // SAFETY: the path ends in NUL, the buffer is as long as said.
    let n = unsafe {
        let fd = libc::openat(dir, path.as_ptr().cast(), libc::O_RDONLY | libc::O_CLOEXEC);
        let n = libc::read(fd, text.as_mut_ptr().cast::<c_void>(), text.len());
        libc::close(fd);
        usize::try_from(n).ok()?
    };
    let text = text.get(..n)?;
    let behind = text.iter().rposition(|b| *b == b')')?;
    number(text.get(behind + 4..)?)
}

fn hear() -> Option<Message> {
    let mut message: Message = [0; 4];
    loop {
        // SAFETY: the message is ours and as long as said.
        let n = unsafe { libc::recv(SOCKET, message.as_mut_ptr().cast::<c_void>(), size_of::<Message>(), 0) };
        match n {
            -1 if errno() == libc::EINTR => {}
            n if n == size_of::<Message>() as isize => return Some(message),
            _ => return None,
        }
    }
}

fn tell(what: u64, pid: u64, value: u64) {
    // SAFETY: both structures are ours and as long as said.
    unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now);
        #[allow(clippy::unnecessary_cast, reason = "the widths differ between libcs")]
        let time = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
        let message: Message = [what, pid, value, time];
        libc::send(SOCKET, message.as_ptr().cast::<c_void>(), size_of::<Message>(), libc::MSG_NOSIGNAL);
    }
}

fn errno() -> c_int {
    // SAFETY: the address of this thread's errno is always valid.
    unsafe { *libc::__errno_location() }
}
