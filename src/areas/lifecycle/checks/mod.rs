//! The checks of `lifecycle`: a file each, and here its two lines.

mod no_init;
mod shell_wrapper;
mod sigterm_dropped;
mod tasks_near_limit;
mod zombies;

use super::facts::Facts;
use crate::model::Check;

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] =
    &[sigterm_dropped::CHECK, shell_wrapper::CHECK, zombies::CHECK, no_init::CHECK, tasks_near_limit::CHECK];

#[cfg(test)]
pub(super) mod recorded;
