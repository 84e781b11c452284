//! Follows the threads of the processes that compute, and of no others: an idle thread costs nothing.

use super::{Id, id};
use crate::{
    areas::cpu::facts::Thread,
    model::{Arrange, Kept, Seen, Untrusted, Why},
    source::{
        Moment,
        proc::threads::{Sched, Threads},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

/// So many of the busiest processes are taken up in a look.
const BUSIEST: usize = 16;
/// Processors' worth of time from which on a process is busy.
const BUSY: f64 = 0.05;
/// So many processes are followed at once.
const FOLLOWED: usize = 32;
/// Threads read in a look, and of one process: a few milliseconds.
const READ: usize = 768;
const EACH: usize = 256;
/// The same for those who ask for all.
const READ_ALL: usize = 20_000;
/// Of one part of its time a thread must have been ready for so much to count as one that computes on.
const READY: f64 = 0.5;

/// Times of one thread.
#[derive(Clone, Copy, Debug)]
struct Track {
    first: (Instant, Sched),
    last: (Instant, Sched),
    /// Since when it has computed without a pause.
    hot: (Instant, Sched),
}

/// How much of a span a thread ran, and how much it was ready to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    pub span: Duration,
    pub run: f64,
    pub wait: f64,
}

impl Share {
    fn of(from: (Instant, Sched), to: (Instant, Sched)) -> Option<Self> {
        let span = to.0.checked_duration_since(from.0).filter(|s| !s.is_zero())?;
        let part = |a: u64, b: u64| (b.saturating_sub(a) as f64 / span.as_nanos() as f64).min(1.0);
        Some(Self { span, run: part(from.1.run_ns, to.1.run_ns), wait: part(from.1.wait_ns, to.1.wait_ns) })
    }
    /// On a processor or waiting for one.
    pub fn ready(&self) -> f64 {
        (self.run + self.wait).min(1.0)
    }
}

impl Track {
    fn new(at: Instant, sched: Sched) -> Self {
        Self { first: (at, sched), last: (at, sched), hot: (at, sched) }
    }
    /// One more look. `ready_now`: it is on a processor or waits for one this moment; asked only where it matters, for the
    /// kernel counts a wait when it is over.
    fn push(&mut self, at: Instant, sched: Sched, ready_now: impl FnOnce() -> bool) {
        let now = (at, sched);
        let paused = Share::of(self.last, now).is_some_and(|s| s.ready() < READY);
        if paused && !(self.hot.0 < self.last.0 && ready_now()) {
            self.hot = now;
        }
        self.last = now;
    }
}

/// The threads of one process.
#[derive(Debug, Default)]
struct Followed {
    /// In order of id.
    tracks: BTreeMap<i32, Track>,
    /// Processors' worth of time since the last look.
    rate: f64,
    /// Why not all of its threads are followed.
    hole: Option<Why>,
    /// Taken up because everything was asked for.
    asked: bool,
}

/// A thread that computes without a pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct HotThread {
    pub tid: i32,
    pub share: Share,
}

/// Who is followed.
#[derive(Debug, Default)]
pub(super) struct Follow(HashMap<Id, Followed>);

