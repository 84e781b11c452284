//! The exit code: one function decides, for every command and format.

use super::Asked;
use crate::model::{Outcome, Section, Severity, Why, glob, report::FindingV1};
use clap::ValueEnum;

/// From which severity on the exit code is not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Notices too.
    Notice,
    /// Warnings and worse.
    #[default]
    Warning,
    /// Criticals only.
    Critical,
    /// Findings never change the exit code.
    Never,
}

impl FailOn {
    fn counts(self, severity: Severity) -> bool {
        match self {
            FailOn::Notice => true,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Critical => severity >= Severity::Critical,
            FailOn::Never => false,
        }
    }
}

/// 2 critical, 1 warning, 3 could not look, 0 clear. Critical > warning > unknown > clear; `--fail-on` applies before
/// this ranking, and "could not look" stays 3 whatever it says.
pub fn exit_code(findings: &[FindingV1], sections: &[Section], asked: &Asked) -> u8 {
    match findings.iter().map(|f| f.severity).filter(|s| asked.fail_on.counts(*s)).max() {
        Some(Severity::Critical) => 2,
        Some(Severity::Warning | Severity::Notice) => 1,
        None if blind(sections, asked) || (asked.strict && holes(sections)) => 3,
        None => 0,
    }
}

/// The same for several places, of which each has its own code, or none: it could not be asked. Whoever could not be asked
/// may be the sick one, so that 3 wins here; what the others found is in the report all the same.
pub fn exit_of_members(codes: impl IntoIterator<Item = Option<u8>>) -> u8 {
    let badness = |code: &u8| match code {
        2 => 3,
        1 => 2,
        3 => 1,
        _ => 0,
    };
    let codes: Option<Vec<u8>> = codes.into_iter().collect();
    codes.map_or(3, |all| all.into_iter().max_by_key(badness).unwrap_or(3))
}

/// Something that was named came to nothing; or, when nothing was named, everything did.
fn blind(sections: &[Section], asked: &Asked) -> bool {
    let checks = || sections.iter().flat_map(|s| s.checks.iter().map(move |c| (s.area, c)));
    let decided = |o: &Outcome| matches!(o, Outcome::Clear { .. } | Outcome::Found { .. });
    if asked.named.is_empty() {
        return !checks().any(|(_, c)| decided(&c.1));
    }
    asked.named.iter().any(|name| {
        let outcomes: Vec<&Outcome> =
            checks().filter(|(area, c)| glob(name, area) || glob(name, c.0)).map(|(_, c)| &c.1).collect();
        // An area that was narrowed to what no check is about (`--state time-wait`) was looked at all the same; a code
        // that was named and skipped was not.
        let area = !name.contains('/') && !outcomes.is_empty();
        let narrowed = area && outcomes.iter().all(|o| matches!(o, Outcome::Skipped { .. }));
        !narrowed && !outcomes.into_iter().any(decided)
    })
}

/// Anything at all that could not be seen.
fn holes(sections: &[Section]) -> bool {
    sections.iter().any(|s| {
        s.gaps.iter().any(|g| g.why != Why::NotAsked)
            || s.checks.iter().any(|c| match c.1 {
                Outcome::Unknown { .. } => true,
                Outcome::Clear { unseen, .. } | Outcome::Found { unseen, .. } => unseen > 0,
                Outcome::Skipped { .. } => false,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_member_decides_and_one_that_could_not_be_asked_is_three() {
        let of = |codes: &[Option<u8>]| exit_of_members(codes.iter().copied());
        assert_eq!(of(&[Some(0), Some(0)]), 0);
        assert_eq!(of(&[Some(0), Some(1), Some(3)]), 1);
        assert_eq!(of(&[Some(1), Some(2), Some(3)]), 2);
        assert_eq!(of(&[Some(0), Some(3)]), 3);
        assert_eq!(of(&[Some(2), None]), 3);
        assert_eq!(of(&[]), 3);
    }
}
