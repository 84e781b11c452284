//! Slopes and what they are worth: pure arithmetic over numbers, no clock and no model.

mod slope;
mod spread;

pub use slope::{Slope, theil_sen};
pub use spread::{Spread, median};
