//! Reads counters at the begin and the end of a window, and between them follows who computes.

mod groups;
mod loops;
mod stuck;
mod threads;
mod waits;

use super::{
    args::{Args, Threads},
    facts::{Blocked, Facts, Loops, Machine, Times},
};
use crate::{
    model::{Arrange, Gap, Gaps, Reading, Seen, Why},
    source::{
        Moment, Phase,
        proc::{Process, own},
    },
};
use std::{collections::HashMap, time::Instant};

/// Identity of a process: pid and start.
type Id = (i32, u64);

/// Facts hold so many rows of a kind, whatever the length of the table that was asked for.
const JUDGED: usize = 100;

/// The probe: remembers counters between looks.
pub struct Cpu {
    args: Args,
    looks: u32,
    /// Our own pid: the tool does not report on itself.
    own: Option<i32>,
    /// Where the window began.
    base: Option<Base>,
    /// Run times at the last look.
    before: Option<(Instant, HashMap<Id, u64>)>,
    follow: threads::Follow,
    loops: loops::Watch,
    stuck: stuck::Watch,
    facts: Facts,
}

/// Counters at the begin of a window.
struct Base {
    at: Instant,
    /// The machine's, at the begin and at each full look since.
    times: Vec<Times>,
    groups: groups::Counters,
    ticks: HashMap<Id, u64>,
    /// Run times of us and our children.
    ours: HashMap<Id, u64>,
}

impl Cpu {
    pub(super) fn new(args: Args) -> Self {
        let facts = Facts {
            looks: 0,
            window_s: Reading::unseen(Why::NotAsked),
            groups: Reading::unseen(Why::NotAsked),
            machine: Machine {
                cores: Reading::unseen(Why::NotAsked),
                shares: Reading::unseen(Why::NotAsked),
            },
            threads: Reading::unseen(Why::NotAsked),
            loops: Reading::unseen(Why::NotAsked),
            blocked: Reading::unseen(Why::NotAsked),
        };
        Self {
            args,
            looks: 0,
            own: None,
            base: None,
            before: None,
            follow: threads::Follow::default(),
            loops: loops::Watch::default(),
            stuck: stuck::Watch::default(),
            facts,
        }
    }
    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }
    pub(super) fn wanted(&self, process: usize) -> bool {
        self.loops.wants(process)
    }
    pub(super) fn met(&mut self, process: usize, link: &[u8]) -> bool {
        self.loops.meet(process, link)
    }
    pub(super) fn lost(&mut self, process: usize, why: Why) {
        self.loops.missed(process, why);
    }

    /// First half of a look: who computes, who sleeps in the kernel.
    pub(super) fn begin(&mut self, m: &Moment, _: &mut Gaps) -> Result<(), Gap> {
        let table = m.processes();
        if let (true, Some(gap)) = (table.is_empty(), m.gaps().into_iter().next()) {
            return Err(gap);
        }
        if self.looks == 0 {
            self.own = own::pid(m.world);
        }
        self.looks += 1;
        let meant = self.meant(m);
        let ticks: HashMap<Id, u64> = meant.iter().map(|i| (id(&table[*i]), table[*i].ticks)).collect();
        let rates = self.rates(m, &meant);
        let everybody = self.args.threads == Threads::All;
        // One look has nothing to compare with, so that nothing is read for it.
        if !(m.last() && self.looks == 1) {
            self.follow.update(m, &rates, everybody && m.phase != Phase::Cheap);
            self.loops.choose(m, &rates, &self.follow);
            self.stuck.update(m, &meant, self.looks == 1, everybody);
        }
        self.before = Some((m.at, ticks));
        Ok(())
    }

    /// Second half: sockets of who computes; in the last look, what came of all.
    pub(super) fn end(&mut self, m: &Moment, gaps: &mut Gaps) {
        self.loops.sample(m);
        let times = (m.phase != Phase::Cheap || self.base.is_none()).then(|| machine(m));
        if let (Some(base), Some(Ok(times))) = (&mut self.base, &times) {
            base.times.push(*times);
        }
        if m.last() {
            self.conclude(m, times.unwrap_or(Err(Why::Absent)), gaps);
        } else if self.base.is_none() {
            self.base = Some(Base {
                at: m.at,
                times: times.and_then(Result::ok).into_iter().collect(),
                groups: groups::counters(m),
                ticks: self.ticks(),
                ours: self.ours(m),
            });
        }
    }

    fn ticks(&self) -> HashMap<Id, u64> {
        self.before.as_ref().map(|b| b.1.clone()).unwrap_or_default()
    }

    fn ours(&self, m: &Moment) -> HashMap<Id, u64> {
        let ours = |p: &&Process| self.own.is_some() && (Some(p.pid) == self.own || Some(p.ppid) == self.own);
        m.processes().iter().filter(ours).map(|p| (id(p), p.ticks)).collect()
    }

    /// The processes that count, as indexes into the table: not we ourselves, nor the children that ask for us.
    fn meant(&self, m: &Moment) -> Vec<usize> {
        let own = self.own.filter(|pid| !m.scope.pids.contains(pid));
        let ours = |p: &Process| own.is_some() && (Some(p.pid) == own || Some(p.ppid) == own);
        let table = m.processes();
        (0..table.len()).filter(|i| !ours(&table[*i]) && !table[*i].kernel_thread).collect()
    }

    /// Processors' worth of time since the last look, of those who used any, most first. In the first look there is
    /// nothing to compare with: who is on a processor then, or ready for one, is taken for somebody who computes.
    fn rates(&self, m: &Moment, meant: &[usize]) -> Vec<(f64, usize)> {
        let table = m.processes();
        let Some((at, before)) = &self.before else {
            return meant.iter().filter(|i| table[**i].state == b'R').map(|i| (1.0, *i)).collect();
        };
        let mut rates: Vec<_> =
            used(table, meant, before).into_iter().map(|(n, i)| (cores(n, m.at - *at), i)).collect();
        rates.arrange_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        rates
    }

    fn conclude(&mut self, m: &Moment, times: Seen<Times>, gaps: &mut Gaps) {
        let table = m.processes();
        let base = self.base.take();
        let rows = (self.args.rows as usize).max(JUDGED);
        self.facts.looks = self.looks;
        self.facts.window_s = base.as_ref().map(|b| (m.at - b.at).as_secs_f64()).ok_or(Why::NotAsked).into();
        let meant = self.meant(m);
        let used = base.as_ref().map(|b| {
            let n = used(table, &meant, &b.ticks);
            groups::Used { span: m.at - b.at, ticks: n, own: self.own, before: &b.groups, ours: &b.ours }
        });
        let (counters, groups) = groups::groups(m, used.as_ref(), rows, gaps);
        self.facts.groups = groups.into();
        self.facts.machine = Machine {
            cores: times.map(|t| t.cores).into(),
            shares: match (&base, times) {
                (None, _) => Err(Why::NotAsked),
                (_, Err(why)) => Err(why),
                (Some(b), Ok(_)) => shares(&b.times).ok_or(Why::Unsupported),
            }
            .into(),
        };
        if let Some(base) = &base {
            self.facts.threads = Reading::seen(self.follow.rows(m, rows, self.args.threads == Threads::All));
            let hot = self.loops.conclude(m, &self.follow, JUDGED);
            self.facts.loops = Reading::seen(Loops { followed: meant.len() as u64, ..hot });
            self.facts.blocked = Reading::seen(self.blocked(m, base.at, meant.len() as u64));
        }
        self.base = Some(Base {
            at: m.at,
            times: times.into_iter().collect(),
            groups: counters,
            ticks: self.ticks(),
            ours: self.ours(m),
        });
    }

    fn blocked(&mut self, m: &Moment, since: Instant, leaders: u64) -> Blocked {
        let mut blocked = self.stuck.conclude(m, since, JUDGED);
        blocked.looked += leaders;
        if m.hidden() > 0 {
            *blocked.unseen.entry(Why::Denied).or_default() += m.hidden();
        }
        blocked
    }
}

