//! One look at all control groups: what is cheap of each of them, and which are worth more.

use super::{
    super::{
        charge::{self, Keyed},
        facts::{Charge, Machine, share},
    },
    kin::Kin,
};
use crate::{
    model::{Arrange, Psi, Seen, Why},
    source::{
        Moment,
        cgroup::{Group, Hierarchy, Version},
    },
};
use std::collections::BTreeMap;

/// No machine that works has so many groups with memory of their own; more are a gap.
const MOST: usize = 1024;
/// So many groups near a limit are read further: their page cache is taken off.
const NEAR: usize = 256;
/// From this share of its limit on, page cache included, a group is worth that.
const NEAR_PCT: f64 = 50.0;
/// Groups that wait for less of their time have no children that wait for more.
const CALM_PCT: f64 = super::super::facts::Others::PRESSURE_FLOOR_PCT;

/// What is cheap of one group.
pub(super) struct Brief {
    /// Its place in the hierarchy.
    pub at: usize,
    pub limit: Seen<Option<u64>>,
    pub high: Seen<Option<u64>>,
    pub current: Seen<u64>,
    /// Of those near a limit.
    pub charge: Option<Seen<Charge>>,
    pub refaults: Option<u64>,
    pub kills: Seen<Count>,
    /// `None`: a group above waits so little that this one need not be asked.
    pub psi: Option<Seen<Psi>>,
}

/// Kills as the kernel counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Of this very group.
    pub own: u64,
    /// Of groups below it that have ended.
    pub ended: u64,
    /// Of the whole group at once.
    pub whole: u64,
}

/// All groups at one look.
pub(super) struct Survey {
    pub tree: Hierarchy,
    pub kin: Kin,
    pub briefs: Vec<Brief>,
    /// For each group of the hierarchy its brief.
    pub of: Vec<Option<usize>>,
    /// Groups that were not looked at, by reason.
    pub unread: BTreeMap<Why, u64>,
}

impl Brief {
    /// The nearest limit of its own, and the share of it that is used: exact where page cache was taken off.
    pub fn used_pct(&self) -> f64 {
        let bound = |l: &Seen<Option<u64>>| l.ok().flatten();
        let least = bound(&self.limit).into_iter().chain(bound(&self.high)).min();
        let used = match &self.charge {
            Some(Ok(c)) => Ok(c.unreclaimable),
            _ => self.current,
        };
        least.zip(used.ok()).map_or(0.0, |(limit, used)| share(used, limit))
    }
    pub fn size(&self) -> u64 {
        self.current.unwrap_or(0)
    }
    pub fn waits(&self) -> bool {
        matches!(self.psi, Some(Ok(psi)) if psi.some.avg10 >= CALM_PCT || psi.some.avg60 >= CALM_PCT)
    }
    pub fn killed(&self) -> bool {
        self.kills.is_ok_and(|k| k.own > 0 || k.ended > 0)
    }
}

impl Survey {
    pub fn take(m: &Moment, machine: Option<&Machine>, own: Option<i32>) -> Seen<Self> {
        let tree = m.cgroups().of("memory")?;
        let kin = Kin::of(&tree, m.processes(), own);
        let unread = tree.unreached.clone();
        let mut survey = Self { of: vec![None; tree.groups.len()], tree, kin, briefs: vec![], unread };
        for at in 0..survey.tree.groups.len() {
            if survey.tree.groups[at].machine {
                continue;
            }
            let why = match () {
                () if survey.briefs.len() == MOST => Some(Why::TooMany),
                () if at % 16 == 0 && m.left().is_zero() => Some(Why::TimedOut),
                () => None,
            };
            if let Some(why) = why {
                *survey.unread.entry(why).or_default() += 1;
                continue;
            }
            if let Some(brief) = survey.brief(at) {
                survey.of[at] = Some(survey.briefs.len());
                survey.briefs.push(brief);
            }
        }
        survey.count_ended();
        survey.approach(m, machine);
        Ok(survey)
    }

    /// The brief of the next visible group above that has memory of its own.
    pub fn above(&self, at: usize) -> Option<&Brief> {
        self.tree.upwards(at).skip(1).find_map(|(g, _)| self.briefs.get(self.of[g]?))
    }
    pub fn group(&self, brief: &Brief) -> &Group {
        &self.tree.groups[brief.at]
    }

    /// `None` for a group without memory of its own: the controller is not enabled there, or it has ended.
    fn brief(&self, at: usize) -> Option<Brief> {
        let g = &self.tree.groups[at];
        let (current, limit, high) = match g.version {
            Version::V1 => (g.number("memory.usage_in_bytes"), g.limit("memory.limit_in_bytes"), Ok(None)),
            Version::V2 => (g.number("memory.current"), g.limit("memory.max"), g.limit("memory.high")),
        };
        if (current, limit) == (Err(Why::Absent), Err(Why::Absent)) {
            return None;
        }
        let above = self.above(at);
        let kills = match above.map(|b| b.kills) {
            // Counts of version 2 hold all that is below: nought above is nought here.
            Some(Ok(k)) if g.version == Version::V2 && k == Count::default() => Ok(Count::default()),
            _ => kills(g),
        };
        let psi = match above {
            Some(b) if b.psi.is_none() || b.psi.is_some_and(|p| p.is_ok()) && !b.waits() => None,
            _ if g.version == Version::V1 => Some(Err(Why::Unsupported)),
            _ => Some(g.pressure("memory.pressure")),
        };
        Some(Brief { at, limit, high, current, charge: None, refaults: None, kills, psi })
    }

