//! The checks of `dns`: a file each, and here its two lines.

use super::facts::Facts;
use crate::model::Check;

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[];
