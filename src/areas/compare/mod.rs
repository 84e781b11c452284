//! The odd one out among pods, hosts or snapshots: what most have in common is the norm, and who differs is named with what it
//! differs in.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Compare;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps},
    settings::Settings,
    source::{Moment, Walked},
};
use std::time::Duration;

/// What a run across a cluster may wait, beside what every run has.
const PATIENCE: Duration = Duration::from_secs(50);

impl Area for Compare {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "compare";
    const ABOUT: &'static str =
        "The odd one out among snapshot files, pods, ssh hosts or anything that commands can be run in";
    const PLACE: Place = Place::Apart;
    const LOCAL: bool = false;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Err(None)
    }
    fn with_settings(args: Args, settings: &Settings) -> Args {
        Args { cluster: settings.cluster.clone(), way_in: settings.way_in.clone(), ..args }
    }
    fn usable(args: &Args) -> Result<(), Gap> {
        probe::named(args).map(|_| ())
    }
    fn may_take(args: &Args) -> Duration {
        if args.waits() { PATIENCE } else { Duration::ZERO }
    }
    fn open(args: &Args) -> Self {
        Compare::new(args.clone())
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
