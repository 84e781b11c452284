//! The schema that the binary prints, held against every document of the lab.

use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::Value;

use super::host::binary;
use super::run;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let mut command = Command::new(binary());
    command.arg("schema").env_clear();
    let ended = run::to_end(command, "", Duration::from_secs(20));
    assert!(ended.status.success(), "paramedic schema: {}", ended.stderr);
    let schema: Value = serde_json::from_slice(&ended.stdout).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
});

/// Panics when the document that `line` printed is not as the schema says.
pub fn must_hold(document: &Value, line: &str) {
    let broken: Vec<String> =
        SCHEMA.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(broken.is_empty(), "{line} breaks its schema:\n{}", broken.join("\n"));
}
