//! Members as they were recorded, for the tests of every check.

pub use crate::model::judged::*;
use crate::{
    areas::compare::facts::{Asked, Facts, Seen, Table},
    model::{Attribute, Attributes, Class, Group, Identity, Kept, Reading, Stamp, Value, Why},
};

/// The attributes of one member.
#[derive(Clone)]
pub struct Pod {
    pub seen: Seen,
    pub key: String,
    pub asked: Asked,
    pub all: Vec<Attribute>,
}

impl Pod {
    pub fn text(&mut self, group: Group, name: &str, text: &str) -> &mut Self {
        self.put(group, name, Class::Equal, Reading::seen(Value::Text { text: text.into() }))
    }
    pub fn env(&mut self, name: &str, text: &str) -> &mut Self {
        self.text(Group::Env, name, text)
    }
    pub fn secret(&mut self, name: &str, hash: &str) -> &mut Self {
        let value = Value::Sealed { hash: hash.into(), bytes: 9 };
        self.put(Group::Env, name, Class::Equal, Reading::seen(value))
    }
    pub fn file(&mut self, name: &str, hash: &str, mode: u32) -> &mut Self {
        let modified = Some(Stamp::from_ms(1_795_300_380_123));
        let value = Value::File { hash: hash.into(), bytes: 120, mode, uid: 0, gid: 0, modified };
        self.put(Group::File, name, Class::Equal, Reading::seen(value))
    }
    pub fn number(&mut self, group: Group, name: &str, number: f64) -> &mut Self {
        self.put(group, name, Class::Number, Reading::seen(Value::Number { number }))
    }
    pub fn set(&mut self, group: Group, name: &str, elements: &[&str]) -> &mut Self {
        let set = elements.iter().map(|e| (*e).into()).collect();
        self.put(group, name, Class::Set, Reading::seen(Value::Set { set }))
    }
    pub fn unique(&mut self, name: &str, text: &str) -> &mut Self {
        self.put(Group::Process, name, Class::Unique, Reading::seen(Value::Text { text: text.into() }))
    }
    pub fn unseen(&mut self, group: Group, name: &str, why: Why) -> &mut Self {
        self.put(group, name, Class::Equal, Reading::unseen(why))
    }
    pub fn put(&mut self, group: Group, name: &str, class: Class, value: Reading<Value>) -> &mut Self {
        self.all.retain(|a| (a.group, a.name.as_str()) != (group, name));
        self.all.push(Attribute { group, name: name.into(), class, value });
        self
    }
    pub fn without(&mut self, name: &str) -> &mut Self {
        self.all.retain(|a| a.name.as_str() != name);
        self
    }
    pub fn attributes(&self) -> Attributes {
        Attributes {
            identity: Identity::default(),
            key_id: self.key.clone(),
            clock: Stamp::from_ms(0),
            list: Kept::whole(self.all.clone()),
        }
    }
}

/// So many members, `web-0` and so on, with a few attributes that are the same everywhere.
pub fn fleet(n: usize) -> Vec<Pod> {
    let pod = |i: usize| {
        let seen = Seen { name: format!("web-{i}"), ..Seen::default() };
        let mut pod = Pod { seen, key: "k".into(), asked: Asked::default(), all: vec![] };
        pod.env("TZ", "Europe/Berlin").secret("DB_PASSWORD", "3c4d000000000000");
        pod
    };
    (0..n).map(pod).collect()
}

/// What the vote over them comes to; `facts` is what is known beside.
pub fn judged_with(pods: &[Pod], facts: Facts) -> Facts {
    let mut table = Table::default();
    // Answers come in any order.
    for (i, pod) in pods.iter().enumerate().rev().filter(|p| p.1.seen.missing.is_none()) {
        table.add(i as u32, pod.asked.clone(), vec![], pod.attributes());
    }
    table.judge(pods.iter().map(|p| p.seen.clone()).collect(), facts)
}

pub fn judged(pods: &[Pod]) -> Facts {
    judged_with(pods, Facts::default())
}

#[path = "votes_tests.rs"]
mod votes;
