//! The vote: what more than half have is the norm, who has something else is odd, and where nobody has more than half nobody is.

use super::{
    Compared, Difference, Duplicate, Facts, Held, Members, Seen, VALUES, Value,
    figure::Figure,
    table::{Column, Entered, Table},
};
use crate::model::{Arrange, Class, Group, Kept, Reading, Why};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Names of what is each member's own, and duplicates: so many are kept.
const NAMES: usize = 100;
/// So many figures are kept; there are no more kinds of them than mounts and limits.
const FIGURES: usize = 500;
/// From so many members on one pair may coincide in what is otherwise each member's own.
const PAIRED: usize = 5;

/// What came of one attribute.
enum Came {
    /// Fewer than two members could show it.
    Alone,
    Equal,
    /// Not judged.
    Own,
    Figure(Box<Figure>),
    Differs(Box<Difference>),
    Twice(Duplicate),
}

/// Everything that is needed to judge one attribute.
struct Vote<'t> {
    /// Entered members, by index.
    entered: &'t HashMap<u32, &'t Entered>,
    /// Who hashed under the key that most have.
    keyed: &'t HashSet<u32>,
    reference: Option<u32>,
    /// Who has which set.
    sets: &'t HashMap<(Group, &'t str), Vec<u32>>,
}

/// One attribute, counted.
struct Count {
    /// Who has which value, the most frequent first.
    classes: Vec<(Held, Vec<u32>)>,
    unseen: Vec<(u32, Why)>,
    redacted: u64,
}

impl Table {
    /// The vote over everything that was entered. `seen` is who was asked; `facts` holds what is known beside.
    pub fn judge(mut self, seen: Vec<Seen>, facts: Facts) -> Facts {
        self.entered.arrange_by_key(|e| e.index);
        for column in &mut self.columns {
            column.cells.sort_unstable();
            column.cells.dedup_by_key(|c| c.0);
        }
        let entered: HashMap<u32, &Entered> = self.entered.iter().map(|e| (e.index, e)).collect();
        let keyed = keyed(&self.entered);
        let sets = self.columns.iter().filter(|c| c.class == Class::Set && c.element.is_none());
        let sets = sets
            .map(|c| ((c.group, c.name.as_str()), c.cells.iter().map(|c| c.0).collect::<Vec<_>>()))
            .collect();
        let vote = Vote { entered: &entered, keyed: &keyed, reference: facts.reference, sets: &sets };
        let mut out = Tally { seen, ..Tally::default() };
        let own_elements = OwnElements::of(&self.columns, entered.len());
        for column in &self.columns {
            let (came, count) = vote.over(column, &own_elements);
            out.enter(column, came, &count);
        }
        out.finish(facts, entered.len(), self.dropped)
    }
}

/// Members whose hashes can be compared with each other: those under the key that most of them have, at least two.
fn keyed(entered: &[Entered]) -> HashSet<u32> {
    let mut by_key: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for e in entered {
        by_key.entry(&e.key).or_default().push(e.index);
    }
    let most = by_key.into_values().max_by_key(Vec::len).filter(|m| m.len() > 1);
    most.unwrap_or_default().into_iter().collect()
}

/// Sets of which every member has an element that no other has: such an element is its own by nature.
struct OwnElements(HashSet<(Group, String)>);

impl OwnElements {
    fn of(columns: &[Column], members: usize) -> Self {
        let mut alone: HashMap<(Group, &str), HashSet<u32>> = HashMap::new();
        for c in columns.iter().filter(|c| c.element.is_some() && c.cells.len() == 1) {
            alone.entry((c.group, &c.name)).or_default().extend(c.cells.iter().map(|c| c.0));
        }
        let all = alone.into_iter().filter(|(_, who)| members > 2 && who.len() == members);
        Self(all.map(|((g, n), _)| (g, n.to_string())).collect())
    }
    fn holds(&self, column: &Column) -> bool {
        column.cells.len() == 1 && self.0.contains(&(column.group, column.name.clone()))
    }
}

