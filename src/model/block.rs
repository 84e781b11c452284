//! All that a renderer ever draws. Renderers know no area; areas never draw.

use super::{Gap, Outcome, Reading, Untrusted, untrusted::escape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::{borrow::Cow, io};

/// One value of a table or of the evidence.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A count, or a quantity whose unit is in the key.
    Int(u64),
    /// A number that names something, such as a pid: written without marks for thousands.
    Id(u64),
    /// A quantity with a fraction.
    Num(f64),
    /// A quantity that is this or more, because what was measured had not ended: `≥5s` in text, the number in JSON, beside
    /// which the document says it in words.
    AtLeast(f64),
    /// A yes or no.
    Bool(bool),
    /// Text, possibly from outside: renderers escape it.
    Text(String),
    /// Several texts, such as all holders of one socket.
    List(Vec<String>),
    /// There is none, and that was seen: no owner, no limit.
    None,
    /// Not seen: `null` beside a gap, `?` in text, never 0.
    Unseen,
}

impl Cell {
    /// What a text table shows. `None` is `-`, what was not seen is `?`.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Cell::Int(n) => super::rates::count(*n).into(),
            Cell::Id(n) => n.to_string().into(),
            Cell::Num(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{x:.0}").into(),
            Cell::Num(x) => format!("{x:.1}").into(),
            Cell::AtLeast(x) => format!("≥{}", Cell::Num(*x).plain()).into(),
            Cell::Bool(b) => if *b { "yes" } else { "no" }.into(),
            Cell::Text(t) => escape(t),
            Cell::List(l) => escape(&l.join(" ")).into_owned().into(),
            Cell::None => "-".into(),
            Cell::Unseen => "?".into(),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Int(n) | Cell::Id(n) => n.serialize(s),
            Cell::Num(x) | Cell::AtLeast(x) => x.serialize(s),
            Cell::Bool(b) => b.serialize(s),
            Cell::Text(t) => t.serialize(s),
            Cell::List(l) => l.serialize(s),
            Cell::None | Cell::Unseen => s.serialize_unit(),
        }
    }
}

impl From<u64> for Cell {
    fn from(n: u64) -> Self {
        Cell::Int(n)
    }
}
impl From<u32> for Cell {
    fn from(n: u32) -> Self {
        Cell::Int(n.into())
    }
}
impl From<usize> for Cell {
    fn from(n: usize) -> Self {
        Cell::Int(n as u64)
    }
}
impl From<f64> for Cell {
    /// Rounded to a thousandth: a figure that is shown carries no noise of the arithmetic.
    fn from(x: f64) -> Self {
        if x.is_finite() { Cell::Num((x * 1000.0).round() / 1000.0) } else { Cell::Unseen }
    }
}
impl From<bool> for Cell {
    fn from(b: bool) -> Self {
        Cell::Bool(b)
    }
}
impl From<&str> for Cell {
    fn from(t: &str) -> Self {
        Cell::Text(t.into())
    }
}
impl From<String> for Cell {
    fn from(t: String) -> Self {
        Cell::Text(t)
    }
}
impl From<&Untrusted> for Cell {
    fn from(t: &Untrusted) -> Self {
        Cell::Text(t.as_str().into())
    }
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    /// `None` means "there is none", not "not seen".
    fn from(v: Option<T>) -> Self {
        v.map_or(Cell::None, Into::into)
    }
}
impl<T: Clone + Into<Cell>> From<&Reading<T>> for Cell {
    fn from(r: &Reading<T>) -> Self {
        r.open().map_or(Cell::Unseen, |v| v.clone().into())
    }
}

/// One column of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// Key in JSON; the heading in text is the same in capitals.
    pub key: &'static str,
    /// `s`, `bytes`, `pct`, or nothing.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub unit: &'static str,
    /// Shown by `-o wide` only.
    #[serde(skip)]
    pub wide: bool,
}

