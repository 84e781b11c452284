//! Control groups, version 1, version 2 and both at once: where the patient's are mounted, which of their parents are
//! visible, and what their files say.

mod group;
mod places;
mod view;

pub use group::{Group, Version};
pub use view::{Hierarchy, View, own};

pub(super) use places::Places;
