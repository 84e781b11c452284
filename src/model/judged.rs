//! What checks come to, for their tests: judged is what a snapshot holds, not what was put into it.

use super::{Check, Defaults, Finding, Judging, Outcome, Why};
use serde::{Serialize, de::DeserializeOwned};

/// What the check comes to.
pub fn outcome<F: Serialize + DeserializeOwned>(check: &Check<F>, facts: &F) -> Outcome {
    let text = serde_json::to_string(facts).unwrap();
    Judging::run(check, &serde_json::from_str(&text).unwrap(), &Defaults)
}

/// What it finds.
#[track_caller]
pub fn found<F: Serialize + DeserializeOwned>(check: &Check<F>, facts: &F) -> Vec<Finding> {
    match outcome(check, facts) {
        Outcome::Found { findings, .. } => findings,
        other => panic!("nothing was found: {other:?}"),
    }
}

/// How many were looked at and how many could not be.
#[track_caller]
pub fn clear<F: Serialize + DeserializeOwned>(check: &Check<F>, facts: &F) -> (u64, u64) {
    match outcome(check, facts) {
        Outcome::Clear { looked, unseen } => (looked, unseen),
        other => panic!("not clear: {other:?}"),
    }
}

/// It cannot be decided, for this reason.
#[track_caller]
pub fn unknown<F: Serialize + DeserializeOwned>(check: &Check<F>, facts: &F, wanted: Why) {
    match outcome(check, facts) {
        Outcome::Unknown { why, .. } => assert_eq!(why, wanted),
        other => panic!("not unknown: {other:?}"),
    }
}

/// Nobody asked for it.
#[track_caller]
pub fn skipped<F: Serialize + DeserializeOwned>(check: &Check<F>, facts: &F) {
    let outcome = outcome(check, facts);
    assert!(matches!(outcome, Outcome::Skipped { .. }), "{outcome:?}");
}
