//! What a descriptor is, told from the text of its link alone: following it could hang on a dead mount.

use rustix::fs::getxattr;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Kinds of descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A socket of another family, or of one that could not be told.
    Socket,
    /// A TCP socket.
    Tcp,
    /// A UDP socket.
    Udp,
    /// A Unix-domain socket.
    Unix,
    /// A netlink socket.
    Netlink,
    /// A pipe or FIFO.
    Pipe,
    /// A file or directory by path.
    File,
    /// A file without a name any more.
    Deleted,
    /// Below `/dev`.
    Device,
    /// epoll instance.
    Epoll,
    /// eventfd.
    Eventfd,
    /// inotify instance.
    Inotify,
    /// fanotify group.
    Fanotify,
    /// timerfd.
    Timerfd,
    /// signalfd.
    Signalfd,
    /// pidfd.
    Pidfd,
    /// io_uring instance.
    IoUring,
    /// memfd: anonymous memory.
    Memfd,
    /// userfaultfd, BPF, perf event and what else the kernel names in brackets.
    OtherAnon,
    /// A namespace.
    Namespace,
    /// Anything else.
    Other,
}

impl Kind {
    /// Every kind, in the order in which tables show them.
    pub const ALL: [Kind; 21] = [
        Kind::Tcp,
        Kind::Udp,
        Kind::Unix,
        Kind::Netlink,
        Kind::Socket,
        Kind::Pipe,
        Kind::File,
        Kind::Deleted,
        Kind::Device,
        Kind::Epoll,
        Kind::Eventfd,
        Kind::Inotify,
        Kind::Fanotify,
        Kind::Timerfd,
        Kind::Signalfd,
        Kind::Pidfd,
        Kind::IoUring,
        Kind::Memfd,
        Kind::OtherAnon,
        Kind::Namespace,
        Kind::Other,
    ];

    /// The kind as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Socket => "socket",
            Kind::Tcp => "tcp",
            Kind::Udp => "udp",
            Kind::Unix => "unix",
            Kind::Netlink => "netlink",
            Kind::Pipe => "pipe",
            Kind::File => "file",
            Kind::Deleted => "deleted",
            Kind::Device => "device",
            Kind::Epoll => "epoll",
            Kind::Eventfd => "eventfd",
            Kind::Inotify => "inotify",
            Kind::Fanotify => "fanotify",
            Kind::Timerfd => "timerfd",
            Kind::Signalfd => "signalfd",
            Kind::Pidfd => "pidfd",
            Kind::IoUring => "io_uring",
            Kind::Memfd => "memfd",
            Kind::OtherAnon => "anon_inode",
            Kind::Namespace => "namespace",
            Kind::Other => "other",
        }
    }

    /// The kind of a link's text, as `readlink(2)` gave it; proc_pid_fd(5).
    pub fn of(link: &[u8]) -> Kind {
        if link.starts_with(b"/") {
            return match link {
                _ if link.starts_with(b"/memfd:") => Kind::Memfd,
                _ if link.ends_with(b" (deleted)") => Kind::Deleted,
                _ if link.starts_with(b"/dev/") => Kind::Device,
                _ => Kind::File,
            };
        }
        let Some(colon) = link.iter().position(|c| *c == b':') else { return Kind::Other };
        match (&link[..colon], &link[colon + 1..]) {
            (b"socket", _) => Kind::Socket,
            (b"pipe", _) => Kind::Pipe,
            (b"anon_inode", what) => match what {
                b"[eventpoll]" => Kind::Epoll,
                b"[eventfd]" => Kind::Eventfd,
                b"inotify" => Kind::Inotify,
                b"[fanotify]" => Kind::Fanotify,
                b"[timerfd]" => Kind::Timerfd,
                b"[signalfd]" => Kind::Signalfd,
                b"[pidfd]" => Kind::Pidfd,
                b"[io_uring]" => Kind::IoUring,
                _ => Kind::OtherAnon,
            },
            // Since 6.9 pidfds live in a file system of their own.
            (b"pidfd" | b"pidfs", _) => Kind::Pidfd,
            (b"net" | b"mnt" | b"pid" | b"user" | b"uts" | b"ipc" | b"cgroup" | b"time", _) => {
                Kind::Namespace
            }
            _ => Kind::Other,
        }
    }
}

