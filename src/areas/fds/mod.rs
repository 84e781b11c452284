//! Open descriptors against their limits: per process, per kind, per user and for the whole machine.

mod args;
mod blocks;
mod checks;
mod choose;
pub mod facts;
mod inotify;
mod probe;
mod rows;
mod series;
mod tally;

pub use crate::source::proc::Kind;
pub use args::Args;
pub use facts::Facts;
pub use probe::Fds;

use super::Area;
use crate::{
    model::{Block, Check, Gap, Gaps, RowSink, Why},
    settings::Settings,
    source::{Moment, Walked},
};
use std::io;

impl Area for Fds {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "fds";
    const ABOUT: &'static str =
        "Open descriptors against their limits, by process and kind, and what leaks them";
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args::default())
    }
    fn open(args: &Args) -> Self {
        Fds::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.begin(moment, gaps)
    }
    fn wants(&self, process: usize) -> bool {
        self.tally(process).is_some()
    }
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.count(process, fd, link)
    }
    fn missed(&mut self, process: usize, why: Why) {
        if let Some(tally) = self.tally_mut(process) {
            tally.missed(why);
        }
    }
    fn look(&mut self, moment: &Moment, _: &Walked, _: &mut Gaps) -> Result<(), Gap> {
        self.end(moment);
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.seen().clone()
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
    fn list(&mut self, moment: &Moment, sink: &mut dyn RowSink, _: &mut Gaps) -> io::Result<bool> {
        self.stream(moment, sink)
    }
}
