//! What was seen, what was not, and why: the types that keep "not seen" from being read as 0.

use super::json;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt, io};

/// Why something was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The kernel or a server refused: no right to look.
    Denied,
    /// There is nothing of that name here.
    Absent,
    /// Our own deadline came first.
    TimedOut,
    /// It was there and could not be understood.
    Malformed,
    /// This kernel, sandbox or recorded tree does not offer it.
    Unsupported,
    /// More than the memory or the descriptors left to us bear.
    TooMany,
    /// Nobody asked for it in this run.
    NotAsked,
    /// A bug in paramedic.
    Broken,
}

impl Why {
    /// The word used in text; the JSON spelling is the same with underscores.
    pub fn phrase(self) -> &'static str {
        match self {
            Why::Denied => "permission denied",
            Why::Absent => "not there",
            Why::TimedOut => "ran out of time",
            Why::Malformed => "not understood",
            Why::Unsupported => "not available here",
            Why::TooMany => "too many",
            Why::NotAsked => "not asked for",
            Why::Broken => "a bug in paramedic",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phrase())
    }
}

impl From<&io::Error> for Why {
    fn from(e: &io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::PermissionDenied => Why::Denied,
            io::ErrorKind::NotFound => Why::Absent,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Why::TimedOut,
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Why::Malformed,
            io::ErrorKind::OutOfMemory => Why::TooMany,
            _ => match e.raw_os_error() {
                // ESRCH: the process went away between two reads. EMFILE, ENFILE: our own limit, not the patient's.
                Some(3) => Why::Absent,
                Some(23 | 24) => Why::TooMany,
                _ => Why::Unsupported,
            },
        }
    }
}

/// A value while it is being gathered: probes work on this, facts hold [`Reading`].
pub type Seen<T> = Result<T, Why>;

/// A value inside facts that may not have been seen. The field is private: a check opens it only through
/// [`Judging`](super::Judging), which counts the hole; a table only by making a [`Cell`](super::Cell) of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<T>(Seen<T>);

impl<T> Reading<T> {
    /// A value that was seen.
    pub const fn seen(v: T) -> Self {
        Self(Ok(v))
    }
    /// A value that was not.
    pub const fn unseen(why: Why) -> Self {
        Self(Err(why))
    }
    /// For `model` alone: [`Judging`](super::Judging) and [`Cell`](super::Cell) open readings, nobody else.
    pub(super) fn open(&self) -> Result<&T, Why> {
        self.0.as_ref().map_err(|why| *why)
    }
    /// For tables alone, which show what is missing as `?` or as no row beside a gap; checks may not name it
    /// (`tests/layers.rs`).
    pub fn drawn(&self) -> Option<&T> {
        self.0.as_ref().ok()
    }
    /// For what makes facts of facts, as `compare` does of those of its members: back to what is gathered, the hole with its
    /// reason. Checks may not name it either.
    pub fn gathered(&self) -> Seen<&T> {
        self.open()
    }
    /// The same reading of something derived from the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reading<U> {
        Reading(self.0.map(f))
    }
}

impl<T> From<Seen<T>> for Reading<T> {
    fn from(r: Seen<T>) -> Self {
        Self(r)
    }
}
impl<T> From<io::Result<T>> for Reading<T> {
    fn from(r: io::Result<T>) -> Self {
        Self(r.map_err(|e| Why::from(&e)))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hole {
    unseen: Why,
}
impl<T: Serialize> Serialize for Reading<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(v) => v.serialize(s),
            Err(why) => Hole { unseen: *why }.serialize(s),
        }
    }
}
/// Facts are read from JSON text and from nothing else: the text of the value is looked at before the value is, so that no
/// type is compiled a second time for a buffer in between.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Reading<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(d)?.get();
        let whole = |e: serde_json::Error| D::Error::custom(format_args!("{e} of a reading"));
        if text.starts_with('{')
            && text.contains("\"unseen\"")
            && let Ok(hole) = json::from_str::<Hole>(text)
        {
            return Ok(Self(Err(hole.unseen)));
        }
        json::from_str(text).map(|v| Self(Ok(v))).map_err(whole)
    }
}

/// The rows worth keeping of a set that may be huge. `total` is exact; a check that needs every row says so with
/// [`Kept::all`] and becomes unknown when rows were left out, so the worst N are never taken for the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept<T> {
    total: u64,
    rows: Vec<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { total: 0, rows: Vec::new() }
    }
}

