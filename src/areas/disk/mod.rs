//! Space and inodes of every file system, mounts that hang or take no writes, and who holds deleted files.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod kinds;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Disk;

use super::Area;
use crate::{
    model::{Block, Check, Gap, Gaps, RowSink, Why},
    settings::Settings,
    source::{Moment, Walked},
};
use std::io;

impl Area for Disk {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "disk";
    const ABOUT: &'static str =
        "Space and inodes of every mount, mounts that hang or take no writes, and who holds deleted files";
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args::default())
    }
    fn open(args: &Args) -> Self {
        Disk::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.begin(moment, gaps)
    }
    fn wants(&self, process: usize) -> bool {
        self.wanted(process)
    }
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.met(process, fd, link)
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
    fn list(&mut self, moment: &Moment, sink: &mut dyn RowSink, _: &mut Gaps) -> io::Result<bool> {
        self.stream(moment, sink)
    }
}
