//! Counters over the window, and tables of the machine against their limits.

use super::place::Place;
use crate::{
    areas::sockets::facts::{During, Tables},
    model::{Reading, Seen, Why},
    source::{
        Moment,
        net::{
            counters::{Snmp, SockStat, TcpExt},
            sysctl,
        },
    },
};
use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

/// The counters at one instant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    sent: Option<u64>,
    retransmitted: Option<u64>,
    listen_drops: Option<u64>,
}

impl Counted {
    pub fn read(place: &Place) -> Self {
        let snmp = Snmp::read(&place.files).unwrap_or_default();
        let ext = TcpExt::read(&place.files).unwrap_or_default();
        Self { sent: snmp.out_segs, retransmitted: snmp.retrans_segs, listen_drops: ext.listen_drops }
    }

    /// What happened since `first`; not asked for when there was one look only.
    pub fn since(&self, first: Option<&Counted>) -> During {
        let delta = |of: fn(&Counted) -> Option<u64>| -> Reading<u64> {
            let Some(first) = first else { return Reading::unseen(Why::NotAsked) };
            of(self).zip(of(first)).map(|(b, a)| b.saturating_sub(a)).ok_or(Why::Unsupported).into()
        };
        During {
            sent: delta(|c| c.sent),
            retransmitted: delta(|c| c.retransmitted),
            listen_drops: delta(|c| c.listen_drops),
        }
    }
}

/// What one thread reads inside the namespace.
struct Limits {
    conntrack: Seen<u64>,
    conntrack_max: Seen<u64>,
    mem: Seen<sysctl::TcpMem>,
    orphans_max: Seen<u64>,
}
impl Limits {
    fn unseen(why: Why) -> Self {
        Self { conntrack: Err(why), conntrack_max: Err(why), mem: Err(why), orphans_max: Err(why) }
    }
}

/// Reads every table once.
pub fn tables(m: &Moment, place: &Place) -> Tables {
    let (root, procfs) = (&m.world.proc_root, m.world.procfs);
    // What /proc/sys/net shows is of the namespace of the thread that reads it.
    let limits = place.inside(|| Limits {
        conntrack: conntrack(root, procfs),
        conntrack_max: sysctl::conntrack_max(root).map_err(|e| Why::from(&e)),
        mem: sysctl::tcp_mem(root).map_err(|e| Why::from(&e)),
        orphans_max: sysctl::max_orphans(root).map_err(|e| Why::from(&e)),
    });
    let limits = limits.unwrap_or_else(|e| Limits::unseen(Why::from(&e)));
    let stat = SockStat::read(&place.files);
    let of = |f: fn(&SockStat) -> Option<u64>| -> Reading<u64> {
        stat.as_ref().map_err(Why::from).and_then(|s| f(s).ok_or(Why::Unsupported)).into()
    };
    Tables {
        conntrack: limits.conntrack.into(),
        conntrack_max: limits.conntrack_max.into(),
        pages: of(|s| s.mem_pages),
        pages_pressure: limits.mem.map(|t| t.pressure).into(),
        pages_max: limits.mem.map(|t| t.max).into(),
        orphans: of(|s| s.orphan),
        orphans_max: limits.orphans_max.into(),
    }
}

/// The count is of the namespace that reads it, held against a maximum that all share: a pod's own reads next to nothing
/// while the node's table is full, so a low one says nothing there, and a high one is true everywhere. Only in the host's
/// namespace is the maximum writable (`nf_conntrack_standalone_init_sysctl`), which tells the two apart.
fn conntrack(root: &Path, procfs: bool) -> Seen<u64> {
    let max = root.join("sys/net/netfilter/nf_conntrack_max");
    let mode = fs::metadata(&max).map_err(|e| Why::from(&e))?.permissions().mode();
    let count = sysctl::conntrack_count(root).map_err(|e| Why::from(&e))?;
    let hosts = !procfs || mode & 0o200 != 0;
    let telling = sysctl::conntrack_max(root).is_ok_and(|max| count >= max / 2);
    if hosts || telling { Ok(count) } else { Err(Why::Unsupported) }
}

/// First and last ephemeral port, and how many of them may be used.
pub fn ports(m: &Moment, place: &Place) -> Seen<((u16, u16), u64)> {
    let root = m.world.proc_root.clone();
    let read = move || {
        let (first, last) = sysctl::port_range(&root)?;
        // No such file on old kernels: then nothing is reserved.
        let reserved = sysctl::reserved_ports(&root).unwrap_or_default();
        let inside = |a: u16, b: u16| (u64::from(b.min(last)) + 1).saturating_sub(u64::from(a.max(first)));
        let taken: u64 = reserved.iter().map(|(a, b)| inside(*a, *b)).sum();
        let all = u64::from(last - first) + 1;
        io::Result::Ok(((first, last), all.saturating_sub(taken)))
    };
    place.inside(read).and_then(|r| r).map_err(|e| Why::from(&e))
}
