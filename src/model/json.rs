//! Facts out of JSON text. Records are objects and nothing else: `serde_json` would take them as arrays of their fields, too, and
//! compile every record twice for it, which is half a megabyte of a program that is dropped on hurt machines.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
};
use std::fmt;

/// The name by which `serde_json` knows that the text itself is wanted; `RawValue` asks for it.
const RAW: &str = "$serde_json::private::RawValue";

/// All of this text, as one value.
///
/// # Errors
/// What is wrong with it and where, as `serde_json` says it.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> serde_json::Result<T> {
    let mut from = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Records(&mut from))?;
    from.end().map(|()| value)
}

/// Whatever it goes through hands the same rule on: of values, of what they hold, and of whoever asks for them.
struct Records<T>(T);
/// Takes an object only.
struct Fields<V>(V);

macro_rules! forward {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(Records(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Records<D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Fields(visitor))
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name == RAW {
            return self.0.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, Records(visitor))
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, Records(visitor))
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, length, Records(visitor))
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Records(visitor))
    }
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! hand_on {
    ($($method:ident $of:ty),* $(,)?) => {
        $(fn $method<E: serde::de::Error>(self, value: $of) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Records<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
    hand_on! {
        visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_i128 i128, visit_u128 u128,
        visit_str &str, visit_borrowed_str &'de str, visit_string String, visit_bytes &[u8],
    }
    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }
    fn visit_some<D: Deserializer<'de>>(self, of: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Records(of))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, of: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Records(of))
    }
    fn visit_map<A: MapAccess<'de>>(self, of: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Records(of))
    }
    fn visit_enum<A: EnumAccess<'de>>(self, of: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Records(of))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
    fn visit_map<A: MapAccess<'de>>(self, of: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Records(of))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Records<S> {
    type Value = S::Value;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Records(from))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Records<A> {
    type Error = A::Error;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Records(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Records<A> {
    type Error = A::Error;
    /// Keys are text, whatever they are the keys of.
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Records(seed))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Records<A> {
    type Error = A::Error;
    type Variant = Records<A::Variant>;
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, Records(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Records<A> {
    type Error = A::Error;
    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Records(seed))
    }
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Records(visitor))
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Fields(visitor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        Newtype(Inner),
        Tuple(u8, Inner),
        Record { inner: Inner },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        text: String,
        maybe: Option<Box<Inner>>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "is")]
    enum Tagged {
        A { inner: Inner },
        B,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Inner);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Whole {
        kinds: Vec<Kind>,
        map: BTreeMap<String, Inner>,
        pair: (f64, Inner),
        wrapped: Wrapped,
        tagged: [Tagged; 2],
        unit: (),
        letter: char,
        negative: i64,
    }

    fn inner(text: &str) -> Inner {
        Inner { text: text.into(), maybe: Some(Box::new(Inner { text: "\u{1f600}\n".into(), maybe: None })) }
    }

    #[test]
    fn whatever_was_written_is_read_again() {
        let whole = Whole {
            kinds: vec![
                Kind::Unit,
                Kind::Newtype(inner("a")),
                Kind::Tuple(7, inner("b")),
                Kind::Record { inner: inner("c") },
            ],
            map: BTreeMap::from([("k".into(), inner("d"))]),
            pair: (0.5, inner("e")),
            wrapped: Wrapped(inner("f")),
            tagged: [Tagged::A { inner: inner("g") }, Tagged::B],
            unit: (),
            letter: 'x',
            negative: -3,
        };
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(from_str::<Whole>(&text).unwrap(), whole);
        assert_eq!(from_str::<Whole>(&text).unwrap(), serde_json::from_str::<Whole>(&text).unwrap());
        let raw: BTreeMap<String, &RawValue> = from_str(r#"{"a": {"b": [1, 2]}}"#).unwrap();
        assert_eq!(raw["a"].get(), r#"{"b": [1, 2]}"#);
    }

    #[test]
    fn a_record_is_an_object_and_nothing_follows_it() {
        assert!(from_str::<Inner>(r#"{"text": "a"}"#).is_ok());
        for bad in [r#"["a", null]"#, r#"{"text": "a"} x"#, r#"{"maybe": null}"#, "{", ""] {
            assert!(from_str::<Inner>(bad).is_err(), "{bad}");
        }
        let said = from_str::<Inner>("{\n\"text\": 5}").unwrap_err().to_string();
        assert!(said.contains("line 2"), "{said}");
    }
}
