//! Counts descriptors at every look, and has those looked through that are worth it.

mod gather;

use super::{
    Kind,
    args::{Args, Kinds},
    choose::{self, Ask, Load},
    facts::{Facts, Inotify, share},
    inotify::{self, Table},
    series::Series,
    tally::Tally,
};
use crate::{
    model::{Arrange, Gap, Gaps, Kept, Reading, Seen, Why},
    source::{
        Moment,
        proc::{self, Process},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    time::Instant,
};

/// So many processes are followed over the looks, the biggest first: 4 MB at most.
const FOLLOWED: usize = 8_192;

/// As many sockets as this cost nothing worth saving.
const FEW: u64 = 64;

/// Identity of a process: pid and start.
type Id = (i32, u64);

/// The probe: remembers the counts between looks.
pub struct Fds {
    args: Args,
    began: Option<Instant>,
    looks: u32,
    /// Our own pid: the tool does not report on itself.
    own: Option<i32>,
    series: HashMap<Id, Series>,
    /// What growing processes held when they were first looked through.
    earlier: HashMap<Id, Tally>,
    now: Look,
    facts: Facts,
}

/// What belongs to the look under way. Processes are indexes into the moment's table.
#[derive(Default)]
struct Look {
    /// When the moment began whose table this is about.
    at: Option<Instant>,
    processes: Vec<usize>,
    /// Place in `tallies`, and one; 0 is none.
    slots: Vec<u32>,
    tallies: Vec<Tally>,
    /// Worth a walk and too big for it.
    too_big: Vec<usize>,
    /// The limit of inotify instances, and who was planned to be counted.
    inotify: Option<(u64, inotify::Plan)>,
    /// Processes that are not followed because there are too many.
    unfollowed: u64,
    /// Pids of the table, and where to ask for the protocol of a socket; nowhere in a recorded tree.
    pids: Vec<i32>,
    proc_root: Option<PathBuf>,
}

impl Fds {
    pub(super) fn new(args: Args) -> Self {
        let nothing = Facts {
            processes: Kept::default(),
            others: 0,
            others_unseen: BTreeMap::new(),
            narrowed: false,
            system: Reading::unseen(Why::NotAsked),
            growth: Reading::unseen(Why::NotAsked),
            looks: 0,
            inotify: Inotify::unseen(Why::NotAsked),
        };
        Self {
            args,
            began: None,
            looks: 0,
            own: None,
            series: HashMap::new(),
            earlier: HashMap::new(),
            now: Look::default(),
            facts: nothing,
        }
    }
    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }
    pub(super) fn tally(&self, process: usize) -> Option<&Tally> {
        let slot = *self.now.slots.get(process)? as usize;
        self.now.tallies.get(slot.checked_sub(1)?)
    }
    /// One descriptor of a process whose kinds are wanted; all of its descriptors are.
    pub(super) fn count(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        let mut kind = Kind::of(link);
        if kind == Kind::Socket && self.tally(process).is_some_and(|t| t.families) {
            let pid = self.now.pids.get(process).copied().unwrap_or(0);
            if let Some(root) = self.now.proc_root.as_deref() {
                kind = proc::link::socket_kind(root, pid, fd);
            }
        }
        let tally = self.tally_mut(process);
        let wanted = tally.is_some();
        if let Some(tally) = tally {
            tally.meet(fd, kind);
        }
        wanted
    }
    pub(super) fn tally_mut(&mut self, process: usize) -> Option<&mut Tally> {
        let slot = *self.now.slots.get(process)? as usize;
        self.now.tallies.get_mut(slot.checked_sub(1)?)
    }

    /// Counts, and chooses whose descriptors the walk is wanted for.
    pub(super) fn begin(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let table = m.processes();
        if self.began.is_none() {
            self.own = proc::own::pid(m.world);
        }
        self.now = Look {
            processes: self.meant(m),
            at: Some(m.at),
            slots: vec![0; table.len()],
            pids: table.iter().map(|p| p.pid).collect(),
            proc_root: m.world.procfs.then(|| m.world.proc_root.clone()),
            ..Look::default()
        };
        if let (true, Some(gap)) = (table.is_empty(), m.gaps().into_iter().next()) {
            return Err(gap);
        }
        self.follow(m);
        self.choose_kinds(m);
        if m.last() {
            self.choose_inotify(m);
        }
        self.say(table, gaps);
        Ok(())
    }

    /// The processes that count, as indexes into the table.
    fn meant(&self, m: &Moment) -> Vec<usize> {
        let own = self.own.filter(|pid| !m.scope.pids.contains(pid));
        let everything = m.scope.is_everything();
        // One that ended while it was read holds nothing any more; in a recorded tree the file is missing instead.
        let gone =
            |p: &Process| m.world.procfs && (p.open == Err(Why::Absent) || p.limit == Err(Why::Absent));
        // Kernel threads hold none: without a scope that names them they would only hide who does.
        let means = |p: &Process| Some(p.pid) != own && !(everything && p.kernel_thread) && !gone(p);
        (0..m.processes().len()).filter(|i| means(&m.processes()[*i])).collect()
    }

    fn follow(&mut self, m: &Moment) {
        let table = m.processes();
        let at_ms = m.at.duration_since(*self.began.get_or_insert(m.at)).as_millis();
        let at_ms = u32::try_from(at_ms).unwrap_or(u32::MAX);
        self.looks += 1;
        let mut order = self.now.processes.clone();
        if order.len() > FOLLOWED {
            order.arrange_by_key(|i| std::cmp::Reverse(table[*i].open.unwrap_or(0)));
        }
        let mut room = FOLLOWED.saturating_sub(self.series.len());
        let mut alive = HashMap::with_capacity(self.series.len());
        for p in order.iter().map(|i| &table[*i]) {
            let Ok(open) = p.open else { continue };
            let mut series = match self.series.remove(&id(p)) {
                Some(s) => s,
                None if room > 0 => {
                    room -= 1;
                    Series::default()
                }
                None => {
                    self.now.unfollowed += 1;
                    continue;
                }
            };
            series.push(at_ms, open);
            alive.insert(id(p), series);
        }
        self.series = alive;
        let series = &self.series;
        self.earlier.retain(|id, _| series.contains_key(id));
    }

    fn choose_kinds(&mut self, m: &Moment) {
        let table = m.processes();
        let ask = match self.args.kinds {
            Kinds::All => Ask::Everyone,
            Kinds::Matter if m.scope.is_everything() => Ask::Matter,
            Kinds::Matter => Ask::Narrowed,
        };
        let loads: Vec<Load> = self.now.processes.iter().map(|i| self.load(&table[*i])).collect();
        let choice = choose::kinds(&loads, ask, m.last());
        let index = |place: &usize| self.now.processes[*place];
        self.now.too_big = choice.left.iter().map(index).collect();
        let walk: Vec<usize> = choice.walk.iter().map(index).collect();
        walk.into_iter().for_each(|i| self.want(table, i, true));
    }

    fn load(&self, p: &Process) -> Load {
        let id = id(p);
        Load {
            open: p.open.ok(),
            used_pct: used_pct(p).ok().flatten(),
            gained: self.series.get(&id).map_or(0, Series::gained),
            counted: self.earlier.contains_key(&id),
        }
    }

    fn want(&mut self, table: &[Process], index: usize, families: bool) {
        if self.now.slots[index] == 0 {
            let before = self.series.get(&id(&table[index])).map_or(0, Series::first);
            self.now.tallies.push(Tally::new(before, families));
            self.now.slots[index] = self.now.tallies.len() as u32;
        }
    }

    fn choose_inotify(&mut self, m: &Moment) {
        let max = match m.world.text("sys/fs/inotify/max_user_instances") {
            Ok(text) => text.trim().parse::<u64>().map_err(|_| Why::Malformed),
            Err(e) => Err(Why::from(&e)),
        };
        let max = match max {
            Ok(max) => max,
            Err(why) => {
                self.facts.inotify = Inotify::unseen(why);
                return;
            }
        };
        let table = m.processes();
        let as_table = |i: &usize| {
            let p = &table[*i];
            Table { uid: p.uid, open: p.open.ok(), walked: self.now.slots[*i] != 0 }
        };
        let tables: Vec<_> = self.now.processes.iter().map(as_table).collect();
        let mut plan = inotify::plan(&tables, max);
        plan.walk.iter_mut().chain(&mut plan.left).for_each(|place| *place = self.now.processes[*place]);
        // Who is walked only for its inotify instances tells the families of its sockets where that is nearly free.
        plan.walk.iter().for_each(|i| self.want(table, *i, table[*i].open.is_ok_and(|n| n <= FEW)));
        self.now.inotify = Some((max, plan));
    }

    /// What could not be seen, or was not worth its cost.
    fn say(&self, table: &[Process], gaps: &mut Gaps) {
        for p in self.now.processes.iter().map(|i| &table[*i]) {
            if let Err(why) = p.open {
                gaps.add(why, "descriptor counts of processes", label(p));
                gaps.remedy(why, "descriptor counts of processes", "sudo paramedic fds");
            }
            if let Err(why) = p.limit {
                gaps.add(why, "descriptor limits of processes", label(p));
            }
        }
        for p in self.now.too_big.iter().map(|i| &table[*i]) {
            let what = "kinds of descriptors of processes";
            gaps.add(Why::TooMany, what, label(p));
            gaps.remedy(Why::TooMany, what, format!("paramedic fds --pid {} --kinds all", p.pid));
        }
        if let Some((_, plan)) = &self.now.inotify {
            let what = "inotify instances in processes with many descriptors";
            let example = plan.left.iter().map(|i| label(&table[*i])).next_back().unwrap_or_default();
            gaps.add_many(Why::TooMany, what, plan.left.len() as u64, example);
            gaps.remedy(Why::TooMany, what, "paramedic fds --kinds all");
        }
    }
}

fn id(p: &Process) -> Id {
    (p.pid, p.start_ticks)
}

fn label(p: &Process) -> String {
    format!("{} (pid {})", p.comm, p.pid)
}

fn used_pct(p: &Process) -> Seen<Option<f64>> {
    Ok(share(p.open?, p.limit?.soft))
}
