//! Real sockets on loopback, found by their ports in both sources, which must agree.
#![allow(unsafe_code)] // setsockopt and listen with a backlog exist only as C functions

use super::{super::*, ALL, between, eventually, soon};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::fd::AsRawFd,
    path::Path,
    time::{Duration, Instant},
};

pub(super) fn diag() -> Vec<Sock> {
    let mut rows = vec![];
    // Not `&mut rows` alone: an interrupted dump would leave rows of the first try.
    let cell = std::cell::RefCell::new(&mut rows);
    let dumped = dump_whole(Namespace::Own, &ALL, soon(), &mut || cell.borrow_mut().clear(), &mut |s| {
        cell.borrow_mut().push(*s)
    });
    assert!(!dumped.unwrap().interrupted);
    rows
}

pub(super) fn file() -> Vec<Sock> {
    let mut rows = vec![];
    let dump = read_tcp(Path::new("/proc/thread-self/net"), &mut |s| rows.push(*s)).unwrap();
    assert_eq!(dump, FileDump { rows: rows.len() as u64, malformed: 0 });
    rows
}

/// The socket between these ends once it is as wanted, from sock_diag; and the file must tell the same of it.
fn seen(local: SocketAddr, remote: SocketAddr, what: &str, wanted: impl Fn(&Sock) -> bool) -> Sock {
    eventually(what, || {
        let d = between(&diag(), local, remote).filter(&wanted)?;
        let f = between(&file(), local, remote)?;
        agree(&f, &d).then_some(d)
    })
}

fn agree(f: &Sock, d: &Sock) -> bool {
    let same =
        |s: &Sock| (s.family, s.state, s.local, s.remote, s.timer, s.retrans, s.rqueue, s.uid, s.inode);
    let near = match (f.expires_ms, d.expires_ms) {
        (Some(f), Some(d)) => f.abs_diff(d) < 5000,
        (f, d) => f == d,
    };
    let queued = if d.state == TcpState::Listen { 0 } else { d.wqueue };
    same(f) == same(d) && near && f.wqueue == queued && f.info.is_none() && f.backlog.is_none()
}

fn set(socket: &impl AsRawFd, level: i32, option: i32, value: i32) {
    // SAFETY: pointer and length are those of `value`.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size_of::<i32>() as u32,
        )
    };
    assert_eq!(done, 0, "{}", io::Error::last_os_error());
}

pub(super) fn listener() -> (TcpListener, SocketAddr) {
    let l = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = l.local_addr().unwrap();
    (l, address)
}

/// A connection: the client's stream and address, the server's stream and address.
pub(super) fn pair(to: SocketAddr, l: &TcpListener) -> (TcpStream, SocketAddr, TcpStream, SocketAddr) {
    let client = TcpStream::connect(to).unwrap();
    let (server, _) = l.accept().unwrap();
    let at = client.local_addr().unwrap();
    (client, at, server, to)
}

pub(super) const NOBODY: &str = "0.0.0.0:0";

#[test]
fn a_listener_with_a_backlog_and_a_full_queue() {
    let (l, at) = listener();
    // SAFETY: no pointers. Called again, listen only changes the backlog.
    assert_eq!(unsafe { libc::listen(l.as_raw_fd(), 2) }, 0);
    let nobody = NOBODY.parse().unwrap();
    let empty = seen(at, nobody, "an empty queue", |s| s.state == TcpState::Listen);
    assert_eq!((empty.rqueue, empty.backlog, empty.drops), (0, Some(2), Some(0)));
    assert!(empty.cookie > Some(0) && empty.ifindex == Some(0) && empty.inode != 0);

    let mut clients: Vec<_> = (0..3).map(|_| TcpStream::connect(at).unwrap()).collect();
    let full = seen(at, nobody, "three connections waiting", |s| s.rqueue == 3);
    assert_eq!(full.backlog, Some(2), "full is one more than the backlog");
    assert!(
        TcpStream::connect_timeout(&at, Duration::from_millis(300)).is_err(),
        "the fourth gets no answer"
    );
    seen(at, nobody, "a drop, named at its listener", |s| s.drops > Some(0));
    let waiting = diag().iter().filter(|s| s.local == at.into() && s.awaits_accept()).count();
    assert_eq!(waiting, 3);
    clients.clear();
}

#[test]
fn close_wait_with_its_end_read_and_unread() {
    let (l, at) = listener();
    let (mut client, from, server, _) = pair(at, &l);
    client.write_all(b"hello").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let s = seen(at, from, "five bytes and the end unread", |s| s.state == TcpState::CloseWait);
    assert_eq!((s.rqueue, s.timer, s.is_orphan(), s.awaits_accept()), (6, Timer::None, false, false));
    let info = s.info.unwrap();
    assert_eq!((info.bytes_received, info.unacked), (Some(6), 0), "the end counts as a byte");
    let older = eventually("its age grows", || {
        let i = between(&diag(), at, from)?.info?;
        (i.last_ack_recv_ms > info.last_ack_recv_ms).then_some(i)
    });
    assert!(older.last_ack_recv_ms < 60_000, "{older:?}");

    let mut server = server;
    let mut all = vec![];
    server.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"hello");
    seen(at, from, "the end read", |s| s.state == TcpState::CloseWait && s.rqueue == 0);
    let other = seen(from, at, "the peer", |s| s.state == TcpState::FinWait2);
    assert!(!other.is_orphan() && other.timer == Timer::None && other.shutdown == Some(2));
}

