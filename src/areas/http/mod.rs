//! One URL from outside: how long each step to an answer takes, how long the server keeps what is idle or slow, and what becomes
//! of requests while it is replaced.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Http;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps, Why},
    settings::Settings,
    source::{Moment, Walked},
};
use std::time::Duration;

impl Area for Http {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "http";
    const ABOUT: &'static str =
        "One URL: phases, idle and header timeouts against the balancer's, requests lost in a rollout";
    const PLACE: Place = Place::Apart;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        // There is no URL that everybody has.
        Err(None)
    }
    fn takes(args: &Args) -> Duration {
        probe::takes(args)
    }
    fn may_take(args: &Args) -> Duration {
        probe::patience(args)
    }
    fn open(args: &Args) -> Self {
        Http::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.run(moment, gaps)
    }
    fn look(&mut self, _: &Moment, _: &Walked, _: &mut Gaps) -> Result<(), Gap> {
        Ok(())
    }
    fn facts(&self) -> Facts {
        self.seen().cloned().unwrap_or_else(|| Facts::unseen(Why::NotAsked))
    }
    fn blocks(facts: &Facts, _: &Args) -> Vec<Block> {
        blocks::blocks(facts)
    }
}
