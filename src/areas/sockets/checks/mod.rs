//! The checks of `sockets`: one file each, and two adjacent lines here.

use super::facts::Facts;
use crate::model::Check;

#[cfg(test)]
mod sample;

/// Every check.
pub const ALL: &[Check<Facts>] = &[];
