//! The stream: lines to records, records to deadlocks, in bounded memory however long the log is.

use super::{
    Format, LogFacts, When, csv,
    detail::waits,
    group::Tally,
    json,
    text::{self, Needles, Part},
};
use memchr::{memchr, memchr_iter, memmem};

/// Of a line so much is kept, and of a record.
const KEPT: usize = 1 << 20;
/// Of the head of a record, and of what a runtime puts before a line.
const HEAD: usize = 160;
const STAMP: usize = 80;
/// So many lines after the last part that was known, a record in an unknown language has ended.
const PARTS: u32 = 8;

/// One record, as far as it matters.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// What the time is in.
    pub head: String,
    /// Who logged it, where the format says so.
    pub pid: Option<i32>,
    /// SQLSTATE, where the format has it.
    pub state: String,
    pub message: String,
    pub detail: String,
    /// The detail has its end.
    pub whole: bool,
    pub context: String,
    pub database: String,
    pub application: String,
}

/// What goes on in the lines to come.
#[derive(Default)]
enum Open {
    #[default]
    Nothing,
    /// A csv record that is within quotes.
    Csv {
        /// Empty when it is of no interest.
        record: Vec<u8>,
        wanted: bool,
        /// A quote is open.
        within: bool,
        bytes: usize,
    },
    /// A deadlock, or a wait that lasted, in text.
    Text(Text),
}

#[derive(Default)]
struct Text {
    entry: Entry,
    /// It has the state or the title of a deadlock, not only the shape.
    sure: bool,
    /// Lines that begin with a tab belong to the detail.
    within: bool,
    lines: u32,
}

/// Reads a log as it comes, in pieces of any size.
#[derive(Default)]
pub struct Scan {
    facts: LogFacts,
    tally: Tally,
    /// The beginning of a line whose end has not come.
    carry: Vec<u8>,
    cut: bool,
    open: Open,
    /// Head of the last record, and what a runtime put before it.
    last: Vec<u8>,
    stamp: Vec<u8>,
    /// Records that were looked at for the first time.
    tried: u32,
    seen: [bool; 3],
    needles: Needles,
}

impl Scan {
    /// Takes the next bytes of the log.
    pub fn feed(&mut self, mut chunk: &[u8]) {
        self.facts.bytes += chunk.len() as u64;
        while let Some(end) = memchr(b'\n', chunk) {
            let line = &chunk[..end];
            if self.carry.is_empty() && !self.cut {
                self.whole_line(line);
            } else {
                self.carry(line);
                let whole = std::mem::take(&mut self.carry);
                self.whole_line(&whole);
                self.carry = whole;
                self.carry.clear();
                self.cut = false;
            }
            chunk = &chunk[end + 1..];
        }
        self.carry(chunk);
    }
    fn carry(&mut self, part: &[u8]) {
        let room = KEPT - self.carry.len().min(KEPT);
        self.carry.extend_from_slice(&part[..part.len().min(room)]);
        if part.len() > room && !self.cut {
            self.cut = true;
            self.facts.cut_lines += 1;
        }
    }
    /// What it came to; `whole` is false when the log goes on where nobody read.
    pub fn finish(mut self, whole: bool) -> LogFacts {
        if !self.carry.is_empty() {
            let rest = std::mem::take(&mut self.carry);
            self.whole_line(&rest);
        }
        match std::mem::take(&mut self.open) {
            // Nobody knows whether more would have come.
            Open::Text(mut text) => {
                text.entry.whole &= !text.within;
                self.end_text(text);
            }
            Open::Csv { wanted: true, .. } => self.tally.unread += 1,
            _ => {}
        }
        let mut facts = self.facts;
        facts.ended_early = !whole;
        facts.last = When::find(&self.last);
        facts.formats = [Format::Text, Format::Csv, Format::Json]
            .into_iter()
            .filter(|f| self.seen[*f as usize])
            .collect();
        (facts.deadlocks, facts.unread) = (self.tally.deadlocks, self.tally.unread);
        (facts.long_waits, facts.avoided) = (self.tally.long_waits, self.tally.avoided);
        let ends = facts.first.as_ref().zip(facts.last.as_ref());
        let span = ends.map(|(first, last)| last.clock_ms - first.clock_ms).filter(|ms| *ms >= 60_000);
        facts.groups = self.tally.groups(span);
        facts
    }

    fn whole_line(&mut self, line: &[u8]) {
        self.facts.lines += 1;
        let whole = line.strip_suffix(b"\r").unwrap_or(line);
        let line = text::unwrapped(whole);
        self.stamp.clear();
        self.stamp.extend_from_slice(&whole[..(whole.len() - line.len()).min(STAMP)]);
        if let Open::Csv { .. } = self.open {
            if !csv::begins(line, true) {
                return self.csv_goes_on(line);
            }
            // The end of the one before never came.
            self.facts.malformed += 1;
            self.open = Open::Nothing;
        }
        match line.first() {
            None => {}
            Some(b'\t') => self.tab(&line[1..]),
            Some(b'{') => self.json(line),
            _ if csv::begins(line, false) => self.csv(line),
            _ => self.text(line),
        }
    }
    /// Takes the time of a record out of what it may be in, else out of what the runtime put before it.
    fn record(&mut self, head: &[u8], format: Format) {
        self.last.clear();
        self.last.extend_from_slice(&head[..head.len().min(HEAD)]);
        self.last.push(b' ');
        self.last.extend_from_slice(&self.stamp);
        self.seen[format as usize] = true;
        if self.facts.first.is_none() && self.tried < 100 {
            self.tried += 1;
            self.facts.first = When::find(&self.last);
        }
    }