impl<T> Kept<T> {
    /// The worst `rows` of `total`; `total` counts what was left out too.
    pub fn worst(total: u64, rows: Vec<T>) -> Self {
        Self { total: total.max(rows.len() as u64), rows }
    }
    /// Every row there is.
    pub fn whole(rows: Vec<T>) -> Self {
        Self { total: rows.len() as u64, rows }
    }
    /// One more; it is counted only when `most` rows are kept already.
    pub fn push(&mut self, row: T, most: usize) {
        self.total += 1;
        if self.rows.len() < most {
            self.rows.push(row);
        }
    }
    /// How many there are, kept or not.
    pub fn total(&self) -> u64 {
        self.total
    }
    /// The rows kept, worst first.
    pub fn top(&self) -> &[T] {
        &self.rows
    }
    /// All rows, or `TooMany` when some were left out.
    pub fn all(&self) -> Reading<&[T]> {
        if self.rows.len() as u64 == self.total {
            Reading::seen(&self.rows)
        } else {
            Reading::unseen(Why::TooMany)
        }
    }
}

/// Something that could not be seen from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// What was not seen, without a count: "descriptor lists of processes".
    pub subject: String,
    /// Why not.
    pub why: Why,
    /// An example or the system's own words.
    pub detail: String,
    /// How many of them.
    pub count: u64,
    /// The command line that would see it, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Gap {
    /// One thing that was not seen.
    pub fn new(subject: impl Into<String>, why: Why, detail: impl fmt::Display) -> Self {
        Self { subject: subject.into(), why, detail: detail.to_string(), count: 1, remedy: None }
    }
    /// The same with the line that would see it.
    pub fn remedy(mut self, line: impl Into<String>) -> Self {
        self.remedy = Some(line.into());
        self
    }
}

/// Gaps of one area, folded by kind while they are made: bounded whatever happens.
#[derive(Debug, Default)]
pub struct Gaps {
    folded: BTreeMap<(Why, &'static str), Gap>,
    named: Vec<Gap>,
}

/// So many gaps have a name of their own; more of them are folded.
const NAMED: usize = 16;

impl Gaps {
    /// Counts one more of `what` that was not seen.
    pub fn add(&mut self, why: Why, what: &'static str, example: impl fmt::Display) {
        self.add_many(why, what, 1, example);
    }
    /// Counts `count` more of `what`.
    pub fn add_many(&mut self, why: Why, what: &'static str, count: u64, example: impl fmt::Display) {
        if count > 0 {
            let gap = self
                .folded
                .entry((why, what))
                .or_insert_with(|| Gap { count: 0, ..Gap::new(what, why, example) });
            gap.count = gap.count.saturating_add(count);
        }
    }
    /// Adds one that has a name of its own, such as that of a host. Beyond the first few they are counted as `what`.
    pub fn named(&mut self, gap: Gap, what: &'static str) {
        if self.named.len() < NAMED {
            self.named.push(gap);
        } else {
            self.add(gap.why, what, format_args!("{}: {}", gap.subject, gap.detail));
        }
    }
    /// Says which line would see what `what` stands for.
    pub fn remedy(&mut self, why: Why, what: &'static str, line: impl Into<String>) {
        if let Some(gap) = self.folded.get_mut(&(why, what)) {
            gap.remedy = Some(line.into());
        }
    }
    /// Forgets everything: a new look says its own gaps.
    pub fn clear(&mut self) {
        self.folded.clear();
        self.named.clear();
    }
    /// The gaps: those with names in their order, then the others, most serious kind first.
    pub fn list(&self) -> Vec<Gap> {
        self.named.iter().chain(self.folded.values()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_survives_a_round_trip_and_is_never_a_number() {
        let hole: Reading<u64> = Reading::unseen(Why::Denied);
        let text = serde_json::to_string(&hole).unwrap();
        assert_eq!(text, r#"{"unseen":"denied"}"#);
        assert_eq!(serde_json::from_str::<Reading<u64>>(&text).unwrap(), hole);
        assert_eq!(serde_json::from_str::<Reading<u64>>("0").unwrap(), Reading::seen(0));
    }

    #[test]
    fn rows_left_out_make_the_whole_unknown() {
        assert_eq!(Kept::worst(3, vec![1]).all(), Reading::unseen(Why::TooMany));
        assert_eq!(Kept::whole(vec![1, 2]).all(), Reading::seen(&[1, 2][..]));
    }

    #[test]
    fn gaps_fold_by_kind() {
        let mut gaps = Gaps::default();
        for pid in 0..1000 {
            gaps.add(Why::Denied, "descriptor lists", pid);
        }
        assert_eq!(gaps.list(), vec![Gap { count: 1000, ..Gap::new("descriptor lists", Why::Denied, 0) }]);
    }

    #[test]
    fn gaps_of_many_names_are_folded_beyond_the_first() {
        let mut gaps = Gaps::default();
        for n in 0..1000 {
            gaps.named(Gap::new(format!("web-{n}"), Why::Denied, "no right"), "other members");
        }
        let list = gaps.list();
        assert_eq!((list.len(), list[0].subject.as_str()), (NAMED + 1, "web-0"));
        assert_eq!((list[NAMED].count, list[NAMED].subject.as_str()), (984, "other members"));
        gaps.clear();
        assert!(gaps.list().is_empty());
    }
}