    /// What is counted at a group and neither its own nor that of a group below it which is still there.
    fn count_ended(&mut self) {
        let mut below = vec![0u64; self.briefs.len()];
        for i in 0..self.briefs.len() {
            let up = self.tree.upwards(self.briefs[i].at).skip(1).find_map(|(g, _)| self.of[g]);
            if let (Some(up), Ok(k)) = (up, self.briefs[i].kills) {
                below[up] = below[up].saturating_add(k.ended);
            }
        }
        for (brief, below) in self.briefs.iter_mut().zip(below) {
            if let Ok(k) = &mut brief.kills {
                // Until here `ended` holds all that the group counts, whoever it was.
                k.ended = k.ended.saturating_sub(k.own).saturating_sub(below);
            }
        }
    }

    /// Takes the page cache off those that seem to be near a limit.
    fn approach(&mut self, m: &Moment, machine: Option<&Machine>) {
        let mut order: Vec<usize> =
            (0..self.briefs.len()).filter(|i| self.briefs[*i].used_pct() >= NEAR_PCT).collect();
        order.arrange_by(|a, b| self.briefs[*b].used_pct().total_cmp(&self.briefs[*a].used_pct()));
        for i in order.into_iter().take(NEAR) {
            if m.left().is_zero() {
                return;
            }
            self.charge(i, machine);
        }
    }

    /// Reads the charge of a group, once.
    pub fn charge(&mut self, brief: usize, machine: Option<&Machine>) {
        if self.briefs[brief].charge.is_some() {
            return;
        }
        let at = self.briefs[brief].at;
        let room = self.swap_room(at, machine);
        let read = room.and_then(|room| read_charge(&self.tree.groups[at], room));
        let b = &mut self.briefs[brief];
        b.refaults = read.as_ref().ok().map(|r| charge::refaults(&r.1));
        b.charge = Some(read.map(|r| r.0));
    }

    /// How much of a group still fits into swap, in bytes.
    ///
    /// # Errors
    /// When there is swap and it cannot be told how much of it the group may use.
    pub fn swap_room(&self, at: usize, machine: Option<&Machine>) -> Seen<u64> {
        let Some(machine) = machine else { return Err(Why::Absent) };
        let mut room = machine.swap_free;
        for (_, g) in self.tree.upwards(at).filter(|(_, g)| !g.machine) {
            if room == 0 {
                break;
            }
            room = room.min(match g.version {
                Version::V2 => match g.limit("memory.swap.max") {
                    Ok(Some(max)) => max.saturating_sub(g.number("memory.swap.current")?),
                    // No limit; or the controller is not enabled here, or swap is not accounted.
                    Ok(None) | Err(Why::Absent) => u64::MAX,
                    Err(why) => return Err(why),
                },
                // Memory and swap together: what is left when all memory is used.
                Version::V1 => match g.limit("memory.memsw.limit_in_bytes") {
                    Ok(Some(both)) => {
                        let memory = g.limit("memory.limit_in_bytes")?.unwrap_or(both);
                        let used = g.number("memory.memsw.usage_in_bytes")?;
                        let swapped = used.saturating_sub(g.number("memory.usage_in_bytes")?);
                        both.saturating_sub(memory).saturating_sub(swapped)
                    }
                    Ok(None) | Err(Why::Absent) => u64::MAX,
                    Err(why) => return Err(why),
                },
            });
        }
        Ok(room)
    }
}

/// The charge of a group, and the file that it was taken from.
pub(super) fn read_charge(g: &Group, swap_room: u64) -> Seen<(Charge, Keyed)> {
    let stat = g.keyed("memory.stat")?;
    let charge = match g.version {
        Version::V1 => {
            let kernel = g.number("memory.kmem.usage_in_bytes").ok();
            charge::v1(g.number("memory.usage_in_bytes")?, &stat, kernel, swap_room)?
        }
        Version::V2 => {
            let swap = g.number("memory.swap.current").ok();
            charge::v2(g.number("memory.current")?, &stat, swap_room, swap)?
        }
    };
    Ok((charge, stat))
}

/// Kills of a group, with `ended` still all that it counts.
fn kills(g: &Group) -> Seen<Count> {
    let told = |keys: &Keyed, key: &str| keys.get(key).copied();
    match g.version {
        Version::V1 => {
            // Linux before 4.13 has the file without the line.
            let own = told(&g.keyed("memory.oom_control")?, "oom_kill").ok_or(Why::Unsupported)?;
            Ok(Count { own, ended: own, whole: 0 })
        }
        Version::V2 => {
            let all = g.keyed("memory.events")?;
            let total = told(&all, "oom_kill").ok_or(Why::Unsupported)?;
            if total == 0 {
                return Ok(Count::default());
            }
            // Linux before 5.2 has no counts of the group alone: then what it counts is taken for its own.
            let local = g.keyed("memory.events.local").ok();
            let own = local.as_ref().and_then(|l| told(l, "oom_kill")).unwrap_or(total);
            let whole = told(local.as_ref().unwrap_or(&all), "oom_group_kill").unwrap_or(0);
            Ok(Count { own, ended: total, whole })
        }
    }
}
