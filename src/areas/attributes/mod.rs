//! What a host or pod is made of, for `compare`: the recording half. It has no command and no checks of its own; `snapshot`
//! writes it beside the facts of the other areas.

mod args;
mod probe;

pub use args::Args;
pub use probe::AttributesOf;

use super::{Area, Place};
use crate::{
    model::{Attributes, Block, Check, Gap, Gaps},
    settings::Settings,
    source::{Moment, Walked},
};

impl Area for AttributesOf {
    type Args = Args;
    type Facts = Attributes;
    const NAME: &'static str = "attributes";
    const ABOUT: &'static str = "All facts of this host or pod, as one JSON document for --from and compare";
    // It follows paths that others made: on a thread of its own, what hangs costs its record and not the run.
    const PLACE: Place = Place::Apart;
    const CHECKS: &'static [Check<Attributes>] = &[];

    fn in_check(_: &Settings) -> Result<Args, Option<Gap>> {
        Err(None)
    }
    fn with_settings(args: Args, settings: &Settings) -> Args {
        Args { seal: settings.seal.clone(), ..args }
    }
    fn open(args: &Args) -> Self {
        AttributesOf::new(args.clone())
    }
    fn read(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        self.look_at(moment, gaps)
    }
    fn look(&mut self, _: &Moment, _: &Walked, _: &mut Gaps) -> Result<(), Gap> {
        Ok(())
    }
    fn facts(&self) -> Attributes {
        self.seen()
    }
    fn blocks(_: &Attributes, _: &Args) -> Vec<Block> {
        vec![]
    }
}
