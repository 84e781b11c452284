//! Checks: a code, its documentation, its limits, and a pure function from facts to findings.

use super::{Confidence, Finding, Reading, Severity, Why};
use std::collections::BTreeMap;

/// Two numbers at which a measured figure becomes a warning and a critical.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// From here on a warning.
    pub warning: f64,
    /// From here on critical.
    pub critical: f64,
}

impl Level {
    /// The severity that `x` reaches, if any.
    pub fn of(self, x: f64) -> Option<Severity> {
        if x >= self.critical {
            Some(Severity::Critical)
        } else {
            (x >= self.warning).then_some(Severity::Warning)
        }
    }
    /// The one number of a limit that has only one.
    pub fn value(self) -> f64 {
        self.warning
    }
}

/// A limit that the settings file may change. Declared once, in `check!`.
#[derive(Debug)]
pub struct Limit {
    /// Its key in the settings file.
    pub key: &'static str,
    /// What is compared, with its unit.
    pub what: &'static str,
    /// Used when the settings say nothing.
    pub default: Level,
    /// True when there is one number and no critical beside the warning.
    pub single: bool,
}

/// What `paramedic explain CODE` prints.
#[derive(Debug)]
pub struct Doc {
    /// `area/defect`.
    pub code: &'static str,
    /// A few words.
    pub summary: &'static str,
    /// The doc comment: *What it sees*, *Why it matters*, *Confirm*, *Fix*.
    pub body: &'static str,
    /// Source file, for the registry test.
    pub file: &'static str,
    /// The limits it compares with.
    pub limits: &'static [Limit],
}

/// Where the limits in force come from.
pub trait Levels {
    /// The level in force for one limit of one check.
    fn level(&self, code: &str, limit: &Limit) -> Level;
}

/// A check over the facts `F` of one area.
pub struct Check<F: 'static> {
    /// Code and documentation.
    pub doc: &'static Doc,
    /// Judges; takes no reader, clock or environment.
    pub judge: fn(&F, &dyn Levels, &mut Judging),
}

/// Where one check puts what it finds. Stamps the code, caps what is only a guess, counts what was not seen.
pub struct Judging {
    code: &'static str,
    found: Vec<Finding>,
    part: Option<(Why, &'static str)>,
    looked: u64,
    holes: BTreeMap<Why, u64>,
}

impl Judging {
    /// A part without which there is nothing to judge, with its name: unseen makes the whole check unknown
    /// (or skipped, when nobody asked for it).
    pub fn part<'t, T>(&mut self, r: &'t Reading<T>, what: &'static str) -> Option<&'t T> {
        r.open().map_err(|why| self.part = Some((why, what))).ok()
    }
    /// One value of one row: unseen is counted, and said beside "clear".
    pub fn see<'t, T>(&mut self, r: &'t Reading<T>) -> Option<&'t T> {
        match r.open() {
            Ok(v) => {
                self.looked += 1;
                Some(v)
            }
            Err(why) => {
                *self.holes.entry(why).or_default() += 1;
                None
            }
        }
    }
    /// A value that adds to a finding but does not decide it: its absence is no hole in the check.
    pub fn aside<'t, T>(&mut self, r: &'t Reading<T>) -> Option<&'t T> {
        r.open().ok()
    }
    /// `n` more things were looked at and needed no reading to be opened.
    pub fn looked(&mut self, n: u64) {
        self.looked += n;
    }
    /// `n` things could not be looked at.
    pub fn unseen(&mut self, n: u64, why: Why) {
        if n > 0 {
            *self.holes.entry(why).or_default() += n;
        }
    }
    /// Adds a finding.
    pub fn find(&mut self, finding: Finding) {
        let capped = finding.confidence == Confidence::Low && finding.severity == Severity::Critical;
        let severity = if capped { Severity::Warning } else { finding.severity };
        self.found.push(Finding { code: self.code, severity, ..finding });
    }
    /// Runs one check to its outcome.
    pub fn run<F>(check: &Check<F>, facts: &F, levels: &dyn Levels) -> Outcome {
        let mut j =
            Judging { code: check.doc.code, found: vec![], part: None, looked: 0, holes: BTreeMap::new() };
        (check.judge)(facts, levels, &mut j);
        let unseen = j.holes.values().sum();
        if !j.found.is_empty() {
            return Outcome::Found { findings: j.found, unseen };
        }
        match j.part {
            Some((Why::NotAsked, detail)) => Outcome::Skipped { detail },
            Some((why, detail)) => Outcome::Unknown { why, detail },
            // Holes and nothing looked at: whatever hid them decides.
            None => match j.holes.iter().max_by_key(|h| h.1).filter(|_| j.looked == 0) {
                Some((why, _)) => Outcome::Unknown { why: *why, detail: "nothing of it could be seen" },
                None => Outcome::Clear { looked: j.looked, unseen },
            },
        }
    }
}

/// What came of one check.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Looked at `looked` things and found nothing; `unseen` more could not be looked at.
    Clear {
        /// Things looked at.
        looked: u64,
        /// Things that could not be.
        unseen: u64,
    },
    /// Found something.
    Found {
        /// What.
        findings: Vec<Finding>,
        /// Things that could not be looked at.
        unseen: u64,
    },
    /// Could not be decided.
    Unknown {
        /// Why not.
        why: Why,
        /// What was missing.
        detail: &'static str,
    },
    /// Not asked for in this run: no rates without a window, for example.
    Skipped {
        /// What would have been needed.
        detail: &'static str,
    },
}

/// Declares a check: its doc comment is what `explain` prints, its limits are what the settings file may change.
///
/// ```text
/// check! {
///     /// ## What it sees
///     "fds/near-limit": "open descriptors near the soft limit"
///     { used_pct: "open, % of the soft limit" = 50, 80; min_open: "fewer than this are never near" = 64; }
///     judge(Facts)
/// }
/// ```
#[macro_export]
macro_rules! check {
    ($(#[doc = $doc:literal])+ $code:literal: $summary:literal
     { $($key:ident: $what:literal = $warning:literal $(, $critical:literal)?;)* } $judge:ident($facts:ty)) => {
        #[allow(dead_code, reason = "a check without limits has an empty struct")]
        struct Limits { $($key: $crate::model::Level,)* }
        $(#[doc = $doc])+
        pub(super) const CHECK: $crate::model::Check<$facts> = $crate::model::Check {
            doc: &$crate::model::Doc {
                code: $code, summary: $summary, body: concat!($($doc, "\n"),+), file: file!(), limits: LIMITS,
            },
            judge: |facts, levels, out| {
                #[allow(unused_mut, unused_variables, reason = "a check may have no limits")]
                let mut at = LIMITS.iter().map(|l| levels.level($code, l));
                $judge(facts, &Limits { $($key: at.next().expect("one level for each limit"),)* }, out)
            },
        };
        const LIMITS: &[$crate::model::Limit] = &[$($crate::check!(@limit $key, $what, $warning $(, $critical)?),)*];
    };
    (@limit $key:ident, $what:literal, $value:literal) => { $crate::model::Limit {
        key: stringify!($key), what: $what, single: true,
        default: $crate::model::Level { warning: $value as f64, critical: $value as f64 } } };
    (@limit $key:ident, $what:literal, $warning:literal, $critical:literal) => { $crate::model::Limit {
        key: stringify!($key), what: $what, single: false,
        default: $crate::model::Level { warning: $warning as f64, critical: $critical as f64 } } };
}

/// The defaults: what tests judge with.
pub struct Defaults;
impl Levels for Defaults {
    fn level(&self, _: &str, limit: &Limit) -> Level {
        limit.default
    }
}
