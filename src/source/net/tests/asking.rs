//! Ways of asking this kernel, and what they cost when it does not answer.

use super::{
    super::{diag::dump_over, message, netlink::Netlink, *},
    ALL, between,
    live::{NOBODY, diag, listener, pair},
    soon,
};
use std::{io, net::TcpListener, path::Path, time::Instant};

#[test]
fn only_the_states_and_figures_asked_for_come() {
    let (l, at) = listener();
    let (_client, from, _server, _) = pair(at, &l);
    let ask = Ask { states: TcpState::Listen.bit(), info: false, skmem: false };
    let mut rows = vec![];
    let dumped = dump(Namespace::Own, &ask, soon(), &mut |s| rows.push(*s)).unwrap();
    assert_eq!((dumped.count, dumped.malformed), (rows.len() as u64, 0));
    assert!(rows.iter().all(|s| s.state == TcpState::Listen && s.info.is_none() && s.drops.is_none()));
    assert!(between(&rows, at, NOBODY.parse().unwrap()).is_some() && between(&rows, at, from).is_none());
    assert_eq!(dump(Namespace::Own, &Ask { states: 0, ..ask }, soon(), &mut |_| {}).unwrap().count, 0);
}

#[test]
fn both_ways_of_asking_tell_the_same() {
    /// A kernel that does not know the older request.
    struct OneFamilyAtATime(Netlink);
    impl netlink::Wire for OneFamilyAtATime {
        fn send(&mut self, request: &[u8]) -> io::Result<()> {
            if request[4..6] == message::kind::TCPDIAG_GETSOCK.to_ne_bytes() {
                return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
            }
            self.0.send(request)
        }
        fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<netlink::Received> {
            self.0.receive(buffer, deadline)
        }
    }
    let four = listener();
    let six = TcpListener::bind("[::1]:0").unwrap();
    let mut rows = vec![];
    let mut wire = OneFamilyAtATime(Netlink::open().unwrap());
    let dumped = dump_over(&mut wire, &ALL, soon(), &mut |s| rows.push(*s)).unwrap();
    assert_eq!((dumped.requests, dumped.count), (3, rows.len() as u64));
    for (at, nobody) in [(four.1, NOBODY), (six.local_addr().unwrap(), "[::]:0")] {
        let nobody = nobody.parse().unwrap();
        let other = between(&diag(), at, nobody).unwrap();
        assert_eq!(between(&rows, at, nobody), Some(other));
    }
}

#[test]
fn a_deadline_that_has_passed_is_said() {
    let e = dump(Namespace::Own, &ALL, Instant::now(), &mut |_| {}).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::TimedOut);
    assert_eq!(e.to_string(), "sock_diag: dump of TCP sockets: the deadline passed");
    let e = read_tcp_until(Path::new("/proc/self/net"), Some(Instant::now()), &mut |_| {}).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::TimedOut, "{e}");
}

#[test]
fn without_ipv6_there_is_no_tcp6_and_without_tcp_nothing_can_be_said() {
    let dir = tempfile::tempdir().unwrap();
    let e = read_tcp(dir.path(), &mut |_| {}).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::NotFound);
    assert!(e.to_string().contains("/tcp: "), "{e}");
    std::fs::copy("/proc/self/net/tcp", dir.path().join("tcp")).unwrap();
    assert_eq!(read_tcp(dir.path(), &mut |_| {}).unwrap().malformed, 0);
}
