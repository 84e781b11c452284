//! The rows worth keeping: groups near a limit, with kills or under pressure, and the biggest processes.

use super::{
    super::{
        args::Sort,
        facts::{Big, Bound, Group, Hits, HitsNow, Kills, Machine, Others, Row, share},
    },
    Hit, Memory, age_s, id,
    survey::{Brief, Survey},
};
use crate::{
    model::{Arrange, Kept, Reading, RowSink, Seen, Why},
    source::{
        Moment,
        cgroup::{self, Version},
        proc,
    },
};
use std::{cmp::Reverse, collections::BTreeSet, io};

/// So many groups are kept for their kills or their pressure, beside those kept for their size.
const STRIKING: usize = 32;
/// So many processes are asked for exact figures and for what they have in swap: a file for each.
const ASKED: usize = 20;

impl Memory {
    pub(super) fn keep_groups(&mut self, m: &Moment, survey: &mut Survey, machine: Option<&Machine>) {
        let keep = self.choose(m, survey);
        keep.iter().for_each(|i| survey.charge(*i, machine));
        let mut rows: Vec<(f64, Group)> =
            keep.iter().map(|i| (survey.briefs[*i].used_pct(), self.group(m, survey, *i))).collect();
        rows.arrange_by(|a, b| b.0.total_cmp(&a.0).then(size(&b.1).cmp(&size(&a.1))));
        let mut others = Others { unseen: survey.unread.clone(), ..Others::default() };
        for (why, n) in &survey.unread {
            others.kills_unseen.insert(*why, *n);
            others.pressure_unseen.insert(*why, *n);
        }
        for (_, b) in survey.briefs.iter().enumerate().filter(|(i, _)| !keep.contains(i)) {
            match b.current.and(b.limit) {
                Ok(_) => {
                    others.seen += 1;
                    others.top_pct = others.top_pct.max(b.used_pct());
                }
                Err(why) => *others.unseen.entry(why).or_default() += 1,
            }
            match b.kills {
                Ok(_) => others.unkilled += u64::from(!b.killed()),
                Err(why) => *others.kills_unseen.entry(why).or_default() += 1,
            }
            match b.psi {
                Some(Err(why)) => *others.pressure_unseen.entry(why).or_default() += 1,
                _ => others.calm += u64::from(!b.waits()),
            }
        }
        // What is left out although it had kills or waits: more than anybody reads.
        let striking = |f: fn(&Brief) -> bool| {
            survey.briefs.iter().enumerate().filter(|(i, b)| f(b) && !keep.contains(i)).count() as u64
        };
        for (n, into) in [
            (striking(Brief::killed), &mut others.kills_unseen),
            (striking(Brief::waits), &mut others.pressure_unseen),
        ] {
            if n > 0 {
                *into.entry(Why::TooMany).or_default() += n;
            }
        }
        self.facts.others = others;
        let rows = rows.into_iter().map(|r| r.1).collect();
        self.facts.groups = Kept::worst(survey.briefs.len() as u64, rows);
    }

    /// Briefs that become rows.
    fn choose(&self, m: &Moment, survey: &Survey) -> BTreeSet<usize> {
        let briefs = &survey.briefs;
        let mut order: Vec<usize> = (0..briefs.len()).collect();
        let size = |i: &usize| Reverse(briefs[*i].size());
        let mut keep = BTreeSet::new();
        order.arrange_by(|a, b| {
            briefs[*b].used_pct().total_cmp(&briefs[*a].used_pct()).then(size(a).cmp(&size(b)))
        });
        keep.extend(order.iter().copied().take(self.args.rows as usize));
        if self.args.sort != Sort::Pct {
            order.arrange_by_key(size);
            keep.extend(order.iter().copied().take(self.args.rows as usize));
        }
        let mut killed: Vec<usize> = (0..briefs.len()).filter(|i| briefs[*i].killed()).collect();
        killed.arrange_by_key(|i| briefs[*i].kills.map_or(Reverse(0), |k| Reverse(k.own.max(k.ended))));
        keep.extend(killed.into_iter().take(STRIKING));
        keep.extend((0..briefs.len()).filter(|i| briefs[*i].waits()).take(STRIKING));
        // The group of whoever is looked at, and those above it, are what the run is about.
        let patient = m.scope.target.unwrap_or(1);
        let at = m.processes().iter().position(|p| p.pid == patient).and_then(|i| survey.kin.of[i].ok());
        if let Some(at) = at {
            keep.extend(survey.tree.upwards(at as usize).filter_map(|(g, _)| survey.of[g]));
        }
        keep
    }

