//! `paramedic-snapshot/1`: the facts of one host, to be judged later, elsewhere, or against others.

use crate::{
    areas::{AREAS, Recorded},
    model::{Gap, Stamp, report::Host},
};
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt::Write as _, fs::File, io::Read, path::Path};

const SCHEMA: &str = "paramedic-snapshot/1";
/// No snapshot is larger; a file that is, is not one.
const MOST: u64 = 64 << 20;

/// Everything but the records.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    schema: Cow<'a, str>,
    version: Cow<'a, str>,
    taken_at: Stamp,
    duration_ms: f64,
    host: Host,
    gaps: Vec<Gap>,
}

/// A snapshot that was read.
pub struct Snapshot {
    /// When its looking began.
    pub taken_at: Stamp,
    /// How long that took.
    pub duration_ms: f64,
    /// Where.
    pub host: Host,
    /// What could not be seen of the process table.
    pub gaps: Vec<Gap>,
    /// The areas in it.
    pub records: Vec<(&'static str, Box<dyn Recorded>)>,
}

/// The document. Its last key, `end`, is the SHA-256 of all bytes before it, so that a cut stream is seen.
///
/// # Errors
/// When facts cannot be serialised.
pub fn write(
    taken_at: Stamp,
    duration_ms: f64,
    host: Host,
    gaps: &[Gap],
    records: &[Box<dyn Recorded>],
) -> anyhow::Result<Vec<u8>> {
    let version = env!("CARGO_PKG_VERSION").into();
    let head = Head { schema: SCHEMA.into(), version, taken_at, duration_ms, host, gaps: gaps.to_vec() };
    let mut out = serde_json::to_vec(&head)?;
    out.pop();
    out.extend(b",\"records\":[");
    for (i, r) in records.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        r.write(&mut out)?;
    }
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

/// Reads a snapshot, `-` for standard input.
///
/// # Errors
/// A file that is none, is of another version, was cut or edited: which of these, and where.
pub fn read(path: &Path) -> anyhow::Result<Snapshot> {
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
    parse(&text).with_context(|| format!("{shown}: not a snapshot that can be judged"))
}

fn parse(text: &str) -> anyhow::Result<Snapshot> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        schema: Option<Cow<'a, str>>,
    }
    #[derive(Deserialize)]
    struct Records<'a> {
        #[serde(borrow)]
        records: Vec<&'a RawValue>,
        end: Cow<'a, str>,
    }
    #[derive(Deserialize)]
    struct Name<'a> {
        area: Cow<'a, str>,
    }
    let trimmed = text.trim_end();
    ensure!(!trimmed.is_empty(), "it is empty");
    match serde_json::from_str::<Kind>(trimmed) {
        Ok(Kind { schema: Some(s) }) if s == SCHEMA => {}
        Ok(Kind { schema: Some(s) }) if s == crate::model::report::SCHEMA => {
            bail!("it is a report ({s}), not a snapshot; `paramedic snapshot` makes one")
        }
        Ok(Kind { schema: Some(s) }) => bail!("its schema is {s}; this version reads {SCHEMA}"),
        Ok(Kind { schema: None }) => bail!("it has no `schema`; `paramedic snapshot` makes one"),
        Err(e) => bail!("it is cut or not JSON: {e}"),
    }
    let body = serde_json::from_str::<Records>(trimmed).context("it was cut or edited")?;
    let covered = trimmed.rfind(",\"end\":").unwrap_or(0);
    ensure!(
        digest(&trimmed.as_bytes()[..covered]) == body.end,
        "it was cut or edited: `end` does not match the bytes before it"
    );
    let head: Head = serde_json::from_str(trimmed)?;
    let mut records = Vec::new();
    for raw in body.records {
        let name: Name = serde_json::from_str(raw.get())?;
        // Areas of a later version are no error: the others can still be judged.
        let Some(area) = AREAS.iter().find(|a| a.name == name.area) else { continue };
        records.push((area.name, (area.replay)(raw).with_context(|| format!("facts of {}", area.name))?));
    }
    Ok(Snapshot {
        taken_at: head.taken_at,
        duration_ms: head.duration_ms,
        host: head.host,
        gaps: head.gaps,
        records,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        let bytes = write(Stamp::from_ms(5), 1.0, Host::default(), &[], &[]).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_snapshot_is_read_back() {
        assert_eq!(parse(&sample()).unwrap().taken_at, Stamp::from_ms(5));
    }

    #[test]
    fn a_cut_or_edited_snapshot_is_refused_with_the_reason() {
        let whole = sample();
        for cut in 0..whole.trim_end().len() {
            assert!(parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let says = |text: &str| format!("{:#}", parse(text).err().expect("refused"));
        assert!(says(&whole.replace("\"duration_ms\":1.0", "\"duration_ms\":2.0")).contains("cut or edited"));
        assert!(says(&whole.replace("snapshot/1", "snapshot/9")).contains("paramedic-snapshot/9"));
        assert!(says("{\"schema\":\"paramedic/1\"}").contains("it is a report"));
        assert!(says("{}").contains("no `schema`"));
        assert!(says("").contains("empty"));
    }
}
