//! From the files of a group to three figures. Pure.
//!
//! What a limit is compared with (`memory.current`, `memory.usage_in_bytes`) holds page cache, which the kernel drops
//! when memory is short. What it cannot take away is what leads to a kill, and no file says it, so it is added up:
//!
//! - version 2: `anon` and `shmem` (which `file` holds too, though no file stands behind it), less what still fits into
//!   swap; the kernel's own memory, that is `kernel` (5.18 and later, else its parts) less `slab_reclaimable`; `sock` and
//!   `zswap`. Parts that a kernel does not print are memory that it does not count.
//! - version 1: `total_rss` and `total_shmem`, less what still fits into swap. Memory of the kernel is charged too but
//!   never told apart (`memory.kmem.usage_in_bytes` is mostly dentries that it can drop), so this is a lower bound: a
//!   finding that rests on it is right, and the tight groups of version 1 are found by how often they hit their limit.
//!
//! Adding up misses pages that are locked into memory and charges that a processor holds in stock; taking the cache away
//! from the whole instead would count that stock, 256 KiB for each processor, as memory that nobody can give back.

use super::facts::Charge;
use crate::model::{Seen, Why};
use std::collections::BTreeMap;

/// A file of lines `key number`.
pub(super) type Keyed = BTreeMap<String, u64>;

/// A key without which the figures would be made up.
fn need(stat: &Keyed, key: &str) -> Seen<u64> {
    stat.get(key).copied().ok_or(Why::Malformed)
}

/// Version 2, out of `memory.current`, `memory.stat` and the swap that is left to the group.
///
/// # Errors
/// `Malformed` when a key is missing that every kernel prints.
pub(super) fn v2(current: u64, stat: &Keyed, swap_room: u64, swap: Option<u64>) -> Seen<Charge> {
    let (anon, shmem) = (need(stat, "anon")?, need(stat, "shmem")?);
    let part = |key: &str| stat.get(key).copied().unwrap_or(0);
    let kernel = match stat.get("kernel") {
        Some(all) => Some(*all),
        // Before 5.18 in parts, and `slab` in 4.5 to 5.8 without the per-cpu memory.
        None => stat.get("slab").map(|slab| {
            [part("kernel_stack"), part("pagetables"), part("percpu")]
                .iter()
                .fold(*slab, |a, b| a.saturating_add(*b))
        }),
    };
    let kept = kernel.unwrap_or(0).saturating_sub(part("slab_reclaimable"));
    let unreclaimable = anon
        .saturating_add(shmem)
        .saturating_sub(swap_room)
        .saturating_add(kept)
        .saturating_add(part("sock"))
        .saturating_add(part("zswap"));
    Ok(Charge {
        current,
        working_set: current.saturating_sub(need(stat, "inactive_file")?),
        unreclaimable: unreclaimable.min(current),
        anon,
        shmem: Some(shmem),
        file: need(stat, "file")?.saturating_sub(shmem),
        kernel,
        swap,
    })
}

/// Version 1, out of `memory.usage_in_bytes`, `memory.stat`, `memory.kmem.usage_in_bytes` and the swap that is left.
///
/// # Errors
/// As [`v2`].
pub(super) fn v1(current: u64, stat: &Keyed, kernel: Option<u64>, swap_room: u64) -> Seen<Charge> {
    // Linux before 4.13 or so has no `total_shmem`: a lower bound it is anyway.
    let (anon, shmem) = (need(stat, "total_rss")?, stat.get("total_shmem").copied());
    let unreclaimable = anon.saturating_add(shmem.unwrap_or(0)).saturating_sub(swap_room);
    Ok(Charge {
        current,
        working_set: current.saturating_sub(need(stat, "total_inactive_file")?),
        unreclaimable: unreclaimable.min(current),
        anon,
        shmem,
        file: need(stat, "total_cache")?.saturating_sub(shmem.unwrap_or(0)),
        kernel,
        // Where swap is not accounted the line is missing: that is not the same as none.
        swap: stat.get("total_swap").copied(),
    })
}

