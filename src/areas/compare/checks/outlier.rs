//! Figures that are far above those of the others: below five members by ratio and size alone, since no statistics bear so few
//! (facts of small sets: the modified z-score flags pure noise in a fifth of all sets of five); from five on by both.

use super::{
    super::facts::{Facts, Figure, Members, fold, origin, plain_name, with_unit},
    odd::{more, subject, ties, weight},
};
use crate::model::{Confidence, Finding, Group, Severity};
use std::collections::BTreeMap;

/// From so many members on the distance from the middle counts too.
const STATISTICS: u64 = 5;
/// From so many on a smaller distance is enough.
const MANY: u64 = 10;

/// How far off is too far.
pub(super) struct Cut {
    /// Modified z-score from five members on.
    pub few_score: f64,
    /// From ten members on.
    pub many_score: f64,
}

/// One figure of one member that is too far off.
pub(super) struct Far<'f> {
    pub figure: &'f Figure,
    pub member: u32,
    pub value: f64,
    pub base: f64,
}

/// Members whose figure passes `floor(value, base)` and, where there are enough members, the cut.
pub(super) fn far<'f>(
    figure: &'f Figure,
    cut: &Cut,
    logs: bool,
    floor: impl Fn(f64, f64) -> bool,
) -> Vec<Far<'f>> {
    let beyond = |value: f64| {
        let score = if logs { figure.log_score(value) } else { figure.score(value) };
        match figure.of {
            _ if figure.reference.is_some() => true,
            0..STATISTICS => true,
            STATISTICS..MANY => score >= cut.few_score,
            _ => score >= cut.many_score,
        }
    };
    let all = figure.highest.iter().map(|(member, value)| (*member, *value, figure.base(*member)));
    all.filter(|(_, value, base)| floor(*value, *base) && beyond(*value))
        .map(|(member, value, base)| Far { figure, member, value, base })
        .collect()
}

/// What is said of an outlier.
pub(super) struct Words {
    pub remedy: &'static str,
    pub next: &'static str,
    pub order: f64,
}

/// One finding for each set of members that are far off in the same figures.
pub(super) fn findings(
    f: &Facts,
    all: Vec<Far>,
    words: &Words,
    severity: impl Fn(&Far) -> Severity,
) -> Vec<Finding> {
    let mut by_member: BTreeMap<u32, Vec<Far>> = BTreeMap::new();
    for far in all {
        by_member.entry(far.member).or_default().push(far);
    }
    let mut by_figures: BTreeMap<Vec<&str>, Vec<u32>> = BTreeMap::new();
    for (member, of) in &by_member {
        by_figures.entry(of.iter().map(|f| f.figure.name.as_str()).collect()).or_default().push(*member);
    }
    let mut out = Vec::new();
    for members in by_figures.into_values() {
        let odd = Members::of(members.iter().copied());
        let fars: Vec<&Far> = members.iter().filter_map(|m| by_member.get(m)).flatten().collect();
        let Some(worst) = fars.iter().max_by(|a, b| a.value.total_cmp(&b.value)) else { continue };
        // Of a pair, either may be the odd one.
        let confidence = if worst.figure.of < 3 { Confidence::Low } else { Confidence::Medium };
        let grade = fars.iter().map(|f| severity(f)).max().unwrap_or(Severity::Notice);
        let shown = |v: f64| with_unit(v, &worst.figure.name);
        let who = fold(&odd, &f.members);
        let up_to = if odd.len() > 1 { "up to " } else { "" };
        let label = plain_name(&worst.figure.name);
        let title =
            format!("{who}: {label} {up_to}{}, the others about {}", shown(worst.value), shown(worst.base));
        let mut finding = Finding::new(grade, confidence, subject(f, &odd), title)
            .evidence("odd", odd.len())
            .evidence("members", worst.figure.of);
        finding.about = ties(f, &odd);
        let mut said = std::collections::BTreeSet::from([&worst.figure.name]);
        for far in &fars {
            if said.insert(&far.figure.name) {
                let name = &far.figure.name;
                finding = finding.because(format!(
                    "{}: {}, the others about {}",
                    plain_name(name),
                    with_unit(far.value, name),
                    with_unit(far.base, name)
                ));
            }
        }
        if let Some(origin) = origin(&odd, &f.members) {
            finding = finding.because(origin.said(odd.len() == 1));
        }
        let restarted = odd.iter().filter_map(|i| f.members.get(i as usize)).any(|m| m.restarts > Some(0));
        if restarted {
            finding = finding.because("it was restarted before: see what its last run ended with");
        }
        let finding = finding.remedy(words.remedy).weight(weight(f, &odd, words.order));
        out.push(more(f, &odd, words.next, finding));
    }
    out
}

/// The figures of a group.
pub(super) fn figures(f: &Facts, group: Group) -> impl Iterator<Item = &Figure> {
    f.figures.top().iter().filter(move |n| n.group == group)
}
