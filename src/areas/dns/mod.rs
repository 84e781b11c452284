//! Name resolution as the application has it: its settings, its library's rules, and what each server really answers.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Dns;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps},
    settings::Settings,
    source::{Moment, Walked},
};
use std::time::Duration;

impl Area for Dns {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "dns";
    const ABOUT: &'static str =
        "What each nameserver answers and how fast, and what a lookup really sends and comes to";
    const PLACE: Place = Place::Apart;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(settings: &Settings) -> Result<Args, Option<Gap>> {
        Ok(Args { brief: true, names: settings.names.clone(), ..Args::default() })
    }
    fn takes(args: &Args) -> Duration {
        let servers = args.server.len().max(1) as u32;
        args.load.0.as_ref().map_or(Duration::ZERO, |load| load.takes() * servers + args::load::LOOKS)
    }
    fn open(args: &Args) -> Self {
        Dns::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.run(moment, gaps)
    }
    fn look(&mut self, _: &Moment, _: &Walked, _: &mut Gaps) -> Result<(), Gap> {
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.seen().cloned().unwrap_or_default()
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
}
