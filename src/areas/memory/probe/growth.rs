//! Who grows: groups with a limit, the machine, and the biggest processes.

use super::{
    super::{
        facts::{Grower, Growth, Machine, Riser, share},
        series::Series,
    },
    Followed, Id, Memory, age_s, id, no_growth,
    survey::{Survey, read_charge},
};
use crate::{
    model::{Arrange, Reading, Seen, Why},
    source::Moment,
};
use std::{cmp::Reverse, collections::BTreeMap, collections::HashMap};

/// So many processes are followed over the looks, the biggest: 2 MB at most.
const PROCESSES: usize = 2048;
/// So many groups with a limit are, the nearest to it: each costs two reads a look.
const GROUPS: usize = 64;
/// So many risers are kept.
const KEPT: usize = 20;

impl Memory {
    /// The processes that count, as indexes into the table.
    pub(super) fn meant(&self, m: &Moment) -> Vec<usize> {
        let own = self.own.filter(|pid| !m.scope.pids.contains(pid));
        let table = m.processes();
        (0..table.len()).filter(|i| !table[*i].kernel_thread && Some(table[*i].pid) != own).collect()
    }

    pub(super) fn follow_processes(&mut self, m: &Moment, at_ms: u32) {
        let table = m.processes();
        let mut order = self.meant(m);
        if order.len() > PROCESSES {
            order.arrange_by_key(|i| Reverse(table[*i].rss_bytes));
        }
        let mut room = PROCESSES.saturating_sub(self.processes.len());
        let mut alive: HashMap<Id, Series> = HashMap::with_capacity(order.len().min(PROCESSES));
        self.unfollowed = 0;
        for p in order.iter().map(|i| &table[*i]) {
            let mut series = match self.processes.remove(&id(p)) {
                Some(s) => s,
                None if room > 0 => {
                    room -= 1;
                    Series::default()
                }
                None => {
                    self.unfollowed += 1;
                    continue;
                }
            };
            series.push(at_ms, p.rss_bytes);
            alive.insert(id(p), series);
        }
        self.processes = alive;
    }

    /// At a full look: which groups are worth following, and their first or next sample.
    pub(super) fn choose_groups(&mut self, survey: &mut Survey, machine: Option<&Machine>, at_ms: u32) {
        let limited = |i: &usize| survey.briefs[*i].limit.is_ok_and(|l| l.is_some());
        let mut order: Vec<usize> = (0..survey.briefs.len()).filter(limited).collect();
        order.arrange_by(|a, b| survey.briefs[*b].used_pct().total_cmp(&survey.briefs[*a].used_pct()));
        order.truncate(GROUPS);
        let mut before = std::mem::take(&mut self.groups);
        for i in order {
            survey.charge(i, machine);
            let b = &survey.briefs[i];
            let (Some(Ok(charge)), Ok(swap_room)) = (b.charge, survey.swap_room(b.at, machine)) else {
                continue;
            };
            let group = survey.group(b).clone();
            let path = group.path.as_str().to_string();
            let known = before.iter_mut().find(|f| f.path == path);
            let mut series = known.map(|f| std::mem::take(&mut f.series)).unwrap_or_default();
            series.push(at_ms, charge.unreclaimable);
            self.groups.push(Followed { path, group, swap_room, series });
        }
    }

    /// Between full looks: one more sample of each.
    pub(super) fn follow_groups(&mut self, m: &Moment, at_ms: u32) {
        for f in &mut self.groups {
            if m.left().is_zero() {
                return;
            }
            if let Ok((charge, _)) = read_charge(&f.group, f.swap_room) {
                f.series.push(at_ms, charge.unreclaimable);
            }
        }
    }

    pub(super) fn growth(
        &self,
        m: &Moment,
        survey: Option<&Survey>,
        machine: Option<&Machine>,
    ) -> Reading<Growth> {
        if self.looks < 2 {
            return Reading::unseen(Why::NotAsked);
        }
        let mut unseen: BTreeMap<Why, u64> = BTreeMap::new();
        if self.unfollowed > 0 {
            unseen.insert(Why::TooMany, self.unfollowed);
        }
        let mut growth = no_growth(unseen);
        growth.window_s = self.began.map_or(0.0, |b| m.at.duration_since(b).as_secs_f64());
        growth.followed = self.processes.len() as u64;
        if let Some(s) = survey {
            self.rising_groups(m, s, &mut growth);
        }
        if let (Some(rise), Some(machine)) = (self.machine.rise(), machine) {
            let room =
                machine.unreclaimable().map(|u| Some((machine.total, machine.total.saturating_sub(u))));
            let process = self.fastest(m, |_| true);
            growth.limited.push(Riser { group: None, rise, limit: room, process, age_s: None });
        }
        growth.followed += u64::from(machine.is_some());
        let left = |r: &Riser| {
            let room = r.limit.drawn().copied().flatten().map_or(u64::MAX, |l| l.1);
            r.rise.left_s(room).unwrap_or(f64::INFINITY)
        };
        growth.limited.arrange_by(|a, b| left(a).total_cmp(&left(b)));
        growth.limited.truncate(KEPT);
        self.rising_processes(m, survey, machine, &mut growth);
        Reading::seen(growth)
    }

