//! Slopes and what they are worth: pure arithmetic over numbers, no clock and no model.

mod slope;

pub use slope::{Slope, theil_sen};
