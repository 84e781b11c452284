//! The memory of one process beyond what the table knows: files that cost a read each, so for few processes only.

use super::{Process, Stat, read_at};
use crate::{
    model::{Seen, Why},
    source::World,
};
use std::{ffi::CStr, io, os::fd::OwnedFd};

/// What a process holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// `VmRSS`: exact, where the table's figure is what the processors had added up so far (Linux 6.2 and later).
    pub rss_bytes: Seen<u64>,
    /// `VmSwap`.
    pub swap_bytes: Seen<u64>,
}

/// What a process holds, out of its status. Needs no right on it.
///
/// # Errors
/// `Absent` when the process has ended; a line that the kernel has not is `Unsupported`.
pub fn held(world: &World, p: &Process) -> Seen<Held> {
    let seen = |e: io::Error| Why::from(&e);
    let dir = same(world, p).map_err(seen)?;
    let mut buf = [0u8; 4096];
    let text = read_at(&dir, c"status", &mut buf).map_err(seen)?;
    let line = |key| kib(text, key).ok_or(Why::Unsupported);
    Ok(Held { rss_bytes: line("VmRSS:"), swap_bytes: line("VmSwap:") })
}

/// Its share of the memory that it has in common with others, and all that is its own, in bytes: `Pss` of
/// `smaps_rollup`. The kernel walks all its page tables for it, so nobody gets it without asking.
///
/// # Errors
/// `Denied` without the right to trace it, `Absent` when it has ended or the kernel is older than 4.14.
pub fn proportional(world: &World, p: &Process) -> Seen<u64> {
    field(world, p, c"smaps_rollup", "Pss:")
}

fn field(world: &World, p: &Process, file: &CStr, key: &str) -> Seen<u64> {
    let seen = |e: io::Error| Why::from(&e);
    let dir = same(world, p).map_err(seen)?;
    let mut buf = [0u8; 4096];
    let text = read_at(&dir, file, &mut buf).map_err(seen)?;
    kib(text, key).ok_or(Why::Unsupported)
}

/// The directory of the process, if it is still the one of the table.
fn same(world: &World, p: &Process) -> io::Result<OwnedFd> {
    let dir = world.process(p.pid)?;
    let mut buf = [0u8; 1024];
    let same = Stat::parse(read_at(&dir, c"stat", &mut buf)?).is_some_and(|s| s.start_ticks == p.start_ticks);
    if same { Ok(dir) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// The value of a line `Key:   123 kB`, in bytes.
fn kib(text: &[u8], key: &str) -> Option<u64> {
    let line = text.split(|b| *b == b'\n').find_map(|l| l.strip_prefix(key.as_bytes()))?;
    let number = std::str::from_utf8(line).ok()?.trim().strip_suffix("kB")?.trim_end();
    number.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_number_of_kilobytes_and_nothing_else() {
        let text = b"Name:\tnode\nVmSwap:\t     120 kB\nVmBad:\t-5 kB\nVmBare: 7\nVmHuge: 99999999999999999999 kB\n\xff";
        assert_eq!(kib(text, "VmSwap:"), Some(120 * 1024));
        for key in ["VmBad:", "VmBare:", "VmHuge:", "VmMissing:"] {
            assert_eq!(kib(text, key), None, "{key}");
        }
        assert_eq!(kib(b"", "Pss:"), None);
    }
}
