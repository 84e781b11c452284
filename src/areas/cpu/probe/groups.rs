//! Quotas, use and pressure of control groups.

use super::{Id, cores, id};
use crate::{
    areas::cpu::facts::{Group, Groups, Periods},
    model::{Arrange, Gaps, Kept, Reading, Seen, Why},
    source::{
        Moment,
        cgroup::{self, Hierarchy, Version},
    },
};
use std::{collections::HashMap, time::Duration};

/// Of more groups than this no file is read.
const READ: usize = 1024;

/// What a group has counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    periods: Seen<Periods>,
    used_ns: Seen<u64>,
}

/// Counters by the path of their group.
pub(super) type Counters = HashMap<String, Counter>;

/// What is known of the time since the window began.
pub(super) struct Used<'b> {
    pub span: Duration,
    /// Clock ticks of processes in the table.
    pub ticks: Vec<(u64, usize)>,
    /// Our own pid.
    pub own: Option<i32>,
    pub before: &'b Counters,
    /// Clock ticks that we and our children had used when the window began.
    pub ours: &'b HashMap<Id, u64>,
}

/// By the index of a group.
struct Who {
    /// Clock ticks and the process that used them, and whether it is in a group below.
    most: HashMap<usize, (u64, usize, bool)>,
    /// Clock ticks of our own.
    own: HashMap<usize, u64>,
}

/// The trees that are about processor time.
struct Trees {
    cpu: Hierarchy,
    /// Where version 1 counts what was used.
    acct: Option<Tree>,
    /// Where version 2 counts pressure, also beside a controller of version 1.
    pressure: Option<Tree>,
}

/// A tree whose groups are found by their path.
struct Tree(Hierarchy, HashMap<String, usize>);

impl Tree {
    fn new(tree: Hierarchy) -> Self {
        let at = tree.groups.iter().enumerate().map(|(i, g)| (g.path.as_str().to_string(), i)).collect();
        Self(tree, at)
    }
    /// The group of the same path.
    fn same(&self, group: &cgroup::Group) -> Option<&cgroup::Group> {
        let found = &self.0.groups[*self.1.get(group.path.as_str())?];
        (found.machine == group.machine).then_some(found)
    }
}

impl Trees {
    fn read(m: &Moment) -> Seen<Self> {
        let view = m.cgroups();
        let cpu = view.of("cpu")?;
        let old = cpu.groups.iter().any(|g| g.version == Version::V1);
        Ok(Self {
            acct: view.of("cpuacct").ok().filter(|_| old).map(Tree::new),
            // No tree of version 1 has a controller of this name, so this is the tree of version 2.
            pressure: view.of("pressure").ok().filter(|_| old).map(Tree::new),
            cpu,
        })
    }
    fn counter(&self, group: &cgroup::Group) -> Counter {
        let stat = group.keyed("cpu.stat");
        let used_ns = match (group.version, &self.acct) {
            (Version::V2, _) => stat
                .as_ref()
                .map_err(|why| *why)
                .and_then(|s| s.get("usage_usec").map(|us| us.saturating_mul(1000)).ok_or(Why::Unsupported)),
            (Version::V1, Some(acct)) => {
                acct.same(group).map_or(Err(Why::Unsupported), |g| g.number("cpuacct.usage"))
            }
            (Version::V1, None) => Err(Why::Unsupported),
        };
        Counter { periods: stat.and_then(|s| periods(&s).ok_or(Why::Unsupported)), used_ns }
    }
    /// Version 1 has no pressure but beside a tree of version 2 that the processes are sorted in likewise.
    fn pressure(&self, group: &cgroup::Group) -> Reading<crate::model::Psi> {
        let at = match (group.version, &self.pressure) {
            (Version::V2, _) => Some(group),
            (Version::V1, Some(tree)) => tree.same(group),
            (Version::V1, None) => None,
        };
        let Some(at) = at else { return Reading::unseen(Why::Unsupported) };
        at.pressure("cpu.pressure").into()
    }
}

fn periods(stat: &std::collections::BTreeMap<String, u64>) -> Option<Periods> {
    let throttled_s = match (stat.get("throttled_usec"), stat.get("throttled_time")) {
        (Some(us), _) => *us as f64 / 1e6,
        (None, Some(ns)) => *ns as f64 / 1e9,
        (None, None) => return None,
    };
    Some(Periods { periods: *stat.get("nr_periods")?, throttled: *stat.get("nr_throttled")?, throttled_s })
}

