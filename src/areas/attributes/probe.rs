//! Reads the attributes.

use super::Args;
use crate::{
    model::{Attributes, Gap, Gaps, Identity, Kept, Stamp},
    source::Moment,
};

/// The probe.
pub struct AttributesOf {
    args: Args,
    seen: Attributes,
}

impl AttributesOf {
    /// A probe that has not looked yet.
    pub fn new(args: Args) -> Self {
        let seen = Attributes {
            identity: Identity::default(),
            key_id: String::new(),
            clock: Stamp::from_ms(0),
            list: Kept::default(),
        };
        Self { args, seen }
    }
    /// Reads everything.
    ///
    /// # Errors
    /// When nothing can be read.
    pub fn look_at(&mut self, moment: &Moment, _: &mut Gaps) -> Result<(), Gap> {
        let _ = &self.args;
        self.seen.clock = moment.stamp;
        Ok(())
    }
    /// What was read.
    pub fn seen(&self) -> Attributes {
        self.seen.clone()
    }
}