    fn group(&self, m: &Moment, survey: &Survey, index: usize) -> Group {
        let b = &survey.briefs[index];
        let (g, table) = (survey.group(b), m.processes());
        let charge = b.charge.unwrap_or(Err(Why::NotAsked));
        let used_pct = match (b.limit, charge) {
            (Ok(None), _) => Ok(None),
            (Ok(Some(limit)), Ok(c)) => Ok(Some(share(c.unreclaimable, limit))),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        let path = g.path.as_str();
        let base = self.base.as_ref();
        let oldest = survey.kin.oldest[b.at].map(|i| &table[i]);
        let named = |i: usize| Big { process: m.name(&table[i]), rss_bytes: table[i].rss_bytes };
        let followed = self.groups.iter().find(|f| f.path == path);
        Group {
            path: g.path.clone(),
            version: if g.version == Version::V1 { 1 } else { 2 },
            limit: b.limit.into(),
            high: b.high.into(),
            binds: survey.binding(b.at).map(|l| l.map(|(bytes, path)| Bound { bytes, path })).into(),
            charge: charge.into(),
            used_pct: used_pct.into(),
            hits: hit(g, b.refaults).map(|now| hits(now, base.and_then(|b| b.hits.get(path)))).into(),
            kills: b
                .kills
                .map(|now| {
                    let before = base.and_then(|b| b.kills.get(path)).ok_or(Why::NotAsked);
                    let window = before
                        .map(|was| (now.own.saturating_sub(was.own), now.ended.saturating_sub(was.ended)));
                    Kills { own: now.own, ended: now.ended, whole: now.whole, window: window.into() }
                })
                .into(),
            psi: match g.version {
                Version::V1 => Err(Why::Unsupported),
                Version::V2 => b.psi.unwrap_or_else(|| g.pressure("memory.pressure")),
            }
            .into(),
            per_s: followed.and_then(|f| f.series.per_s()).ok_or(Why::NotAsked).into(),
            processes: survey.kin.count[b.at],
            biggest: survey.kin.biggest[b.at].map(named),
            oldest: oldest.map(|p| m.name(p)),
            age_s: oldest.and_then(|p| age_s(m, p)),
        }
    }

    pub(super) fn keep_processes(&mut self, m: &Moment, survey: Option<&Survey>, machine: Option<&Machine>) {
        let table = m.processes();
        let mut order: Vec<usize> = self.meant(m);
        let balance =
            |i: &usize| self.processes.get(&id(&table[*i])).and_then(|s| s.balance()).unwrap_or(0.0);
        match self.args.sort {
            Sort::Growth => order.arrange_by(|a, b| balance(b).total_cmp(&balance(a))),
            _ => order.arrange_by_key(|i| Reverse(table[*i].rss_bytes)),
        }
        let total = order.len() as u64;
        order.truncate(self.args.rows as usize);
        let all = self.args.sort == Sort::Swap;
        let rows =
            order.iter().enumerate().map(|(rank, i)| self.row(m, *i, survey, machine, all || rank < ASKED));
        self.facts.processes = Kept::worst(total, rows.collect());
    }

    /// One process; its status is read when it is asked for.
    fn row(
        &self,
        m: &Moment,
        i: usize,
        survey: Option<&Survey>,
        machine: Option<&Machine>,
        ask: bool,
    ) -> Row {
        let p = &m.processes()[i];
        let held = match () {
            () if !ask => Err(Why::NotAsked),
            () if m.left().is_zero() => Err(Why::TimedOut),
            () => proc::memory::held(m.world, p),
        };
        let swap_bytes = match held {
            // Nobody has anything where nothing is.
            _ if machine.is_some_and(|s| s.swap_total == s.swap_free) => Ok(0),
            held => held.and_then(|h| h.swap_bytes),
        };
        let pss_bytes = match () {
            () if !self.args.pss => Err(Why::NotAsked),
            () if m.left().is_zero() => Err(Why::TimedOut),
            () => proc::memory::proportional(m.world, p),
        };
        let group: Seen<_> = survey.ok_or(Why::Absent).and_then(|s| {
            let at = s.kin.of.get(i).copied().unwrap_or(Err(Why::Absent))?;
            Ok(s.tree.groups[at as usize].path.clone())
        });
        Row {
            process: m.name(p),
            rss_bytes: held.and_then(|h| h.rss_bytes).unwrap_or(p.rss_bytes),
            pss_bytes: pss_bytes.into(),
            swap_bytes: swap_bytes.into(),
            per_s: self.processes.get(&id(p)).and_then(|s| s.per_s()).ok_or(Why::NotAsked).into(),
            group: group.into(),
        }
    }

    /// `--all`: every process in scope, in order of pid.
    pub(in crate::areas::memory) fn stream(
        &mut self,
        m: &Moment,
        sink: &mut dyn RowSink,
    ) -> io::Result<bool> {
        if !self.args.all {
            return Ok(false);
        }
        let machine = super::machine(m).ok();
        let survey = Survey::take(m, machine.as_ref(), self.own).ok();
        let rates = self.looks > 1;
        sink.columns(&Row::columns(rates, self.args.pss))?;
        for i in self.meant(m) {
            let row = self.row(m, i, survey.as_ref(), machine.as_ref(), true);
            sink.row(&row.cells(rates, self.args.pss))?;
        }
        Ok(true)
    }
}

impl Survey {
    /// The least limit that is set at the group or above it; `None` is none that is visible.
    ///
    /// # Errors
    /// When one of them could not be read.
    pub(super) fn binding(&self, at: usize) -> Seen<Option<(u64, crate::model::Untrusted)>> {
        let mut least: Option<(u64, usize)> = None;
        for brief in self.tree.upwards(at).filter_map(|(g, _)| self.briefs.get(self.of[g]?)) {
            if let Some(limit) = brief.limit? {
                least = least.filter(|l| l.0 <= limit).or(Some((limit, brief.at)));
            }
        }
        Ok(least.map(|(limit, at)| (limit, self.tree.groups[at].path.clone())))
    }
}

fn size(g: &Group) -> u64 {
    g.charge.drawn().map_or(0, |c| c.current)
}

/// How often a group ran into its limits so far.
pub(super) fn hit(g: &cgroup::Group, refaults: Option<u64>) -> Seen<Hit> {
    match g.version {
        Version::V1 => Ok(Hit { max: g.number("memory.failcnt")?, high: 0, refaults }),
        Version::V2 => {
            let all = g.keyed("memory.events")?;
            // A group is charged for what is below it, and its own limit is hit on their behalf: these counts are of
            // the group alone where the kernel keeps them.
            let own = g.keyed("memory.events.local").unwrap_or(all);
            let told = |key: &str| own.get(key).copied().ok_or(Why::Unsupported);
            Ok(Hit { max: told("max")?, high: told("high")?, refaults })
        }
    }
}

fn hits(now: Hit, before: Option<&Hit>) -> Hits {
    let window: Seen<HitsNow> = before.ok_or(Why::NotAsked).map(|was| HitsNow {
        max: now.max.saturating_sub(was.max),
        high: now.high.saturating_sub(was.high),
        refaults: now.refaults.zip(was.refaults).map(|(n, w)| n.saturating_sub(w)),
    });
    Hits { max: now.max, high: now.high, window: Reading::from(window) }
}
