//! What `paramedic snapshot` recorded for comparison, as a test reads it.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::case::Case;
use super::patient::drop_rights;
use super::run;

/// A snapshot and the attributes in it.
pub struct Document {
    /// Every byte.
    pub text: String,
    record: Value,
}

impl Document {
    /// Runs `paramedic snapshot --brief` in the case, as this user.
    pub fn take(case: &Case, uid: Option<u32>, args: &[&str]) -> Self {
        let mut command = case.inside("env");
        drop_rights(&mut command, uid);
        command.args(["/run/lab/paramedic", "snapshot", "--brief", "--timeout", "50s"]).args(args);
        Self::of(command)
    }

    /// What this command prints.
    pub fn of(command: Command) -> Self {
        let ended = run::to_end(command, "", Duration::from_secs(70));
        assert!(ended.status.success(), "snapshot: {}: {}", ended.status, ended.stderr);
        let text = String::from_utf8(ended.stdout).expect("a snapshot is UTF-8");
        Self::read(text)
    }

    /// A document that is there already.
    pub fn read(text: String) -> Self {
        let whole: Value = serde_json::from_str(&text).expect("a snapshot is JSON");
        let records = whole["records"].as_array().expect("it has records");
        let record = records.iter().find(|r| r["area"] == "attributes").expect("attributes").clone();
        Self { text, record }
    }

    /// Who it is of, by this key.
    pub fn identity(&self, key: &str) -> &Value {
        &self.record["facts"]["identity"][key]
    }

    /// Which key it was made with.
    pub fn key_id(&self) -> &str {
        self.record["facts"]["key_id"].as_str().expect("a key id is a text")
    }

    /// The gaps of the record.
    pub fn gaps(&self) -> &[Value] {
        self.record["gaps"].as_array().expect("gaps are a list")
    }

    /// Group, name and value of everything with this class.
    pub fn all(&self, class: &str) -> Vec<(String, String, Value)> {
        let rows = self.record["facts"]["list"]["rows"].as_array().expect("rows");
        let usual = |value: &Value| match value {
            Value::Number(_) => "number",
            value if value[0] == "set" => "set",
            _ => "equal",
        };
        let of = |row: &&Value| row[3].as_str().unwrap_or_else(|| usual(&row[2])) == class;
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
        rows.iter().filter(of).map(|r| (text(&r[0]), text(&r[1]), r[2].clone())).collect()
    }

    /// One value, whatever its class; null when there is none.
    pub fn value(&self, group: &str, name: &str) -> Value {
        let rows = self.record["facts"]["list"]["rows"].as_array().expect("rows");
        let row = rows.iter().find(|r| r[0] == group && r[1] == name);
        row.map_or(Value::Null, |r| r[2].clone())
    }
}
