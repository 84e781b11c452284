//! Facts as a probe would record them, for the tests of the checks.

use super::super::facts::{
    EDGES_S, Facts, Group, Handler, Home, Init, Parent, Role, Signs, Tasks, Wrapper, Zombies, decide,
};
use crate::model::{Check, Defaults, Finding, Judging, Kept, Outcome, Process, Reading, Why};
use std::collections::BTreeMap;

/// A container in which one look saw nothing.
pub fn facts() -> Facts {
    Facts {
        inits: Kept::default(),
        inits_unseen: BTreeMap::new(),
        zombies: Reading::seen(Zombies { total: 0, window_s: 1.0, parents: Kept::default(), orphaned: 0 }),
        tasks: Reading::unseen(Why::Absent),
        machine: Reading::unseen(Why::Absent),
    }
}

pub fn process(pid: i32, name: &str) -> Process {
    Process { pid, start_ticks: 812_334, start: None, name: name.into(), user: Some("app".into()) }
}

/// The first process of a container that has run for an hour.
pub fn init(role: Role, handler: Handler) -> Init {
    let signs =
        Signs { role, handler, in_sigwait: Some(false), pending: false, works: role == Role::Wrapper };
    Init {
        process: process(1, if role == Role::Wrapper { "sh" } else { "app" }),
        command: Reading::seen("app --port 80".into()),
        home: Home::Container,
        role,
        handler: Reading::seen(handler),
        judged: Reading::seen(decide(&signs)),
        ours: false,
        age_s: Reading::seen(3_600.0),
        child: None,
        child_age_s: Reading::unseen(Why::Absent),
        wrapper: (role == Role::Wrapper).then(|| wrapper(handler)),
        children: 0,
        grandchildren: 0,
    }
}

pub fn wrapper(handler: Handler) -> Wrapper {
    Wrapper {
        shell: process(1, "sh"),
        handler: Reading::seen(handler),
        child: process(7, "node"),
        command: Reading::seen("node s.js".into()),
        child_handler: Reading::seen(Handler::Caught),
        child_idles: false,
        background: false,
        below_init: false,
    }
}

pub fn with(init: Init) -> Facts {
    Facts { inits: Kept::whole(vec![init]), ..facts() }
}

/// A parent whose zombies all started `born_s` ago and were seen dead for `dead_s`.
pub fn parent(zombies: u64, born_s: f64, dead_s: f64) -> Parent {
    let counts = |s: f64| EDGES_S.map(|edge| if s >= edge { zombies } else { 0 });
    Parent {
        process: process(1, "app"),
        zombies,
        settled: zombies,
        dead: counts(dead_s),
        born: counts(born_s),
        oldest_s: born_s,
        name: "worker".into(),
        inherited: 0,
        first: None,
    }
}

pub fn with_parents(window_s: f64, parents: Vec<Parent>) -> Facts {
    let total = parents.iter().map(|p| p.zombies).sum();
    let zombies = Zombies { total, window_s, parents: Kept::whole(parents), orphaned: 0 };
    Facts { zombies: Reading::seen(zombies), ..facts() }
}

pub fn group(tasks: u64, limit: u64) -> Group {
    Group {
        path: "/pod/app".into(),
        tasks,
        limit,
        refused: Reading::seen(0),
        biggest: Some((process(41, "java"), tasks / 2)),
        processes: 3,
    }
}

pub fn with_groups(groups: Vec<Group>) -> Facts {
    let tasks =
        Tasks { groups: Kept::whole(groups), unlimited: 2, unseen: BTreeMap::new(), parents_hidden: false };
    Facts { tasks: Reading::seen(tasks), ..facts() }
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