#[test]
fn fin_wait2_without_a_process() {
    let (l, at) = listener();
    let (client, from, server, _) = pair(at, &l);
    drop(client);
    let s = seen(from, at, "an orphan", |s| s.state == TcpState::FinWait2 && s.timer == Timer::TimeWait);
    assert!(s.is_orphan() && s.owner_uid().is_none() && s.info.is_none() && s.uid == 0, "{s:?}");
    assert!(s.expires_ms.is_some_and(|ms| ms > 0 && ms <= 60_000), "{s:?}");
    drop(server);
    let s = seen(from, at, "time-wait", |s| s.state == TcpState::TimeWait);
    assert!(s.is_orphan() && s.timer == Timer::TimeWait);
}

#[test]
fn an_idle_connection_with_and_without_keepalive() {
    let (l, at) = listener();
    let (client, from, _server, _) = pair(at, &l);
    let plain = seen(from, at, "no timer", |s| s.timer == Timer::None);
    assert_eq!((plain.state, plain.expires_ms), (TcpState::Established, None));
    set(&client, libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, 600);
    set(&client, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1);
    let armed = seen(from, at, "keepalive", |s| s.timer == Timer::Keepalive);
    assert!(armed.expires_ms.is_some_and(|ms| (500_000..=601_000).contains(&ms)), "{armed:?}");
    assert_eq!(armed.cookie, plain.cookie, "the same socket");
    let info = armed.info.unwrap();
    assert!(info.rtt_us > 0 && info.snd_cwnd > 0 && info.unacked == 0, "{info:?}");
}

#[test]
fn a_peer_that_does_not_read_closes_its_window() {
    let (l, at) = listener();
    set(&l, libc::SOL_SOCKET, libc::SO_RCVBUF, 4096);
    let (mut client, from, _server, _) = pair(at, &l);
    client.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    let mut sent = 0;
    while Instant::now() < deadline && sent < 32 << 20 {
        match client.write(&[7; 16384]) {
            Ok(n) => sent += n,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
            Err(e) => panic!("{e}"),
        }
    }
    let s = eventually("probes of a closed window", || {
        between(&diag(), from, at).filter(|s| s.timer == Timer::Probe)
    });
    let peer = between(&diag(), at, from).unwrap();
    assert!(s.wqueue > 0 && peer.rqueue > 0 && s.expires_ms.is_some(), "{s:?} {peer:?}");
    assert_eq!(s.wqueue as usize + peer.rqueue as usize, sent, "every byte is in one of the queues");
    let info = s.info.unwrap();
    assert!(info.notsent_bytes > Some(0) && info.rwnd_limited_us > Some(0), "{info:?}");
}

#[test]
fn an_ipv4_peer_of_a_dual_stack_listener() {
    let l = TcpListener::bind("[::]:0").unwrap();
    let port = l.local_addr().unwrap().port();
    let at: SocketAddr = ([127, 0, 0, 1], port).into();
    let (_client, from, _server, _) = pair(at, &l);
    let s = seen(at, from, "the server's side", |s| s.family == Family::V6);
    assert_eq!((s.remote.to_string(), s.local.to_string()), (from.to_string(), at.to_string()));
    assert_eq!(seen(from, at, "the client's side", |_| true).family, Family::V4);
    let l = seen(format!("[::]:{port}").parse().unwrap(), "[::]:0".parse().unwrap(), "listener", |_| true);
    assert_eq!((l.state, l.v6_only), (TcpState::Listen, Some(false)));
}

#[test]
fn an_ipv6_connection() {
    let l = TcpListener::bind("[::1]:0").unwrap();
    let at = l.local_addr().unwrap();
    let (_client, from, _server, _) = pair(at, &l);
    let s = seen(at, from, "the server's side", |s| s.state == TcpState::Established);
    assert!(s.family == Family::V6 && s.remote.is_loopback() && s.remote.to_string().starts_with("[::1]:"));
}

#[test]
fn a_port_chosen_at_connect_is_told_apart() {
    let (l, at) = listener();
    let (client, from, ..) = pair(at, &l);
    let not = seen(from, at, "an ordinary socket", |_| true);
    assert_eq!(not.binds_without_port(), Some(false));
    set(&client, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1);
    assert_eq!(seen(from, at, "with the option", |_| true).binds_without_port(), Some(true));
}
