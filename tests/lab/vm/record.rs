//! What one command inside the machine printed and how it ended, as it came over the second serial port.
//!
//! A record is a line `### begin ROW/SHOT exit=N ms=N stdout=BYTES stderr=BYTES`, the bytes of both streams, and a
//! line `### end ROW/SHOT`. The lengths make a lost character an error instead of a wrong document.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

/// One command that ran inside the machine.
#[derive(Debug, Clone)]
pub struct Record {
    /// Exit status; 128 and more is a signal, 137 the deadline of the shot.
    pub exit: i32,
    /// Wall time inside the machine in milliseconds, read from `/proc/uptime` (steps of 10 ms).
    pub ms: u64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Adds the records of a boot by `ROW/SHOT`.
///
/// # Errors
/// When a record is cut or its lengths do not fit; those before it have been added.
pub fn parse(bytes: &[u8], records: &mut BTreeMap<String, Record>) -> Result<()> {
    let mut rest = bytes;
    while let Some(start) = find(rest, b"### begin ") {
        let (header, body) = line(&rest[start..]).context("a header without end")?;
        let mut words = header["### begin ".len()..].split(' ');
        let name = words.next().context("a record without a name")?.to_owned();
        let mut number = |key: &str| -> Result<usize> {
            let word = words.next().with_context(|| format!("{name}: no {key}"))?;
            let digits = word.strip_prefix(key).with_context(|| format!("{name}: {word} is not {key}"))?;
            digits.parse().with_context(|| format!("{name}: {word}"))
        };
        let exit = i32::try_from(number("exit=")?)?;
        let ms = u64::try_from(number("ms=")?)?;
        let (out, err) = (number("stdout=")?, number("stderr=")?);
        let end = format!("\n### end {name}\n");
        let tail = body.get(out + err..).with_context(|| format!("{name}: cut short"))?;
        ensure!(tail.starts_with(end.as_bytes()), "{name}: its lengths do not fit, characters were lost");
        let (stdout, stderr) = body[..out + err].split_at(out);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let record = Record { exit, ms, stdout: text(stdout), stderr: text(stderr) };
        ensure!(records.insert(name.clone(), record).is_none(), "{name} was recorded twice");
        rest = &tail[end.len()..];
    }
    Ok(())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn line(bytes: &[u8]) -> Result<(&str, &[u8])> {
    let end = find(bytes, b"\n").context("no end of line")?;
    Ok((std::str::from_utf8(&bytes[..end])?, &bytes[end + 1..]))
}

#[test]
fn a_record_is_read_by_its_lengths_and_a_lost_character_is_an_error() {
    let whole = b"noise\n### begin a/b exit=3 ms=20 stdout=13 stderr=2\n{\"### end\":1}no\n### end a/b\n";
    let mut records = BTreeMap::new();
    parse(whole, &mut records).unwrap();
    let record = &records["a/b"];
    assert_eq!((record.exit, record.ms), (3, 20));
    assert_eq!((record.stdout.as_str(), record.stderr.as_str()), ("{\"### end\":1}", "no"));

    let mut lost = whole.to_vec();
    lost.remove(60);
    assert!(parse(&lost, &mut BTreeMap::new()).is_err());
    let mut cut = [whole, &whole[6..70]].concat();
    cut[whole.len() + 10] = b'c';
    let mut records = BTreeMap::new();
    assert!(parse(&cut, &mut records).is_err());
    assert_eq!(records.keys().collect::<Vec<_>>(), ["a/b"], "what came before the cut is kept");
}
