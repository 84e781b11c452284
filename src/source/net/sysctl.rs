//! The limits of TCP under `/proc/sys/net`.
//!
//! Beware: what these files show belongs to the network namespace of the **thread that reads**, whichever procfs the
//! path leads to. For another namespace read them [`netns::inside`](super::netns::inside) it.
//! `tcp_mem`, `tcp_max_orphans` and the conntrack maximum are of the whole machine.

use super::{counters::text, malformed};
use std::{io, path::Path, str::FromStr};

/// `ip_local_port_range`: the first and last port that `connect` chooses from.
///
/// # Errors
/// The file is not there or cannot be read, or `InvalidData`. So with every function here.
pub fn port_range(proc_root: &Path) -> io::Result<(u16, u16)> {
    read(proc_root, "ipv4/ip_local_port_range", |t| match numbers(t)?[..] {
        [first, last] if first <= last => Some((first, last)),
        _ => None,
    })
}

/// `ip_local_reserved_ports`: ranges, ends included, that `connect` does not choose from; often empty.
///
/// # Errors
/// As [`port_range`].
pub fn reserved_ports(proc_root: &Path) -> io::Result<Vec<(u16, u16)>> {
    read(proc_root, "ipv4/ip_local_reserved_ports", |t| {
        t.trim_ascii().split(',').filter(|part| !part.is_empty()).map(port_or_range).collect()
    })
}

fn port_or_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

/// `tcp_mem`, in pages: see [`SockStat::mem_pages`](super::counters::SockStat::mem_pages).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpMem {
    /// Below this nothing is limited.
    pub low: u64,
    /// From here on buffers are kept small.
    pub pressure: u64,
    /// Here allocation fails.
    pub max: u64,
}

/// `tcp_mem`.
///
/// # Errors
/// As [`port_range`].
pub fn tcp_mem(proc_root: &Path) -> io::Result<TcpMem> {
    read(proc_root, "ipv4/tcp_mem", |t| match numbers(t)?[..] {
        [low, pressure, max] => Some(TcpMem { low, pressure, max }),
        _ => None,
    })
}

/// `tcp_max_orphans`: sockets without a process that the machine bears before it resets them.
///
/// # Errors
/// As [`port_range`].
pub fn max_orphans(proc_root: &Path) -> io::Result<u64> {
    read(proc_root, "ipv4/tcp_max_orphans", number)
}

/// `tcp_max_tw_buckets`: sockets in TIME_WAIT that one namespace bears.
///
/// # Errors
/// As [`port_range`].
pub fn max_tw_buckets(proc_root: &Path) -> io::Result<u64> {
    read(proc_root, "ipv4/tcp_max_tw_buckets", number)
}

/// `somaxconn`: the most that `listen` may ask for.
///
/// # Errors
/// As [`port_range`].
pub fn somaxconn(proc_root: &Path) -> io::Result<u64> {
    read(proc_root, "core/somaxconn", number)
}

/// `nf_conntrack_count`: connections tracked in this namespace. A new namespace reads 0 while the host's table is full.
///
/// # Errors
/// As [`port_range`]; `NotFound` where conntrack is not loaded.
pub fn conntrack_count(proc_root: &Path) -> io::Result<u64> {
    read(proc_root, "netfilter/nf_conntrack_count", number)
}

/// `nf_conntrack_max`: connections that can be tracked.
///
/// # Errors
/// As [`conntrack_count`].
pub fn conntrack_max(proc_root: &Path) -> io::Result<u64> {
    read(proc_root, "netfilter/nf_conntrack_max", number)
}

fn read<T>(proc_root: &Path, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> io::Result<T> {
    let path = proc_root.join("sys/net").join(name);
    let text = text(&path)?;
    parse(&text).ok_or_else(|| {
        let shown: String = text.trim_ascii().chars().take(60).collect();
        malformed(format_args!("{}: cannot be read as a limit: {shown:?}", path.display()))
    })
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.trim_ascii().parse().ok()
}

fn numbers<T: FromStr>(text: &str) -> Option<Vec<T>> {
    text.split_ascii_whitespace().map(number).collect()
}
