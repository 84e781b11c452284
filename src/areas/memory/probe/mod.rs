//! Looks at groups, processes and the machine; remembers between looks what they were.

mod growth;
mod heaps;
mod kin;
mod rows;
mod survey;

use super::{
    args::Args,
    facts::{Facts, Growth, Machine, Others},
    series::Series,
};
use crate::{
    model::{Gap, Gaps, Kept, Reading, Seen, Why},
    source::{
        Moment, Phase,
        cgroup::Group,
        proc::{self, Process},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};
use survey::{Count, Survey};

/// Identity of a process: pid and start.
type Id = (i32, u64);

/// The probe: remembers the sizes between looks.
pub struct Memory {
    args: Args,
    began: Option<Instant>,
    looks: u32,
    /// Our own pid: the tool does not report on itself.
    own: Option<i32>,
    /// What was counted when the window began.
    base: Option<Base>,
    /// Processes over the looks, the biggest.
    processes: HashMap<Id, Series>,
    /// Processes that are not followed because there are too many.
    unfollowed: u64,
    /// Groups with a limit over the looks, by path.
    groups: Vec<Followed>,
    machine: Series,
    facts: Facts,
}

/// A group with a limit that is followed over the looks.
struct Followed {
    path: String,
    group: Group,
    /// What still fits into swap; read anew at full looks only.
    swap_room: u64,
    series: Series,
}

/// Counters at the begin of a window, by path of the group.
#[derive(Default)]
struct Base {
    kills: HashMap<String, Count>,
    hits: HashMap<String, Hit>,
    machine_kills: Option<u64>,
}

/// Counters of one group that say how often it ran into its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hit {
    max: u64,
    high: u64,
    refaults: Option<u64>,
}

