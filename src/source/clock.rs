//! Wall time for display, ticks since boot for identity.

use crate::model::Stamp;
use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// The machine's clock as far as it is needed to date a process.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Boot in seconds since 1970, from `btime` in `/proc/stat`.
    boot_s: Option<i64>,
    ticks_per_s: u64,
}

impl Clock {
    pub(super) fn read(proc_root: &Path) -> Self {
        let boot_s = fs::read_to_string(proc_root.join("stat"))
            .ok()
            .and_then(|t| t.lines().find_map(|l| l.strip_prefix("btime ")?.trim().parse().ok()));
        Self { boot_s, ticks_per_s: rustix::param::clock_ticks_per_second().max(1) }
    }
    /// Now.
    pub fn now() -> Stamp {
        let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        Stamp::from_ms(ms as i64)
    }
    /// Wall time of a start in ticks since boot; `None` when the boot time is not known.
    pub fn start(&self, ticks: u64) -> Option<Stamp> {
        let since_boot_ms = ticks as i128 * 1000 / i128::from(self.ticks_per_s);
        let ms = i128::from(self.boot_s?) * 1000 + since_boot_ms;
        Some(Stamp::from_ms(i64::try_from(ms).ok()?))
    }
}
