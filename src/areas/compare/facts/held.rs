//! What a member has of an attribute. Missing, unreadable, redacted and different are four things: only what was seen, or was
//! seen not to be there, has a voice.

use crate::model::{Stamp, Value, rates};
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Of a text so much is kept, in characters; what decides is the whole.
const SHOWN: usize = 120;

/// One value, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Held {
    /// A text that may be shown, cut where it is long.
    Text {
        /// The text.
        text: String,
    },
    /// A secret, as its keyed hash.
    Sealed {
        /// The hash.
        hash: String,
        /// Its length, in bytes.
        bytes: u64,
    },
    /// A file.
    File {
        /// The keyed hash of its content.
        hash: String,
        /// Size, in bytes.
        bytes: u64,
        /// Permission bits.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// Last change.
        modified: Option<Stamp>,
    },
    /// A figure that is the same everywhere.
    Number {
        /// The figure.
        number: f64,
    },
    /// It is there: an element of a set, or a set.
    There,
    /// It was looked for and is not there.
    Missing,
}

impl Held {
    /// What is shown of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Text { text } => {
                let text = text.as_str();
                let cut = text
                    .char_indices()
                    .nth(SHOWN)
                    .map_or(text.to_string(), |(at, _)| format!("{}…", &text[..at]));
                Held::Text { text: cut }
            }
            Value::Sealed { hash, bytes } => Held::Sealed { hash: hash.clone(), bytes: *bytes },
            Value::File { hash, bytes, mode, uid, gid, modified } => Held::File {
                hash: hash.clone(),
                bytes: *bytes,
                mode: *mode,
                uid: *uid,
                gid: *gid,
                modified: *modified,
            },
            Value::Number { number } => Held::Number { number: *number },
            Value::Set { .. } => Held::There,
        }
    }

    /// What decides whether two are equal. A file's time does not.
    pub(super) fn voice(value: &Value) -> u64 {
        let mut h = DefaultHasher::new();
        match value {
            Value::Text { text } => (0, text.as_str(), text.b64()).hash(&mut h),
            Value::Sealed { hash, .. } => (1, hash).hash(&mut h),
            Value::File { hash, mode, uid, gid, .. } => (2, hash, mode, uid, gid).hash(&mut h),
            Value::Number { number } => (3, number.to_bits()).hash(&mut h),
            Value::Set { .. } => 4.hash(&mut h),
        }
        h.finish()
    }

    /// As a sentence or a cell says it; the attribute's name tells the unit. `beside` is what it is held against: of two files
    /// only what differs is said.
    pub fn said(&self, name: &str, beside: Option<&Held>) -> String {
        match self {
            Held::Text { text } if text.is_empty() => "empty".into(),
            Held::Text { text } => text.clone(),
            Held::Sealed { hash, .. } => format!("hash {}", short(hash)),
            Held::Number { number } => with_unit(*number, name),
            Held::There => "there".into(),
            Held::Missing => "missing".into(),
            Held::File { hash, bytes, mode, uid, gid, modified } => {
                let other = match beside {
                    Some(Held::File { hash, bytes, mode, uid, gid, modified }) => {
                        Some((hash, bytes, mode, uid, gid, modified))
                    }
                    _ => None,
                };
                let mut parts = Vec::new();
                if other.is_none_or(|o| o.0 != hash) {
                    let when = modified.map(|at| format!("of {}", day(at)));
                    let size = rates::bytes(*bytes);
                    match other {
                        // Of one size and one time only the content tells.
                        Some(o) if (o.1, o.5) == (bytes, modified) => {
                            parts.push(format!("hash {}", short(hash)))
                        }
                        Some(o) if o.1 == bytes => parts.extend(when),
                        _ => parts.push(when.map_or(size.clone(), |w| format!("{size} {w}"))),
                    }
                }
                if other.is_some_and(|o| o.2 != mode) {
                    parts.push(format!("mode {mode:04o}"));
                }
                if other.is_some_and(|o| (o.3, o.4) != (uid, gid)) {
                    parts.push(format!("owner {uid}:{gid}"));
                }
                if parts.is_empty() {
                    parts.push(format!("hash {}", short(hash)));
                }
                parts.join(", ")
            }
        }
    }
}

/// The first digits of a hash: enough to see that two are not one.
fn short(hash: &str) -> String {
    format!("{}…", hash.chars().take(4).collect::<String>())
}

/// `2026-11-20 12:00Z`.
fn day(at: Stamp) -> String {
    let text = at.to_string();
    text.get(..16).map_or_else(|| text.clone(), |t| format!("{}Z", t.replace('T', " ")))
}

/// A figure with the unit that its name ends in.
pub fn with_unit(number: f64, name: &str) -> String {
    match name {
        _ if name.ends_with("_bytes") && number >= 0.0 => rates::bytes(number as u64),
        _ if name.ends_with("_pct") => format!("{number:.0} %"),
        _ if name.ends_with("_s") => rates::span(number),
        _ if name.ends_with("_count") && number >= 0.0 => rates::count(number.round() as u64),
        _ if number >= 0.0 && number.fract() == 0.0 => rates::count(number as u64),
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Untrusted;

    fn file(hash: &str, bytes: u64, mode: u32) -> Value {
        Value::File { hash: hash.into(), bytes, mode, uid: 0, gid: 0, modified: None }
    }

    #[test]
    fn of_two_files_only_what_differs_is_said() {
        let (a, b, c) = (file("aaaa1", 120, 0o644), file("bbbb1", 120, 0o644), file("aaaa1", 120, 0o600));
        let said = |x: &Value, y: &Value| Held::of(x).said("/etc/x", Some(&Held::of(y)));
        assert_eq!(said(&a, &b), "hash aaaa…");
        assert_eq!(said(&c, &a), "mode 0600");
        assert_ne!(Held::voice(&a), Held::voice(&c));
    }

    #[test]
    fn a_long_text_is_cut_where_it_is_shown_and_whole_where_it_decides() {
        let text =
            |end: &str| Value::Text { text: Untrusted::from(format!("{}{end}", "ä".repeat(500)).as_str()) };
        assert_ne!(Held::voice(&text("x")), Held::voice(&text("y")));
        assert_eq!(Held::of(&text("x")), Held::of(&text("y")));
        assert_eq!(with_unit(1536.0, "limit_bytes"), "1.5 KiB");
    }
}
