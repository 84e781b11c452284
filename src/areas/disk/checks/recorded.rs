//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

use crate::{
    areas::disk::facts::{
        Answer, Deleted, Device, Facts, Holder, Inodes, Kind, Mounts, On, Pressure, Space, Total,
    },
    model::{Check, Defaults, Finding, Judging, Kept, Outcome, Process, Psi, PsiLine, Reading, Why},
};
use std::collections::BTreeMap;

pub const GIB: u64 = 1 << 30;

/// A disk of so many GiB, used to so many percent.
pub fn disk(mount: &str, size_gib: u64, used_pct: f64) -> Device {
    let size = size_gib * GIB;
    let used = (size as f64 * used_pct / 100.0) as u64;
    Device {
        mount: mount.into(),
        others: 0,
        kind: Kind::Disk,
        filesystem: "ext4".into(),
        source: "/dev/sda1".into(),
        device: "8:1".into(),
        writable: true,
        refused: None,
        answer: Answer::Given,
        space: Reading::seen(Space {
            size_bytes: size,
            used_bytes: used,
            avail_bytes: size - used,
            used_pct: Some(used_pct),
            inodes: Some(Inodes { total: 1000, used: 10 }),
        }),
    }
}

/// The same disk with other inodes.
pub fn inodes(total: u64, used: u64) -> Device {
    let d = disk("/data", 100, 50.0);
    Device { space: d.space.map(|s| Space { inodes: Some(Inodes { total, used }), ..s }), ..d }
}

/// One that gave no answer.
pub fn unanswered(answer: Answer) -> Device {
    Device {
        kind: Kind::Network,
        filesystem: "nfs4".into(),
        source: "store:/srv".into(),
        answer,
        space: Reading::unseen(Why::TimedOut),
        ..disk("/mnt/store", 1, 0.0)
    }
}

pub fn with(devices: Vec<Device>) -> Facts {
    let mounts = Mounts { devices: Kept::whole(devices), others: 0, others_unseen: BTreeMap::new() };
    Facts { mounts: Reading::seen(mounts), ..Facts::unseen(Why::NotAsked) }
}

pub fn process(pid: i32, name: &str) -> Process {
    Process { pid, start_ticks: 812_334, start: None, name: name.into(), user: Some("app".into()) }
}

/// A log of so many bytes on a file system of so many.
pub fn holder(pid: i32, bytes: u64, size_bytes: u64) -> Holder {
    Holder {
        process: process(pid, "node"),
        sharers: 0,
        bytes,
        files: 1,
        largest: "/var/log/app.log".into(),
        largest_bytes: bytes,
        writes: Reading::seen(true),
        device: "8:1".into(),
        on: Reading::seen(On { mount: "/var".into(), size_bytes }),
    }
}

pub fn with_deleted(holders: Vec<Holder>) -> Facts {
    let total = Total {
        device: "8:1".into(),
        bytes: holders.iter().map(|h| h.bytes).sum(),
        files: holders.iter().map(|h| h.files).sum(),
        holders: holders.len() as u64,
    };
    let totals = if holders.is_empty() { vec![] } else { vec![total] };
    let deleted = Deleted {
        holders: Kept::whole(holders),
        totals: Kept::whole(totals),
        looked: 7,
        ..Deleted::default()
    };
    Facts { deleted: Reading::seen(deleted), ..Facts::unseen(Why::NotAsked) }
}

/// A group in which every task waited for these shares of the time.
pub fn pressure(avg10: f64, avg60: f64, window: Option<f64>) -> Facts {
    let line = |f: f64| PsiLine { avg10: avg10 * f, avg60: avg60 * f, avg300: avg60 * f, total_us: 1 };
    let pressure = Pressure {
        group: Some("/pod/app".into()),
        io: Psi { some: line(1.0), full: Some(line(1.0)) },
        full_pct: window.ok_or(Why::NotAsked).into(),
        waiting: 3,
        first: Some(process(41, "postgres")),
    };
    Facts { pressure: Reading::seen(pressure), ..Facts::unseen(Why::NotAsked) }
}

pub fn outcome(check: &Check<Facts>, facts: &Facts) -> Outcome {
    Judging::run(check, facts, &Defaults)
}

/// The findings, when there must be some.
#[track_caller]
pub fn found(check: &Check<Facts>, facts: &Facts) -> Vec<Finding> {
    match outcome(check, facts) {
        Outcome::Found { findings, .. } => findings,
        other => panic!("found nothing: {other:?}"),
    }
}

/// Clear, and what was looked at and what was not.
#[track_caller]
pub fn clear(check: &Check<Facts>, facts: &Facts) -> (u64, u64) {
    match outcome(check, facts) {
        Outcome::Clear { looked, unseen } => (looked, unseen),
        other => panic!("not clear: {other:?}"),
    }
}
