//! What is known after the walk, put together as facts.

use super::{
    super::{
        Kind, blocks,
        facts::{Growth, Inotify, Riser, Row, System, User},
        inotify, rows,
        series::Series,
    },
    Fds, Look, Moment, Process, id, proc, used_pct,
};
use crate::model::{Arrange, Kept, Reading, RowSink, Seen, Why};
use std::{collections::BTreeMap, io};

/// So many are judged, whatever the length of the table that was asked for.
const JUDGED: usize = 100;
/// So many users' inotify instances are kept.
const USERS: usize = 20;

impl Fds {
    /// Puts together what is known after the walk.
    pub(in crate::areas::fds) fn end(&mut self, m: &Moment) {
        let table = m.processes();
        self.facts.looks = self.looks;
        self.facts.narrowed = !m.scope.is_everything();
        self.facts.system = match m.world.text("sys/fs/file-nr") {
            Ok(text) => System::parse(&text).ok_or(Why::Malformed).into(),
            Err(e) => Reading::unseen(Why::from(&e)),
        };
        self.keep_rows(m, table);
        if self.looks > 1 {
            self.facts.growth = Reading::seen(self.growth(m, table));
        }
        if let Some((max, plan)) = self.now.inotify.take() {
            self.facts.inotify = self.count_inotify(m, table, max, &plan);
        }
        for i in &self.now.processes {
            let id = id(&table[*i]);
            let grows = self.series.get(&id).is_some_and(|s| s.gained() > 0);
            if let Some(tally) = self.tally(*i).filter(|_| grows && !self.earlier.contains_key(&id)) {
                self.earlier.insert(id, tally.clone());
            }
        }
    }

    fn keep_rows(&mut self, m: &Moment, table: &[Process]) {
        let rate = |i: usize| self.series.get(&id(&table[i])).and_then(Series::balance_per_s).unwrap_or(0.0);
        let kept = rows::worst(
            &self.now.processes,
            |i| used_pct(&table[i]).ok().map(|pct| pct.unwrap_or(0.0)),
            |i| table[i].open.unwrap_or(0),
            rate,
            self.args.sort,
            (self.args.rows as usize).max(JUDGED),
        );
        self.facts.others = 0;
        self.facts.others_unseen.clear();
        for i in &kept.left {
            match used_pct(&table[*i]) {
                Ok(_) => self.facts.others += 1,
                Err(why) => *self.facts.others_unseen.entry(why).or_default() += 1,
            }
        }
        if m.hidden() > 0 {
            *self.facts.others_unseen.entry(Why::Denied).or_default() += m.hidden();
        }
        let rows = kept.rows.iter().map(|i| self.row(m, *i, &table[*i])).collect();
        self.facts.processes = Kept::worst(self.now.processes.len() as u64, rows);
    }

    fn row(&self, m: &Moment, index: usize, p: &Process) -> Row {
        let kinds = match (self.tally(index), p.open) {
            (Some(t), _) => t.kinds(),
            (None, Ok(0)) => Reading::seen(BTreeMap::new()),
            (None, Err(why)) => Reading::unseen(why),
            (None, Ok(_)) if self.now.too_big.contains(&index) => Reading::unseen(Why::TooMany),
            (None, Ok(_)) => Reading::unseen(Why::NotAsked),
        };
        let per_s = match (self.series.get(&id(p)), p.open) {
            (Some(s), _) => s.per_s().ok_or(Why::NotAsked),
            (None, Err(why)) => Err(why),
            (None, Ok(_)) => Err(Why::TooMany),
        };
        Row {
            process: m.name(p),
            open: p.open.into(),
            soft_limit: p.limit.map(|l| l.soft).into(),
            hard_limit: p.limit.map(|l| l.hard).into(),
            used_pct: used_pct(p).into(),
            per_s: per_s.into(),
            kinds,
        }
    }

