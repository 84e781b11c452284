//! The machine itself, out of `/proc/meminfo`.

use super::share;
use crate::model::{Psi, Reading, Why};
use serde::{Deserialize, Serialize};

/// The memory of the machine, in bytes: proc_meminfo(5). Read in a container it is that of the node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// `MemTotal` without what is set aside for huge pages: a hypervisor or a database that reserves them is not full.
    pub total: u64,
    /// `MemAvailable`: the kernel's own estimate of what new work may have without swapping; unseen before Linux 3.14.
    pub available: Reading<u64>,
    /// `MemFree`.
    pub free: u64,
    /// Page cache that was not used lately.
    pub inactive_file: u64,
    /// What could be swapped out: `AnonPages` and `Shmem`.
    pub swappable: u64,
    /// `SwapTotal`.
    pub swap_total: u64,
    /// `SwapFree`.
    pub swap_free: u64,
    /// How long tasks wait for memory; `None` in a container, where that is the neighbours' affair.
    pub psi: Option<Reading<Psi>>,
    /// OOM kills of the whole machine since it was started; not asked in a container. Judged only where no control group
    /// tells whose they were.
    pub kills: Reading<u64>,
    /// The same within the window.
    pub kills_now: Reading<u64>,
}

impl Machine {
    /// `None` when the text is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let rest = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'))?;
            rest.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
        };
        // Linux before 4.19 tells only how many there are of the usual size.
        let huge = value("Hugetlb").or_else(|| {
            let count =
                text.lines().find_map(|l| l.strip_prefix("HugePages_Total:"))?.trim().parse::<u64>().ok()?;
            value("Hugepagesize")?.checked_mul(count)
        });
        let unasked = || Reading::unseen(Why::NotAsked);
        let total = value("MemTotal")?.checked_sub(huge.unwrap_or(0)).filter(|t| *t > 0)?;
        Some(Self {
            total,
            available: value("MemAvailable").map(|a| a.min(total)).ok_or(Why::Unsupported).into(),
            free: value("MemFree")?,
            inactive_file: value("Inactive(file)")?,
            swappable: value("AnonPages")?.saturating_add(value("Shmem")?),
            // A kernel without swap still prints both.
            swap_total: value("SwapTotal")?,
            swap_free: value("SwapFree")?,
            psi: None,
            kills: unasked(),
            kills_now: unasked(),
        })
    }
    /// What the kernel cannot take away: all but what is available, less what still fits into swap.
    pub fn unreclaimable(&self) -> Reading<u64> {
        let (total, swappable) = (self.total, self.swappable.min(self.swap_free));
        self.available.map(|a| (total - a).saturating_sub(swappable))
    }
    /// The same in percent of all there is.
    pub fn used_pct(&self) -> Reading<f64> {
        self.unreclaimable().map(|u| share(u, self.total))
    }
    /// In use without page cache that was not used lately.
    pub fn working_set(&self) -> u64 {
        self.current().saturating_sub(self.inactive_file)
    }
    /// In use in any way.
    pub fn current(&self) -> u64 {
        self.total.saturating_sub(self.free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "MemTotal:       24684012 kB\nMemFree:        10690000 kB\nMemAvailable:   23344012 kB\n\
        Inactive(file):  8631232 kB\nAnonPages:        425000 kB\nShmem:              8872 kB\n\
        SwapTotal:       1000000 kB\nSwapFree:         900000 kB\nHugePages_Total:       0\n";

    #[test]
    fn what_is_not_available_is_used_and_what_fits_into_swap_is_not() {
        let m = Machine::parse(TEXT).unwrap();
        assert_eq!(m.total, 24_684_012 << 10);
        assert_eq!(m.unreclaimable(), Reading::seen((24_684_012 - 23_344_012 - 433_872) << 10));
        assert_eq!(m.current(), (24_684_012 - 10_690_000) << 10);
        let full = Machine::parse(&TEXT.replace("900000", "0")).unwrap();
        assert_eq!(full.unreclaimable(), Reading::seen(1_340_000 << 10));
    }

    #[test]
    fn huge_pages_that_are_set_aside_are_neither_used_nor_free() {
        let all = Machine::parse(TEXT).unwrap();
        let host = Machine::parse(&format!("{TEXT}Hugetlb: 1048576 kB\n")).unwrap();
        assert_eq!(all.total - host.total, 1 << 30);
        let old =
            TEXT.replace("HugePages_Total:       0", "HugePages_Total:     512\nHugepagesize:       2048 kB");
        assert_eq!(Machine::parse(&old).unwrap().total, host.total);
    }

    #[test]
    fn an_old_kernel_has_no_estimate_and_bad_text_is_no_machine() {
        let old = Machine::parse(&TEXT.replace("MemAvailable", "Other")).unwrap();
        assert_eq!(old.used_pct(), Reading::unseen(Why::Unsupported));
        for bad in
            ["", "MemTotal: 0 kB\n", "MemTotal: -5 kB\n", "MemTotal: many kB", &TEXT.replace("MemFree", "X")]
        {
            assert_eq!(Machine::parse(bad), None, "{bad}");
        }
        let enormous = TEXT.replace("24684012", "99999999999999999999");
        assert_eq!(Machine::parse(&enormous), None);
    }
}
