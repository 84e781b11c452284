//! The checks of `memory`: a file each, and here its two lines.

mod growing;
mod heap_vs_limit;
mod near_limit;
mod oom_killed;
mod pressure;

use super::facts::{Facts, Group};
use crate::model::{Check, Finding, Thing, Untrusted, rates};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] =
    &[near_limit::CHECK, oom_killed::CHECK, growing::CHECK, pressure::CHECK, heap_vs_limit::CHECK];

/// A group as findings tie it to others.
fn cgroup(path: &Untrusted) -> Thing {
    Thing::Cgroup { path: path.clone() }
}

/// A command that shows the group; without a part that a shell would read as something else.
fn look_at(path: &Untrusted, more: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_.:@-".contains(c);
    let path = path.as_str();
    let narrowed = path.len() > 1 && path.chars().all(plain) && !path.starts_with("/..");
    let scope = if narrowed { format!(" --container {path}") } else { String::new() };
    format!("memory{scope}{more}")
}

/// Ties the biggest process of a group to a finding and says so.
fn with_biggest(finding: Finding, group: &Group) -> Finding {
    let Some(big) = &group.biggest else { return finding };
    let (who, size) = (big.process.label(), rates::bytes(big.rss_bytes));
    let said = match group.processes {
        0 | 1 => format!("{who} is the only process seen in it: {size} resident"),
        n => format!("of the {} processes in it {who} is the biggest: {size} resident", rates::count(n)),
    };
    finding.about(Thing::Process(big.process.clone())).because(said)
}

/// The line that knows what was before this container, where there may have been one.
fn earlier(path: &Untrusted, hidden: bool) -> Option<&'static str> {
    (hidden || path.as_str().contains("kubepods")).then_some(
        "whether earlier containers of the pod were killed too: kubectl describe pod POD, Last State",
    )
}

#[cfg(test)]
pub(super) mod recorded;