/// Quota in processors, and the length of its period in seconds.
fn quota(group: &cgroup::Group) -> (Seen<Option<f64>>, f64) {
    if group.machine {
        return (Ok(None), 0.0);
    }
    let of = |quota: Option<u64>, period: u64| {
        (Ok(quota.map(|q| q as f64 / period.max(1) as f64)), period as f64 / 1e6)
    };
    match group.version {
        Version::V2 => match group.text("cpu.max").map_err(|e| Why::from(&e)) {
            Ok(text) => match parse_max(&text) {
                Some((quota, period)) => of(quota, period),
                None => (Err(Why::Malformed), 0.0),
            },
            // The controller is not switched on at this level: nothing is limited here.
            Err(Why::Absent) if group.exists() => (Ok(None), 0.0),
            Err(why) => (Err(why), 0.0),
        },
        Version::V1 => match (group.limit("cpu.cfs_quota_us"), group.number("cpu.cfs_period_us")) {
            (Ok(quota), Ok(period)) => of(quota, period),
            (Err(why), _) | (_, Err(why)) => (Err(why), 0.0),
        },
    }
}

/// `max 100000`, `50000 100000`
fn parse_max(text: &str) -> Option<(Option<u64>, u64)> {
    let mut words = text.split_ascii_whitespace();
    let quota = match words.next()? {
        "max" => None,
        n => Some(n.parse().ok()?),
    };
    Some((quota, words.next()?.parse().ok().filter(|p| *p > 0)?))
}

/// What every group has counted by now.
pub(super) fn counters(m: &Moment) -> Counters {
    let Ok(trees) = Trees::read(m) else { return Counters::new() };
    trees.cpu.groups.iter().take(READ).map(|g| (g.path.as_str().to_string(), trees.counter(g))).collect()
}

/// The groups, and what they have counted, for the next window.
pub(super) fn groups(
    m: &Moment,
    used: Option<&Used>,
    most: usize,
    gaps: &mut Gaps,
) -> (Counters, Seen<Groups>) {
    let trees = match Trees::read(m) {
        Ok(trees) => trees,
        Err(why) => return (Counters::new(), Err(why)),
    };
    let all = &trees.cpu.groups;
    if all.is_empty() {
        let why = trees.cpu.members.iter().find_map(|m| m.err()).unwrap_or(Why::Absent);
        return (Counters::new(), Err(why));
    }
    let left = all.len().saturating_sub(READ) as u64;
    gaps.add_many(Why::TooMany, "control groups", left, format!("more than {READ}"));
    let most_used = used.map(|u| busiest(&trees.cpu, u)).unwrap_or_default();
    let own = used.map(|u| own_ticks(m, &trees.cpu, u)).unwrap_or_default();
    let who = Who { most: most_used, own };
    let mut counters = Counters::new();
    let mut rows: Vec<Group> = Vec::new();
    for (i, g) in all.iter().take(READ).enumerate() {
        let now = trees.counter(g);
        counters.insert(g.path.as_str().into(), now);
        rows.push(row(m, &trees, i, now, used, &who));
    }
    let quiet = |g: &Group| {
        let full = g.pressure.drawn().is_some_and(|p| p.some.avg10 > 0.0 || p.some.avg60 > 0.0);
        g.quota_cores.drawn().is_some_and(Option::is_none) && g.pressure.drawn().is_some() && !full
    };
    rows.arrange_by(|a, b| weight(b).partial_cmp(&weight(a)).unwrap_or(std::cmp::Ordering::Equal));
    let total = rows.len() as u64 + left;
    let cut = rows.split_off(rows.len().min(most));
    let others = cut.iter().filter(|g| quiet(g)).count() as u64;
    let rows = Kept::worst(total, rows);
    let unseen = trees.cpu.unreached.clone();
    (counters, Ok(Groups { rows, others, parents_hidden: trees.cpu.parents_hidden, unseen }))
}

/// What makes a group worth a row.
fn weight(g: &Group) -> (f64, f64, f64, f64) {
    let pct = |r: &Reading<Periods>| r.drawn().map_or(0.0, Periods::pct);
    let psi = g.pressure.drawn();
    let full = psi.and_then(|p| p.full).map_or(0.0, |l| l.avg60);
    let used = g.used_cores.drawn().copied().unwrap_or(0.0);
    (pct(&g.window), full, used, pct(&g.life) + psi.map_or(0.0, |p| p.some.avg60))
}

