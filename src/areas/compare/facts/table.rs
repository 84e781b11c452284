//! Every attribute of every member, value by value: each value once, each member as a number.

use super::held::Held;
use crate::model::{Attribute, Attributes, Class, Group, Untrusted, Value, Why};
use std::collections::{BTreeMap, HashMap};

/// There are no more columns; what is beyond is counted.
const COLUMNS: usize = 50_000;

/// The name of what stands for everything of a group that could not be listed.
const REST: &str = "*";

/// What the snapshot of a member was asked for beside what is always recorded: what was not asked for is not missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Globs of files.
    pub files: Vec<String>,
    /// Programs asked for their versions.
    pub exec_version: Vec<String>,
}

/// What a member could not see at all, and why.
pub type Blind = Vec<(Group, Why)>;

/// One member as it was entered.
#[derive(Clone, Debug, Default)]
pub(super) struct Entered {
    pub index: u32,
    pub asked: Asked,
    pub key: String,
    pub blind: Blind,
    /// Its list was cut: what is not on it may be there.
    pub cut: bool,
}

/// One attribute of all members.
#[derive(Debug)]
pub(super) struct Column {
    pub group: Group,
    pub name: String,
    /// Of an element of a set.
    pub element: Option<String>,
    pub class: Class,
    /// The values that were met.
    pub values: Vec<Held>,
    /// Who has which.
    pub cells: Vec<(u32, u32)>,
    /// Figures.
    pub numbers: Vec<(u32, f64)>,
    /// Who looked for it and saw that it is not there.
    pub missing: Vec<u32>,
    /// Who could not see it.
    pub unseen: Vec<(u32, Why)>,
    known: HashMap<u64, u32>,
    /// The value met last, as it decides and by its place: most members have the same.
    last: Option<(u64, u32)>,
    /// The column that the member before this one went on with: members list in one order.
    then: usize,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Table {
    pub(super) columns: Vec<Column>,
    index: BTreeMap<Group, HashMap<String, usize>>,
    pub(super) entered: Vec<Entered>,
    pub(super) dropped: u64,
    /// The column that was entered into last.
    at: usize,
}

impl Table {
    /// Enters one member; `blind` are the groups of which it could see nothing.
    pub fn add(&mut self, index: u32, asked: Asked, blind: Blind, of: Attributes) {
        let cut = of.list.total() > of.list.top().len() as u64;
        let mut blind = blind;
        for Attribute { group, name, class, value } in of.list.top() {
            match value.gathered() {
                // What stands for all that could not be listed.
                Err(why) if name.as_str() == REST => blind.push((*group, why)),
                value => self.enter(index, *group, name, *class, value),
            }
        }
        self.entered.push(Entered { index, asked, key: of.key_id, blind, cut });
    }

    fn enter(
        &mut self,
        member: u32,
        group: Group,
        name: &Untrusted,
        class: Class,
        value: Result<&Value, Why>,
    ) {
        let Some(column) = self.column(group, name.as_str(), None, class) else { return };
        match value {
            Ok(Value::Number { number }) if class == Class::Number => column.numbers.push((member, *number)),
            Ok(value) => column.put(member, value),
            Err(Why::Absent) => column.missing.push(member),
            Err(why) => column.unseen.push((member, why)),
        }
        if let Ok(Value::Set { set }) = value {
            for element in set {
                if let Some(row) = self.column(group, name.as_str(), Some(element.as_str()), class) {
                    row.put(member, &Value::Set { set: vec![] });
                }
            }
        }
    }

    fn column(
        &mut self,
        group: Group,
        name: &str,
        element: Option<&str>,
        class: Class,
    ) -> Option<&mut Column> {
        let expected = self.columns.get(self.at).map_or(0, |c| c.then);
        if self.columns.get(expected).is_some_and(|c| c.is(group, name, element)) {
            self.at = expected;
            return self.columns.get_mut(expected);
        }
        let known = self.index.entry(group).or_default();
        let joined;
        let key = match element {
            None => name,
            // No name of an attribute holds a NUL.
            Some(e) => {
                joined = format!("{name}\0{e}");
                joined.as_str()
            }
        };
        let at = match known.get(key) {
            Some(at) => *at,
            None if self.columns.len() >= COLUMNS => {
                self.dropped += 1;
                return None;
            }
            None => {
                known.insert(key.to_string(), self.columns.len());
                self.columns.push(Column {
                    group,
                    name: name.into(),
                    element: element.map(Into::into),
                    class,
                    values: vec![],
                    cells: vec![],
                    numbers: vec![],
                    missing: vec![],
                    unseen: vec![],
                    known: HashMap::new(),
                    last: None,
                    then: 0,
                });
                self.columns.len() - 1
            }
        };
        if let Some(before) = self.columns.get_mut(self.at) {
            before.then = at;
        }
        self.at = at;
        self.columns.get_mut(at)
    }
}

impl Column {
    fn is(&self, group: Group, name: &str, element: Option<&str>) -> bool {
        self.group == group && self.name == name && self.element.as_deref() == element
    }

    fn put(&mut self, member: u32, value: &Value) {
        let (next, voice) = (self.values.len() as u32, Held::voice(value));
        let id = match self.last {
            Some((last, id)) if last == voice => id,
            _ => *self.known.entry(voice).or_insert(next),
        };
        self.last = Some((voice, id));
        if id == next {
            self.values.push(Held::of(value));
        } else if let (Some(Held::File { modified: known, .. }), Value::File { modified, .. }) =
            (self.values.get_mut(id as usize), value)
            && *known != *modified
        {
            // Equal files of several times have none in common; who answered first must not decide what is said.
            *known = None;
        }
        self.cells.push((member, id));
    }
}
