//! The checks of `compare`: a file each, and here its two lines.

mod clock_skew;
mod disk_outlier;
mod dns_differs;
mod duplicate_identity;
mod env_differs;
mod fd_outlier;
mod file_differs;
mod image_differs;
mod limits_differ;
mod memory_outlier;
mod mounts_differ;
mod odd;
mod outlier;
mod process_differs;
mod sysctl_differs;
mod version_differs;

use super::facts::Facts;
use crate::model::Check;

/// Every check, in the order in which reports name them: what brings other differences about first.
pub(super) const CHECKS: &[Check<Facts>] = &[
    image_differs::CHECK,
    env_differs::CHECK,
    file_differs::CHECK,
    dns_differs::CHECK,
    limits_differ::CHECK,
    sysctl_differs::CHECK,
    mounts_differ::CHECK,
    process_differs::CHECK,
    version_differs::CHECK,
    duplicate_identity::CHECK,
    disk_outlier::CHECK,
    memory_outlier::CHECK,
    fd_outlier::CHECK,
    clock_skew::CHECK,
];

#[cfg(test)]
pub(super) mod recorded;
