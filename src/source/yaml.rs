//! YAML as Kubernetes reads it, into plain values: several documents in a text, anchors, merge keys. Whatever the text says,
//! depth and size of what comes out are bounded. <https://yaml.org/spec/1.2.2/>

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};
use serde_json::{Map, Number, Value};
use std::{collections::HashMap, fmt};

/// Values within values: no manifest goes deeper.
const DEPTH: usize = 100;

/// Where and why a text cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl From<ScanError> for Mistake {
    fn from(e: ScanError) -> Self {
        Self { line: e.marker().line().max(1), what: e.info().to_string() }
    }
}

/// All documents of a text. `most` bounds the values that come out, those that an alias repeats counted each time.
///
/// # Errors
/// The first place that is no YAML, and more values or deeper ones than are taken: never half a text.
pub fn parse(text: &str, most: usize) -> Result<Vec<Value>, Mistake> {
    let mut build = Build { left: most, ..Build::default() };
    let mut line = 1;
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        line = span.start.line().max(line);
        build.take(event).map_err(|what| Mistake { line, what })?;
    }
    Ok(build.documents)
}

/// A list or map that is not yet at its end.
struct Open {
    anchor: usize,
    /// Values in it so far, itself included.
    size: usize,
    holds: Holds,
}

enum Holds {
    List(Vec<Value>),
    Map {
        map: Map<String, Value>,
        /// The key whose value comes next.
        key: Option<String>,
        /// What `<<` names: taken in where the map itself says nothing.
        merged: Vec<Value>,
    },
}

#[derive(Default)]
struct Build {
    documents: Vec<Value>,
    open: Vec<Open>,
    /// Values that may be named again, and how many each is.
    anchors: HashMap<usize, (Value, usize)>,
    left: usize,
}

