//! Facts to judge in tests: a quiet machine, and groups to put onto it.

use crate::{
    areas::sockets::facts::{Ages, During, End, Facts, Group, Listener, Mark, Marked, Owner, Tables},
    model::{
        ALL_STATES, Check, Defaults, Finding, Judging, Kept, Outcome, Process, Reading, TcpState, Untrusted,
        Why,
    },
};
use std::collections::BTreeMap;

/// A machine on which nothing is wrong, looked at three times.
pub fn quiet() -> Facts {
    let seen = Reading::seen;
    Facts {
        states: Reading::seen(BTreeMap::new()),
        mask: ALL_STATES,
        narrowed: false,
        detail: Reading::seen(()),
        looks: Reading::seen(3),
        groups: Reading::seen(Kept::default()),
        listeners: Reading::seen(Kept::default()),
        ports: Reading::seen(Kept::default()),
        ports_available: seen(28_232),
        during: During { sent: seen(5_000), retransmitted: seen(3), listen_drops: seen(0) },
        tables: Tables {
            conntrack: seen(100),
            conntrack_max: seen(262_144),
            pages: seen(50),
            pages_pressure: seen(60_000),
            pages_max: seen(90_000),
            orphans: seen(2),
            orphans_max: seen(65_536),
        },
        worst: Kept::default(),
    }
}

/// A quiet machine with these groups.
pub fn with(groups: Vec<Group>) -> Facts {
    Facts { groups: Reading::seen(Kept::whole(groups)), ..quiet() }
}

/// A quiet machine with these listeners.
pub fn listening(listeners: Vec<Listener>) -> Facts {
    Facts { listeners: Reading::seen(Kept::whole(listeners)), ..quiet() }
}

/// A process that may open `soft` descriptors.
pub fn owner(pid: i32, name: &str, soft: u64) -> Owner {
    let process =
        Process { pid, start_ticks: 7, start: None, name: Untrusted::from(name), user: Some("app".into()) };
    Owner { process, soft_limit: Reading::seen(Some(soft)), also: vec![] }
}

/// `count` sockets of node (pid 41, soft limit 4,096) to a peer, without marks; `ages` in seconds go round.
pub fn group(state: TcpState, count: u64, ages: &[u32]) -> Group {
    Group {
        state,
        end: End::Peer("10.0.3.7:443".into()),
        owner: Reading::seen(Some(owner(41, "node", 4096))),
        count,
        bytes: 0,
        ages: Reading::seen(spread(count, ages)),
        segments: 0,
        retransmitted: 0,
        marks: BTreeMap::new(),
    }
}

/// `count` ages, going round in `ages`.
pub fn spread(count: u64, ages: &[u32]) -> Ages {
    let mut out = Ages::default();
    ages.iter().cycle().take(if ages.is_empty() { 0 } else { count as usize }).for_each(|a| out.add(*a));
    out
}

/// The group with `count` of its sockets marked.
pub fn marked(mut g: Group, mark: Mark, count: u64, ages: &[u32]) -> Group {
    g.marks.insert(mark, Marked { count, bytes: 0, tries: 0, ages: spread(count, ages) });
    g
}

/// Findings of a check on facts, with the default limits; none when it is clear.
pub fn findings(check: &Check<Facts>, facts: &Facts) -> Vec<Finding> {
    match Judging::run(check, facts, &Defaults) {
        Outcome::Found { findings, .. } => findings,
        _ => vec![],
    }
}

/// The outcome of a check on facts: `clear LOOKED/UNSEEN`, `found N`, `unknown WHY`, `skipped`.
pub fn outcome(check: &Check<Facts>, facts: &Facts) -> String {
    match Judging::run(check, facts, &Defaults) {
        Outcome::Clear { looked, unseen } => format!("clear {looked}/{unseen}"),
        Outcome::Found { findings, .. } => format!("found {}", findings.len()),
        Outcome::Unknown { why, .. } => format!("unknown {why:?}"),
        Outcome::Skipped { .. } => "skipped".into(),
    }
}

/// One piece of evidence.
pub fn evidence<'f>(f: &'f Finding, key: &str) -> Option<&'f crate::model::Cell> {
    f.evidence.iter().find(|e| e.0 == key).map(|e| &e.1)
}

/// Nothing of it was seen.
pub fn hole<T>(why: Why) -> Reading<T> {
    Reading::unseen(why)
}
