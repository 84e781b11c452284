//! Rows as the server sends them: text by column name. What is null or no number is none.

use crate::source::pg::Rows;
use std::str::FromStr;

/// One row.
pub(super) struct Row<'a> {
    columns: &'a [String],
    values: &'a [Option<String>],
}

/// All rows of a statement.
pub(super) fn rows(of: &Rows) -> impl Iterator<Item = Row<'_>> {
    of.rows.iter().map(|values| Row { columns: &of.columns, values })
}

impl<'a> Row<'a> {
    /// The text, if there is one.
    pub fn get(&self, column: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|c| c == column)?;
        self.values.get(at)?.as_deref()
    }
    /// The text, or nothing.
    pub fn text(&self, column: &str) -> String {
        self.get(column).unwrap_or_default().to_string()
    }
    /// The text, if there is one, to keep.
    pub fn own(&self, column: &str) -> Option<String> {
        self.get(column).map(Into::into)
    }
    /// A number.
    pub fn number<T: FromStr>(&self, column: &str) -> Option<T> {
        self.get(column)?.parse().ok()
    }
    /// A span of seconds; clocks that step back make none.
    pub fn seconds(&self, column: &str) -> Option<f64> {
        self.number::<f64>(column).map(|s| s.max(0.0))
    }
    /// `t` or `f`.
    pub fn yes(&self, column: &str) -> bool {
        self.get(column) == Some("t")
    }
}