fn id(p: &Process) -> Id {
    (p.pid, p.start_ticks)
}

/// Clock ticks that processes used since `before`; those who used none are left out. Who began since used all it has.
fn used(table: &[Process], meant: &[usize], before: &HashMap<Id, u64>) -> Vec<(u64, usize)> {
    let since = |i: &usize| {
        let p = &table[*i];
        (p.ticks.saturating_sub(before.get(&id(p)).copied().unwrap_or(0)), *i)
    };
    meant.iter().map(since).filter(|(n, _)| *n > 0).collect()
}

/// Clock ticks in a span as processors' worth of time.
fn cores(ticks: u64, span: std::time::Duration) -> f64 {
    let per_s = rustix::param::clock_ticks_per_second().max(1) as f64;
    let span = span.as_secs_f64();
    if span > 0.0 { ticks as f64 / per_s / span } else { 0.0 }
}

fn machine(m: &Moment) -> Seen<Times> {
    let text = m.world.text("stat").map_err(|e| Why::from(&e))?;
    Times::parse(&text).ok_or(Why::Malformed)
}

/// From the first to the last, with the least that was stolen in any part of it.
fn shares(times: &[Times]) -> Option<super::facts::Shares> {
    let whole = times.last()?.since(times.first()?)?;
    let parts = times.windows(2).filter_map(|w| Some(w[1].since(&w[0])?.steal_pct));
    Some(super::facts::Shares { steal_least_pct: parts.fold(whole.steal_pct, f64::min), ..whole })
}
