//! Tables of the console: columns by name, since every other version adds or renames one.

use crate::source::pg::Rows;
use std::collections::HashMap;

/// A table with its columns found once.
pub(super) struct Table<'a> {
    at: HashMap<&'a str, usize>,
    rows: &'a [Vec<Option<String>>],
}

/// One row of it.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    at: &'a HashMap<&'a str, usize>,
    values: &'a [Option<String>],
}

impl<'a> Table<'a> {
    pub fn of(rows: &'a Rows) -> Self {
        let at = rows.columns.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        Self { at, rows: &rows.rows }
    }
    /// Whether all of these are there.
    pub fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|c| self.at.contains_key(c))
    }
    pub fn rows(&'a self) -> impl Iterator<Item = Row<'a>> {
        self.rows.iter().map(|values| Row { at: &self.at, values })
    }
}

impl<'a> Row<'a> {
    /// The text; none for NULL and for what is not there.
    pub fn get(self, column: &str) -> Option<&'a str> {
        self.values.get(*self.at.get(column)?)?.as_deref()
    }
    /// The text, or nothing.
    pub fn text(self, column: &str) -> String {
        self.get(column).unwrap_or_default().to_string()
    }
    /// The text, if it is more than nothing.
    pub fn own(self, column: &str) -> Option<String> {
        self.get(column).filter(|t| !t.is_empty()).map(Into::into)
    }
    /// A count; what is negative or no number is none.
    pub fn number(self, column: &str) -> Option<u64> {
        self.get(column)?.trim().parse().ok()
    }
    /// A count, where none is as good as nothing: a column that other versions do not have.
    pub fn count(self, column: &str) -> u64 {
        self.number(column).unwrap_or(0)
    }
    /// The sum of all columns whose name begins so.
    pub fn sum(self, prefix: &str) -> u64 {
        let all = self.at.keys().filter(|name| name.starts_with(prefix));
        all.map(|name| self.count(name)).fold(0, u64::saturating_add)
    }
    /// Two columns, of seconds and of the microseconds beyond them.
    pub fn seconds(self, whole: &str, micro: &str) -> f64 {
        self.count(whole) as f64 + self.count(micro) as f64 / 1e6
    }
}
