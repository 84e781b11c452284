//! Text from outside: process names, paths, peers' words. Kept lossless, escaped whenever it is shown.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt};

/// Bytes from outside as text. UTF-8 is kept as it is, control characters included; every other byte stands as `\xNN`
/// and the bytes themselves go along in base64, so that nothing is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Untrusted {
    text: String,
    b64: Option<String>,
}

/// As it is written when there are bytes beside the text.
#[derive(Serialize, Deserialize)]
struct Bytes<'a> {
    text: Cow<'a, str>,
    b64: Cow<'a, str>,
}

impl Serialize for Untrusted {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match &self.b64 {
            None => s.serialize_str(&self.text),
            Some(b64) => Bytes { text: self.text.as_str().into(), b64: b64.as_str().into() }.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Untrusted {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(Reader)
    }
}

/// Reads it without a copy of what it does not know yet: a snapshot holds thousands.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Untrusted;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text, or a text with its bytes in base64")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Untrusted, E> {
        Ok(text.into())
    }
    fn visit_string<E: de::Error>(self, text: String) -> Result<Untrusted, E> {
        Ok(Untrusted { text, b64: None })
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Untrusted, A::Error> {
        let bytes = Bytes::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Untrusted { text: bytes.text.into_owned(), b64: Some(bytes.b64.into_owned()) })
    }
}

impl Untrusted {
    /// Takes bytes as they came.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self { text: text.into(), b64: None };
        }
        let mut text = String::with_capacity(bytes.len() + 8);
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for b in chunk.invalid() {
                text.push_str(&format!("\\x{b:02x}"));
            }
        }
        Self { text, b64: Some(STANDARD.encode(bytes)) }
    }
    /// The text, not yet safe for a terminal: renderers escape.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// The bytes in base64, when they were not UTF-8.
    pub fn b64(&self) -> Option<&str> {
        self.b64.as_deref()
    }
}

impl From<&str> for Untrusted {
    fn from(s: &str) -> Self {
        Self { text: s.into(), b64: None }
    }
}
impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// True for what could move a cursor, colour a terminal, forge a line or turn the direction of the text: C0, DEL, C1,
/// line and paragraph separators, bidirectional controls, zero-width characters and the byte-order mark.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text as it may reach a terminal, a label or a line format: on one line, every unsafe character spelled out.
pub fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) && (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if is_unsafe(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_attack_a_terminal_are_spelled_out() {
        assert_eq!(escape("x\n127.0.0.1"), "x\\n127.0.0.1");
        assert_eq!(escape("\u{1b}[2J"), "\\x1b[2J");
        assert_eq!(escape("\u{9b}31m"), "\\x9b31m");
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(escape("nc ("), "nc (");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept_beside_their_spelling() {
        let u = Untrusted::from_bytes(b"a\xff\xfe)");
        assert_eq!(u.as_str(), "a\\xff\\xfe)");
        assert_eq!(STANDARD.decode(u.b64().unwrap()).unwrap(), b"a\xff\xfe)");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left_and_bytes_survive(bytes: Vec<u8>) {
            let u = Untrusted::from_bytes(&bytes);
            prop_assert!(!escape(u.as_str()).contains(is_unsafe));
            let back = u.b64().map_or(u.as_str().as_bytes().to_vec(), |b| STANDARD.decode(b).unwrap());
            prop_assert_eq!(back, bytes);
            let json = serde_json::to_string(&u).unwrap();
            prop_assert_eq!(serde_json::from_str::<Untrusted>(&json).unwrap(), u);
        }
    }
}
