//! What is mounted where, and how full it is.

use super::{Look, PATIENCE, sheet::Sheet};
use crate::{
    model::{Gaps, Group, Seen, Untrusted, Why},
    source::{
        child::{Budget, No, Statvfs},
        mounts::Mount,
    },
};
use std::{collections::BTreeMap, time::Duration};

/// So many file systems are asked.
const MOST: usize = 64;
/// What all late answers together may cost.
const LATE: Duration = Duration::from_millis(1200);
/// Types that hold nothing that fills up.
const HOLLOW: &[&[u8]] = &[
    b"proc",
    b"sysfs",
    b"cgroup",
    b"cgroup2",
    b"devpts",
    b"devtmpfs",
    b"mqueue",
    b"tracefs",
    b"debugfs",
    b"securityfs",
    b"pstore",
    b"bpf",
    b"configfs",
    b"fusectl",
    b"hugetlbfs",
    b"binfmt_misc",
    b"nsfs",
    b"autofs",
    b"rpc_pipefs",
    b"efivarfs",
    b"ramfs",
    b"squashfs",
    b"iso9660",
    b"erofs",
    b"selinuxfs",
    b"nfsd",
];
/// What a node mounts for its pods and users: theirs, not its own.
const OF_OTHERS: &[&[u8]] = &[
    b"/var/lib/kubelet/",
    b"/run/containerd/",
    b"/var/lib/docker/",
    b"/var/lib/containers/",
    b"/run/netns/",
    b"/run/docker/",
    b"/run/user/",
    b"/snap/",
    b"/run/credentials/",
    b"/var/lib/containerd/",
];

/// Whether a server or a process answers for it, who may be gone.
pub(super) fn is_remote(filesystem: &[u8]) -> bool {
    filesystem.starts_with(b"nfs")
        || filesystem.starts_with(b"fuse")
        || [&b"cifs"[..], b"smb3", b"ceph", b"9p", b"glusterfs", b"afs", b"lustre"].contains(&filesystem)
}

/// Whether this is where a node mounts what belongs to its pods.
pub(super) fn is_of_others(point: &[u8]) -> bool {
    OF_OTHERS.iter().any(|o| point.starts_with(o))
}

pub(super) fn read(look: &Look, sheet: &mut Sheet, gaps: &mut Gaps) {
    let table = match &look.patient.table {
        Ok(table) => table,
        Err(why) => return sheet.set(Group::Mount, "mounts", Err(*why)),
    };
    let seen: Vec<&Mount> = table.mounts.iter().filter(|m| !m.hidden && !is_of_others(&m.point)).collect();
    let element = |m: &&Mount| {
        let access: &[u8] = if m.read_only { b"ro" } else { b"rw" };
        [&look.own.replace(&m.point), &m.filesystem[..], access].join(&b' ')
    };
    let all = if table.cut { Err(Why::TooMany) } else { Ok(seen.iter().map(element).collect()) };
    sheet.set(Group::Mount, "mounts", all);
    // The shortest path of a file system stands for it.
    let mut systems: BTreeMap<(u32, u32), &Mount> = BTreeMap::new();
    for m in seen.into_iter().filter(|m| fills(m)) {
        let known = systems.entry(m.device).or_insert(m);
        if (m.point.len(), &m.point) < (known.point.len(), &known.point) {
            *known = m;
        }
    }
    let systems: Vec<&Mount> = systems.into_values().take(MOST).collect();
    let questions: Vec<_> = systems.iter().map(|m| (table.path(m), PATIENCE)).collect();
    let mut budget = Budget { late: LATE, until: look.moment.deadline };
    let answers = look.moment.world.ask().statvfs(&questions, &mut budget);
    for (mount, answer) in systems.iter().zip(answers) {
        let point = look.own.replace(&mount.point).into_owned();
        full(&point, answer, sheet, gaps);
    }
}

fn fills(m: &Mount) -> bool {
    // What cannot be written to is full for good.
    if m.read_only {
        return false;
    }
    let devices = [&b"/dev"[..], b"/proc", b"/sys"]
        .iter()
        .any(|d| m.point.strip_prefix(*d).is_some_and(|r| r.is_empty() || r[0] == b'/'));
    !HOLLOW.contains(&&m.filesystem[..]) && (!devices || m.point == b"/dev/shm")
}

fn full(point: &[u8], answer: Result<Statvfs, No>, sheet: &mut Sheet, gaps: &mut Gaps) {
    let name = |what: &str| [point, what.as_bytes()].concat();
    let said: Seen<Statvfs> = answer.map_err(Why::from);
    if let Err(why) = &said {
        gaps.add(*why, "sizes of file systems", Untrusted::from_bytes(point));
    }
    // Of no size at all: it has no limit of its own.
    if said.is_ok_and(|s| s.blocks == 0) {
        return;
    }
    let used = said.map(|s| {
        let used = s.blocks.saturating_sub(s.free) as f64;
        // As df has it: what only root may fill is no part of it.
        100.0 * used / (used + s.avail as f64).max(1.0)
    });
    sheet.number(Group::Disk, name(" used_pct"), used.map(tenths));
    sheet.number(Group::Disk, name(" free_bytes"), said.map(|s| s.avail as f64 * s.block as f64));
    if said.is_ok_and(|s| s.files > 0) {
        let inodes = said.map(|s| tenths(100.0 * s.files.saturating_sub(s.ffree) as f64 / s.files as f64));
        sheet.number(Group::Disk, name(" inodes_pct"), inodes);
    }
}

pub(super) fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