impl Vote<'_> {
    fn over(&self, column: &Column, own: &OwnElements) -> (Came, Count) {
        let count = self.count(column);
        if column.class == Class::Number {
            let unseen = Members::of(count.unseen.iter().map(|u| u.0));
            let came =
                Figure::of(column, self.reference, unseen).map_or(Came::Alone, |f| Came::Figure(Box::new(f)));
            return (came, count);
        }
        let came = self.decide(column, &count, own);
        (came, count)
    }

    /// Who has what, who has nothing, and of whom it cannot be told.
    fn count(&self, column: &Column) -> Count {
        let mut unseen = column.unseen.clone();
        let mut redacted = 0;
        let mut by_value: Vec<Vec<u32>> = vec![Vec::new(); column.values.len()];
        let kind = |v: &Held| matches!(v, Held::Sealed { .. });
        let (sealed, shown) =
            column.cells.iter().fold((0, 0), |n, (_, v)| match column.values.get(*v as usize) {
                Some(v) if kind(v) => (n.0 + 1, n.1),
                _ => (n.0, n.1 + 1),
            });
        for (member, value) in &column.cells {
            let Some(held) = column.values.get(*value as usize) else { continue };
            let hashed = matches!(held, Held::Sealed { .. } | Held::File { .. });
            // A hash says nothing beside one under another key, nor beside the text itself.
            let other_kind = kind(held) != (sealed >= shown) && sealed > 0;
            if hashed && !self.keyed.contains(member) || other_kind {
                unseen.push((*member, Why::Unsupported));
                redacted += 1;
            } else if let Some(members) = by_value.get_mut(*value as usize) {
                members.push(*member);
            }
        }
        let mut classes: Vec<(Held, Vec<u32>)> =
            column.values.iter().cloned().zip(by_value).filter(|c| !c.1.is_empty()).collect();
        let missing = self.missing(column, &mut unseen);
        if !missing.is_empty() {
            // Whose value cannot be compared has one all the same: whether it is there is what can be told.
            if redacted > 0 {
                classes = vec![(Held::There, column.cells.iter().map(|c| c.0).collect())];
            }
            classes.push((Held::Missing, missing));
        }
        // Among as many the first member decides: who answered first must not.
        classes.arrange_by_key(|c| (std::cmp::Reverse(c.1.len()), c.1.first().copied()));
        Count { classes, unseen, redacted }
    }

    /// Who has it not, and was able to see that.
    fn missing(&self, column: &Column, unseen: &mut Vec<(u32, Why)>) -> Vec<u32> {
        if column.missing.is_empty() && column.cells.len() == self.entered.len() {
            return vec![];
        }
        let mut known: HashSet<u32> = column.cells.iter().map(|c| c.0).collect();
        known.extend(column.numbers.iter().map(|n| n.0));
        known.extend(unseen.iter().map(|u| u.0));
        let mut missing: Vec<u32> = column.missing.iter().copied().filter(|m| !known.contains(m)).collect();
        known.extend(&missing);
        let holders: Vec<&Entered> =
            column.cells.iter().filter_map(|c| self.entered.get(&c.0).copied()).take(64).collect();
        let of_set =
            column.element.as_ref().and_then(|_| self.sets.get(&(column.group, column.name.as_str())));
        for (index, entered) in self.entered.iter().filter(|e| !known.contains(e.0)) {
            let asked = |list: fn(&Entered) -> &Vec<String>| {
                holders.iter().all(|h| list(h).iter().all(|g| list(entered).contains(g)))
            };
            let blind = entered.blind.iter().find(|b| b.0 == column.group).map(|b| b.1);
            let why = match column.group {
                _ if blind.is_some() => blind,
                // Whose set is not there or was not seen has no elements to miss.
                _ if of_set.is_some_and(|s| !s.contains(index)) => Some(Why::NotAsked),
                _ if entered.cut => Some(Why::TooMany),
                Group::File if !asked(|e| &e.asked.files) => Some(Why::NotAsked),
                Group::Version if !asked(|e| &e.asked.exec_version) => Some(Why::NotAsked),
                _ => None,
            };
            match why {
                // The set itself is counted.
                Some(_) if of_set.is_some_and(|s| !s.contains(index)) => {}
                Some(why) => unseen.push((*index, why)),
                None => missing.push(*index),
            }
        }
        missing.sort_unstable();
        missing
    }

    fn decide(&self, column: &Column, count: &Count, own: &OwnElements) -> Came {
        let n: usize = count.classes.iter().map(|c| c.1.len()).sum();
        if n < 2 {
            return Came::Alone;
        }
        if column.class == Class::Free || own.holds(column) {
            return if count.classes.len() == 1 { Came::Equal } else { Came::Own };
        }
        let largest = count.classes[0].1.len();
        let missing = count.classes.iter().any(|c| c.0 == Held::Missing);
        if column.class == Class::Unique {
            // Behind a placeholder all are the same by right.
            let shared = |c: &&(Held, Vec<u32>)| c.1.len() > 1 && c.0 != Held::Missing;
            match count.classes.iter().find(shared) {
                None => return Came::Own,
                Some(_) if largest == n => return Came::Own,
                Some((held, who)) if largest * 2 <= n => {
                    let members = Members::of(who.iter().copied());
                    let held = held.clone();
                    return Came::Twice(Duplicate {
                        group: column.group,
                        name: column.name.clone(),
                        held,
                        members,
                    });
                }
                Some(_) => {}
            }
        }
        if count.classes.len() == 1 {
            return Came::Equal;
        }
        let kinds = count.classes.len();
        let apart = kinds == n || n >= PAIRED && kinds + 1 >= n;
        if n > 2 && apart && !missing && column.element.is_none() {
            return Came::Own;
        }
        let norm = match self.reference {
            Some(r) => count.classes.iter().position(|c| c.1.contains(&r)),
            None => (largest * 2 > n).then_some(0),
        };
        Came::Differs(Box::new(difference(column, count, norm, n)))
    }
}