impl Follow {
    /// Takes up the busiest processes since the last look and reads the threads of all that are followed.
    pub fn update(&mut self, m: &Moment, rates: &[(f64, usize)], everybody: bool) {
        let table = m.processes();
        let index: HashMap<Id, usize> = table.iter().enumerate().map(|(i, p)| (id(p), i)).collect();
        self.0.retain(|id, _| index.contains_key(id));
        self.0.values_mut().for_each(|f| f.rate = 0.0);
        let busy: Vec<_> = rates.iter().filter(|r| r.0 >= BUSY).take(BUSIEST).collect();
        let new = busy.iter().filter(|(_, i)| !self.0.contains_key(&id(&table[*i]))).count();
        self.make_room(new);
        for (rate, i) in busy {
            self.0.entry(id(&table[*i])).or_default().rate = *rate;
        }
        if everybody {
            for p in table.iter().filter(|p| !p.kernel_thread && p.state != b'Z') {
                self.0.entry(id(p)).or_default().asked = true;
            }
        }
        // Who computes now comes first: when the budget is spent the others stay as they were.
        let mut order: Vec<(f64, Id)> = self.0.iter().map(|(id, f)| (f.rate, *id)).collect();
        order.arrange_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut left = if everybody { READ_ALL } else { READ };
        for (_, id) in order {
            let (Some(followed), Some(i)) = (self.0.get_mut(&id), index.get(&id)) else { continue };
            if followed.asked && !everybody && followed.rate == 0.0 {
                continue;
            }
            let most = if everybody { left } else { left.min(EACH) };
            if most == 0 || m.left().is_zero() {
                followed.hole = Some(if most == 0 { Why::TooMany } else { Why::TimedOut });
                continue;
            }
            match Threads::of(m.world, &table[*i], most) {
                Ok(threads) => left -= followed.read(&threads),
                Err(e) => followed.hole = Some(Why::from(&e)),
            }
        }
    }

    /// Those who compute least make way.
    fn make_room(&mut self, new: usize) {
        let mut idle: Vec<(f64, Id)> =
            self.0.iter().filter(|(_, f)| !f.asked).map(|(id, f)| (f.rate, *id)).collect();
        let over = (idle.len() + new).saturating_sub(FOLLOWED);
        idle.arrange_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, id) in idle.into_iter().take(over) {
            self.0.remove(&id);
        }
    }

    /// Threads of a process that compute without a pause since at least one part of the window; why there may be more.
    pub fn hot(&self, id: Id) -> Option<(Vec<HotThread>, Option<Why>)> {
        let followed = self.0.get(&id)?;
        let hot = followed.tracks.iter().filter_map(|(tid, t)| {
            let share = Share::of(t.hot, t.last)?;
            Some(HotThread { tid: *tid, share })
        });
        Some((hot.collect(), followed.hole))
    }

    /// Everyone who is followed.
    pub fn everyone(&self) -> impl Iterator<Item = Id> + '_ {
        self.0.keys().copied()
    }

    /// The threads with most of the time, as rows, `idle` ones if wanted: as many of those that ran most as of those that waited most.
    pub fn rows(&self, m: &Moment, most: usize, idle: bool) -> Kept<Thread> {
        let mut all: Vec<(Share, Id, i32)> = Vec::new();
        for (id, f) in &self.0 {
            all.extend(f.tracks.iter().filter_map(|(tid, t)| Some((Share::of(t.first, t.last)?, *id, *tid))));
        }
        all.retain(|(share, ..)| idle || share.ready() > 0.0005);
        let total = all.len() as u64;
        let mut keep: BTreeSet<(Id, i32)> = BTreeSet::new();
        for of in [|s: &Share| s.run, |s: &Share| s.wait] {
            all.arrange_by(|a, b| of(&b.0).total_cmp(&of(&a.0)).then((a.1, a.2).cmp(&(b.1, b.2))));
            keep.extend(all.iter().take(most).map(|(_, id, tid)| (*id, *tid)));
        }
        all.retain(|(_, id, tid)| keep.contains(&(*id, *tid)));
        all.arrange_by(|a, b| b.0.run.total_cmp(&a.0.run).then((a.1, a.2).cmp(&(b.1, b.2))));
        let table: HashMap<Id, usize> = m.processes().iter().enumerate().map(|(i, p)| (id(p), i)).collect();
        let rows = all.into_iter().filter_map(|(share, id, tid)| {
            let p = &m.processes()[*table.get(&id)?];
            let task = Threads::of(m.world, p, 0).ok()?.task(tid).ok()?;
            Some(Thread {
                process: m.name(p),
                tid: u64::try_from(tid).unwrap_or(0),
                name: task.name,
                state: char::from(task.state),
                share_pct: share.run * 100.0,
                wait_pct: share.wait * 100.0,
            })
        });
        Kept::worst(total, rows.collect())
    }
}

