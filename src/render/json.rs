//! The report for programs: one document, valid UTF-8, and nothing in it that a terminal would obey.

use crate::model::{report::Report, untrusted::is_unsafe};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Writes the report as one compact document on one line: what `-o json` prints once and `-o ndjson` once a look.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    value(report, out)?;
    out.write_all(b"\n")
}

/// Any value in the same spelling, without a newline.
pub(super) fn value<T: Serialize + ?Sized>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Careful)).map_err(io::Error::from)
}

/// Compact JSON in which every character that a terminal would obey is written `\uXXXX`. Programs read the same text,
/// so nothing is lost; serde_json by itself escapes C0 only and leaves C1, bidi and line separators as they are.
struct Careful;

impl Formatter for Careful {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unsafe) {
            let (head, tail) = rest.split_at(at);
            out.write_all(head.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use proptest::prelude::*;

    #[test]
    fn the_document_is_one_line_and_keeps_the_keys_and_their_order() {
        let mut out = Vec::new();
        json(&sample::sick(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert!(
            text.starts_with(
                r#"{"schema":"paramedic/1","version":"0.0.0","command":"check","taken_at":"2026-"#
            )
        );
        let doc: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(doc["findings"][0]["evidence"]["oldest_s"], 32_940);
        assert_eq!(doc["findings"][0]["causes"], serde_json::json!([1]));
        assert_eq!(doc["sections"][1]["blocks"][0]["rows"][2][3], serde_json::Value::Null);
        assert_eq!(doc["exit_code"], 2);
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_none_of_it_moves_a_cursor(text: String, tag in "[\u{80}-\u{9f}\u{202e}\u{e0001}\u{7f}]") {
            let all = format!("{text}{tag}\"\\");
            let mut out = Vec::new();
            value(&all, &mut out).unwrap();
            let written = String::from_utf8(out).unwrap();
            prop_assert!(!written.contains(is_unsafe), "{written:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), all);
        }
    }
}