impl Memory {
    pub(super) fn new(args: Args) -> Self {
        let nothing = Facts {
            groups: Kept::default(),
            others: Others::default(),
            tree: Reading::unseen(Why::NotAsked),
            machine: Reading::unseen(Why::NotAsked),
            processes: Kept::default(),
            heaps: Reading::unseen(Why::NotAsked),
            growth: Reading::unseen(Why::NotAsked),
            looks: 0,
        };
        Self {
            args,
            began: None,
            looks: 0,
            own: None,
            base: None,
            processes: HashMap::new(),
            unfollowed: 0,
            groups: Vec::new(),
            machine: Series::default(),
            facts: nothing,
        }
    }
    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }

    /// One look. The first and the last are at everything, those between only at how much there is.
    pub(super) fn look_at(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let table = m.processes();
        if let (true, Some(gap)) = (table.is_empty(), m.gaps().into_iter().next()) {
            return Err(gap);
        }
        let first = self.began.is_none();
        if first {
            self.own = proc::own::pid(m.world);
        }
        let began = *self.began.get_or_insert(m.at);
        let at_ms = u32::try_from(m.at.duration_since(began).as_millis()).unwrap_or(u32::MAX);
        self.looks += 1;
        let machine = machine(m);
        if let Some(used) = machine.as_ref().ok().and_then(|s| s.unreclaimable().drawn().copied()) {
            self.machine.push(at_ms, used);
        }
        self.follow_processes(m, at_ms);
        if first || m.phase == Phase::Last {
            self.everything(m, machine, at_ms, gaps);
        } else {
            self.follow_groups(m, at_ms);
        }
        Ok(())
    }

    fn everything(&mut self, m: &Moment, machine: Seen<Machine>, at_ms: u32, gaps: &mut Gaps) {
        let survey = Survey::take(m, machine.as_ref().ok(), self.own);
        let mut machine = machine;
        if let Ok(s) = &mut machine {
            self.whole_machine(m, s, survey.as_ref().ok());
        }
        self.facts.looks = self.looks;
        self.facts.tree = match &survey {
            // Trees are mounted, and none of their groups has memory of its own.
            Ok(s)
                if s.briefs.is_empty() && s.unread.is_empty() && !s.tree.groups.iter().any(|g| g.machine) =>
            {
                Reading::unseen(Why::Unsupported)
            }
            Ok(s) => Reading::seen(super::facts::Tree { parents_hidden: s.tree.parents_hidden }),
            Err(why) => Reading::unseen(*why),
        };
        match survey {
            Ok(mut s) => {
                self.choose_groups(&mut s, machine.as_ref().ok(), at_ms);
                self.keep_groups(m, &mut s, machine.as_ref().ok());
                self.keep_processes(m, Some(&s), machine.as_ref().ok());
                self.facts.growth = self.growth(m, Some(&s), machine.as_ref().ok());
                if m.last() {
                    self.facts.heaps = Reading::seen(self.heaps(m, &s));
                }
                self.say(m, Some(&s), gaps);
                self.rebase(&s);
            }
            Err(why) => {
                (self.facts.groups, self.facts.others) = (Kept::default(), Others::default());
                self.facts.heaps = Reading::unseen(why);
                self.keep_processes(m, None, machine.as_ref().ok());
                self.facts.growth = self.growth(m, None, machine.as_ref().ok());
                self.say(m, None, gaps);
                self.base = Some(Base::default());
            }
        }
        if let Some(base) = &mut self.base {
            base.machine_kills = machine.as_ref().ok().and_then(|s| s.kills.drawn().copied());
        }
        self.facts.machine = machine.into();
    }

    /// What only the machine as a whole tells: asked where it is ours to judge.
    fn whole_machine(&self, m: &Moment, machine: &mut Machine, survey: Option<&Survey>) {
        let rooted = survey.is_none_or(|s| s.tree.groups.iter().any(|g| g.machine));
        if rooted {
            machine.psi = Some(match m.world.text("pressure/memory") {
                Ok(text) => crate::model::Psi::parse(&text).ok_or(Why::Malformed).into(),
                Err(e) => Reading::unseen(Why::from(&e)),
            });
            let all = match m.world.text("vmstat") {
                Ok(text) => text
                    .lines()
                    .find_map(|l| l.strip_prefix("oom_kill ")?.trim().parse::<u64>().ok())
                    .ok_or(Why::Unsupported),
                Err(e) => Err(Why::from(&e)),
            };
            let before = self.base.as_ref().and_then(|b| b.machine_kills);
            machine.kills = all.into();
            machine.kills_now =
                all.and_then(|n| before.map(|b| n.saturating_sub(b)).ok_or(Why::NotAsked)).into();
        }
    }

    fn rebase(&mut self, survey: &Survey) {
        let path = |b: &survey::Brief| survey.group(b).path.as_str().to_string();
        let kills = survey.briefs.iter().filter_map(|b| Some((path(b), b.kills.ok()?))).collect();
        let hits = survey
            .briefs
            .iter()
            .filter(|b| b.charge.is_some())
            .filter_map(|b| Some((path(b), rows::hit(survey.group(b), b.refaults).ok()?)))
            .collect();
        self.base = Some(Base { kills, hits, machine_kills: None });
    }

    /// What could not be seen.
    fn say(&self, m: &Moment, survey: Option<&Survey>, gaps: &mut Gaps) {
        const ABOVE: &str = "memory limits of the groups above";
        const EARLIER: &str = "OOM kills of earlier containers";
        const USE: &str = "memory of control groups";
        const PRESSURE: &str = "memory pressure of control groups";
        let Some(s) = survey else {
            gaps.add(Why::Absent, USE, "no tree of control groups is mounted here");
            return;
        };
        for (why, n) in &s.unread {
            let detail = match why {
                Why::TooMany => "there are more than are looked at",
                Why::Unsupported => "outside of the trees that are mounted here",
                _ => "not all were read",
            };
            gaps.add_many(*why, USE, *n, detail);
        }
        for b in &s.briefs {
            let path = &s.group(b).path;
            if let Err(why) = b.current {
                gaps.add(why, USE, path);
            }
            match b.psi {
                Some(Err(Why::Unsupported)) => {
                    gaps.add(Why::Unsupported, PRESSURE, "version 1 and psi=0 have none");
                }
                Some(Err(why)) => gaps.add(why, PRESSURE, path),
                _ => {}
            }
        }
        if s.tree.parents_hidden {
            let pod = "kubectl describe pod \"$HOSTNAME\"";
            gaps.add(Why::Unsupported, ABOVE, "a pod's or a node's limit may bind before the container's");
            gaps.remedy(Why::Unsupported, ABOVE, pod);
            let oldest = s.kin.oldest.first().copied().flatten().map(|i| m.name(&m.processes()[i]));
            let since = oldest.and_then(|p| p.start).map_or_else(String::new, |t| format!(" before {t}"));
            gaps.add(
                Why::Unsupported,
                EARLIER,
                format!("a restart makes a new group: none is counted{since}"),
            );
            gaps.remedy(Why::Unsupported, EARLIER, pod);
        }
    }
}

fn machine(m: &Moment) -> Seen<Machine> {
    match m.world.text("meminfo") {
        Ok(text) => Machine::parse(&text).ok_or(Why::Malformed),
        Err(e) => Err(Why::from(&e)),
    }
}

fn id(p: &Process) -> Id {
    (p.pid, p.start_ticks)
}

/// How long a process has lived, in seconds.
fn age_s(m: &Moment, p: &Process) -> Option<f64> {
    let start = m.world.clock.start(p.start_ticks)?;
    Some(m.stamp.ms().saturating_sub(start.ms()).max(0) as f64 / 1000.0)
}

/// A window that was not looked through yet.
fn no_growth(unseen: BTreeMap<Why, u64>) -> Growth {
    Growth { window_s: 0.0, followed: 0, unseen, limited: vec![], processes: vec![] }
}

#[cfg(test)]
mod tests;
