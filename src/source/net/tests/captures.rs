//! What a real kernel (6.18) said of known sockets; `fixtures/record.py` made the files and says what is in them.

use super::{super::*, end};
use crate::source::net::{
    counters::{Snmp, SockStat, TcpExt},
    diag::read_datagram,
    files::read_rows,
};

pub(super) const BOTH: &[u8] = include_bytes!("fixtures/both.bin");
const V4: &[u8] = include_bytes!("fixtures/v4.bin");
const V6: &[u8] = include_bytes!("fixtures/v6.bin");
const TCP: &[u8] = include_bytes!("fixtures/tcp");
const TCP6: &[u8] = include_bytes!("fixtures/tcp6");

pub(super) fn rows(dump: &[u8]) -> Vec<Sock> {
    let (mut rows, mut dumped) = (vec![], Dumped::default());
    assert!(read_datagram(dump, 1, &mut |s| rows.push(*s), &mut dumped).unwrap(), "it has an end");
    let counted = Dumped { count: rows.len() as u64, ..Dumped::default() };
    assert_eq!(dumped, counted, "nothing malformed, nothing interrupted");
    rows
}

pub(super) fn file_rows() -> Vec<Sock> {
    let (mut rows, mut dump) = (vec![], FileDump::default());
    for (bytes, family) in [(TCP, Family::V4), (TCP6, Family::V6)] {
        read_rows(bytes, family, None, &mut dump, &mut |s| rows.push(*s)).unwrap();
    }
    assert_eq!(dump, FileDump { rows: rows.len() as u64, malformed: 0 });
    rows
}

fn one(local: &str, remote: &str) -> Sock {
    let found: Vec<_> =
        rows(BOTH).into_iter().filter(|s| (s.local, s.remote) == (end(local), end(remote))).collect();
    assert_eq!(found.len(), 1, "{local} {remote}: {found:?}");
    found[0]
}

#[test]
fn one_request_tells_what_two_tell() {
    let (both, four, six) = (rows(BOTH), rows(V4), rows(V6));
    assert_eq!((four.len(), six.len()), (16, 5));
    assert!(four.iter().all(|s| s.family == Family::V4) && six.iter().all(|s| s.family == Family::V6));
    assert_eq!(both.len(), 21);
    for s in four.iter().chain(&six) {
        let same = both.iter().find(|b| b.cookie == s.cookie).unwrap();
        assert_eq!((s.local, s.remote, s.state, s.inode), (same.local, same.remote, same.state, same.inode));
    }
}

#[test]
fn a_listener_shows_its_queue_backlog_and_drops() {
    let s = one("127.0.0.1:8010", "0.0.0.0:0");
    assert_eq!((s.state, s.rqueue, s.backlog, s.drops), (TcpState::Listen, 2, Some(1), Some(4)));
    assert_eq!(s.info.map(|i| (i.unacked, i.sacked)), Some((2, 1)), "tcp_info says the same");
    let s = one("127.0.0.1:8000", "0.0.0.0:0");
    assert_eq!((s.rqueue, s.backlog, s.drops, s.v6_only), (0, Some(5), Some(0), None));
    assert_eq!(one("[::1]:8006", "[::]:0").v6_only, Some(true), "implied by its address");
    assert_eq!(one("[::]:8046", "[::]:0").v6_only, Some(false), "takes IPv4 too");
}

#[test]
fn a_half_closed_connection_tells_whether_its_end_was_read() {
    let unread = one("127.0.0.1:8000", "127.0.0.1:9002");
    assert_eq!((unread.state, unread.rqueue), (TcpState::CloseWait, 4), "three bytes and the end");
    let read = one("127.0.0.1:8000", "127.0.0.1:9003");
    assert_eq!((read.state, read.rqueue), (TcpState::CloseWait, 0));
    assert!(unread.owner_uid() == Some(0) && !unread.awaits_accept());
    assert_eq!(unread.shutdown, Some(1), "the peer's end shuts our receiving side");
}

#[test]
fn fin_wait2_with_an_owner_differs_from_an_orphan() {
    let owned = one("127.0.0.1:9002", "127.0.0.1:8000");
    assert_eq!((owned.state, owned.timer, owned.expires_ms), (TcpState::FinWait2, Timer::None, None));
    assert!(owned.inode != 0 && !owned.is_orphan() && owned.shutdown == Some(2) && owned.info.is_some());
    let orphan = one("127.0.0.1:9003", "127.0.0.1:8000");
    assert_eq!((orphan.state, orphan.timer), (TcpState::FinWait2, Timer::TimeWait));
    assert_eq!(orphan.expires_ms, Some(58492));
    assert!(orphan.is_orphan() && orphan.owner_uid().is_none() && orphan.info.is_none());
    assert_eq!((orphan.drops, orphan.cgroup_id, orphan.sockopt), (None, None, None), "not said, so not 0");
    let rest = one("127.0.0.1:9004", "127.0.0.1:8000");
    assert!(rest.state == TcpState::TimeWait && rest.is_orphan() && rest.owner_uid().is_none());
}

