//! From differences to findings: one for each set of members that differ from the norm, or one that names nobody where there
//! is no norm.

use super::super::facts::{
    Difference, Facts, Held, Kind, Members, Origin, Seen, Value, behind_the_image, fold, origin,
};
use crate::model::{Arrange, Confidence, Finding, Group, Judging, Reading, Severity, Thing, What, Why};
use std::collections::BTreeMap;

/// What one check is about.
pub(super) struct About {
    pub groups: &'static [Group],
    /// One of them, and many.
    pub one: &'static str,
    pub many: &'static str,
    /// What is said where nothing of it was recorded.
    pub none: &'static str,
    /// Among findings about the same member those with more stand first.
    pub order: f64,
    pub remedy: &'static str,
    /// The command that shows more of a member.
    pub next: &'static str,
}

/// A title and the sentences of a finding name so many attributes; the others are counted.
const NAMED: usize = 4;
/// A value in a sentence is cut after so many characters.
const LONG: usize = 40;
/// So many members of a finding are things that other findings may share.
const TIED: usize = 64;
/// A member's surprise counts for more than the order of the checks.
const ORDERS: f64 = 100.0;

/// Whether enough members answered and something of these groups was held against each other; counts what was.
pub(super) fn ready(f: &Facts, groups: &[Group], none: &'static str, out: &mut Judging) -> bool {
    if out.part(&f.compared, "fewer than two members answered").is_none() {
        return false;
    }
    let mine = || f.groups.iter().filter(|g| groups.contains(&g.group));
    for (why, n) in mine().flat_map(|g| &g.unseen) {
        out.unseen(*n, *why);
    }
    let attributes: u64 = mine().map(|g| g.attributes).sum();
    out.looked(attributes);
    let holes = mine().any(|g| !g.unseen.is_empty());
    if attributes == 0 && !holes {
        let nothing: Reading<()> = Reading::unseen(Why::NotAsked);
        out.part(&nothing, none);
        return false;
    }
    true
}

/// Judges the differences of some groups.
pub(super) fn judge(f: &Facts, about: &About, out: &mut Judging) {
    judge_with(f, about, out, |_| true, |_, finding| finding);
}

/// The same of those that count; `say` adds what it knows of those who are odd.
pub(super) fn judge_with(
    f: &Facts,
    about: &About,
    out: &mut Judging,
    counts: impl Fn(&Difference) -> bool,
    say: impl Fn(&Members, Finding) -> Finding,
) {
    if !ready(f, about.groups, about.none, out) {
        return;
    }
    // By who is odd; where nobody is, by how the members are split.
    let mut by_odd: BTreeMap<Members, Vec<&Difference>> = BTreeMap::new();
    let mut by_split: BTreeMap<Vec<&Members>, Vec<&Difference>> = BTreeMap::new();
    for d in f.differences.top().iter().filter(|d| about.groups.contains(&d.group) && counts(d)) {
        match d.odd() {
            Some(odd) => by_odd.entry(odd).or_default().push(d),
            None => by_split.entry(d.values.iter().map(|v| &v.members).collect()).or_default().push(d),
        }
    }
    for (odd, all) in by_odd {
        out.find(say(&odd, one_odd(f, about, &odd, &all)));
    }
    for (_, all) in by_split {
        out.find(split(f, about, &all));
    }
}

fn one_odd(f: &Facts, about: &About, odd: &Members, all: &[&Difference]) -> Finding {
    let who = fold(odd, &f.members);
    let one = odd.len() == 1;
    let title = match all {
        [d] => single(f, &who, one, d),
        _ if f.over_time => format!("{who} was unlike the other times in {}", named(about, all)),
        _ if one => format!("{who} alone differs in {}", named(about, all)),
        _ => format!("{who} differ from the others in {}", named(about, all)),
    };
    let usual = all.iter().filter_map(|d| d.usual()).map(|v| v.members.len()).min().unwrap_or(0);
    // Three of five may be the ones that are wrong.
    let sure = usual >= 3 && usual >= 3 * odd.len();
    let confidence = if sure { Confidence::High } else { Confidence::Medium };
    let why = match about.groups {
        [Group::Image] => behind_the_image(odd, &f.members),
        _ => origin(odd, &f.members),
    };
    let severity = match (&why, about.groups) {
        // What a node has is the node's; its pods have to live with several kernels.
        (Some(Origin::Node(_)), [Group::Version]) => Severity::Notice,
        _ => Severity::Warning,
    };
    let mut finding = Finding::new(severity, confidence, subject(f, odd), title);
    finding.about = ties(f, odd);
    if all.len() > 1 {
        for d in all.iter().take(NAMED) {
            finding = finding.because(single(f, &who, one, d));
        }
    }
    if let Some(origin) = why {
        finding = finding.because(origin.said(one));
    }
    if let Some(r) = f.reference.and_then(|r| f.members.get(r as usize)) {
        finding = finding.because(format!("{} is the reference", r.name));
    }
    let finding = finding
        .evidence("odd", odd.len())
        .evidence("like_the_norm", usual)
        .evidence("differences", all.len())
        .remedy(about.remedy)
        .weight(weight(f, odd, about.order));
    more(f, odd, about.next, finding)
}

