//! Looking into another network namespace. These tests make one and so need root.
#![allow(unsafe_code)] // unshare exists only as a C function

use super::{
    super::{netns, sysctl, *},
    ALL, soon,
};
use std::{
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

/// A thread in a new network namespace that holds one listener; ends when dropped.
struct Elsewhere {
    root: PathBuf,
    port: u16,
    leave: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Elsewhere {
    fn new() -> Self {
        let ((tell, told), (leave, left)) = (mpsc::channel(), mpsc::channel::<()>());
        let thread = thread::spawn(move || {
            // SAFETY: no pointers; only this thread, made for it, gets the new namespace.
            let (made, tid) = unsafe { (libc::unshare(libc::CLONE_NEWNET), libc::gettid()) };
            assert_eq!(made, 0, "these tests need root (CAP_SYS_ADMIN): {}", io::Error::last_os_error());
            let listener = TcpListener::bind("0.0.0.0:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40009").unwrap();
            tell.send((PathBuf::from(format!("/proc/self/task/{tid}")), port)).unwrap();
            let _ = left.recv();
        });
        let (root, port) = told.recv().expect("a namespace with a listener");
        Self { root, port, leave: Some(leave), thread: Some(thread) }
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.leave.take();
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

fn listeners() -> Vec<u16> {
    let mut ports = vec![];
    let ask = Ask { states: TcpState::Listen.bit(), ..ALL };
    dump(Namespace::Own, &ask, soon(), &mut |s| ports.push(s.local.port)).unwrap();
    ports
}

#[test]
fn sockets_and_limits_of_another_namespace_are_seen_from_inside_only() {
    let there = Elsewhere::new();
    let here = netns::id(Path::new("/proc/self")).unwrap();
    assert_ne!(netns::id(&there.root).unwrap(), here);

    let (ports, id, range) = netns::inside(&there.root, || {
        let id = netns::id(Path::new("/proc/thread-self")).unwrap();
        let mut file = vec![];
        read_tcp(Path::new("/proc/thread-self/net"), &mut |s| file.push(s.local.port)).unwrap();
        assert_eq!(file, listeners(), "the file of the thread, not of the process");
        (listeners(), id, sysctl::port_range(Path::new("/proc")).unwrap())
    })
    .unwrap();
    assert_eq!(ports, [there.port], "one listener, and nothing of ours");
    assert_eq!((id, range), (netns::id(&there.root).unwrap(), (40000, 40009)));

    assert_eq!(netns::id(Path::new("/proc/thread-self")).unwrap(), here, "we are where we were");
    assert_ne!(sysctl::port_range(Path::new("/proc")).unwrap(), (40000, 40009));

    let mut seen = vec![];
    read_tcp(&there.root.join("net"), &mut |s| seen.push((s.state, s.local.port))).unwrap();
    assert_eq!(seen, [(TcpState::Listen, there.port)], "the file tells it without going there");
}

#[test]
fn our_own_namespace_needs_no_right() {
    let root = Path::new("/proc/self");
    let id = netns::inside(root, || {
        // SAFETY: no pointers; this thread alone gives up its capabilities with its user id, and ends.
        let given_up = unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) };
        assert_eq!(given_up, 0);
        let again =
            netns::inside(Path::new("/proc/thread-self"), || netns::id(Path::new("/proc/thread-self")));
        again.map(|_| ())
    })
    .unwrap();
    id.unwrap();
}

#[test]
fn without_the_right_another_namespace_is_denied_and_nothing_runs() {
    let there = Elsewhere::new();
    let mut ran = false;
    let denied = thread::scope(|scope| {
        let denied = scope.spawn(|| {
            // SAFETY: as above: this thread only, and it ends here.
            assert_eq!(unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) }, 0);
            netns::inside(&there.root, || ran = true)
        });
        denied.join().unwrap()
    });
    let e = denied.unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::PermissionDenied, "{e}");
    assert!(e.to_string().contains("ns/net") && !ran, "{e}");
}

#[test]
fn a_process_that_has_ended_is_not_found() {
    let gone = Path::new("/proc/4194305"); // above the largest pid there can be
    let (e, i) = (netns::inside(gone, || ()).unwrap_err(), netns::id(gone).unwrap_err());
    assert_eq!((e.kind(), i.kind()), (io::ErrorKind::NotFound, io::ErrorKind::NotFound));
    assert!(e.to_string().contains("/proc/4194305/ns/net"), "{e}");
}

#[test]
fn a_file_that_is_no_namespace_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("ns")).unwrap();
    std::fs::write(dir.path().join("ns/net"), "").unwrap();
    assert!(netns::inside(dir.path(), || ()).is_err() && netns::id(dir.path()).is_err());
}

#[test]
fn a_panic_inside_reaches_the_caller() {
    let panicked = std::panic::catch_unwind(|| netns::inside(Path::new("/proc/self"), || panic!("planted")));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"planted"));
}

#[test]
fn threads_do_not_pile_up() {
    let ours = || {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .filter(|t| {
                std::fs::read_to_string(t.path().join("comm")).is_ok_and(|c| c.trim() == "netns-many")
            })
            .count()
    };
    for _ in 0..50 {
        netns::inside(Path::new("/proc/self"), || {
            std::fs::write("/proc/thread-self/comm", "netns-many").unwrap();
        })
        .unwrap();
    }
    super::eventually("all threads gone", || (ours() == 0).then_some(()));
}