fn row(m: &Moment, trees: &Trees, index: usize, now: Counter, used: Option<&Used>, who: &Who) -> Group {
    let group = &trees.cpu.groups[index];
    let (quota_cores, period_s) = quota(group);
    let before = used.and_then(|u| u.before.get(group.path.as_str()));
    let since = |what: &dyn Fn(&Counter) -> Option<f64>| match (used, before) {
        (None, _) => Err(Why::NotAsked),
        // It was made since.
        (Some(_), None) => Err(Why::Absent),
        (Some(_), Some(before)) => what(before).ok_or(Why::Unsupported),
    };
    let used_ns = since(&|b| Some(now.used_ns.ok()?.checked_sub(b.used_ns.ok()?)? as f64));
    let per_s = rustix::param::clock_ticks_per_second().max(1) as f64;
    let own_ns = who.own.get(&index).copied().unwrap_or(0) as f64 * 1e9 / per_s;
    let window = match (used, before, now.periods) {
        (None, ..) => Err(Why::NotAsked),
        (_, None, _) => Err(Why::Absent),
        (_, Some(b), now) => now.and_then(|n| n.since(&b.periods?).ok_or(Why::Absent)),
    };
    let most = used.and_then(|u| Some((u.span, who.most.get(&index)?)));
    Group {
        path: group.path.clone(),
        machine: group.machine,
        quota_cores: quota_cores.into(),
        period_s,
        used_cores: used_ns
            .map(|ns| (ns - own_ns).max(0.0) / 1e9 / used.map_or(1.0, |u| u.span.as_secs_f64().max(1e-3)))
            .into(),
        own_pct: used_ns.map(|ns| (own_ns * 100.0 / ns.max(1.0)).min(100.0)).into(),
        life: now.periods.into(),
        window: window.into(),
        pressure: trees.pressure(group),
        busiest: most.map(|(span, (n, i, _))| (m.name(&m.processes()[*i]), cores(*n, span))),
        below: most.is_some_and(|(_, (.., below))| *below),
    }
}

/// What we used ourselves in each group over the window, in clock ticks: the patient's figures are without it.
fn own_ticks(m: &Moment, tree: &Hierarchy, used: &Used) -> HashMap<usize, u64> {
    let mut own = HashMap::new();
    for (i, p) in m.processes().iter().enumerate() {
        let ours = used.own.is_some() && (Some(p.pid) == used.own || Some(p.ppid) == used.own);
        if let (true, Some(Ok(leaf))) = (ours, tree.members.get(i)) {
            let n = p.ticks.saturating_sub(used.ours.get(&id(p)).copied().unwrap_or(0));
            tree.upwards(*leaf as usize).for_each(|(g, _)| *own.entry(g).or_default() += n);
        }
    }
    own
}

/// For each group the process in it or below it that used most, and whether it is below.
fn busiest(tree: &Hierarchy, used: &Used) -> HashMap<usize, (u64, usize, bool)> {
    let mut most: HashMap<usize, (u64, usize, bool)> = HashMap::new();
    for (n, i) in &used.ticks {
        let Some(Ok(leaf)) = tree.members.get(*i) else { continue };
        for (group, _) in tree.upwards(*leaf as usize) {
            let here = (*n, *i, group != *leaf as usize);
            let entry = most.entry(group).or_insert(here);
            if *n > entry.0 {
                *entry = here;
            }
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_read_and_anything_else_is_not_taken_for_one() {
        assert_eq!(parse_max("max 100000\n"), Some((None, 100_000)));
        assert_eq!(parse_max("50000 100000\n"), Some((Some(50_000), 100_000)));
        for bad in ["", "max", "50000", "-1 100000", "50000 0", "x y", "99999999999999999999999 100000"] {
            assert_eq!(parse_max(bad), None, "{bad}");
        }
    }

    #[test]
    fn periods_of_both_versions_are_the_same_and_missing_ones_are_not_noughts() {
        let of = |pairs: &[(&str, u64)]| periods(&pairs.iter().map(|(k, n)| (k.to_string(), *n)).collect());
        let expected = Some(Periods { periods: 10, throttled: 4, throttled_s: 1.5 });
        assert_eq!(of(&[("nr_periods", 10), ("nr_throttled", 4), ("throttled_usec", 1_500_000)]), expected);
        assert_eq!(
            of(&[("nr_periods", 10), ("nr_throttled", 4), ("throttled_time", 1_500_000_000)]),
            expected
        );
        assert_eq!(of(&[("usage_usec", 5)]), None);
    }
}