    fn rising_groups(&self, m: &Moment, s: &Survey, growth: &mut Growth) {
        for b in s.briefs.iter().filter(|b| !matches!(b.limit, Ok(None))) {
            let path = s.group(b).path.as_str();
            let Some(f) = self.groups.iter().find(|f| f.path == path) else {
                let why = b.limit.err().or(b.charge.and_then(Result::err)).unwrap_or(Why::TooMany);
                *growth.unseen.entry(why).or_default() += 1;
                continue;
            };
            growth.followed += 1;
            let Some(rise) = f.series.rise() else { continue };
            let limit = b.limit.map(|l| l.map(|l| (l, l.saturating_sub(rise.now))));
            let oldest = s.kin.oldest[b.at].and_then(|i| age_s(m, &m.processes()[i]));
            growth.limited.push(Riser {
                group: Some(s.group(b).path.clone()),
                rise,
                limit: limit.into(),
                process: self.fastest(m, |i| s.kin.holds(&s.tree, b.at, i)),
                age_s: oldest,
            });
        }
    }

    /// The process that gains most, of those that count.
    fn fastest(&self, m: &Moment, counts: impl Fn(usize) -> bool) -> Option<Grower> {
        let table = m.processes();
        let balance = |i: &usize| self.processes.get(&id(&table[*i]))?.balance().filter(|b| *b > 0.0);
        let all = self.meant(m).into_iter().filter(|i| counts(*i)).filter_map(|i| Some((balance(&i)?, i)));
        let (_, i) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
        self.grower(m, i)
    }

    fn grower(&self, m: &Moment, i: usize) -> Option<Grower> {
        let p = &m.processes()[i];
        let rise = self.processes.get(&id(p))?.rise()?;
        Some(Grower { process: m.name(p), rise, age_s: age_s(m, p) })
    }

    fn rising_processes(
        &self,
        m: &Moment,
        s: Option<&Survey>,
        machine: Option<&Machine>,
        growth: &mut Growth,
    ) {
        let table = m.processes();
        let balance = |i: &usize| self.processes.get(&id(&table[*i]))?.balance().filter(|b| *b > 0.0);
        let mut order: Vec<_> = self.meant(m).into_iter().filter_map(|i| Some((balance(&i)?, i))).collect();
        order.arrange_by(|a, b| b.0.total_cmp(&a.0));
        for (_, i) in order.into_iter().take(KEPT) {
            let Some(grower) = self.grower(m, i) else { continue };
            let (group, limit) = room(s, machine, i);
            let (rise, age_s) = (grower.rise, grower.age_s);
            growth.processes.push(Riser { group, rise, limit: limit.into(), process: Some(grower), age_s });
        }
    }
}

/// The limit that a process meets first, and what is left of it: of its group, of one above, or the machine.
fn room(
    s: Option<&Survey>,
    machine: Option<&Machine>,
    process: usize,
) -> (Option<crate::model::Untrusted>, Seen<Option<(u64, u64)>>) {
    let mut least: Option<(f64, Option<crate::model::Untrusted>, (u64, u64))> = None;
    let mut offer = |path, limit: u64, used: u64| {
        let nearer = least.as_ref().is_none_or(|l| share(used, limit) > l.0);
        if nearer {
            least = Some((share(used, limit), path, (limit, limit.saturating_sub(used))));
        }
    };
    if let Some(machine) = machine
        && let Some(used) = machine.unreclaimable().drawn()
    {
        offer(None, machine.total, *used);
    }
    if let Some(s) = s
        && let Some(Ok(at)) = s.kin.of.get(process)
    {
        for b in s.tree.upwards(*at as usize).filter_map(|(g, _)| s.briefs.get(s.of[g]?)) {
            match (b.limit, b.charge) {
                (Ok(Some(limit)), Some(Ok(c))) => {
                    offer(Some(s.group(b).path.clone()), limit, c.unreclaimable)
                }
                (Err(why), _) | (Ok(Some(_)), Some(Err(why))) => return (None, Err(why)),
                _ => {}
            }
        }
    }
    match least {
        Some((_, path, limit)) => (path, Ok(Some(limit))),
        None => (None, Ok(None)),
    }
}
