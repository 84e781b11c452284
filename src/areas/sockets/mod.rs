//! TCP sockets by state, owner and peer.

mod args;
mod blocks;
mod checks;
mod facts;
mod probe;

use crate::{
    areas::Area,
    model::{Block, Check, Gap, Gaps, RowSink, Why},
    settings::Settings,
    source::{Moment, Walked},
};
use args::Args;
use facts::Facts;
use probe::Sockets as Probe;
use std::io;

/// The area.
pub struct Sockets(Probe);

impl Area for Sockets {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "sockets";
    const ABOUT: &'static str = "TCP by state, owner and peer: leaks, queues, drops, ports, silent peers";
    const CHECKS: &'static [Check<Facts>] = checks::ALL;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args::default())
    }
    fn open(args: &Args) -> Self {
        Self(Probe::new(args))
    }
    fn read(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.0.read(m, gaps)
    }
    fn wants(&self, _: usize) -> bool {
        self.0.wants()
    }
    fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.0.meet(process, fd, link)
    }
    fn missed(&mut self, _: usize, why: Why) {
        self.0.missed(why);
    }
    fn look(&mut self, m: &Moment, w: &Walked, gaps: &mut Gaps) -> Result<(), Gap> {
        self.0.look(m, w, gaps);
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.0.facts()
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
    fn list(&mut self, m: &Moment, sink: &mut dyn RowSink, _: &mut Gaps) -> io::Result<bool> {
        self.0.list(m, sink)
    }
}
