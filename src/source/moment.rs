//! One instant, shared by all areas that look at it: each shared thing is read at most once.

use super::{Clock, Scope, World, proc};
use crate::model::{self, Gaps, Stamp};
use std::{
    cell::{OnceCell, RefCell},
    time::{Duration, Instant},
};

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
    /// The last look before facts are asked for: the one that pays for a walk of the descriptors.
    pub last: bool,
    table: OnceCell<Vec<proc::Process>>,
    gaps: RefCell<Gaps>,
}

impl<'w> Moment<'w> {
    /// Begins a look.
    pub fn now(world: &'w World, scope: &'w Scope, deadline: Instant, last: bool) -> Self {
        Self {
            world,
            scope,
            at: Instant::now(),
            stamp: Clock::now(),
            deadline,
            last,
            table: OnceCell::new(),
            gaps: RefCell::default(),
        }
    }
    /// Time left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
    /// The processes in scope, in order of pid.
    pub fn processes(&self) -> &[proc::Process] {
        self.table.get_or_init(|| {
            let table = proc::list(self.world, self.deadline, &mut self.gaps.borrow_mut());
            self.scope.keep(self.world, table)
        })
    }
    /// What could not be seen of the process table.
    pub fn gaps(&self) -> Vec<model::Gap> {
        self.gaps.borrow().list()
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