fn difference(column: &Column, count: &Count, norm: Option<usize>, n: usize) -> Difference {
    let mut values: Vec<Value> = Vec::new();
    let mut others = Vec::new();
    for (i, (held, members)) in count.classes.iter().enumerate() {
        if i < VALUES || Some(i) == norm {
            values.push(Value { held: held.clone(), members: Members::of(members.iter().copied()) });
        } else {
            others.extend(members.iter().copied());
        }
    }
    let norm = norm.map(|i| if i < VALUES { i } else { VALUES } as u32);
    let odd = values.iter().enumerate().filter(|(i, _)| norm.is_some_and(|n| n as usize != *i));
    let bits = odd.map(|(_, v)| bits(n, count.classes.len(), v.members.len())).fold(0.0, f64::max);
    Difference {
        group: column.group,
        name: column.name.clone(),
        element: column.element.clone(),
        class: column.class,
        values,
        others: Members::of(others),
        norm,
        unseen: Members::of(count.unseen.iter().map(|u| u.0)),
        bits,
    }
}

/// How much more likely a value that `sharing` of `n` members have is in a sick member than in a well one, in bits: PeerPressure
/// (Wang et al., OSDI 2004), with `kinds` values in all. A sick one is taken to have any of them; a well one what its peers have.
fn bits(n: usize, kinds: usize, sharing: usize) -> f64 {
    let (peers, kinds, sharing) = (n.saturating_sub(1) as f64, kinds as f64, sharing as f64);
    ((peers + kinds) / (kinds * sharing)).log2().max(0.0)
}