/// What a finding about these members weighs: the most surprising of them stands first, then the order of the checks decides.
pub(super) fn weight(f: &Facts, odd: &Members, order: f64) -> f64 {
    let bits = odd.iter().filter_map(|i| f.members.get(i as usize)).map(|m| m.bits).fold(0.0, f64::max);
    (bits * 10.0).round() * ORDERS + order
}

/// The members that a finding is about, as one thing.
pub(super) fn subject(f: &Facts, odd: &Members) -> Thing {
    let name = fold(odd, &f.members);
    let server = odd.first().and_then(|i| f.members.get(i as usize)).and_then(|m| m.namespace.clone());
    Thing::Named { what: What::Member, server: server.unwrap_or_default(), name }
}

/// Each of several, so that findings about one of them can be tied to it.
pub(super) fn ties(f: &Facts, odd: &Members) -> Vec<Thing> {
    if odd.len() < 2 {
        return vec![];
    }
    odd.iter().take(TIED).map(|i| subject(f, &Members::of([i]))).collect()
}

/// The command that shows more of the first of them.
pub(super) fn more(f: &Facts, odd: &Members, command: &str, finding: Finding) -> Finding {
    let Some(m) = odd.first().and_then(|i| f.members.get(i as usize)) else { return finding };
    let plain =
        |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_alphanumeric() || "-._:@/".contains(c));
    let line = match m.kind {
        Kind::Pod => {
            let bare = m.name.rsplit('/').next().unwrap_or(&m.name);
            let mut line = format!("--on pod/{bare}");
            let flags = [
                ("-n", &m.namespace),
                ("-c", &f.container),
                ("--context", &f.context),
                ("--kubeconfig", &f.kubeconfig),
            ];
            for (flag, value) in flags {
                match value {
                    Some(v) if plain(v) => line += &format!(" {flag} {v}"),
                    Some(_) => return finding,
                    None => {}
                }
            }
            if plain(bare) { line } else { return finding }
        }
        Kind::Ssh if plain(&m.name) => format!("--on {}", m.name),
        _ => return finding,
    };
    finding.next(format!("{line} {command}"))
}

/// `3 variables: TZ, LANG and LC_ALL`.
fn named(about: &About, all: &[&Difference]) -> String {
    let names: Vec<String> = all.iter().take(NAMED).map(|d| cut(&d.label())).collect();
    let rest = all.len() - names.len();
    let list = match (&names[..], rest) {
        ([first @ .., last], 0) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (_, 0) => names.join(", "),
        _ => format!("{} and {rest} more", names.join(", ")),
    };
    let what = if all.len() == 1 { about.one } else { about.many };
    format!("{} {what}: {list}", all.len())
}

