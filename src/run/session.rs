//! The probes of a run, kept between looks, so that `--watch` costs one look a tick.

use super::apart::Apart;
use crate::source::proc::own::give_way;
use crate::{
    areas::{Place, Recorded, Running},
    model::{Gap, Gaps, Progress, Quiet, RowSink, Why},
    source::{Moment, Phase, Scope, Walked, Wanting, World, walk},
};
use anyhow::bail;
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

/// How long to look and how often.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// From the first look to the last; zero is one look without rates.
    pub window: Duration,
    /// The whole run, or one tick of `--watch`.
    pub timeout: Duration,
}

impl Timing {
    /// Looks in a window: five in a short one (below that a slope has no bounds), about one in every second of a longer
    /// one, never more than sixty-one. Always an odd number, so that one of them is in the middle.
    fn looks(self) -> u32 {
        match self.window.as_secs() {
            _ if self.window.is_zero() => 1,
            0..5 => 5,
            s => (s as u32 / 2 * 2 + 1).min(61),
        }
    }
}

/// One run.
pub struct Session {
    world: World,
    scope: Scope,
    progress: Arc<dyn Progress>,
    areas: Vec<Box<dyn Running>>,
    apart: Vec<Apart>,
    began: Option<Instant>,
    span: Duration,
    gaps: Vec<Gap>,
}

impl Session {
    /// Starts a run of these areas.
    pub fn open(world: World, scope: Scope, areas: Vec<Box<dyn Running>>) -> Self {
        let (areas, apart): (Vec<_>, Vec<_>) = areas.into_iter().partition(|a| a.place() == Place::Here);
        let apart = apart.into_iter().map(Apart::new).collect();
        let progress = Arc::new(Quiet);
        Self { world, scope, progress, areas, apart, began: None, span: Duration::ZERO, gaps: vec![] }
    }

    /// The same, telling about long work here.
    pub fn telling(self, progress: Arc<dyn Progress>) -> Self {
        Self { progress, ..self }
    }

    /// All looks of one window.
    ///
    /// # Errors
    /// When the scope matches no process.
    pub fn observe(&mut self, timing: Timing) -> anyhow::Result<()> {
        let start = Instant::now();
        let deadline = start + timing.timeout;
        // Who looks apart looks once: nobody needs the window.
        let looks = if self.areas.is_empty() { 1 } else { timing.looks() };
        self.send_off(deadline);
        for i in 0..looks {
            if i > 0 {
                sleep((start + timing.window * i / (looks - 1)).saturating_duration_since(Instant::now()));
            }
            let phase = if i + 1 == looks {
                Phase::Last
            } else if i == 0 || i == looks / 2 {
                Phase::Full
            } else {
                Phase::Cheap
            };
            self.look(deadline, phase)?;
        }
        self.await_all(deadline);
        Ok(())
    }

    /// One more look, of all areas.
    ///
    /// # Errors
    /// When the scope matches no process.
    pub fn again(&mut self, deadline: Instant) -> anyhow::Result<()> {
        self.send_off(deadline);
        self.look(deadline, Phase::Last)?;
        self.await_all(deadline);
        Ok(())
    }

    fn send_off(&mut self, deadline: Instant) {
        for a in &mut self.apart {
            a.send_off(&self.world, &self.scope, &self.progress, deadline);
        }
        give_way();
    }

    fn await_all(&mut self, deadline: Instant) {
        for a in &mut self.apart {
            a.await_it(deadline);
        }
    }

    /// One look of the areas on this thread.
    fn look(&mut self, deadline: Instant, phase: Phase) -> anyhow::Result<()> {
        let m = Moment::now(&self.world, &self.scope, deadline, phase).telling(&*self.progress);
        if !self.scope.is_everything() && m.processes().is_empty() {
            bail!("no process matches {}: nothing was looked at", self.scope);
        }
        self.span = m.at - *self.began.get_or_insert(m.at);
        if phase == Phase::Last {
            // What is watched on begins its next window here.
            self.began = Some(m.at);
        }
        for a in &mut self.areas {
            a.read(&m);
        }
        let mut gaps = Gaps::default();
        let mut all = Together { areas: &mut self.areas, open: vec![] };
        // Each area guards itself; on the walk they are called from outside, so the walk is guarded as one.
        let walked = catch_unwind(AssertUnwindSafe(|| walk(&m, &mut all, &mut gaps))).unwrap_or_else(|_| {
            gaps.add(
                Why::Broken,
                "descriptor lists of processes",
                "please report it with the message on stderr",
            );
            Walked::default()
        });
        for a in &mut self.areas {
            a.look(&m, &walked);
        }
        // Between looks nobody asks, and what it shares with us would be copied as we go on.
        self.world.ask().rest();
        self.gaps = m.gaps();
        self.gaps.extend(gaps.list());
        Ok(())
    }

    /// What every area has recorded so far.
    pub fn records(&self) -> Vec<Box<dyn Recorded>> {
        let here = self.areas.iter().map(|a| a.record(self.span.as_secs_f64()));
        here.chain(self.apart.iter().map(Apart::record)).collect()
    }

    /// What could not be seen of the process table and of the descriptors, for all areas.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The machine.
    pub fn host(&self) -> crate::model::report::Host {
        crate::source::host(&self.world, &self.scope)
    }

    /// Streams all rows of every area that was asked to.
    ///
    /// # Errors
    /// When the output cannot be written or the source cannot be read.
    pub fn list(&mut self, timeout: Duration, sink: &mut dyn RowSink) -> io::Result<()> {
        let m = Moment::now(&self.world, &self.scope, Instant::now() + timeout, Phase::Last);
        let apart = self.apart.iter_mut().filter_map(Apart::at_home);
        for a in self.areas.iter_mut().chain(apart) {
            a.list(&m, sink)?;
        }
        Ok(())
    }
}

/// The wishes of all areas as one.
struct Together<'a> {
    areas: &'a mut [Box<dyn Running>],
    /// The areas that want something of the process being read.
    open: Vec<usize>,
}

impl Wanting for Together<'_> {
    fn wants(&mut self, process: usize) -> bool {
        self.open.clear();
        for (i, a) in self.areas.iter_mut().enumerate() {
            if a.wants(process) {
                self.open.push(i);
            }
        }
        !self.open.is_empty()
    }
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.open.retain(|i| self.areas[*i].meet(process, fd, link));
        !self.open.is_empty()
    }
    fn missed(&mut self, process: usize, why: Why) {
        for i in &self.open {
            self.areas[*i].missed(process, why);
        }
    }
}
