//! Memory that cannot be given back against the limit that binds: per control group, per process and for the machine.

mod args;
mod blocks;
mod charge;
mod checks;
pub mod facts;
mod heap;
mod probe;
mod series;

pub use args::Args;
pub use facts::Facts;
pub use probe::Memory;

use super::Area;
use crate::{
    model::{Block, Check, Gap, Gaps, RowSink},
    settings::Settings,
    source::{Moment, Walked},
};
use std::io;

impl Area for Memory {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "memory";
    const ABOUT: &'static str = "Memory against the limit that binds, OOM kills, pressure, and who grows";
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args::in_check())
    }
    fn open(args: &Args) -> Self {
        Memory::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.look_at(moment, gaps)
    }
    fn look(&mut self, _: &Moment, _: &Walked, _: &mut Gaps) -> Result<(), Gap> {
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.seen().clone()
    }
    fn list(&mut self, moment: &Moment, sink: &mut dyn RowSink, _: &mut Gaps) -> io::Result<bool> {
        self.stream(moment, sink)
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
}
