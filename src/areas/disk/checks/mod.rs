//! The checks of `disk`: a file each, and here its two lines.

mod deleted_held;
mod hung_mount;
mod inodes_near_full;
mod near_full;
mod pressure;
mod read_only;

use super::facts::{Answer, Device, Facts, Kind, Mounts};
use crate::model::{Check, Judging, Why};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[
    hung_mount::CHECK,
    read_only::CHECK,
    near_full::CHECK,
    inodes_near_full::CHECK,
    deleted_held::CHECK,
    pressure::CHECK,
];

/// The file systems of the facts; those left out of the rows are less full than every row and are counted.
fn mounts<'f>(f: &'f Facts, out: &mut Judging) -> Option<&'f Mounts> {
    let mounts = out.part(&f.mounts, "the mount table")?;
    out.looked(mounts.others);
    mounts.others_unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    Some(mounts)
}

/// Somebody may write there, and what is written takes space that can run out.
fn fills(d: &Device) -> bool {
    d.writable && d.kind != Kind::Image
}

/// Why nothing is known of how full it is, if nothing is.
fn silent(d: &Device) -> Option<Why> {
    match d.answer {
        Answer::Given | Answer::Slow { .. } => None,
        Answer::Unknown { why } => Some(why),
        // It is a finding by itself.
        Answer::Hung { .. } | Answer::Dead { .. } => Some(Why::TimedOut),
    }
}

/// What else the file system is, for the reasoning: where else it is mounted.
fn elsewhere(d: &Device) -> Option<String> {
    match d.others {
        0 => None,
        1 => Some("it is mounted at one more place: what is written there counts too".into()),
        n => Some(format!("it is mounted at {n} more places: what is written there counts too")),
    }
}

#[cfg(test)]
pub(super) mod recorded;