impl Column {
    /// A column of text or of plain counts.
    pub const fn new(key: &'static str) -> Self {
        Self { key, unit: "", wide: false }
    }
    /// A column with a unit.
    pub const fn unit(key: &'static str, unit: &'static str) -> Self {
        Self { key, unit, wide: false }
    }
    /// The same, shown by `-o wide` only.
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

/// Something to draw.
#[derive(Clone, Debug)]
pub enum Block {
    /// Rows under columns; the worst first. `total` counts the rows left out too.
    Table {
        /// What the rows are: `processes`, `peers`.
        name: &'static str,
        /// The columns.
        columns: Vec<Column>,
        /// The rows, each as long as `columns`.
        rows: Vec<Vec<Cell>>,
        /// How many rows there are in all.
        total: u64,
    },
    /// Values over time.
    Chart {
        /// What is drawn.
        name: &'static str,
        /// Unit of the values.
        unit: &'static str,
        /// Time between two values, in milliseconds.
        step_ms: u64,
        /// Named series.
        lines: Vec<(String, Vec<f64>)>,
        /// What happened when: milliseconds since the begin of the first step. Where there are any, the values are counts that may
        /// be added up, and all of them are drawn.
        marks: Vec<(String, f64)>,
    },
    /// Things below one another.
    Tree {
        /// What is drawn.
        name: &'static str,
        /// The roots, the worst first.
        roots: Vec<Node>,
        /// How many roots there are in all.
        total: u64,
    },
    /// Things and what leads from one to another: for `-o dot` and `-o mermaid`, not for the screen.
    Graph {
        /// What is drawn.
        name: &'static str,
        /// The things; edges name them by their place here.
        nodes: Vec<String>,
        /// What leads from where to where.
        edges: Vec<Edge>,
    },
    /// How often which value was met.
    Histogram {
        /// What was measured.
        name: &'static str,
        /// Unit of the edges.
        unit: &'static str,
        /// Edges between the counts, rising: the first count is of values below the first edge, the last of those from the
        /// last one on.
        edges: Vec<f64>,
        /// What those are called that no value was met of: `no answer`.
        beyond: &'static str,
        /// Named series.
        lines: Vec<Counts>,
    },
}

/// One thing of a tree, and what is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Node {
    /// What it is, on one line.
    pub text: String,
    /// More about it, on the line below.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What is below it, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<Node>,
    /// How many more are below it than are kept.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// From one thing of a graph to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Edge {
    /// Where it begins, by place.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What it is.
    pub label: String,
    /// It may dissolve by itself.
    pub soft: bool,
}

/// One series of a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Counts {
    /// Its name.
    pub name: String,
    /// One more than there are edges.
    pub counts: Vec<u64>,
    /// Those that had not ended: they have no value, and they are not 0.
    pub beyond: u64,
}

/// What one area has to say: blocks, the outcome of every check, gaps.
#[derive(Clone, Debug)]
pub struct Section {
    /// Name of the area.
    pub area: &'static str,
    /// How long it looked, in seconds; 0 is one look.
    pub span_s: f64,
    /// What to draw.
    pub blocks: Vec<Block>,
    /// Every check of the area with its outcome.
    pub checks: Vec<(&'static str, Outcome)>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// Where `--all` puts rows as they are read: never facts, never judged, never recorded.
pub trait RowSink {
    /// Called once, before the first row.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn columns(&mut self, columns: &[Column]) -> io::Result<()>;
    /// One row, as long as the columns.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn row(&mut self, row: &[Cell]) -> io::Result<()>;
}

/// Serialisable form of a [`Cell`] for the schema: any scalar, a list of texts, or null where nothing was seen.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum CellSchema {
    Number(f64),
    Bool(bool),
    Text(String),
    List(Vec<String>),
    Null(()),
}
impl JsonSchema for Cell {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(g: &mut schemars::SchemaGenerator) -> schemars::Schema {
        CellSchema::json_schema(g)
    }
}
