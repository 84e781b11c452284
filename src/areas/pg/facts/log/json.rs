//! `jsonlog`, since 15, and the lines of CloudNativePG, which has the columns of csvlog by name in a `record`.
//! <https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG>

use super::scan::Entry;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    #[serde(flatten)]
    record: Record,
    #[serde(rename = "record")]
    within: Option<Record>,
}

#[derive(Default, Deserialize)]
struct Record {
    #[serde(default, alias = "log_time")]
    timestamp: String,
    #[serde(default, alias = "process_id")]
    pid: Option<Pid>,
    #[serde(default, alias = "sql_state_code")]
    state_code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    context: String,
    #[serde(default, alias = "database_name")]
    dbname: String,
    #[serde(default)]
    application_name: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Pid {
    Number(i32),
    Text(String),
}

/// What a line says; none when it is not of a server.
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    let line: Line = serde_json::from_str(&String::from_utf8_lossy(line)).ok()?;
    let r = line.within.unwrap_or(line.record);
    let pid = match r.pid? {
        Pid::Number(n) => Some(n),
        Pid::Text(t) => t.parse().ok(),
    };
    Some(Entry {
        head: r.timestamp,
        pid,
        state: r.state_code,
        message: r.message,
        detail: r.detail,
        whole: true,
        context: r.context,
        database: r.dbname,
        application: r.application_name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operators_line_is_the_record_within_it() {
        let line = br#"{"level":"info","ts":"2026-11-22T06:59:00Z","logger":"postgres","msg":"record","record":
            {"log_time":"2026-11-22 06:59:00.191 UTC","process_id":"12686","sql_state_code":"40P01","database_name":"shop",
            "message":"deadlock detected","detail":"Process 1","application_name":"web"}}"#;
        let e = entry(line).unwrap();
        assert_eq!(
            (e.pid, &e.state[..], &e.database[..], &e.detail[..]),
            (Some(12_686), "40P01", "shop", "Process 1")
        );
        assert!(entry(br#"{"level":"info","msg":"40P01"}"#).is_none());
        assert!(
            entry(br#"{"timestamp":"2026-11-22 06:59:00.191 UTC","pid":7,"state_code":"40P01","mess"#)
                .is_none()
        );
    }
}
