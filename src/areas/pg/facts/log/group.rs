//! Deadlocks that are alike, counted; and the waits that the log told of before them.

use super::{
    Group, Step, When,
    detail::{self, Report},
    scan::Entry,
};
use crate::{
    areas::pg::facts::locks::Tag,
    model::{Arrange, Kept, Untrusted},
};
use std::collections::HashMap;

/// So many sorts of deadlocks are told apart; what comes after is counted.
const GROUPS: usize = 256;
/// So many of them are kept in the end.
const KEPT: usize = 20;
/// Of a cycle so many steps are kept.
const STEPS: usize = 8;
/// Names of one sort.
const NAMES: usize = 4;
/// Sessions whose last wait is remembered.
const WAITS: usize = 1024;
/// Processes of a list.
const PROCESSES: usize = 32;

/// A wait that lasted, as `log_lock_waits` tells it.
pub(super) struct Lasting {
    /// What for; none when the message is in another language.
    tag: Option<Tag>,
    holders: Vec<i32>,
    queue: Vec<i32>,
}

/// What was counted so far.
#[derive(Default)]
pub(super) struct Tally {
    groups: HashMap<String, Group>,
    waits: HashMap<i32, Lasting>,
    pub deadlocks: u64,
    pub unread: u64,
    pub long_waits: u64,
    pub avoided: u64,
}

impl Tally {
    /// A record with the state of a deadlock, or its shape.
    pub(super) fn deadlock(&mut self, entry: &Entry) {
        let Some(report) = detail::report(&entry.detail, entry.whole) else {
            self.unread += 1;
            return;
        };
        self.deadlocks += 1;
        let victim = entry.pid.unwrap_or(report.cycle[0].pid);
        let mut steps = self.steps(report, victim);
        let at = least_rotation(&steps.iter().map(key).collect::<Vec<_>>());
        steps.rotate_left(at);
        let all: Vec<String> = steps.iter().map(key).collect();
        let members = steps.len() as u64;
        steps.truncate(STEPS);
        let when = When::find(entry.head.as_bytes());
        let name = all.join("\u{1}");
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&name) {
            return;
        }
        let group = self.groups.entry(name).or_insert_with(|| Group {
            steps: vec![],
            members,
            count: 0,
            per_hour: None,
            first: when.clone(),
            last: None,
            relations: vec![],
            databases: vec![],
            applications: vec![],
        });
        group.count += 1;
        for (new, old) in steps.iter_mut().zip(&group.steps) {
            new.victim += old.victim;
            new.statement = new.statement.take().or_else(|| old.statement.clone());
        }
        group.steps = steps;
        group.last = when.or(group.last.take());
        add(&mut group.relations, detail::relation(&entry.context));
        let named = |name: &str| Some(Untrusted::from(name)).filter(|_| !name.is_empty());
        add(&mut group.databases, named(&entry.database));
        add(&mut group.applications, named(&entry.application));
    }

    fn steps(&self, report: Report, victim: i32) -> Vec<Step> {
        let both = report.cycle.into_iter().zip(report.statements);
        both.map(|(w, statement)| {
            let lasting = self.waits.get(&w.pid);
            // What it waited for before was another wait, unless it was for the same.
            let same = lasting.filter(|l| l.tag.as_ref().map_or(w.pid == victim, |t| *t == w.tag));
            Step {
                victim: u64::from(w.pid == victim),
                holders: same.map_or_else(Vec::new, |l| l.holders.clone()),
                queue: same.map_or_else(Vec::new, |l| l.queue.clone()),
                pid: w.pid,
                tag: w.tag,
                mode: w.mode,
                statement,
            }
        })
        .collect()
    }

    /// A message of `log_lock_waits` with its detail: `process 41 still waiting for …`, `Process holding the lock: …`. In
    /// other languages than English the message is not understood, the detail only where it is not translated.
    pub(super) fn lasting(&mut self, message: &str, detail: &str) {
        let (still, dead) =
            (message.contains(" still waiting for "), message.contains(" detected deadlock while "));
        self.long_waits += u64::from(still);
        self.avoided += u64::from(message.contains(" avoided deadlock for "));
        let Some((holders, queue)) =
            detail.split_once("holding the lock: ").and_then(|(_, l)| l.split_once(". "))
        else {
            return;
        };
        let first: String =
            message.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        let Ok(pid) = first.parse::<i32>() else { return };
        let list = |text: &str| {
            let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
            numbers.take(PROCESSES).collect()
        };
        let tag = (still || dead).then(|| {
            // The same words as those of a report, but for the end.
            let (text, _) = message.split_once(" after ")?;
            Some(detail::waits(&format!("{text}; blocked by process 1."))?.tag)
        });
        if self.waits.len() >= WAITS {
            self.waits.clear();
        }
        self.waits.insert(pid, Lasting { tag: tag.flatten(), holders: list(holders), queue: list(queue) });
    }

    /// The groups, the most frequent first, over a log that lasted this long.
    pub(super) fn groups(self, span_ms: Option<i64>) -> Kept<Group> {
        let total = self.groups.len() as u64;
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        let first = |g: &Group| g.first.as_ref().map(|w| w.clock_ms);
        let key = |g: &Group| g.steps.iter().map(|s| s.pid).collect::<Vec<_>>();
        groups.arrange_by(|a, b| {
            b.count.cmp(&a.count).then(first(a).cmp(&first(b))).then_with(|| key(a).cmp(&key(b)))
        });
        groups.truncate(KEPT);
        for group in &mut groups {
            group.per_hour = span_ms.map(|ms| group.count as f64 * 3_600_000.0 / ms as f64);
        }
        Kept::worst(total, groups)
    }
}

fn add(names: &mut Vec<Untrusted>, name: Option<Untrusted>) {
    if let Some(name) = name.filter(|n| names.len() < NAMES && !names.contains(n)) {
        names.push(name);
    }
}

/// What makes two steps alike: the object without what is another one each time, and the statement.
fn key(step: &Step) -> String {
    let object = match &step.tag {
        Tag::Transaction { .. } => "transaction".into(),
        Tag::Virtual { .. } => "virtual".into(),
        Tag::Speculative { .. } => "speculative".into(),
        Tag::Advisory { .. } => "advisory".into(),
        Tag::AdvisoryPair { .. } => "advisory pair".into(),
        Tag::Object { class, .. } => format!("object {class}"),
        Tag::Other { name, .. } => name.clone(),
        tag => format!("{} {:?}", kind(tag), tag.relation()),
    };
    let statement = step.statement.as_ref().map_or("", |s| s.as_str());
    format!("{} {object} {statement}", step.mode.name())
}

fn kind(tag: &Tag) -> &'static str {
    match tag {
        Tag::Tuple { .. } => "tuple",
        Tag::Page { .. } => "page",
        Tag::Extend { .. } => "extend",
        _ => "relation",
    }
}

/// Where to begin, so that a cycle reads the same whoever was first.
fn least_rotation(keys: &[String]) -> usize {
    let turned = |at: usize| keys[at..].iter().chain(&keys[..at]);
    (0..keys.len().min(64)).min_by(|a, b| turned(*a).cmp(turned(*b))).unwrap_or(0)
}
