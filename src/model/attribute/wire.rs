//! How attributes are written: short, since a snapshot holds hundreds, and read without keeping anything twice, since a
//! comparison reads thousands of snapshots.
//!
//! An attribute is `[group, name, value]`, with its class behind when that is not what its kind of value is usually. A value is a text, a number,
//! `["sealed", hash, bytes]`, `["file", hash, bytes, mode, uid, gid, changed]` (milliseconds since 1970, or null), `["set", …]`,
//! `["text", …]` for a text that is not UTF-8, or `{"unseen": why}`.

use super::{Attribute, Class, Group, Value};
use crate::model::{Reading, Stamp, Untrusted, Why};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq, SerializeTuple},
};
use std::{borrow::Cow, fmt};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Text { text } if text.b64().is_none() => text.serialize(s),
            Value::Text { text } => ("text", text).serialize(s),
            Value::Sealed { hash, bytes } => ("sealed", hash, bytes).serialize(s),
            Value::File { hash, bytes, mode, uid, gid, modified } => {
                ("file", hash, bytes, mode, uid, gid, modified.map(Stamp::ms)).serialize(s)
            }
            Value::Number { number } => number.serialize(s),
            Value::Set { set } => {
                let mut seq = s.serialize_seq(Some(set.len() + 1))?;
                seq.serialize_element("set")?;
                set.iter().try_for_each(|e| seq.serialize_element(e))?;
                seq.end()
            }
        }
    }
}

/// A value, or why there is none, in one pass.
struct Written(Reading<Value>);

fn seen<S: Serializer>(value: &Reading<Value>, s: S) -> Result<S::Ok, S::Error> {
    match value.open() {
        Ok(value) => value.serialize(s),
        Err(why) => {
            let mut map = s.serialize_map(Some(1))?;
            map.serialize_entry("unseen", &why)?;
            map.end()
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ValueReader)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Written(value) = Written::deserialize(d)?;
        value.drawn().cloned().ok_or_else(|| D::Error::custom("a value is wanted"))
    }
}

struct ValueReader;

impl ValueReader {
    fn number<E>(number: f64) -> Result<Written, E> {
        Ok(Written(Reading::seen(Value::Number { number })))
    }
}

impl<'de> Visitor<'de> for ValueReader {
    type Value = Written;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value of an attribute, or why it was not seen")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written(Reading::seen(Value::Text { text: text.into() })))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Written, E> {
        Self::number(number)
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Written, E> {
        Self::number(number as f64)
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Written, E> {
        Self::number(number as f64)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        match map.next_entry::<Cow<str>, Why>()? {
            Some((key, why)) if key == "unseen" => Ok(Written(Reading::unseen(why))),
            _ => Err(A::Error::custom("`unseen` is wanted")),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Written, A::Error> {
        let kind: Cow<str> = next(&mut seq)?;
        let value = match &*kind {
            "text" => Value::Text { text: next(&mut seq)? },
            "sealed" => Value::Sealed { hash: next(&mut seq)?, bytes: next(&mut seq)? },
            "file" => Value::File {
                hash: next(&mut seq)?,
                bytes: next(&mut seq)?,
                mode: next(&mut seq)?,
                uid: next(&mut seq)?,
                gid: next(&mut seq)?,
                modified: next::<Option<i64>, A>(&mut seq)?.map(Stamp::from_ms),
            },
            "set" => {
                let mut set: Vec<Untrusted> = Vec::new();
                while let Some(element) = seq.next_element()? {
                    set.push(element);
                }
                Value::Set { set }
            }
            other => return Err(A::Error::custom(format!("`{other}` is no kind of a value"))),
        };
        Ok(Written(Reading::seen(value)))
    }
}

/// The next element, which must be there.
fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| A::Error::custom("it ends too early"))
}

/// The class that is not written.
fn usually(value: &Reading<Value>) -> Class {
    match value.open() {
        Ok(Value::Number { .. }) => Class::Number,
        Ok(Value::Set { .. }) => Class::Set,
        _ => Class::Equal,
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        struct Seen<'a>(&'a Reading<Value>);
        impl Serialize for Seen<'_> {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                seen(self.0, s)
            }
        }
        let usual = self.class == usually(&self.value);
        let mut tuple = s.serialize_tuple(if usual { 3 } else { 4 })?;
        tuple.serialize_element(&self.group)?;
        tuple.serialize_element(&self.name)?;
        tuple.serialize_element(&Seen(&self.value))?;
        if !usual {
            tuple.serialize_element(&self.class)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_seq(AttributeReader)
    }
}

struct AttributeReader;

impl<'de> Visitor<'de> for AttributeReader {
    type Value = Attribute;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an attribute: [group, name, value] and perhaps its class")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Attribute, A::Error> {
        let group: Group = next(&mut seq)?;
        let name: Untrusted = next(&mut seq)?;
        let Written(value) = next(&mut seq)?;
        let class = seq.next_element()?.unwrap_or_else(|| usually(&value));
        Ok(Attribute { group, name, class, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = Untrusted> {
        proptest::collection::vec(any::<u8>(), 0..12).prop_map(|b| Untrusted::from_bytes(&b))
    }

    fn value() -> impl Strategy<Value = Reading<Value>> {
        prop_oneof![
            text().prop_map(|text| Reading::seen(Value::Text { text })),
            ("[0-9a-f]{16}", any::<u64>())
                .prop_map(|(hash, bytes)| Reading::seen(Value::Sealed { hash, bytes })),
            ("[0-9a-f]{16}", any::<(u64, u32, u32, u32, Option<i64>)>()).prop_map(
                |(hash, (bytes, mode, uid, gid, at))| {
                    let modified = at.map(Stamp::from_ms);
                    Reading::seen(Value::File { hash, bytes, mode, uid, gid, modified })
                }
            ),
            any::<i32>().prop_map(|n| Reading::seen(Value::Number { number: f64::from(n) / 8.0 })),
            proptest::collection::vec(text(), 0..4).prop_map(|set| Reading::seen(Value::Set { set })),
            Just(Reading::unseen(Why::TimedOut)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in text(), value in value(), class in 0usize..5) {
            let class = [Class::Equal, Class::Unique, Class::Free, Class::Number, Class::Set][class];
            let attribute = Attribute { group: Group::Sysctl, name, class, value };
            let json = serde_json::to_string(&attribute).unwrap();
            prop_assert_eq!(serde_json::from_str::<Attribute>(&json).unwrap(), attribute.clone(), "{}", json);
            if let Some(value) = attribute.value.drawn() {
                let json = serde_json::to_string(value).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), value);
                // Through what a reading of any other type goes through, too.
                let json = serde_json::to_string(&attribute.value).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Reading<Value>>(&json).unwrap(), &attribute.value);
            }
        }
    }

    #[test]
    fn it_is_short_and_nonsense_is_refused() {
        let value = Reading::seen(Value::Text { text: "60".into() });
        let attribute = Attribute { group: Group::Sysctl, name: "net.x".into(), class: Class::Equal, value };
        assert_eq!(serde_json::to_string(&attribute).unwrap(), r#"["sysctl","net.x","60"]"#);
        for bad in [
            "[]",
            r#"["sysctl","x"]"#,
            r#"["sysctl","x",["z"]]"#,
            r#"["sysctl","x",{"y":1}]"#,
            r#"["x","x",1]"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<Attribute>(bad).is_err(), "{bad}");
        }
    }
}