#[test]
fn a_connection_that_awaits_accept_is_no_orphan() {
    let waiting: Vec<_> = rows(BOTH).into_iter().filter(Sock::awaits_accept).collect();
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert!(waiting.iter().all(|s| s.local == end("127.0.0.1:8010") && !s.is_orphan() && s.inode == 0));
}

#[test]
fn timers_and_connects_that_hang() {
    let keep = one("127.0.0.1:9001", "127.0.0.1:8000");
    assert_eq!((keep.timer, keep.expires_ms), (Timer::Keepalive, Some(298_484)));
    let hanging: Vec<_> = rows(BOTH).into_iter().filter(|s| s.state == TcpState::SynSent).collect();
    assert_eq!(hanging.len(), 2);
    for s in hanging {
        assert_eq!((s.timer, s.retrans, s.wqueue, s.remote.port), (Timer::Retransmit, 1, 1, 8010));
        assert_eq!(s.info.map(|i| (i.retransmits, i.total_retrans, i.unacked)), Some((1, 1, 1)));
    }
}

#[test]
fn figures_of_a_connection() {
    let i = one("127.0.0.1:8000", "127.0.0.1:9001").info.unwrap();
    assert_eq!((i.state, i.ca_state, i.unacked, i.lost, i.total_retrans), (1, 0, 0, 0, 0));
    assert_eq!((i.bytes_received, i.bytes_acked, i.data_segs_in), (Some(5), Some(0), Some(1)));
    assert_eq!((i.bytes_retrans, i.notsent_bytes, i.total_rto), (Some(0), Some(0), Some(0)));
    assert!(i.last_data_recv_ms >= 1500 && i.last_data_recv_ms < 3000, "{i:?}");
    assert!(i.rtt_us > 0 && i.rto_us >= 200_000 && i.snd_cwnd == 10 && i.rcv_wnd > Some(0), "{i:?}");
}

#[test]
fn an_ipv4_peer_on_an_ipv6_socket_is_shown_as_ipv4() {
    let s = one("127.0.0.1:8046", "127.0.0.1:9006");
    assert_eq!((s.family, s.remote.to_string().as_str()), (Family::V6, "127.0.0.1:9006"));
}

#[test]
fn the_files_tell_the_same_as_netlink_where_they_tell_at_all() {
    let (diag, file) = (rows(BOTH), file_rows());
    assert_eq!(diag.len(), file.len());
    for f in file {
        let d = diag.iter().find(|d| (d.local, d.remote) == (f.local, f.remote)).unwrap();
        assert_eq!((f.family, f.state, f.timer, f.retrans), (d.family, d.state, d.timer, d.retrans), "{f:?}");
        assert_eq!((f.uid, f.inode, f.rqueue), (d.uid, d.inode, d.rqueue), "{f:?}");
        let (left, right) = (f.expires_ms.unwrap_or(0), d.expires_ms.unwrap_or(0));
        assert!(
            left.abs_diff(right) <= 40 && f.expires_ms.is_some() == d.expires_ms.is_some(),
            "{f:?} {d:?}"
        );
        if f.state == TcpState::Listen {
            assert_eq!((f.backlog, f.wqueue), (None, 0), "the file does not know the backlog");
        } else {
            assert_eq!(f.wqueue, d.wqueue);
        }
        assert!(f.info.is_none() && f.drops.is_none() && f.cookie.is_none() && f.ifindex.is_none());
    }
}

#[test]
fn counters_agree_with_the_sockets_of_their_namespace() {
    let ext = TcpExt::parse(include_str!("fixtures/netstat"));
    assert_eq!((ext.listen_drops, ext.listen_overflows), (Some(4), Some(4)), "drops of the one listener");
    assert_eq!((ext.timeouts, ext.syn_retrans, ext.abort_on_memory), (Some(2), Some(2), Some(0)));
    let snmp = Snmp::parse(include_str!("fixtures/snmp"));
    assert_eq!((snmp.retrans_segs, snmp.curr_estab), (Some(2), Some(12)));
    let stat = SockStat::parse(include_str!("fixtures/sockstat"));
    let waits = rows(BOTH).iter().filter(|s| s.timer == Timer::TimeWait).count() as u64;
    assert_eq!((stat.time_wait, stat.in_use, stat.orphan), (Some(waits), Some(14), Some(0)));
}
