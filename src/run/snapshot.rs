//! `paramedic-snapshot/1` with the facts of areas in it: written from records, read back into them.

use crate::{
    areas::{AREAS, Recorded},
    model::{Gap, Stamp, report::Host},
    source::snapshot::{self, Head},
};
use anyhow::Context;
use std::path::Path;

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

/// The document.
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
    let head = Head::new(taken_at, duration_ms, host, gaps);
    Ok(snapshot::seal(&head, |out| {
        for (i, r) in records.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            r.write(out)?;
        }
        Ok(())
    })?)
}

/// Reads a snapshot, `-` for standard input.
///
/// # Errors
/// A file that is none, is of another version, was cut or edited: which of these, and where.
pub fn read(path: &Path) -> anyhow::Result<Snapshot> {
    let text = snapshot::text(path)?;
    parse(&text).with_context(|| format!("{}: not a snapshot that can be judged", path.display()))
}

/// The same from its text.
///
/// # Errors
/// As for [`read`].
pub fn parse(text: &str) -> anyhow::Result<Snapshot> {
    let envelope = snapshot::open(text)?;
    let mut records = Vec::new();
    for (name, raw) in envelope.records {
        // Areas of a later version are no error: the others can still be judged.
        let Some(area) = AREAS.iter().find(|a| a.name == name) else { continue };
        records.push((area.name, (area.replay)(raw).with_context(|| format!("facts of {}", area.name))?));
    }
    let head = envelope.head;
    Ok(Snapshot {
        taken_at: head.taken_at,
        duration_ms: head.duration_ms,
        host: head.host,
        gaps: head.gaps,
        records,
    })
}
