//! What a statement returned: columns by name, values as text.

/// The rows of one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Names of the columns, in the order of the statement.
    pub columns: Vec<String>,
    /// Values as the server writes them; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// There were more rows, or longer ones, than are kept.
    pub cut: bool,
}

impl Rows {
    /// The value of a column in a row; `None` for NULL, and for what is not there.
    pub fn get(&self, row: usize, column: &str) -> Option<&str> {
        let column = self.columns.iter().position(|c| c == column)?;
        self.rows.get(row)?.get(column)?.as_deref()
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|c| c == column)
    }

    /// How many rows are kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