/// The kind of a socket, by the name of its protocol: an attribute of every socket (`sockfs_xattr_handlers`), asked for
/// without opening it. A socket that is gone, or may not be asked, stays [`Kind::Socket`].
pub fn socket_kind(proc_root: &Path, pid: i32, fd: u32) -> Kind {
    let mut name = [0u8; 32];
    let path = proc_root.join(format!("{pid}/fd/{fd}"));
    let Ok(len) = getxattr(path, c"system.sockprotoname", &mut name) else { return Kind::Socket };
    match name[..len].trim_ascii_end() {
        n if n.starts_with(b"TCP") || n.starts_with(b"MPTCP") => Kind::Tcp,
        n if n.starts_with(b"UDP") => Kind::Udp,
        n if n.starts_with(b"UNIX") => Kind::Unix,
        n if n.starts_with(b"NETLINK") => Kind::Netlink,
        _ => Kind::Socket,
    }
}

/// The inode in `socket:[123]`, if the link is one. Hand-written: it runs once for every descriptor of the machine.
pub fn socket_inode(link: &[u8]) -> Option<u32> {
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    let mut inode = 0u32;
    for d in digits {
        inode = inode.checked_mul(10)?.checked_add(u32::from(d.wrapping_sub(b'0')))?;
        if !d.is_ascii_digit() {
            return None;
        }
    }
    (!digits.is_empty()).then_some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_text_of_the_link() {
        for (link, kind) in [
            ("socket:[4217]", Kind::Socket),
            ("pipe:[8]", Kind::Pipe),
            ("/var/log/app.log", Kind::File),
            ("/var/log/app.log (deleted)", Kind::Deleted),
            ("/memfd:x (deleted)", Kind::Memfd),
            ("/dev/null", Kind::Device),
            ("anon_inode:[eventpoll]", Kind::Epoll),
            ("anon_inode:[eventfd]", Kind::Eventfd),
            ("anon_inode:inotify", Kind::Inotify),
            ("anon_inode:[timerfd]", Kind::Timerfd),
            ("anon_inode:[signalfd]", Kind::Signalfd),
            ("anon_inode:[pidfd]", Kind::Pidfd),
            ("pidfd:[77]", Kind::Pidfd),
            ("anon_inode:[io_uring]", Kind::IoUring),
            ("anon_inode:[userfaultfd]", Kind::OtherAnon),
            ("net:[4026531840]", Kind::Namespace),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(link.as_bytes()), kind, "{link}");
        }
    }

    #[test]
    fn the_protocol_of_a_socket_is_told_without_opening_it() {
        use std::{net, os::fd::AsRawFd, os::unix::net::UnixDatagram};
        let kind = |fd: i32| socket_kind(Path::new("/proc"), std::process::id() as i32, fd as u32);
        let (tcp, udp) =
            (net::TcpListener::bind("127.0.0.1:0").unwrap(), net::UdpSocket::bind("127.0.0.1:0").unwrap());
        let unix = UnixDatagram::unbound().unwrap();
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        assert_eq!(kind(tcp.as_raw_fd()), Kind::Tcp);
        assert_eq!(kind(udp.as_raw_fd()), Kind::Udp);
        assert_eq!(kind(unix.as_raw_fd()), Kind::Unix);
        assert_eq!(kind(file.as_raw_fd()), Kind::Socket, "what has no such attribute is not guessed at");
    }

    #[test]
    fn socket_inodes_are_read_and_nothing_else_is_taken_for_one() {
        assert_eq!(socket_inode(b"socket:[4294967295]"), Some(u32::MAX));
        for bad in
            ["socket:[]", "socket:[4294967296]", "socket:[1x]", "/tmp/socket:[1]", "socket:[1", "pipe:[1]"]
        {
            assert_eq!(socket_inode(bad.as_bytes()), None, "{bad}");
        }
    }
}
