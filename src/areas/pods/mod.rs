//! What specs and statuses of pods say about shutdown, probes, limits and restarts.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Pods;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps},
    settings::Settings,
    source::{Moment, Walked},
};
use std::time::Duration;

/// What a run across a cluster may wait, beside what every run has.
const PATIENCE: Duration = Duration::from_secs(50);

impl Area for Pods {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "pods";
    const ABOUT: &'static str =
        "What the specs and statuses of pods say about shutdown, probes, limits, restarts";
    const PLACE: Place = Place::Apart;
    const LOCAL: bool = false;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    /// A cluster is asked by name only.
    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Err(None)
    }
    fn with_settings(args: Args, settings: &Settings) -> Args {
        Args { cluster: settings.cluster.clone(), ..args }
    }
    fn may_take(args: &Args) -> Duration {
        if args.files.is_empty() { PATIENCE } else { Duration::ZERO }
    }
    fn open(args: &Args) -> Self {
        Pods::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.run(moment, gaps)
    }
    fn look(&mut self, _: &Moment, _: &Walked, _: &mut Gaps) -> Result<(), Gap> {
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.seen().clone()
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
}
