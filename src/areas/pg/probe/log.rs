//! The log of a server, from a file or from a pipe that may fall silent.

use super::super::facts::log::{LogFacts, Scan};
use crate::model::{Gap, Gaps, Why};
use std::{
    fs::File,
    io::{self, Read},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Instant,
};

/// Read at a time, bytes.
const CHUNK: usize = 256 << 10;
/// Chunks read and not yet looked at.
const AHEAD: usize = 4;

/// Reads a log to its end, or until our time is up; `-` is standard input.
///
/// # Errors
/// When it cannot be opened or read, or is no log of a server.
pub(super) fn read(file: &str, until: Instant, gaps: &mut Gaps) -> Result<LogFacts, Gap> {
    let name = if file == "-" { "standard input" } else { file };
    let unreadable = |e: &io::Error| Gap::new("the log", e.into(), format!("{name}: {e}"));
    let mut input: Box<dyn Read + Send> = match file {
        "-" => Box::new(io::stdin()),
        path => Box::new(File::open(path).map_err(|e| unreadable(&e))?),
    };
    // A thread of its own: a read of a pipe cannot be given up.
    let (send, receive) = sync_channel(AHEAD);
    thread::spawn(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = match input.read(&mut chunk) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other,
            };
            let last = !matches!(read, Ok(1..));
            let piece = read.map(|n| {
                chunk.truncate(n);
                chunk
            });
            if send.send(piece).is_err() || last {
                return;
            }
        }
    });
    let mut scan = Scan::default();
    let whole = loop {
        match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Ok(chunk)) if chunk.is_empty() => break true,
            Ok(Ok(chunk)) => scan.feed(&chunk),
            Ok(Err(e)) => return Err(unreadable(&e)),
            Err(RecvTimeoutError::Timeout) => break false,
            Err(RecvTimeoutError::Disconnected) => break true,
        }
        if Instant::now() >= until {
            break false;
        }
    };
    let facts = scan.finish(whole);
    if !whole {
        let read = format!("{name}: {} lines were read; --timeout gives it longer", facts.lines);
        gaps.add(Why::TimedOut, "the rest of the log", read);
    }
    if facts.formats.is_empty() {
        return Err(Gap::new(
            "the log",
            Why::Malformed,
            format!("{name}: nothing in it is a record of a Postgres server"),
        ));
    }
    let example = format!("{name}: cut, terse or in an unknown form");
    gaps.add_many(Why::Malformed, "deadlocks in the log whose graph is not in it", facts.unread, example);
    gaps.add_many(Why::Malformed, "records of the log", facts.malformed, name);
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn fixture(name: &str) -> String {
        format!("{}/tests/fixtures/pg/log/{name}", env!("CARGO_MANIFEST_DIR"))
    }
    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_log_is_read_to_its_end() {
        let mut gaps = Gaps::default();
        let facts = read(&fixture("ring.csv"), later(), &mut gaps).unwrap();
        assert_eq!((facts.deadlocks, facts.ended_early, gaps.list().len()), (1, false, 0));
    }

    #[test]
    fn what_is_no_log_is_a_gap_and_not_a_log_without_deadlocks() {
        let mut gaps = Gaps::default();
        let why = |file: &str, gaps: &mut Gaps| read(file, later(), gaps).unwrap_err().why;
        assert_eq!(why(&fixture("record"), &mut gaps), Why::Malformed);
        assert_eq!(why("/nonexistent/log", &mut gaps), Why::Absent);
        assert_eq!(why("/dev/null", &mut gaps), Why::Malformed);
    }

    #[test]
    fn time_that_is_up_is_a_gap_beside_what_was_read() {
        let mut gaps = Gaps::default();
        let early = read(&fixture("ring.csv"), Instant::now(), &mut gaps);
        assert!(early.is_err() || early.unwrap().ended_early);
        assert_eq!(gaps.list()[0].why, Why::TimedOut);
    }
}
