//! Every row of `--all`, written as it is read: in the same memory whether there are ten or a million.

use super::{Style, json, table::Layout};
use crate::model::{Cell, Column, RowSink, report::Report};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::io::{self, Write};

/// Rows that are kept back until the widths of the columns are known from them.
const SAMPLE: usize = 256;

/// Rows for people: aligned by the headings and the first rows; a longer cell pushes its own row only.
pub struct Text<'o> {
    out: &'o mut dyn Write,
    style: &'o Style,
    columns: Vec<Column>,
    sample: Vec<Vec<Cell>>,
    layout: Option<Layout>,
}

impl<'o> Text<'o> {
    /// A listing on `out`.
    pub fn new(out: &'o mut dyn Write, style: &'o Style) -> Self {
        Self { out, style, columns: vec![], sample: vec![], layout: None }
    }
    /// Writes what is still kept back. Call it after the last row.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn close(mut self) -> io::Result<()> {
        if self.layout.is_none() && !self.columns.is_empty() { self.settle() } else { Ok(()) }
    }
    fn settle(&mut self) -> io::Result<()> {
        let sample = std::mem::take(&mut self.sample);
        let layout = Layout::fit(self.style, &self.columns, &sample);
        writeln!(self.out, "{}", layout.heading())?;
        for row in &sample {
            writeln!(self.out, "{}", layout.row(self.style, row))?;
        }
        self.layout = Some(layout);
        Ok(())
    }
}

impl RowSink for Text<'_> {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }
    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        if let Some(layout) = &self.layout {
            return writeln!(self.out, "{}", layout.row(self.style, row));
        }
        self.sample.push(row.to_vec());
        if self.sample.len() < SAMPLE { Ok(()) } else { self.settle() }
    }
}

/// Rows as the last key of the report's own document: `"listing":{"columns":[…],"rows":[…]}`.
pub struct Json<'o> {
    out: &'o mut dyn Write,
    state: Open,
}

#[derive(PartialEq)]
enum Open {
    Report,
    Columns,
    Rows,
}

impl<'o> Json<'o> {
    /// Writes the report and leaves its document open.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn open(report: &Report, out: &'o mut dyn Write) -> io::Result<Self> {
        let mut document = Vec::new();
        json::value(report, &mut document)?;
        // A report is an object, so its last byte is the brace that closes it.
        document.pop();
        out.write_all(&document)?;
        Ok(Self { out, state: Open::Report })
    }
    /// Closes the document. Without it a reader sees that the stream was cut.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn close(self) -> io::Result<()> {
        self.out.write_all(if self.state == Open::Report { b"}\n" } else { b"]}}\n" })
    }
}

impl RowSink for Json<'_> {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()> {
        self.out.write_all(b",\"listing\":{\"columns\":")?;
        json::value(columns, self.out)?;
        self.state = Open::Columns;
        self.out.write_all(b",\"rows\":[")
    }
    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        if std::mem::replace(&mut self.state, Open::Rows) == Open::Rows {
            self.out.write_all(b",")?;
        }
        json::value(row, self.out)
    }
}

/// Rows as one object a line, after the line of the report: `{"listing":"sockets","state":…}`.
pub struct Ndjson<'o> {
    out: &'o mut dyn Write,
    name: &'o str,
    keys: Vec<&'static str>,
}

impl<'o> Ndjson<'o> {
    /// Writes the line of the report; `name` is the command whose rows follow.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn open(report: &Report, name: &'o str, out: &'o mut dyn Write) -> io::Result<Self> {
        json::json(report, out)?;
        Ok(Self { out, name, keys: vec![] })
    }
}

struct Line<'r>(&'r str, &'r [&'static str], &'r [Cell]);
impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.1.len() + 1))?;
        map.serialize_entry("listing", self.0)?;
        for (key, cell) in self.1.iter().zip(self.2) {
            map.serialize_entry(key, cell)?;
        }
        map.end()
    }
}

impl RowSink for Ndjson<'_> {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()> {
        self.keys = columns.iter().map(|c| c.key).collect();
        Ok(())
    }
    fn row(&mut self, row: &[Cell]) -> io::Result<()> {
        json::value(&Line(self.name, &self.keys, row), self.out)?;
        self.out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use serde_json::{Value, json};

    const COLUMNS: [Column; 3] =
        [Column::new("state"), Column::unit("oldest_s", "s"), Column::new("owner").wide()];

    fn feed(sink: &mut dyn RowSink, rows: usize) {
        sink.columns(&COLUMNS).unwrap();
        for i in 0..rows {
            let age = if i == 1 { Cell::Unseen } else { Cell::Int(i as u64 * 60) };
            sink.row(&["close_wait\n\u{1b}[2J".into(), age, Cell::None]).unwrap();
        }
    }

    #[test]
    fn text_is_aligned_escaped_and_complete_beyond_the_sample() {
        let style = Style { width: Some(80), ..Style::default() };
        let listed = |rows| {
            let mut out = Vec::new();
            let mut text = Text::new(&mut out, &style);
            feed(&mut text, rows);
            text.close().unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            listed(2),
            "  STATE                OLDEST\n  close_wait\\n\\x1b[2J      0s\n  close_wait\\n\\x1b[2J       ?\n"
        );
        assert_eq!(listed(0), "  STATE  OLDEST\n");
        for rows in [SAMPLE - 1, SAMPLE, SAMPLE + 1, 3 * SAMPLE] {
            assert_eq!(listed(rows).lines().count(), rows + 1);
        }
    }

    #[test]
    fn json_rows_are_the_last_key_of_one_valid_document() {
        for rows in [0, 1, 3] {
            let mut out = Vec::new();
            let mut sink = Json::open(&sample::sick(), &mut out).unwrap();
            feed(&mut sink, rows);
            sink.close().unwrap();
            let doc: Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(doc["listing"]["columns"][1], json!({"key": "oldest_s", "unit": "s"}));
            assert_eq!(doc["listing"]["rows"].as_array().unwrap().len(), rows);
            let text = String::from_utf8(out).unwrap();
            assert!(text.ends_with("]}}\n") && text.rfind("\"listing\"") > text.rfind("\"suppressed\""));
        }
    }

    #[test]
    fn a_document_without_rows_is_closed_too_and_a_cut_one_is_not_json() {
        let mut out = Vec::new();
        Json::open(&sample::sick(), &mut out).unwrap().close().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap().get("listing"), None);
        let mut out = Vec::new();
        feed(&mut Json::open(&sample::sick(), &mut out).unwrap(), 2);
        assert!(serde_json::from_slice::<Value>(&out).is_err());
    }

    #[test]
    fn ndjson_is_the_report_and_then_one_object_a_row() {
        let mut out = Vec::new();
        feed(&mut Ndjson::open(&sample::sick(), "sockets", &mut out).unwrap(), 2);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["schema"], "paramedic/1");
        let row =
            json!({"listing": "sockets", "state": "close_wait\n\u{1b}[2J", "oldest_s": null, "owner": null});
        assert_eq!(lines[2], row);
    }
}
