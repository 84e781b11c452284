//! One file a check, and what several of them say alike.

mod slots_full;

use super::Facts;
use crate::model::Check;

pub(super) const CHECKS: &[Check<Facts>] = &[slots_full::CHECK];
