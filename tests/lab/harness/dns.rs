//! Nameservers of a case: what the resolver is told, and what the server was asked.

use std::fs;

use serde_json::Value;

use super::host::Host;
use super::patient::{Patient, Program};
use super::report::Report;

/// Where the server of `patients/dns_server.py` keeps its list.
const LOG: &str = "/run/lab/work/queries.jsonl";
const RESOLV: &str = "/run/lab/resolv.conf";

/// One question that the server received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Name and type, as in `db.a.test A`.
    pub what: String,
    /// The server's address.
    pub server: String,
    /// `udp` or `tcp`.
    pub over: String,
}

impl Query {
    /// The packet as paramedic lists it, as in `A 127.0.0.11` or `A 127.0.0.11 tcp`.
    pub fn packet(&self) -> String {
        let kind = self.what.split(' ').next_back().unwrap_or_default();
        let over = if self.over == "tcp" { " tcp" } else { "" };
        format!("{kind} {}{over}", self.server)
    }
}

impl Host {
    /// Puts this text in the place of `/etc/resolv.conf`, for programs of this host alone.
    pub fn resolv_conf(&self, text: &str) {
        let first = !self.path(RESOLV).exists();
        self.write(RESOLV, text);
        if first {
            self.tool(&["mount", "--bind", RESOLV, "/etc/resolv.conf"]);
        }
        let inside = self.tool(&["cat", "/etc/resolv.conf"]);
        assert_eq!(inside, text, "patient");
    }

    /// Starts the server that is sick in this way.
    pub fn dns_server(&self, addresses: &str, rules: &[&str]) -> Patient {
        self.start(Program::python("dns_server.py").args([addresses]).args(rules))
    }

    /// What the server was asked since its last order.
    pub fn queries(&self) -> Vec<Query> {
        let text = fs::read_to_string(self.path(LOG)).expect("the server keeps a list");
        let text_of = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_string();
        let one = |line: &str| {
            let line: Value = serde_json::from_str(line).expect("each line is JSON");
            let what = format!("{} {}", text_of(&line, "name"), text_of(&line, "type"));
            Query { what, server: text_of(&line, "server"), over: text_of(&line, "over") }
        };
        text.lines().map(one).collect()
    }
}

impl Report {
    /// Rows of one table of the area dns, as texts.
    pub fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let sections = self.json["sections"].as_array().into_iter().flatten();
        let blocks = sections.flat_map(|s| s["blocks"].as_array().into_iter().flatten());
        let rows =
            blocks.filter(|b| b["name"] == table).flat_map(|b| b["rows"].as_array().into_iter().flatten());
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), ToString::to_string);
        rows.map(|r| r.as_array().into_iter().flatten().map(text).collect()).collect()
    }
}