/// Pages that were taken away and had to come back, and pages that a process had to wait for. Their number does not
/// matter, only whether it rises: page cache that is written once and dropped makes none.
pub(super) fn refaults(stat: &Keyed) -> u64 {
    const KEYS: [&str; 4] =
        ["workingset_refault", "workingset_refault_file", "workingset_refault_anon", "pgmajfault"];
    // Version 1 prints each line twice, for the group alone and for all that is below it.
    let below = if stat.contains_key("total_rss") { "total_" } else { "" };
    KEYS.iter().filter_map(|k| stat.get(&format!("{below}{k}"))).fold(0, |a, b| a.saturating_add(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(pairs: &[(&str, u64)]) -> Keyed {
        pairs.iter().map(|(k, v)| ((*k).to_string(), *v)).collect()
    }
    const MIB: u64 = 1 << 20;

    fn stat() -> Keyed {
        keyed(&[
            ("anon", 40 * MIB),
            ("file", 20 * MIB),
            ("kernel", 6 * MIB),
            ("shmem", 5 * MIB),
            ("inactive_file", 12 * MIB),
            ("active_file", 3 * MIB),
            ("slab_reclaimable", 2 * MIB),
            ("slab", 3 * MIB),
            ("sock", MIB),
            ("key_of_tomorrow", 7),
        ])
    }

    #[test]
    fn version_2_counts_what_no_file_stands_behind_and_what_the_kernel_keeps() {
        let c = v2(66 * MIB, &stat(), 0, Some(0)).unwrap();
        assert_eq!(c.unreclaimable, (40 + 5 + 4 + 1) * MIB);
        assert_eq!((c.current, c.working_set, c.file), (66 * MIB, 54 * MIB, 15 * MIB));
        assert_eq!(v2(66 * MIB, &stat(), 20 * MIB, None).unwrap().unreclaimable, 30 * MIB, "swap takes some");
        assert_eq!(
            v2(66 * MIB, &stat(), u64::MAX, None).unwrap().unreclaimable,
            5 * MIB,
            "never the kernel's"
        );
    }

    #[test]
    fn an_older_kernel_tells_its_memory_in_parts() {
        let mut old = stat();
        old.remove("kernel");
        old.insert("kernel_stack".into(), MIB);
        old.insert("pagetables".into(), 2 * MIB);
        assert_eq!(v2(66 * MIB, &old, 0, None).unwrap().kernel, Some(6 * MIB));
        assert_eq!(v2(66 * MIB, &old, 0, None).unwrap().unreclaimable, 50 * MIB);
    }

    #[test]
    fn version_1_is_a_lower_bound_without_the_memory_of_the_kernel() {
        let stat = keyed(&[
            ("total_rss", 40 * MIB),
            ("total_cache", 20 * MIB),
            ("total_shmem", 5 * MIB),
            ("total_inactive_file", 12 * MIB),
            ("rss", 1),
        ]);
        let c = v1(66 * MIB, &stat, Some(6 * MIB), 0).unwrap();
        assert_eq!((c.unreclaimable, c.working_set, c.file), (45 * MIB, 54 * MIB, 15 * MIB));
        assert_eq!((c.kernel, c.swap), (Some(6 * MIB), None));
    }

    #[test]
    fn a_missing_key_is_not_nought_and_enormous_numbers_do_no_harm() {
        for key in ["anon", "shmem", "file", "inactive_file"] {
            let mut less = stat();
            less.remove(key);
            assert_eq!(v2(66 * MIB, &less, 0, None), Err(Why::Malformed), "{key}");
        }
        assert_eq!(v1(1, &keyed(&[("rss", 1)]), None, 0), Err(Why::Malformed));
        let huge: Keyed = stat().into_keys().map(|k| (k, u64::MAX)).collect();
        assert_eq!(v2(9, &huge, 0, None).unwrap().unreclaimable, 9, "no more than all there is");
        assert_eq!(refaults(&huge), 0, "none of its keys is there");
    }

    #[test]
    fn faults_of_either_version_are_told_once() {
        let two = keyed(&[("anon", 1), ("pgmajfault", 3), ("workingset_refault_file", 4)]);
        let one = keyed(&[
            ("total_rss", 1),
            ("pgmajfault", 1),
            ("total_pgmajfault", 3),
            ("total_workingset_refault_file", 5),
        ]);
        assert_eq!((refaults(&two), refaults(&one)), (7, 8));
    }
}
