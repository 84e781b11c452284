//! The checks of `fds`: a file each, and here its two lines.

mod growing;
mod inotify_exhausted;
mod near_limit;
mod system_near_limit;

use super::facts::Facts;
use crate::model::Check;

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] =
    &[near_limit::CHECK, growing::CHECK, system_near_limit::CHECK, inotify_exhausted::CHECK];

/// A rate of `what` as people say it, `20 sockets a second`: by the second, the minute or the hour, whichever gives whole
/// numbers.
fn rate(per_s: f64, what: &str) -> String {
    let (n, unit) = match per_s {
        r if r >= 1.0 => (r, "a second"),
        r if r * 60.0 >= 1.0 => (r * 60.0, "a minute"),
        r => (r * 3600.0, "an hour"),
    };
    let n = if n < 9.95 && (n - n.round()).abs() >= 0.05 { format!("{n:.1}") } else { format!("{n:.0}") };
    [n.as_str(), what, unit].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(super) mod recorded;

#[cfg(test)]
mod tests {
    #[test]
    fn rates_are_said_in_the_unit_that_gives_whole_numbers() {
        assert_eq!(
            [20.04, 1.5, 0.5, 1.0 / 13.0, 0.001].map(|r| super::rate(r, "")),
            ["20 a second", "1.5 a second", "30 a minute", "4.6 a minute", "3.6 an hour"]
        );
        assert_eq!(super::rate(20.0, "sockets"), "20 sockets a second");
    }
}