impl Build {
    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.put(scalar(&text, style, tag.as_deref()), 1, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Holds::List(vec![])),
            Event::MappingStart(anchor, _) => {
                self.begin(anchor, Holds::Map { map: Map::new(), key: None, merged: vec![] })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => {
                // An anchor within what it names is not there yet.
                let (value, size) = self.anchors.get(&id).ok_or("an alias names what holds it")?;
                // Before it is copied: each level of a bomb is ten times the one before.
                if *size > self.left {
                    return Err("more values than are taken, by way of its aliases".into());
                }
                let (value, size) = (value.clone(), *size);
                self.put(value, size, 0)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, holds: Holds) -> Result<(), String> {
        if self.open.len() >= DEPTH {
            return Err("values lie deeper within values than is taken".into());
        }
        if let Some(Open { holds: Holds::Map { key: None, .. }, .. }) = self.open.last() {
            return Err("a key is a list or a map".into());
        }
        self.open.push(Open { anchor, size: 0, holds });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let open = self.open.pop().ok_or("an end without a beginning")?;
        let value = match open.holds {
            Holds::List(list) => Value::Array(list),
            Holds::Map { mut map, merged, .. } => {
                for (key, value) in merged.into_iter().flat_map(maps).flatten() {
                    map.entry(key).or_insert(value);
                }
                Value::Object(map)
            }
        };
        // What is in it was counted already.
        self.left += open.size;
        self.put(value, open.size + 1, open.anchor)
    }

    fn put(&mut self, value: Value, size: usize, anchor: usize) -> Result<(), String> {
        self.left = self.left.checked_sub(size).ok_or("more values than are taken")?;
        if anchor > 0 {
            // A copy is a value too.
            self.left = self.left.checked_sub(size).ok_or("more values than are taken")?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(value);
            return Ok(());
        };
        open.size += size;
        match &mut open.holds {
            Holds::List(list) => list.push(value),
            Holds::Map { map, key, merged } => match key.take() {
                None => *key = Some(name(value)?),
                Some(key) if key == "<<" => merged.push(value),
                // Of a key that is given twice the last one counts, as for Helm.
                Some(key) => {
                    map.insert(key, value);
                }
            },
        }
        Ok(())
    }
}

/// The maps that a merge key names: one, or a list of them.
fn maps(value: Value) -> Vec<Map<String, Value>> {
    let map = |v| if let Value::Object(m) = v { Some(m) } else { None };
    match value {
        Value::Array(all) => all.into_iter().filter_map(map).collect(),
        other => map(other).into_iter().collect(),
    }
}

fn name(value: Value) -> Result<String, String> {
    match value {
        Value::String(s) => Ok(s),
        Value::Null => Ok("null".into()),
        Value::Bool(b) => Ok(b.to_string()),
        Value::Number(n) => Ok(n.to_string()),
        // `{{ .Values.x }}` is a map whose key is a map.
        Value::Array(_) | Value::Object(_) => Err("a key is a list or a map".into()),
    }
}

/// A scalar by the core schema; what is quoted or tagged as text is text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let told = tag.is_some_and(|t| !t.is_yaml_core_schema() || matches!(t.suffix.as_str(), "str" | "binary"));
    if style != ScalarStyle::Plain || told {
        return Value::String(text.to_string());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_string()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let radix = [("0x", 16), ("0o", 8)].into_iter().find_map(|(p, r)| Some((text.strip_prefix(p)?, r)));
    if let Some((rest, radix)) = radix {
        return u64::from_str_radix(rest, radix).ok().map(Number::from);
    }
    // `inf`, `nan` and `1_000` are words.
    let first = digits.bytes().next()?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if !plain || !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    text.parse::<u64>()
        .map(Number::from)
        .or_else(|_| text.parse::<i64>().map(Number::from))
        .ok()
        .or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn is(text: &str, wanted: Value) {
        assert_eq!(parse(text, 1000), Ok(vec![wanted]), "{text}");
    }
    #[track_caller]
    fn not(text: &str, line: usize, says: &str) {
        let e = parse(text, 1000).unwrap_err();
        assert!(e.line == line && e.what.contains(says), "{text}: {e}");
    }

    #[test]
    fn scalars_are_what_they_are_in_manifests() {
        is(
            "a: 1\nb: '1'\nc: 1.5\nd: yes\ne: true\nf:\ng: 250m\nh: 0x10\n",
            json!({"a": 1, "b": "1", "c": 1.5, "d": "yes", "e": true, "f": null, "g": "250m", "h": 16}),
        );
        is(
            "a: -3\nb: 1.20.1\nc: 2026-11-22\nd: .inf\ne: !!str 7\nf: \"\"\ng: |\n  x\n  y\n",
            json!({"a": -3, "b": "1.20.1", "c": "2026-11-22", "d": ".inf", "e": "7", "f": "", "g": "x\ny\n"}),
        );
        is(r#"{"a": [1, {"b": null}], "c": "\u00e9"}"#, json!({"a": [1, {"b": null}], "c": "é"}));
    }

    #[test]
    fn documents_anchors_and_merge_keys_are_followed() {
        let all = parse("# first\n---\na: 1\n---\n---\nb: 2\n...\n", 1000).unwrap();
        assert_eq!(all, [json!({"a": 1}), json!(null), json!({"b": 2})]);
        is(
            "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: [*x]\n",
            json!({"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": [{"a": 1, "b": 2}]}),
        );
        is(
            "x: &x {a: 1}\nw: &w {c: 1}\ny:\n  <<: [*x, *w]\n  a: 9\n",
            json!({"x": {"a": 1}, "w": {"c": 1}, "y": {"a": 9, "c": 1}}),
        );
        is("a: 1\na: 2\n", json!({"a": 2}));
    }

    #[test]
    fn mistakes_say_their_line() {
        not("a: 1\nb:\n\t- 1\n", 3, "");
        not("a: *nobody\n", 1, "anchor");
        not("a:\n  - {{ .Values.x }}\n", 2, "key");
        not("a: [1, 2\nb: 3\n", 2, "");
        not("a: \"x\n", 1, "end of stream");
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_string();
        for i in 1..12 {
            let names: Vec<_> = (0..10).map(|_| format!("*a{}", i - 1)).collect();
            bomb += &format!("a{i}: &a{i} [{}]\n", names.join(","));
        }
        assert!(parse(&bomb, 1_000_000).unwrap_err().what.contains("aliases"));
        assert!(parse(&"[".repeat(100_000), 1_000_000).is_err());
        assert!(
            parse(&format!("{}{}", "[".repeat(200), "]".repeat(200)), 1000)
                .unwrap_err()
                .what
                .contains("deeper")
        );
        assert!(parse(&"- 1\n".repeat(2000), 1000).unwrap_err().what.contains("more values"));
        assert!(parse("a: &a [*a]\n", 1000).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[-:{}\\[\\]&*!|>'\"%@`,?# \\n\\ta-c0-9<.]{0,200}") {
            let _ = parse(&text, 1000);
        }
    }
}
