//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

use crate::{
    areas::fds::facts::{Facts, Growth, Inotify, Riser, Row, System, User, share},
    model::{Check, Defaults, Finding, Judging, Kept, Outcome, Process, Reading, Why},
};
use std::collections::BTreeMap;

/// A machine on which one look saw nothing.
pub fn facts() -> Facts {
    Facts {
        processes: Kept::default(),
        others: 0,
        others_unseen: BTreeMap::new(),
        narrowed: false,
        system: Reading::seen(System { open: 1_664, max: None }),
        growth: Reading::unseen(Why::NotAsked),
        looks: 1,
        inotify: Inotify {
            max: Reading::seen(128),
            proof: Reading::seen(false),
            ..Inotify::unseen(Why::NotAsked)
        },
    }
}

pub fn process(pid: i32, name: &str) -> Process {
    Process { pid, start_ticks: 812_334, start: None, name: name.into(), user: Some("app".into()) }
}

/// A process with `open` descriptors below `soft` and `hard`.
pub fn row(pid: i32, open: u64, soft: Option<u64>, hard: Option<u64>) -> Row {
    Row {
        process: process(pid, "node"),
        open: Reading::seen(open),
        soft_limit: Reading::seen(soft),
        hard_limit: Reading::seen(hard),
        used_pct: Reading::seen(share(open, soft)),
        per_s: Reading::unseen(Why::NotAsked),
        kinds: Reading::unseen(Why::NotAsked),
    }
}

pub fn with_rows(rows: Vec<Row>) -> Facts {
    Facts { processes: Kept::whole(rows), ..facts() }
}

/// A process that gains `per_s` for `span_s`, at every look.
pub fn riser(open: u64, soft: Option<u64>, per_s: f64, span_s: f64) -> Riser {
    Riser {
        process: process(41, "node"),
        open,
        gained: (per_s * span_s) as u64,
        soft_limit: Reading::seen(soft),
        span_s,
        whole: true,
        steady: true,
        per_s,
        low_per_s: Some(per_s * 0.9),
        high_per_s: Some(per_s * 1.1),
        kind: Reading::unseen(Why::NotAsked),
    }
}

pub fn with_growth(window_s: f64, rising: Vec<Riser>) -> Facts {
    let growth = Growth {
        window_s,
        followed: 5 + rising.len() as u64,
        unseen: BTreeMap::new(),
        rising: Kept::whole(rising),
    };
    Facts { growth: Reading::seen(growth), looks: 8, ..facts() }
}

pub fn user(uid: u32, instances: u64) -> User {
    let top = (instances > 0).then(|| (process(7, "watcher"), instances));
    User { uid, name: uid.to_string(), instances, seen: 1, unseen: 0, top }
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
