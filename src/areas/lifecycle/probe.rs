//! Follows zombies and first processes over the full looks, and reads limits in the last one.

mod inits;
mod kin;
mod tasks;
mod zombies;

use super::{
    args::Args,
    facts::{Facts, Init},
};
use crate::{
    model::{Arrange, Gaps, Kept, Reading, Why},
    source::{Moment, Phase, proc},
};
use kin::Kin;
use std::collections::BTreeMap;

/// So many rows are judged, whatever the length of the table that was asked for.
const JUDGED: usize = 100;

/// Identity of a process: pid and start.
type Id = (i32, u64);

/// The probe: remembers who was dead and who comes first between looks.
pub struct Lifecycle {
    args: Args,
    /// Our own pid: the tool does not report on itself.
    own: Option<i32>,
    opened: bool,
    zombies: zombies::Watch,
    inits: inits::Watch,
    facts: Facts,
}

impl Lifecycle {
    pub(super) fn new(args: Args) -> Self {
        let nothing = Facts {
            inits: Kept::default(),
            inits_unseen: BTreeMap::from([(Why::NotAsked, 1)]),
            zombies: Reading::unseen(Why::NotAsked),
            tasks: Reading::unseen(Why::NotAsked),
            machine: Reading::unseen(Why::NotAsked),
        };
        Self {
            args,
            own: None,
            opened: false,
            zombies: zombies::Watch::default(),
            inits: inits::Watch::default(),
            facts: nothing,
        }
    }
    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }

    /// One look. Nothing here is wanted of the descriptor walk.
    pub(super) fn see(&mut self, m: &Moment, gaps: &mut Gaps) {
        if !self.opened {
            self.own = proc::own::pid(m.world);
            self.opened = true;
        }
        // Dead at the begin, in the middle and at the end: a table of ten thousand need not be read more often.
        if m.phase == Phase::Cheap {
            return;
        }
        self.zombies.see(m, self.own);
        self.inits.see(m);
        if !m.last() {
            return;
        }
        let kin = Kin::of(m);
        let rows = (self.args.rows as usize).max(JUDGED);
        let inits = self.inits.facts(m, &kin, self.own, gaps);
        self.facts.zombies = Reading::seen(self.zombies.facts(m, &inits, rows));
        self.facts.inits_unseen = self.inits.unseen(m, gaps);
        let total = inits.len() as u64;
        self.facts.inits = Kept::worst(total, worst(inits, rows));
        self.facts.tasks = tasks::groups(m, rows, gaps).into();
        self.facts.machine = tasks::machine(m, inits::of_machine(m.world)).into();
    }
}

/// Those to whom something will happen first, then by how sure that is; the rest in order of pid.
fn worst(mut inits: Vec<Init>, most: usize) -> Vec<Init> {
    use super::facts::{Home, Verdict};
    inits.arrange_by_key(|i| {
        let judged = i.judged.drawn();
        let bad = judged.is_some_and(|j| matches!(j.verdict, Verdict::Dropped | Verdict::ShellWrapper))
            || i.wrapper.is_some();
        let asked = i.home == Home::Container && !i.ours && !i.idles();
        (!(bad && asked), !bad, std::cmp::Reverse(judged.map(|j| j.confidence)), i.process.pid)
    });
    inits.truncate(most);
    inits
}

#[cfg(test)]
mod recorded_tests;