/// `web-3 alone has another TZ: Asia/Tokyo, the 4 others Europe/Berlin`.
fn single(f: &Facts, who: &str, one: bool, d: &Difference) -> String {
    let Some(norm) = d.usual() else { return d.label() };
    let n = norm.members.len();
    let others = match f.reference.and_then(|r| f.members.get(r as usize)) {
        Some(r) if n == 1 => r.name.clone(),
        _ if n == 1 => "the other".into(),
        _ => format!("the {n} others"),
    };
    let (has, have) = (if one { "alone has" } else { "have" }, if n == 1 { "has" } else { "have" });
    let rest: Vec<&Value> = d.values.iter().filter(|v| v.members != norm.members).collect();
    let label = cut(&d.label());
    let value = |v: &Held, beside: Option<&Held>| cut(&v.said(&d.name, beside));
    if rest.iter().all(|v| v.held == Held::Missing) && d.others.is_empty() {
        let shown = match &norm.held {
            Held::There | Held::Sealed { .. } => String::new(),
            held => format!(": {}", value(held, None)),
        };
        return format!("{who} {has} no {label}; {others} {have} it{shown}");
    }
    if norm.held == Held::Missing {
        let shown: Vec<String> = rest
            .iter()
            .filter(|v| !matches!(v.held, Held::There | Held::Sealed { .. }))
            .map(|v| value(&v.held, None))
            .collect();
        let shown = if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) };
        let not = if n == 1 { "has not" } else { "have not" };
        return format!("{who} {has} {label}, which {others} {not}{shown}");
    }
    let mut shown: Vec<String> = rest.iter().take(NAMED).map(|v| value(&v.held, Some(&norm.held))).collect();
    if rest.len() > NAMED || !d.others.is_empty() {
        shown.push("others".into());
    }
    let another = if one || rest.len() == 1 { "another" } else { "other values of" };
    // A hash is no value: it shows that two are not one.
    let value_word = |held: &Held| match held {
        Held::Sealed { .. } => "a value with ",
        _ => "",
    };
    let usual = value(&norm.held, rest.first().map(|v| &v.held));
    let secret = rest.first().map_or("", |v| value_word(&v.held));
    format!("{who} {has} {another} {label}: {secret}{}, {others} {usual}", shown.join(", "))
}

/// Nobody has the majority: what there is, and no culprit.
fn split(f: &Facts, about: &About, all: &[&Difference]) -> Finding {
    let first = all[0];
    let of: usize = first.values.iter().map(|v| v.members.len()).sum::<usize>() + first.others.len();
    let names = |v: &Value| fold(&v.members, &f.members);
    let sides = |d: &Difference| {
        let mut said: Vec<String> = Vec::new();
        for v in d.values.iter().take(NAMED) {
            let beside = d.values.iter().find(|o| o.held != v.held).map(|o| &o.held);
            said.push(format!("{} {}", names(v), cut(&v.held.said(&d.name, beside))));
        }
        if d.values.len() > NAMED || !d.others.is_empty() {
            said.push("and other values".into());
        }
        said.join(", ")
    };
    let title = match (of, all) {
        (2, _) if f.over_time => format!("{} in {}", changed(f, first), named(about, all)),
        (2, [d]) => format!("{} differ in {}: {}", names_of(f, d), cut(&d.label()), sides(d)),
        (2, _) => format!("{} differ in {}", names_of(f, first), named(about, all)),
        (_, [d]) => format!("the {of} members are split over {}: {}", cut(&d.label()), sides(d)),
        _ => format!("the {of} members are split over {}", named(about, all)),
    };
    let mut finding = Finding::new(Severity::Warning, Confidence::Low, Thing::Host, title);
    if all.len() > 1 || of == 2 && f.over_time {
        for d in all.iter().take(NAMED) {
            finding = finding.because(format!("{}: {}", cut(&d.label()), sides(d)));
        }
    }
    for v in first.values.iter().skip(1).take(1) {
        if let Some(origin) = origin(&v.members, &f.members) {
            finding = finding.because(format!("{}: {}", names(v), origin.said(v.members.len() == 1)));
        }
    }
    let weigh = all.len() as f64;
    let finding = finding
        .evidence("members", of)
        .evidence("differences", all.len())
        .weight(weigh + about.order / ORDERS);
    match f.over_time {
        true => finding.remedy(about.remedy),
        false => finding
            .because("no value is that of more than half: who of them is right cannot be told from this")
            .remedy("name the one that is right with --reference, or compare more of them"),
    }
}

/// `web-0 and web-1`.
fn names_of(f: &Facts, d: &Difference) -> String {
    let all: Vec<String> = d.values.iter().map(|v| fold(&v.members, &f.members)).collect();
    all.join(" and ")
}

/// `a.json and b.json are of one pod at two times, which changed`.
fn changed(f: &Facts, d: &Difference) -> String {
    let mut who: Vec<&Seen> =
        d.values.iter().flat_map(|v| v.members.iter()).filter_map(|i| f.members.get(i as usize)).collect();
    who.arrange_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = who.iter().map(|m| m.name.as_str()).collect();
    format!("what {} saw has changed", names.join(" and "))
}

/// Text from outside may be long.
fn cut(text: &str) -> String {
    text.char_indices().nth(LONG).map_or_else(|| text.to_string(), |(at, _)| format!("{}…", &text[..at]))
}
