//! Counters and limits: what is there, what is not, and what makes no sense.

use super::super::{
    counters::{Snmp, SockStat, TcpExt},
    sysctl::{self, TcpMem},
};
use std::{fs, io::ErrorKind, path::Path};

#[test]
fn a_heading_without_values_says_nothing() {
    // What gVisor writes.
    assert_eq!(TcpExt::parse("TcpExt: SyncookiesSent ListenOverflows ListenDrops\n"), TcpExt::default());
    let none = TcpExt::parse("TcpExt: ListenOverflows ListenDrops\nIpExt: InNoRoutes\nIpExt: 5\n");
    assert_eq!(none, TcpExt::default(), "the values of another line are not taken");
    assert_eq!(TcpExt::parse(""), TcpExt::default());
}

#[test]
fn counters_that_are_negative_huge_or_missing_are_not_said() {
    let text = "Ip: Forwarding\nIp: 1\nTcp: MaxConn InSegs OutSegs RetransSegs New\nTcp: -1 18446744073709551615 18446744073709551616 -7 3\n";
    let snmp = Snmp::parse(text);
    assert_eq!((snmp.in_segs, snmp.out_segs, snmp.retrans_segs), (Some(u64::MAX), None, None));
    let short = Snmp::parse("Tcp: InSegs OutSegs RetransSegs\nTcp: 5 6\n");
    assert_eq!((short.in_segs, short.out_segs, short.retrans_segs), (Some(5), Some(6), None));
    let stat = SockStat::parse("sockets: used 19\nTCP: inuse 5 orphan -1 tw x mem 2\nUDP: inuse 7\n");
    assert_eq!((stat.in_use, stat.orphan, stat.time_wait), (Some(5), None, None));
    assert_eq!((stat.alloc, stat.mem_pages), (None, Some(2)));
    assert_eq!(SockStat::parse("UDP: inuse 7\nTCP6: inuse 2\n"), SockStat::default());
    assert_eq!(SockStat::parse("TCP: inuse"), SockStat::default());
}

#[test]
fn counters_of_this_machine_can_be_read() {
    let dir = Path::new("/proc/self/net");
    let (snmp, ext, stat) =
        (Snmp::read(dir).unwrap(), TcpExt::read(dir).unwrap(), SockStat::read(dir).unwrap());
    assert!(snmp.out_segs.is_some() && snmp.retrans_segs.is_some() && snmp.curr_estab.is_some(), "{snmp:?}");
    assert!(ext.listen_drops.is_some() && ext.listen_overflows.is_some(), "{ext:?}");
    assert!(stat.in_use.is_some() && stat.mem_pages.is_some() && stat.orphan.is_some(), "{stat:?}");
    let e = Snmp::read(Path::new("/nonexistent")).unwrap_err();
    assert_eq!((e.kind(), e.to_string().contains("/nonexistent/snmp: ")), (ErrorKind::NotFound, true), "{e}");
}

/// A root whose `sys/net` holds these files.
fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join("sys/net").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

#[test]
fn limits_are_read_as_the_kernel_writes_them() {
    let dir = root(&[
        ("ipv4/ip_local_port_range", "32768\t60999\n"),
        ("ipv4/ip_local_reserved_ports", "8080,9148-9150\n"),
        ("ipv4/tcp_mem", "287898\t383867\t575796\n"),
        ("ipv4/tcp_max_orphans", "131072\n"),
        ("ipv4/tcp_max_tw_buckets", "262144\n"),
        ("core/somaxconn", "4096\n"),
        ("netfilter/nf_conntrack_count", "0\n"),
        ("netfilter/nf_conntrack_max", "262144\n"),
    ]);
    let root = dir.path();
    assert_eq!(sysctl::port_range(root).unwrap(), (32768, 60999));
    assert_eq!(sysctl::reserved_ports(root).unwrap(), [(8080, 8080), (9148, 9150)]);
    assert_eq!(sysctl::tcp_mem(root).unwrap(), TcpMem { low: 287898, pressure: 383867, max: 575796 });
    assert_eq!((sysctl::max_orphans(root).unwrap(), sysctl::max_tw_buckets(root).unwrap()), (131072, 262144));
    assert_eq!(sysctl::somaxconn(root).unwrap(), 4096);
    assert_eq!((sysctl::conntrack_count(root).unwrap(), sysctl::conntrack_max(root).unwrap()), (0, 262144));
}

#[test]
fn a_limit_that_cannot_be_read_is_an_error_with_its_path() {
    for bad in ["", "\n", "32768", "60999 32768", "1 2 3", "-1 5", "1 65536", "a b", "\u{1b}[31m"] {
        let dir = root(&[("ipv4/ip_local_port_range", bad)]);
        let e = sysctl::port_range(dir.path()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidData, "{bad:?}");
        let text = e.to_string();
        assert!(text.contains("sys/net/ipv4/ip_local_port_range: ") && !text.contains('\u{1b}'), "{text}");
    }
    for bad in ["x", "1-", "-", "5-4", "1,2-70000", "1;2"] {
        let dir = root(&[("ipv4/ip_local_reserved_ports", bad)]);
        assert_eq!(sysctl::reserved_ports(dir.path()).unwrap_err().kind(), ErrorKind::InvalidData, "{bad:?}");
    }
    for (none, count) in [("\n", 0), ("", 0), ("1\n", 1)] {
        let dir = root(&[("ipv4/ip_local_reserved_ports", none)]);
        assert_eq!(sysctl::reserved_ports(dir.path()).unwrap().len(), count);
    }
    let dir = root(&[("ipv4/tcp_mem", "1 2"), ("core/somaxconn", "-5")]);
    assert_eq!(sysctl::tcp_mem(dir.path()).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(sysctl::somaxconn(dir.path()).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(sysctl::conntrack_count(dir.path()).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn limits_of_this_machine_can_be_read() {
    let root = Path::new("/proc");
    let (first, last) = sysctl::port_range(root).unwrap();
    assert!(first > 0 && last > first);
    let mem = sysctl::tcp_mem(root).unwrap();
    assert!(0 < mem.low && mem.low <= mem.pressure && mem.pressure <= mem.max, "{mem:?}");
    sysctl::reserved_ports(root).unwrap();
    assert!(sysctl::max_orphans(root).unwrap() > 0 && sysctl::somaxconn(root).unwrap() > 0);
    assert!(sysctl::max_tw_buckets(root).unwrap() > 0);
}
