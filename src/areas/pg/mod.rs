//! Postgres from the outside: who waits for whom, what fills the slots, what is about to fail.

mod args;
mod blocks;
mod checks;
pub mod facts;
mod probe;

pub use args::Args;
pub use facts::Facts;
pub use probe::Pg;

use super::{Area, Place};
use crate::{
    model::{Block, Check, Gap, Gaps, Why},
    settings::Settings,
    source::{Moment, Walked, pg::Target},
};

impl Area for Pg {
    type Args = Args;
    type Facts = Facts;
    const NAME: &'static str = "pg";
    const ABOUT: &'static str = "Postgres: who waits for whom, what fills the slots, what fails next";
    const PLACE: Place = Place::Apart;
    const CHECKS: &'static [Check<Facts>] = checks::CHECKS;

    fn in_check(settings: &Settings) -> Result<Args, Option<Gap>> {
        let args = |target: &Option<String>| Args { dbname: target.clone(), ..Args::default() };
        match &settings.pg {
            Some(target) => Ok(args(target)),
            None if settings.named => Ok(args(&None)),
            // A connection is a slot of the server: nobody's to take who was not asked to.
            None => Err(Target::named_by(&|name| std::env::var_os(name)).map(|variable| Gap {
                remedy: Some("paramedic check --pg".into()),
                ..Gap::new("Postgres", Why::NotAsked, format!("{variable} names a database"))
            })),
        }
    }
    fn with_settings(args: Args, settings: &Settings) -> Args {
        Args { queues: settings.queues.clone(), ..args }
    }
    fn open(args: &Args) -> Self {
        Pg::new(args.clone())
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
            Some(again) if line.split(' ').next() == Some(Self::NAME) => format!("{line} {again}"),
            _ => line,
        }
    }
    fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
        blocks::blocks(facts, args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_reach_the_target_that_was_given_and_only_those_of_this_area_name_it() {
        let given = Facts { again: Some("-d shop".into()), ..Facts::unseen(Why::NotAsked) };
        assert_eq!(Pg::next(&given, "pg locks".into()), "pg locks -d shop");
        assert_eq!(Pg::next(&given, "pg replication -o wide".into()), "pg replication -o wide -d shop");
        assert_eq!(Pg::next(&given, "explain pg/slots-full".into()), "explain pg/slots-full");
        // The environment named it, and does so again.
        assert_eq!(Pg::next(&Facts::unseen(Why::NotAsked), "pg locks".into()), "pg locks");
    }
}
