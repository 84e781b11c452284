//! Reading objects that anybody may have written: each text bounded, each number what it is.

use crate::source::reach::pod::quantity;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest text that is kept, in bytes.
const TEXT: usize = 300;
/// Most labels of one object.
const LABELS: usize = 64;

/// What is at this place, as text; a number as it is written.
pub fn text(v: &Value, at: &str) -> Option<String> {
    v.pointer(at).and_then(plain).filter(|t| !t.is_empty())
}

/// A scalar as text.
pub fn plain(v: &Value) -> Option<String> {
    match v {
        Value::String(s) => Some(short(s)),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// The beginning of a text.
pub fn short(text: &str) -> String {
    let end = (0..=TEXT.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].to_string()
}

/// A whole number.
pub fn number(v: &Value, at: &str) -> Option<u64> {
    let v = v.pointer(at)?;
    v.as_u64().or_else(|| v.as_str()?.parse().ok())
}

/// A quantity, in its base unit.
pub fn amount(v: &Value, at: &str) -> Option<f64> {
    v.pointer(at).and_then(quantity).filter(|n| *n >= 0.0)
}

/// A list; nothing where there is none.
pub fn list<'v>(v: &'v Value, at: &str) -> &'v [Value] {
    v.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Pairs of texts, such as labels.
pub fn pairs(v: &Value, at: &str) -> BTreeMap<String, String> {
    let of = |m: &Map<String, Value>| {
        m.iter().take(LABELS).filter_map(|(k, v)| Some((short(k), plain(v)?))).collect()
    };
    v.pointer(at).and_then(Value::as_object).map(of).unwrap_or_default()
}
