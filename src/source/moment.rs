//! One instant, shared by all areas that look at it: each shared thing is read at most once.

use super::{Clock, Scope, World, cgroup, child, proc};
use crate::model::{self, Gaps, Progress, Quiet, Stamp};
use std::{
    cell::{OnceCell, RefCell},
    time::{Duration, Instant},
};

/// What a look is for. A window has its full looks at the begin, in the middle and at the end: what holds in three looks
/// is no coincidence, and more dumps of all sockets would only cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Counts only.
    Cheap,
    /// Everything but who holds what.
    Full,
    /// Full, and the one before facts are asked for: it pays for a walk of the descriptors.
    Last,
}

/// One look at the world.
pub struct Moment<'w> {
    /// Where from.
    pub world: &'w World,
    /// At what.
    pub scope: &'w Scope,
    /// When the look began.
    pub at: Instant,
    /// The same in wall time.
    pub stamp: Stamp,
    /// When it must have ended.
    pub deadline: Instant,
    /// What this look is for.
    pub phase: Phase,
    /// Where long work says how far it is.
    pub progress: &'w dyn Progress,
    table: OnceCell<Vec<proc::Process>>,
    cgroups: OnceCell<cgroup::View>,
    gaps: RefCell<Gaps>,
}

impl<'w> Moment<'w> {
    /// Begins a look.
    pub fn now(world: &'w World, scope: &'w Scope, deadline: Instant, phase: Phase) -> Self {
        Self {
            world,
            scope,
            at: Instant::now(),
            stamp: Clock::now(),
            deadline,
            phase,
            progress: &Quiet,
            table: OnceCell::new(),
            cgroups: OnceCell::new(),
            gaps: RefCell::default(),
        }
    }
    /// The same, telling about long work here.
    pub fn telling(self, progress: &'w dyn Progress) -> Self {
        Self { progress, ..self }
    }
    /// The look before facts are asked for.
    pub fn last(&self) -> bool {
        self.phase == Phase::Last
    }
    /// Time left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
    /// The processes in scope, in order of pid.
    pub fn processes(&self) -> &[proc::Process] {
        self.table.get_or_init(|| {
            let mut table = proc::list(self.world, self.deadline, &mut self.gaps.borrow_mut());
            // A child of ours that hangs on a dead mount is not the patient's.
            let own = proc::own::pid(self.world);
            table.retain(|p| !child::is_ours(p.comm.as_str(), p.ppid, own));
            self.scope.keep(self.world, table)
        })
    }
    /// The control groups of the processes in scope: one small file is read for each process.
    pub fn cgroups(&self) -> &cgroup::View {
        self.cgroups.get_or_init(|| {
            let view = cgroup::View::read(self.world, self.processes(), self.scope.target, self.deadline);
            self.gaps.borrow_mut().add_many(
                model::Why::Unsupported,
                "control groups of processes",
                if view.is_empty() { 0 } else { view.out_of_reach() },
                "they are outside of the trees that are mounted here",
            );
            view
        })
    }
    /// What could not be seen of the process table.
    pub fn gaps(&self) -> Vec<model::Gap> {
        self.gaps.borrow().list()
    }
    /// At least so many processes in scope could not be looked at, because procfs keeps them from us.
    pub fn hidden(&self) -> u64 {
        self.processes();
        // Who names pids asks about these: what is hidden beside them is not in scope.
        let asked = self.scope.pids.is_empty();
        self.gaps().iter().filter(|g| asked && g.why == model::Why::Denied).map(|g| g.count).sum()
    }
    /// A process as findings name it.
    pub fn name(&self, p: &proc::Process) -> model::Process {
        model::Process {
            pid: p.pid,
            start_ticks: p.start_ticks,
            start: self.world.clock.start(p.start_ticks),
            name: p.comm.clone(),
            user: Some(self.world.users.name(p.uid)),
        }
    }
}
