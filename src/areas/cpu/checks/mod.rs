//! The checks of `cpu`: a file each, and here its two lines.

mod event_loop_stalled;
mod pressure;
mod steal;
mod throttled;
mod uninterruptible;

use super::facts::Facts;
use crate::model::Check;

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] =
    &[throttled::CHECK, event_loop_stalled::CHECK, uninterruptible::CHECK, pressure::CHECK, steal::CHECK];

/// What a check that compares two looks lacks when there was one.
const WINDOW: &str = "a window: --window 1s";

/// Processors' worth of time as people say it: `2`, `0.5`, `0.25`.
fn cores(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
pub(super) mod recorded;

#[cfg(test)]
mod tests {
    #[test]
    fn cores_have_no_noughts_behind_them() {
        assert_eq!([2.0, 0.5, 0.25, 10.0, 0.0].map(super::cores), ["2", "0.5", "0.25", "10", "0"]);
    }
}