    fn csv(&mut self, line: &[u8]) {
        self.end();
        self.record(line, Format::Csv);
        let state = self.needles.state.find(line).is_some();
        let wanted = state && memmem::find(line, b",40P01,").is_some()
            || self.needles.lock.find(line).is_some() && memmem::find(line, b",00000,\"process ").is_some();
        self.open = Open::Csv { record: vec![], wanted, within: false, bytes: 0 };
        self.csv_goes_on(line);
    }
    fn csv_goes_on(&mut self, line: &[u8]) {
        let Open::Csv { record, wanted, within, bytes } = &mut self.open else { return };
        *within ^= memchr_iter(b'"', line).count() % 2 == 1;
        *bytes += line.len() + 1;
        if *wanted && record.len() < KEPT {
            record.extend_from_slice(line);
            record.push(b'\n');
        }
        if *within && *bytes < KEPT {
            return;
        }
        let (record, wanted, lost) = (std::mem::take(record), *wanted, *within);
        self.open = Open::Nothing;
        if lost || self.cut {
            self.facts.malformed += 1;
            self.tally.unread += u64::from(wanted && memmem::find(&record, b",40P01,").is_some());
        } else if wanted {
            let text = String::from_utf8_lossy(record.strip_suffix(b"\n").unwrap_or(&record));
            match csv::columns(&text) {
                Some(columns) => self.entry(&csv::entry(columns)),
                None => {
                    self.facts.malformed += 1;
                    self.tally.unread += u64::from(text.contains(",40P01,"));
                }
            }
        }
    }

    fn json(&mut self, line: &[u8]) {
        self.end();
        // An application's own lines are no log of a server.
        if !self.seen[Format::Json as usize]
            && json::entry(line).is_none()
            && memmem::find(line, b"40P01").is_none()
        {
            return;
        }
        self.record(line, Format::Json);
        let state = self.needles.state.find(line).is_some();
        if state
            || self.needles.lock.find(line).is_some() && memmem::find(line, b"holding the lock: ").is_some()
        {
            match json::entry(line) {
                Some(entry) => self.entry(&entry),
                None => {
                    self.facts.malformed += 1;
                    let its = memmem::find(line, b"\"40P01\"").is_some();
                    self.tally.unread += u64::from(its);
                }
            }
        }
    }

    /// A record that has all its parts.
    fn entry(&mut self, entry: &Entry) {
        if entry.state == "40P01" {
            self.tally.deadlock(entry);
        } else if memmem::find(entry.message.as_bytes(), b"Lock").is_some() {
            self.tally.lasting(&entry.message, &entry.detail);
        }
    }

    fn tab(&mut self, line: &[u8]) {
        match &mut self.open {
            Open::Text(text) if text.within => {
                let detail = &mut text.entry.detail;
                if detail.len() + line.len() < KEPT {
                    detail.push('\n');
                    detail.push_str(&String::from_utf8_lossy(line));
                    text.entry.whole &= !self.cut;
                } else {
                    text.entry.whole = false;
                }
            }
            // The log begins within a report.
            Open::Nothing if self.last.is_empty() && self.tally.unread == 0 => {
                self.tally.unread += u64::from(waits(&String::from_utf8_lossy(line)).is_some());
            }
            _ => {}
        }
    }

    fn text(&mut self, line: &[u8]) {
        let open = matches!(self.open, Open::Text(_));
        let Some((head, rest)) = text::split(line, &self.needles) else {
            return self.end();
        };
        if self.seen[Format::Text as usize] || text::is_record(head) {
            self.record(head, Format::Text);
        }
        let state = self.needles.state.find(head).is_some() && text::has_state(head);
        let near = state || self.needles.lock.find(rest).is_some() || text::is_title(rest);
        if !open && !near {
            return;
        }
        let part = text::part(head, rest);
        let lossy = String::from_utf8_lossy(rest);
        let report = waits(&lossy).is_some();
        if let Open::Text(text) = &mut self.open {
            text.within = false;
            text.lines += 1;
            let detail = report || lossy.contains("holding the lock: ");
            let begins = part == Part::Title
                || part == Part::Any && !detail && (text.lines > PARTS || !state || !text.sure);
            let known = report && !text.entry.detail.is_empty();
            if !begins && !known {
                match part {
                    Part::Context if text.entry.context.is_empty() => text.entry.context = lossy.into(),
                    _ if detail => {
                        text.entry.detail = lossy.into();
                        text.entry.whole = !self.cut;
                        text.within = true;
                    }
                    // A word that is not known, with the numbers of a row: where it happened, in another language.
                    Part::Any if text.entry.context.is_empty() => text.entry.context = lossy.into(),
                    _ => {}
                }
                return;
            }
        }
        self.end();
        let lasting = memmem::find(rest, b" still waiting for ").is_some()
            || memmem::find(rest, b" deadlock ").is_some() && memmem::find(rest, b"process ").is_some();
        if !state && part != Part::Title && !report && !lasting || part == Part::Other && !report {
            return;
        }
        let mut text = Text { sure: state || part == Part::Title, within: report, ..Text::default() };
        text.entry.head = String::from_utf8_lossy(&self.last).into();
        text.entry.whole = !self.cut;
        let into = if report { &mut text.entry.detail } else { &mut text.entry.message };
        *into = lossy.into();
        self.open = Open::Text(text);
    }

    /// Another record begins.
    fn end(&mut self) {
        if let Open::Text(text) = std::mem::take(&mut self.open) {
            self.end_text(text);
        }
    }
    fn end_text(&mut self, text: Text) {
        let report = !text.entry.detail.is_empty()
            && text.entry.detail.lines().next().is_some_and(|l| waits(l).is_some());
        if text.sure || report {
            self.tally.deadlock(&text.entry);
        } else {
            self.tally.lasting(&text.entry.message, &text.entry.detail);
        }
    }
}