    fn growth(&self, m: &Moment, table: &[Process]) -> Growth {
        let mut unseen: BTreeMap<Why, u64> = BTreeMap::new();
        let (mut followed, mut rising) = (0, Vec::new());
        for i in &self.now.processes {
            let p = &table[*i];
            match (self.series.get(&id(p)), p.open) {
                (_, Err(why)) => *unseen.entry(why).or_default() += 1,
                (None, _) => *unseen.entry(Why::TooMany).or_default() += 1,
                (Some(s), Ok(open)) if s.looks > 1 => {
                    followed += 1;
                    if s.gained() > 0 {
                        let room = p.limit.ok().and_then(|l| l.soft).unwrap_or(u64::MAX).saturating_sub(open);
                        rising.push((room as f64 * s.span_s() / s.gained() as f64, *i));
                    }
                }
                // Seen for the first time: it began since.
                (Some(_), Ok(_)) => {}
            }
        }
        rising.arrange_by(|a, b| a.0.total_cmp(&b.0));
        let total = rising.len() as u64;
        let rows = rising.iter().take(JUDGED).filter_map(|(_, i)| self.riser(m, *i, &table[*i])).collect();
        let window_s = self.began.map_or(0.0, |b| m.at.duration_since(b).as_secs_f64());
        Growth { window_s, followed, unseen, rising: Kept::worst(total, rows) }
    }

    fn riser(&self, m: &Moment, index: usize, p: &Process) -> Option<Riser> {
        let id = id(p);
        let series = self.series.get(&id)?;
        let slope = series.slope()?;
        let kind: Seen<Kind> = match self.tally(index) {
            Some(t) => t.grew(self.earlier.get(&id)),
            None if self.now.too_big.contains(&index) => Err(Why::TooMany),
            None => Err(Why::NotAsked),
        };
        Some(Riser {
            process: m.name(p),
            open: p.open.ok()?,
            gained: series.gained(),
            soft_limit: p.limit.map(|l| l.soft).into(),
            span_s: series.span_s(),
            whole: series.whole(),
            steady: series.steady(),
            per_s: slope.median,
            low_per_s: slope.low,
            high_per_s: slope.high,
            kind: kind.into(),
        })
    }

    fn count_inotify(&self, m: &Moment, table: &[Process], max: u64, plan: &inotify::Plan) -> Inotify {
        let held = self.now.processes.iter().filter_map(|i| {
            let p = &table[*i];
            let n = match self.tally(*i) {
                Some(t) => t.inotify(),
                None if plan.left.contains(i) => Err(Why::TooMany),
                None => return None,
            };
            Some((*i, p.uid, n))
        });
        let (mut users, unseen) = inotify::count(held);
        users.retain(|uid, _| !plan.beneath.contains(uid));
        let mut users: Vec<User> = users
            .into_iter()
            .map(|(uid, c)| User {
                uid,
                name: m.world.users.name(uid),
                instances: c.instances,
                seen: c.seen,
                unseen: c.unseen,
                top: c.top.map(|(i, n)| (m.name(&table[i]), n)),
            })
            .collect();
        users.arrange_by_key(|u| (std::cmp::Reverse(u.instances), u.uid));
        let total = users.len() as u64;
        users.truncate(USERS);
        let own_uid = proc::own::uid();
        // A scope without any process of ours says nothing of us.
        let ours = m.scope.is_everything() || self.now.processes.iter().any(|i| table[*i].uid == own_uid);
        let proof = if ours { proc::own::inotify_used_up(m.world) } else { Err(Why::NotAsked) };
        let users = Kept::worst(total, users);
        let beneath = plan.beneath.len() as u64;
        Inotify { max: Reading::seen(max), users, beneath, unseen, own_uid, proof: proof.into() }
    }

    /// `--all`: every process in scope, in order of pid.
    pub(in crate::areas::fds) fn stream(&mut self, m: &Moment, sink: &mut dyn RowSink) -> io::Result<bool> {
        if !self.args.all {
            return Ok(false);
        }
        // What was counted by kind belongs to the table of its own look.
        if self.now.at != Some(m.at) {
            self.now = Look { processes: self.meant(m), ..Look::default() };
        }
        sink.columns(&blocks::columns(self.looks))?;
        for i in &self.now.processes {
            sink.row(&blocks::cells(&self.row(m, *i, &m.processes()[*i]), self.looks))?;
        }
        Ok(true)
    }
}
