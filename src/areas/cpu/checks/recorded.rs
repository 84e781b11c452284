//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

use crate::{
    areas::cpu::facts::*,
    model::{
        Check, Defaults, Finding, Judging, Kept, Outcome, Process, Psi, PsiLine, Reading, Untrusted, Why,
    },
};
use std::collections::BTreeMap;

/// One look at a machine without control groups.
pub fn facts() -> Facts {
    let hole = Why::NotAsked;
    Facts {
        looks: 1,
        window_s: Reading::unseen(hole),
        groups: Reading::unseen(Why::Absent),
        machine: Machine { cores: Reading::seen(2), shares: Reading::unseen(hole) },
        threads: Reading::unseen(hole),
        loops: Reading::unseen(hole),
        blocked: Reading::unseen(hole),
    }
}

pub fn process(pid: i32, name: &str) -> Process {
    Process { pid, start_ticks: 812_334, start: None, name: name.into(), user: Some("app".into()) }
}

pub fn periods(periods: u64, throttled: u64) -> Periods {
    Periods { periods, throttled, throttled_s: throttled as f64 * 0.05 }
}

/// A group with a quota of half a processor that is never reached.
pub fn group(path: &str) -> Group {
    Group {
        path: path.into(),
        machine: false,
        quota_cores: Reading::seen(Some(0.5)),
        period_s: 0.1,
        used_cores: Reading::seen(0.4),
        own_pct: Reading::seen(2.0),
        life: Reading::seen(periods(50_000, 100)),
        window: Reading::seen(periods(10, 0)),
        pressure: Reading::seen(psi(5.0, Some(1.0))),
        busiest: Some((process(41, "node"), 0.4)),
        below: false,
    }
}

pub fn free(path: &str) -> Group {
    Group { quota_cores: Reading::seen(None), life: Reading::seen(periods(0, 0)), ..group(path) }
}

/// Pressure that has been the same for five minutes.
pub fn psi(some: f64, full: Option<f64>) -> Psi {
    let line = |pct| PsiLine { avg10: pct, avg60: pct, avg300: pct, total_us: 1 };
    Psi { some: line(some), full: full.map(line) }
}

pub fn with_groups(window_s: f64, rows: Vec<Group>) -> Facts {
    let groups =
        Groups { rows: Kept::whole(rows), others: 0, parents_hidden: false, unseen: Default::default() };
    Facts { looks: 5, window_s: Reading::seen(window_s), groups: Reading::seen(groups), ..facts() }
}

pub fn with_steal(window_s: f64, steal_pct: f64, steal_least_pct: f64) -> Facts {
    let rest = 100.0 - steal_pct;
    let shares = Shares {
        user_pct: rest / 2.0,
        system_pct: 0.0,
        iowait_pct: 0.0,
        idle_pct: rest / 2.0,
        steal_pct,
        steal_least_pct,
    };
    let machine = Machine { cores: Reading::seen(2), shares: Reading::seen(shares) };
    Facts { looks: 5, window_s: Reading::seen(window_s), machine, ..facts() }
}

/// A task that the kernel says has not run for `still_s`.
pub fn stuck(pid: i32, name: &str, wchan: &str, still_s: f64) -> Stuck {
    Stuck {
        process: process(pid, name),
        tid: u64::try_from(pid).unwrap(),
        wchan: Reading::seen(Some(Untrusted::from(wchan)).filter(|_| !wchan.is_empty())),
        watched_s: 1.0,
        still_s: Reading::seen(still_s),
    }
}

pub fn with_stuck(rows: Vec<Stuck>) -> Facts {
    let blocked = Blocked { looked: 200, unseen: BTreeMap::new(), stuck: Kept::whole(rows) };
    Facts { looks: 5, window_s: Reading::seen(1.0), blocked: Reading::seen(blocked), ..facts() }
}

/// The main thread of node computes on; of `waiting` connections `untouched` are neither accepted nor read.
pub fn hot(waiting: u64, untouched: u64) -> Hot {
    Hot {
        process: process(7, "node"),
        tid: 7,
        thread: "node".into(),
        main: true,
        threads: 1,
        span_s: 0.75,
        share_pct: 99.0,
        ready_pct: 100.0,
        waiting: Reading::seen(Waiting {
            samples: 4,
            address: Some("0.0.0.0:3000".into()),
            queue: 2,
            waiting,
            untouched,
            bytes: untouched * 80,
            oldest_s: 4.2,
        }),
    }
}

pub fn with_hot(rows: Vec<Hot>) -> Facts {
    let followed = 20 + rows.len() as u64;
    let loops = Loops { followed, unseen: BTreeMap::new(), hot: Kept::whole(rows) };
    Facts { looks: 5, window_s: Reading::seen(1.0), loops: Reading::seen(loops), ..facts() }
}

pub fn outcome(check: &Check<Facts>, facts: &Facts) -> Outcome {
    Judging::run(check, facts, &Defaults)
}

/// The findings; none when there are none.
pub fn findings(check: &Check<Facts>, facts: &Facts) -> Vec<Finding> {
    match outcome(check, facts) {
        Outcome::Found { findings, .. } => findings,
        _ => vec![],
    }
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
