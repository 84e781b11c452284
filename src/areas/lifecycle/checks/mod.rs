//! The checks of `lifecycle`: a file each, and here its two lines.

mod no_init;
mod shell_wrapper;
mod sigterm_dropped;
mod tasks_near_limit;
mod zombies;

use super::facts::{Facts, Init};
use crate::model::{Cell, Check, Finding, Thing, Untrusted};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] =
    &[sigterm_dropped::CHECK, shell_wrapper::CHECK, zombies::CHECK, no_init::CHECK, tasks_near_limit::CHECK];

/// So many characters of a command line are enough to know it by; the table has all that is shown of it.
const BRIEF: usize = 160;
/// So many of the others are named beside the first.
const NAMED: usize = 5;

/// The begin of a command line.
fn brief(command: &Untrusted) -> String {
    match command.as_str().char_indices().nth(BRIEF) {
        Some((at, _)) => format!("{} …", &command.as_str()[..at]),
        None => command.as_str().to_string(),
    }
}

/// First processes of the same name and command line of which the same is said: replicas of one service. A node with two
/// hundred of them has one fault, not two hundred.
fn alike<K: PartialEq>(items: Vec<(&Init, K)>) -> Vec<(&Init, K, Vec<&Init>)> {
    let mut out: Vec<(&Init, K, Vec<&Init>)> = Vec::new();
    for (init, key) in items {
        let same = |o: &&mut (&Init, K, Vec<&Init>)| {
            o.1 == key && (&o.0.process.name, &o.0.command) == (&init.process.name, &init.command)
        };
        match out.iter_mut().find(same) {
            Some(first) => first.2.push(init),
            None => out.push((init, key, vec![])),
        }
    }
    out
}

/// Says of how many others the same is true.
fn and_others(finding: Finding, others: &[&Init]) -> Finding {
    if others.is_empty() {
        return finding;
    }
    let finding = finding
        .evidence("processes", Cell::from(others.len() + 1))
        .because(format!("the same is true of {} more with this command line", others.len()));
    others.iter().take(NAMED).fold(finding, |f, o| f.about(Thing::Process(o.process.clone())))
}

#[cfg(test)]
pub(super) mod recorded;

#[cfg(test)]
mod tests {
    use super::{
        super::facts::{Handler, Role},
        recorded::*,
        *,
    };

    #[test]
    fn replicas_are_one_fault_and_others_are_not_hidden_behind_it() {
        let inits: Vec<Init> = (1..=9)
            .map(|pid| Init {
                process: process(pid, if pid == 9 { "other" } else { "app" }),
                ..init(Role::Python, Handler::Default)
            })
            .collect();
        let folded = alike(inits.iter().map(|i| (i, i.process.pid == 8)).collect());
        let sizes: Vec<_> = folded.iter().map(|(i, _, others)| (i.process.pid, others.len())).collect();
        assert_eq!(sizes, [(1, 6), (8, 0), (9, 0)]);
        let said = and_others(
            Finding::new(crate::model::Severity::Warning, crate::model::Confidence::High, Thing::Host, "x"),
            &folded[0].2,
        );
        assert_eq!((said.evidence, said.about.len()), (vec![("processes", Cell::Int(7))], NAMED));
    }

    #[test]
    fn a_long_command_line_is_cut_between_characters() {
        let long = Untrusted::from("ü".repeat(300).as_str());
        assert_eq!(brief(&long).chars().count(), BRIEF + 2);
        assert_eq!(brief(&"node s.js".into()), "node s.js");
    }
}
