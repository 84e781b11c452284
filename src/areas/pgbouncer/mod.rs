//! PgBouncer by its own console: who waits for a server connection and why, what the pools may open, what they break.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::PgBouncer;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps, Why},
    settings::Settings,
    source::{Moment, Walked},
};

impl Area for PgBouncer {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "pgbouncer";
    const ABOUT: &'static str = "PgBouncer: waiting clients, and pool sizes against the server's slots";
    const PLACE: Place = Place::Apart;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(settings: &Settings) -> Result<Args, Option<Gap>> {
        if settings.named {
            return Ok(Args::default());
        }
        // Its console wants a user of its own, which an application seldom is.
        Err(probe::named_by_environment().map(|variable| Gap {
            remedy: Some("paramedic pgbouncer".into()),
            ..Gap::new("PgBouncer", Why::NotAsked, format!("{variable} names a pooler"))
        }))
    }
    fn open(args: &Args) -> Self {
        PgBouncer::new(args.clone())
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
    fn next(facts: &Facts, line: String) -> String {
        match &facts.again {
            // Not the one of `pg`, which the target of a console does not reach.
            Some(again) if line.split(' ').next() == Some(Self::NAME) => format!("{line} {again}"),
            _ => line,
        }
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
}