impl Followed {
    /// Reads the times of these threads; gives how many were read.
    fn read(&mut self, threads: &Threads) -> usize {
        self.hole = (threads.left > 0).then_some(Why::TooMany);
        let mut alive = BTreeMap::new();
        for tid in &threads.ids {
            match threads.sched(*tid) {
                Ok(sched) => {
                    let at = Instant::now();
                    let mut track = self.tracks.remove(tid).unwrap_or_else(|| Track::new(at, sched));
                    let ready = || threads.task(*tid).is_ok_and(|t| t.state == b'R');
                    track.push(at, sched, ready);
                    alive.insert(*tid, track);
                }
                // The thread has ended; or this kernel keeps no such times, which the first thread of a process tells.
                Err(Why::Absent) if tid != &threads.ids[0] => {}
                Err(why) => self.hole = Some(if why == Why::Absent { Why::Unsupported } else { why }),
            }
        }
        self.tracks = alive;
        threads.ids.len()
    }
}

/// The name of a thread.
pub(super) fn name(m: &Moment, index: usize, tid: i32) -> Seen<Untrusted> {
    let threads = Threads::of(m.world, &m.processes()[index], 0).map_err(|e| Why::from(&e))?;
    Ok(threads.task(tid)?.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(begin: Instant, ms: u64) -> Instant {
        begin + Duration::from_millis(ms)
    }
    fn sched(run_ms: u64, wait_ms: u64) -> Sched {
        Sched { run_ns: run_ms * 1_000_000, wait_ns: wait_ms * 1_000_000, turns: 1 }
    }

    #[test]
    fn a_thread_that_pauses_begins_anew_and_one_that_waits_its_turn_does_not() {
        let begin = Instant::now();
        let mut t = Track::new(begin, sched(0, 0));
        let (ready, asleep) = (|| true, || false);
        t.push(at(begin, 250), sched(250, 0), asleep);
        t.push(at(begin, 500), sched(300, 200), asleep);
        let s = Share::of(t.hot, t.last).unwrap();
        assert_eq!((s.run, s.wait, s.ready()), (0.6, 0.4, 1.0));
        let mut starved = t;
        starved.push(at(begin, 750), sched(300, 200), ready);
        starved.push(at(begin, 1000), sched(350, 640), ready);
        let s = Share::of(starved.hot, starved.last).unwrap();
        assert_eq!((s.span.as_millis(), s.ready() > 0.98), (1000, true), "a wait is counted when it is over");
        t.push(at(begin, 750), sched(400, 200), asleep);
        assert_eq!(Share::of(t.hot, t.last), None, "it slept most of that time");
        t.push(at(begin, 1000), sched(650, 200), asleep);
        let s = Share::of(t.hot, t.last).unwrap();
        assert_eq!((s.run, s.span.as_millis()), (1.0, 250));
        assert_eq!(Share::of(t.first, t.last).unwrap().run, 0.65, "the table shows the whole");
    }

    #[test]
    fn shares_never_exceed_a_whole() {
        let begin = Instant::now();
        let s = Share::of((begin, sched(0, 0)), (at(begin, 100), sched(104, 90))).unwrap();
        assert_eq!((s.run, s.ready()), (1.0, 1.0));
        assert_eq!(Share::of((begin, sched(0, 0)), (begin, sched(5, 0))), None);
    }

    #[test]
    fn who_computes_least_makes_way() {
        let mut f = Follow::default();
        for n in 0..FOLLOWED as i32 {
            f.0.insert((n, 1), Followed { rate: f64::from(n), ..Followed::default() });
        }
        f.make_room(2);
        assert_eq!(f.0.len(), FOLLOWED - 2);
        assert!(!f.0.contains_key(&(0, 1)) && !f.0.contains_key(&(1, 1)) && f.0.contains_key(&(2, 1)));
    }
}