/// What is gathered while the columns are gone through.
#[derive(Default)]
struct Tally {
    seen: Vec<Seen>,
    groups: BTreeMap<Group, (Compared, BTreeMap<Why, u64>)>,
    differences: Vec<Difference>,
    total: u64,
    figures: Vec<Figure>,
    duplicates: Vec<Duplicate>,
    own: Vec<String>,
    own_total: u64,
    unique: u64,
}

impl Tally {
    fn enter(&mut self, column: &Column, came: Came, count: &Count) {
        let (group, unseen) = self.groups.entry(column.group).or_insert_with(|| {
            let group = column.group;
            let zero = Compared {
                group,
                attributes: 0,
                equal: 0,
                differ: 0,
                own: 0,
                figures: 0,
                unseen: vec![],
                redacted: 0,
            };
            (zero, BTreeMap::new())
        });
        // The set as a whole stands in the count once; its elements are what is compared.
        for (_, why) in &count.unseen {
            *unseen.entry(*why).or_default() += 1;
        }
        group.redacted += count.redacted;
        self.unique += u64::from(column.class == Class::Unique);
        if !matches!(came, Came::Alone) {
            group.attributes += 1;
        }
        match came {
            Came::Alone => {}
            Came::Equal => group.equal += 1,
            Came::Own => {
                group.own += 1;
                // What is unique by what it is was expected to be; what was learned is said.
                if column.class == Class::Equal {
                    self.own_total += 1;
                    if self.own.len() < NAMES {
                        self.own.push(column.name.clone());
                    }
                }
            }
            Came::Figure(figure) => {
                group.figures += 1;
                self.figures.push(*figure);
            }
            Came::Twice(duplicate) => {
                group.differ += 1;
                self.duplicates.push(duplicate);
            }
            Came::Differs(difference) => {
                group.differ += 1;
                self.total += 1;
                self.charge(&difference);
                self.differences.push(*difference);
                // The most telling are kept; what weighs less goes while more come.
                if self.differences.len() > 4 * super::DIFFERENCES {
                    self.shorten();
                }
            }
        }
    }

    /// Counts it for everybody who is odd in it.
    fn charge(&mut self, difference: &Difference) {
        for i in difference.odd().iter().flat_map(Members::iter) {
            if let Some(member) = self.seen.get_mut(i as usize) {
                member.differs += 1;
                member.bits += difference.bits;
            }
        }
    }

    fn shorten(&mut self) {
        let place = |d: &Difference| (d.norm.is_none(), d.group, d.name.clone(), d.element.clone());
        self.differences.arrange_by(|a, b| {
            a.norm
                .is_none()
                .cmp(&b.norm.is_none())
                .then(b.bits.total_cmp(&a.bits))
                .then(place(a).cmp(&place(b)))
        });
        self.differences.truncate(super::DIFFERENCES);
    }

    fn finish(mut self, facts: Facts, entered: usize, dropped: u64) -> Facts {
        self.shorten();
        let key = |f: &Figure| (f.group, f.name.clone());
        self.figures.arrange_by_key(key);
        let figures = self.figures.len() as u64;
        self.figures.truncate(FIGURES);
        let duplicates = self.duplicates.len() as u64;
        self.duplicates.truncate(NAMES);
        let groups = self
            .groups
            .into_values()
            .map(|(group, unseen)| Compared { unseen: unseen.into_iter().collect(), ..group });
        let mut groups: Vec<Compared> = groups.collect();
        if let (Some(first), true) = (groups.first_mut(), dropped > 0) {
            first.unseen.push((Why::TooMany, dropped));
        }
        Facts {
            compared: if entered < 2 { Reading::unseen(Why::Absent) } else { Reading::seen(entered as u64) },
            members: self.seen,
            groups,
            differences: Kept::worst(self.total, self.differences),
            figures: Kept::worst(figures, self.figures),
            duplicates: Kept::worst(duplicates, self.duplicates),
            own: Kept::worst(self.own_total, self.own),
            unique: self.unique,
            ..facts
        }
    }
}
