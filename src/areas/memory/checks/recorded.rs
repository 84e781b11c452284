//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

use crate::{
    areas::memory::facts::{
        Big, Bound, Charge, Facts, Group, Grower, Growth, Heaps, Hits, HitsNow, Kills, Machine, Others, Rise,
        Riser, Tree, share,
    },
    model::{Check, Defaults, Finding, Judging, Kept, Outcome, Process, Psi, PsiLine, Reading, Why},
};
use std::collections::BTreeMap;

pub const MIB: u64 = 1 << 20;

pub fn process(pid: i32, name: &str) -> Process {
    Process { pid, start_ticks: 812_334, start: None, name: name.into(), user: Some("app".into()) }
}

pub fn psi(some: f64, full: f64) -> Psi {
    let line = |share| PsiLine { avg10: share, avg60: share, avg300: share, total_us: 1 };
    Psi { some: line(some), full: Some(line(full)) }
}

/// A machine that is well: 8 GiB, half of it available.
pub fn machine() -> Machine {
    Machine {
        total: 8192 * MIB,
        available: Reading::seen(4096 * MIB),
        free: 1024 * MIB,
        inactive_file: 2048 * MIB,
        swappable: 2048 * MIB,
        swap_total: 0,
        swap_free: 0,
        psi: Some(Reading::seen(psi(0.0, 0.0))),
        kills: Reading::unseen(Why::NotAsked),
        kills_now: Reading::unseen(Why::NotAsked),
    }
}

pub fn facts() -> Facts {
    Facts {
        groups: Kept::default(),
        others: Others::default(),
        tree: Reading::seen(Tree { parents_hidden: false }),
        machine: Reading::seen(machine()),
        processes: Kept::default(),
        heaps: Reading::seen(Heaps::default()),
        growth: Reading::unseen(Why::NotAsked),
        looks: 5,
    }
}

/// A group of version 2 that holds `used` MiB of a limit, for an hour, without any sign of need.
pub fn group(path: &str, used: u64, limit: Option<u64>) -> Group {
    let (used, limit) = (used * MIB, limit.map(|l| l * MIB));
    Group {
        path: path.into(),
        version: 2,
        limit: Reading::seen(limit),
        high: Reading::seen(None),
        binds: Reading::seen(limit.map(|bytes| Bound { bytes, path: path.into() })),
        charge: Reading::seen(Charge {
            current: used + MIB,
            working_set: used,
            unreclaimable: used,
            anon: used,
            shmem: Some(0),
            file: MIB,
            kernel: Some(0),
            swap: Some(0),
        }),
        used_pct: Reading::seen(limit.map(|l| share(used, l))),
        hits: Reading::seen(hits(0, 0, Some(0))),
        kills: Reading::seen(kills(0, 0)),
        psi: Reading::seen(psi(0.0, 0.0)),
        per_s: Reading::unseen(Why::NotAsked),
        processes: 2,
        biggest: Some(Big { process: process(41, "node"), rss_bytes: used }),
        oldest: Some(process(1, "node")),
        age_s: Some(3600.0),
    }
}

/// `max` and `high` within the window.
pub fn hits(max: u64, high: u64, refaults: Option<u64>) -> Hits {
    Hits { max: max + 40, high: high + 40, window: Reading::seen(HitsNow { max, high, refaults }) }
}

/// Kills since the group was made, and within the window.
pub fn kills(own: u64, now: u64) -> Kills {
    Kills { own, ended: 0, whole: 0, window: Reading::seen((now, 0)) }
}

pub fn with(groups: Vec<Group>) -> Facts {
    Facts { groups: Kept::whole(groups), ..facts() }
}

/// A rise of `per_s` MiB a second for `span_s`.
pub fn rise(now: u64, per_s: f64, span_s: f64) -> Rise {
    let per_s = per_s * MIB as f64;
    Rise {
        now: now * MIB,
        gained: (per_s * span_s) as u64,
        span_s,
        steady: true,
        per_s,
        low_per_s: Some(per_s * 0.9),
        high_per_s: Some(per_s * 1.1),
    }
}

/// A group whose limit has `left` MiB left and that a process brings nearer to it.
pub fn riser(left: u64, rise: Rise) -> Riser {
    Riser {
        group: Some("/pod/app".into()),
        rise,
        limit: Reading::seen(Some((rise.now + left * MIB, left * MIB))),
        process: Some(Grower { process: process(41, "node"), rise, age_s: Some(3600.0) }),
        age_s: Some(7200.0),
    }
}

pub fn growing(limited: Vec<Riser>, processes: Vec<Riser>) -> Facts {
    let span = limited.iter().chain(&processes).map(|r| r.rise.span_s).fold(60.0, f64::max);
    let growth = Growth { window_s: span, followed: 9, unseen: BTreeMap::new(), limited, processes };
    Facts { growth: Reading::seen(growth), ..facts() }
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
