//! Tables that are used as queues or outboxes, as the settings name them.

/// A table that is a queue. Names are quoted as the server wants them.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueTable {
    /// What it is called in findings.
    pub name: String,
    /// The table, each part of its name in quotes.
    pub table: String,
    /// SQL that holds for rows that wait.
    pub waiting: String,
    /// The column that says since when, in quotes.
    pub since: String,
    /// SQL that holds for rows that were given up.
    pub dead: Option<String>,
    /// Ages of the oldest waiting row that are a warning and critical, seconds.
    pub oldest_s: Option<(f64, f64)>,
}
