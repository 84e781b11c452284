//! The envelope of `paramedic-snapshot/1`: what is around the facts of the areas, and the seal that a cut or edited stream
//! breaks.

use crate::model::{
    Gap, Stamp,
    report::{self, Host},
};
use anyhow::{Context, anyhow, ensure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt::Write as _, fs::File, io::Read, path::Path};

/// Name and version of the document.
pub const SCHEMA: &str = "paramedic-snapshot/1";
/// No snapshot is larger; a file that is, is not one.
pub const MOST: u64 = 64 << 20;

/// Everything but the records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Version of the program that wrote it.
    pub version: String,
    /// When its looking began.
    pub taken_at: Stamp,
    /// How long that took, in milliseconds.
    pub duration_ms: f64,
    /// Where.
    pub host: Host,
    /// What could not be seen of the process table.
    pub gaps: Vec<Gap>,
}

impl Head {
    /// What this version writes.
    pub fn new(taken_at: Stamp, duration_ms: f64, host: Host, gaps: &[Gap]) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { schema: SCHEMA.into(), version, taken_at, duration_ms, host, gaps: gaps.to_vec() }
    }
}

/// A snapshot whose seal is whole.
pub struct Envelope<'t> {
    /// Everything but the records.
    pub head: Head,
    /// The name of each area in it, and its record.
    pub records: Vec<(Cow<'t, str>, &'t RawValue)>,
}

/// The document. Its last key, `end`, is the SHA-256 of all bytes before it. `records` writes one after the other into the
/// array that is open.
///
/// # Errors
/// What `records` returned.
pub fn seal(
    head: &Head,
    records: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
) -> serde_json::Result<Vec<u8>> {
    let mut out = serde_json::to_vec(head)?;
    out.pop();
    out.extend(b",\"records\":[");
    records(&mut out)?;
    out.push(b']');
    let end = digest(&out);
    out.extend(format!(",\"end\":\"{end}\"}}\n").bytes());
    Ok(out)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, b| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{b:02x}");
        hex
    })
}

/// The text of a file, `-` for standard input.
///
/// # Errors
/// What cannot be read, or is no text.
pub fn text(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("{shown}: cannot be read"))?)
    };
    source
        .take(MOST)
        .read_to_string(&mut text)
        .with_context(|| format!("{shown}: cannot be read as text"))?;
    Ok(text)
}

/// Opens a snapshot, its seal first.
///
/// # Errors
/// A text that is none, is of another version, was cut or edited: which of these, and where.
pub fn open(text: &str) -> anyhow::Result<Envelope<'_>> {
    let trimmed = text.trim_end();
    let whole = match serde_json::from_str::<Whole>(trimmed) {
        Ok(whole) if whole.schema == SCHEMA => whole,
        read => return Err(what_it_is(trimmed, read.err())),
    };
    let covered = trimmed.rfind(",\"end\":").unwrap_or(0);
    ensure!(
        digest(&trimmed.as_bytes()[..covered]) == whole.end,
        "it was cut or edited: `end` does not match the bytes before it"
    );
    let mut records = Vec::new();
    for raw in whole.records {
        records.push((area(raw)?, raw));
    }
    let Whole { version, taken_at, duration_ms, host, gaps, .. } = whole;
    let head = Head { schema: SCHEMA.into(), version, taken_at, duration_ms, host, gaps };
    Ok(Envelope { head, records })
}

/// The document as it is read, in one pass: a comparison reads a thousand. A key that is met twice is an error here.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    version: String,
    taken_at: Stamp,
    duration_ms: f64,
    host: Host,
    gaps: Vec<Gap>,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
    #[serde(borrow)]
    end: Cow<'a, str>,
}

/// Why a text is no snapshot of this version.
fn what_it_is(text: &str, why: Option<serde_json::Error>) -> anyhow::Error {
    #[derive(Deserialize)]
    struct Kind {
        schema: Option<String>,
    }
    if text.is_empty() {
        return anyhow!("it is empty");
    }
    match serde_json::from_str::<Kind>(text) {
        Ok(Kind { schema: Some(s) }) if s == report::SCHEMA => {
            anyhow!("it is a report ({s}), not a snapshot; `paramedic snapshot` makes one")
        }
        Ok(Kind { schema: Some(s) }) if s != SCHEMA => {
            anyhow!("its schema is {s}; this version reads {SCHEMA}")
        }
        Ok(Kind { schema: None }) => anyhow!("it has no `schema`; `paramedic snapshot` makes one"),
        Ok(_) => why.map_or_else(|| anyhow!("it was edited"), |e| anyhow!(e).context("it was cut or edited")),
        Err(e) => anyhow!("it is cut or not JSON: {e}"),
    }
}

/// The area that a record is of: its first key, as it is written; wherever else it stands the record is read once more.
fn area(record: &RawValue) -> serde_json::Result<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Name<'a> {
        #[serde(borrow)]
        area: Cow<'a, str>,
    }
    let first = record.get().strip_prefix("{\"area\":\"").and_then(|rest| rest.split_once('"'));
    match first {
        Some((name, _)) if !name.contains('\\') => Ok(name.into()),
        _ => serde_json::from_str::<Name>(record.get()).map(|n| n.area),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        let head = Head::new(Stamp::from_ms(5), 1.0, Host::default(), &[]);
        String::from_utf8(seal(&head, |_| Ok(())).unwrap()).unwrap()
    }

    #[test]
    fn a_snapshot_is_read_back() {
        assert_eq!(open(&sample()).unwrap().head.taken_at, Stamp::from_ms(5));
    }

    #[test]
    fn a_cut_or_edited_snapshot_is_refused_with_the_reason() {
        let whole = sample();
        for cut in 0..whole.trim_end().len() {
            assert!(open(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let says = |text: &str| format!("{:#}", open(text).err().expect("refused"));
        assert!(says(&whole.replace("\"duration_ms\":1.0", "\"duration_ms\":2.0")).contains("cut or edited"));
        assert!(says(&whole.replace("snapshot/1", "snapshot/9")).contains("paramedic-snapshot/9"));
        assert!(says("{\"schema\":\"paramedic/1\"}").contains("it is a report"));
        assert!(says("{}").contains("no `schema`"));
        assert!(says("").contains("empty"));
    }
}
