//! The end of a service, rehearsed: under load, told to end as an orchestrator tells it, with every request accounted for.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Shutdown;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps},
    settings::Settings,
    source::{Moment, Walked},
};
use std::time::Duration;

impl Area for Shutdown {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "shutdown";
    const ABOUT: &'static str =
        "Rehearse the end of a service: load, the signal, every request accounted for, who is left";
    const PLACE: Place = Place::Apart;
    /// It is started here or not at all.
    const LOCAL: bool = false;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        // It ends what it looks at: asked for by name only.
        Err(None)
    }
    fn takes(args: &Args) -> Duration {
        args.course() + probe::SLACK
    }
    fn may_take(args: &Args) -> Duration {
        args.start_timeout
    }
    fn open(args: &Args) -> Self {
        Shutdown::new(args.clone())
    }
    fn question(&mut self, pids: &[i32]) -> Option<String> {
        self.agreement(pids)
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
