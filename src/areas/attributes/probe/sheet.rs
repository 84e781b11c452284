//! The attributes as they are gathered.

use crate::model::{
    Arrange, Attribute, Class, Gaps, Group, Kept, MOST_ATTRIBUTES, Reading, Seen, Untrusted, Value, Why,
};

/// A text of an attribute is no longer.
const LONGEST: usize = 1024;
/// A set has no more elements.
const ELEMENTS: usize = 512;

/// All of them.
#[derive(Default)]
pub(super) struct Sheet(Vec<Attribute>);

impl Sheet {
    pub fn put(&mut self, group: Group, name: impl AsRef<[u8]>, class: Class, value: Reading<Value>) {
        let name = Untrusted::from_bytes(name.as_ref());
        self.0.push(Attribute { group, name, class, value });
    }
    pub fn add(&mut self, attribute: Attribute) {
        self.0.push(attribute);
    }
    pub fn text(
        &mut self,
        group: Group,
        name: impl AsRef<[u8]>,
        class: Class,
        value: Seen<impl AsRef<[u8]>>,
    ) {
        let value = value.map(|bytes| {
            let bytes = bytes.as_ref();
            Value::Text { text: Untrusted::from_bytes(&bytes[..bytes.len().min(LONGEST)]) }
        });
        self.put(group, name, class, value.into());
    }
    /// A figure that varies; the name ends in the unit.
    pub fn number(&mut self, group: Group, name: impl AsRef<[u8]>, value: Seen<f64>) {
        self.figure(group, name, Class::Number, value);
    }
    pub fn figure(&mut self, group: Group, name: impl AsRef<[u8]>, class: Class, value: Seen<f64>) {
        let finite = value.and_then(|n| if n.is_finite() { Ok(n) } else { Err(Why::Malformed) });
        self.put(group, name, class, finite.map(|number| Value::Number { number }).into());
    }
    /// A limit: a figure, or none.
    pub fn limit(&mut self, group: Group, name: &str, value: Seen<Option<f64>>) {
        match value {
            Ok(None) => self.text(group, name, Class::Equal, Ok("unlimited")),
            Ok(Some(n)) => self.figure(group, name, Class::Equal, Ok(n)),
            Err(why) => self.figure(group, name, Class::Equal, Err(why)),
        }
    }
    pub fn set(&mut self, group: Group, name: &str, elements: Seen<Vec<Vec<u8>>>) {
        let value = elements.and_then(|mut elements| {
            elements.sort();
            elements.dedup();
            if elements.len() > ELEMENTS {
                return Err(Why::TooMany);
            }
            Ok(Value::Set { set: elements.iter().map(|e| Untrusted::from_bytes(e)).collect() })
        });
        self.put(group, name, Class::Set, value.into());
    }
    /// In order of group and name, each once, and no more of them than are kept.
    pub fn kept(mut self, gaps: &mut Gaps) -> Kept<Attribute> {
        self.0.arrange_by(|a, b| (a.group, a.name.as_str()).cmp(&(b.group, b.name.as_str())));
        self.0.dedup_by(|b, a| a.group == b.group && a.name == b.name);
        let total = self.0.len();
        if total > MOST_ATTRIBUTES {
            self.0.truncate(MOST_ATTRIBUTES);
            gaps.add_many(Why::TooMany, "attributes", (total - MOST_ATTRIBUTES) as u64, "the last by name");
        }
        Kept::worst(total as u64, self.0)
    }
}
