//! Life and death of the services: what becomes of a SIGTERM, who collects the dead, how many tasks there may be.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Lifecycle;

use super::Area;
use crate::{
    model::{Block, Check, Gap, Gaps},
    settings::Settings,
    source::{Moment, Walked},
};

impl Area for Lifecycle {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "lifecycle";
    const ABOUT: &'static str =
        "Whether a SIGTERM reaches the service, who collects zombies, tasks against their limits";
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args::default())
    }
    fn open(args: &Args) -> Self {
        Lifecycle::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.see(moment, gaps);
        Ok(())
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
