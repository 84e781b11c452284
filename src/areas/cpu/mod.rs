//! Processor time: quotas that throttle, pressure, threads that starve, block or hold up an event loop.

mod args;
mod blocks;
mod checks;
mod facts;
mod probe;

use super::Area;
use crate::{
    model::{Block, Check, Gap, Gaps, Why},
    settings::Settings,
    source::{Moment, Walked},
};
pub use args::Args;
pub use facts::Facts;
pub use probe::Cpu;

impl Area for Cpu {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "cpu";
    const ABOUT: &'static str =
        "Processor time: throttling, pressure, starved and stuck threads, stalled event loops";
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args::default())
    }
    fn open(args: &Args) -> Self {
        Cpu::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.begin(moment, gaps)
    }
    fn wants(&self, process: usize) -> bool {
        self.wanted(process)
    }
    fn meet(&mut self, process: usize, _: u32, link: &[u8]) -> bool {
        self.met(process, link)
    }
    fn missed(&mut self, process: usize, why: Why) {
        self.lost(process, why);
    }
    fn look(&mut self, moment: &Moment, _: &Walked, gaps: &mut Gaps) -> Result<(), Gap> {
        self.end(moment, gaps);
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.seen().clone()
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
}
