//! Draws reports. Renderers know no area: all they see is the report, and every text from outside is escaped here.
//!
//! [`text()`] for people, [`json()`] for programs, [`listing`] for rows that are streamed, [`explain()`] for one
//! check, [`schema()`] for the document; [`output`] is where the bytes go, [`terminal`] decides how they may look.

mod chart;
mod explain;
mod finding;
mod graph;
mod histogram;
mod json;
pub mod listing;
mod members;
pub mod output;
mod pen;
#[cfg(test)]
mod sample;
mod schema;
mod summary;
mod table;
pub mod terminal;
mod text;
mod tree;
mod unit;
mod wrap;

pub use explain::explain;
pub use graph::{Language, graph};
pub use json::json;
pub use schema::schema;
pub use text::text;

/// How text may look.
#[derive(Clone, Debug)]
pub struct Style {
    /// Columns of the terminal; `None`: not a terminal, nothing is ever wrapped or cut.
    pub width: Option<usize>,
    /// Whether SGR colours are written.
    pub colour: bool,
    /// Whether the reader's locale is UTF-8; if not, everything is ASCII.
    pub utf8: bool,
    /// `-o wide`: all columns, whatever the width.
    pub wide: bool,
    /// `--risks`: notices are shown, not folded.
    pub risks: bool,
    /// `-q`: the first and the last line only.
    pub quiet: bool,
    /// How often `-v` was given: from 1 on every check is listed with what it looked at.
    pub verbose: u8,
    /// The program as it was typed: put before every command that is printed, so that it can be pasted.
    pub program: String,
    /// The flags that say where it was run, when that was not here: for lines that run all of it again.
    pub on: String,
    /// This run's own line without the program, where `check` does not look at what it looks at.
    pub again: Option<String>,
}

impl Default for Style {
    /// Off a terminal: plain UTF-8, nothing wrapped.
    fn default() -> Self {
        Self {
            width: None,
            colour: false,
            utf8: true,
            wide: false,
            risks: false,
            quiet: false,
            verbose: 0,
            program: "paramedic".into(),
            on: String::new(),
            again: None,
        }
    }
}
