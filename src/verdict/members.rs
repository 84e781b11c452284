//! Several places as one report: what all of them have is said once, each keeps what is its own, and nobody who could not be
//! asked is forgotten.

use super::{Taken, exit_of_members};
use crate::model::{
    Arrange, Gap, PodStatus,
    report::{CheckV1, FindingV1, MemberV1, OutcomeV1, PodV1, Report, SCHEMA, SectionV1, Status, ThingV1},
};
use std::{cmp::Reverse, collections::BTreeMap};

/// The area under which gaps of whole places stand.
const AREA: &str = "members";
/// So many places are called by name in one line; the others are counted.
const NAMED: usize = 3;

/// What came from one place.
#[derive(Clone, Debug)]
pub struct Heard {
    /// As reports name it.
    pub name: String,
    /// The flags that name it alone.
    pub on: String,
    /// What the cluster knows of it.
    pub pod: Option<PodStatus>,
    /// Its report; or why there is none, and the lines that would see it.
    pub said: Result<Report, (Gap, Vec<String>)>,
}

/// What was asked, and where.
#[derive(Clone, Debug)]
pub struct Everywhere {
    /// The command.
    pub command: String,
    /// The words that name the places.
    pub on: Vec<String>,
    /// When.
    pub taken: Taken,
}

impl Heard {
    fn member(&self, report: Option<Box<Report>>, shared: Vec<usize>) -> MemberV1 {
        let (gap, remedies) = match &self.said {
            Ok(_) => (None, vec![]),
            Err((gap, lines)) => (Some(gap.clone()), lines.clone()),
        };
        let seen = self.said.as_ref().ok();
        MemberV1 {
            name: self.name.clone(),
            on: self.on.clone(),
            status: seen.map_or(Status::Unknown, |r| r.status),
            exit_code: seen.map_or(3, |r| r.exit_code),
            pod: self.pod.as_ref().map(PodV1::from),
            gap,
            remedies,
            report,
            shared,
        }
    }
}

/// The report of one place: its own.
pub fn alone(of: &Everywhere, heard: Heard) -> Report {
    let members = vec![heard.member(None, vec![])];
    match heard.said {
        Ok(report) => Report { on: of.on.clone(), members, ..report },
        Err((gap, _)) => {
            let sections = vec![section(vec![], vec![gap])];
            Report { exit_code: exit_of_members([None]), members, ..blank(of, vec![], sections) }
        }
    }
}

/// The report of several places.
pub fn together(of: &Everywhere, heard: Vec<Heard>) -> Report {
    let seen: Vec<(&str, &Report)> =
        heard.iter().filter_map(|h| Some((h.name.as_str(), h.said.as_ref().ok()?))).collect();
    let groups = shared(&seen.iter().map(|(_, r)| r.findings.as_slice()).collect::<Vec<_>>());
    let findings = said_once(&seen, &groups);
    let mut gaps: Vec<Gap> = heard.iter().filter_map(|h| Some(h.said.as_ref().err()?.0.clone())).collect();
    gaps.extend(gaps_of(&seen));
    let mut sections = checks_of(&seen);
    sections.push(section(vec![], gaps));
    let exit_code = exit_of_members(heard.iter().map(|h| h.said.as_ref().ok().map(|r| r.exit_code)));
    // The word is of what was found: a critical stays in sight beside a place that could not be asked.
    let found = seen.iter().map(|(_, r)| r.status).filter(|s| *s != Status::Clear);
    let worst = found.max_by_key(|s| match s {
        Status::Critical => 3,
        Status::Warning => 2,
        Status::Unknown => 1,
        Status::Clear => 0,
    });
    let unheard = seen.len() < heard.len() || seen.is_empty();
    let status = worst.unwrap_or(if unheard { Status::Unknown } else { Status::Clear });
    let mut at = 0;
    let mut members = Vec::new();
    for h in &heard {
        let report = h.said.as_ref().ok();
        let mut own = vec![];
        if report.is_some() {
            own = groups.iter().map(|g| g[at]).collect();
            at += 1;
        }
        members.push(h.member(report.cloned().map(Box::new), own));
    }
    Report { status, exit_code, members, ..blank(of, findings, sections) }
}

fn blank(of: &Everywhere, findings: Vec<FindingV1>, sections: Vec<SectionV1>) -> Report {
    Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        command: of.command.clone(),
        taken_at: of.taken.at,
        duration_ms: (of.taken.duration_ms * 1000.0).round() / 1000.0,
        host: of.taken.host.clone(),
        status: Status::Unknown,
        exit_code: 3,
        findings,
        sections,
        suppressed: vec![],
        on: of.on.clone(),
        members: vec![],
    }
}

fn section(checks: Vec<CheckV1>, gaps: Vec<Gap>) -> SectionV1 {
    SectionV1 { area: AREA, span_s: 0.0, blocks: vec![], checks, gaps }
}

/// What a subject is called, apart from what no two places share: pids, paths of cgroups, starts.
fn called(thing: &ThingV1) -> (u8, &str) {
    match thing {
        ThingV1::Process { name, .. } => (0, name),
        ThingV1::User { .. } => (1, ""),
        ThingV1::Cgroup { .. } => (2, ""),
        ThingV1::Mount { path, .. } => (3, path),
        ThingV1::Listener { address } => (4, address),
        ThingV1::Peer { address } => (5, address),
        ThingV1::Host => (6, ""),
        ThingV1::Session { server, .. } => (7, server),
        ThingV1::Named { name, .. } => (8, name),
    }
}

/// What all places have: each group holds one finding of every place, by its index. First those whose subjects are called
/// alike, then those whose subjects are of the same kind.
fn shared(all: &[&[FindingV1]]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    if all.len() < 2 {
        return groups;
    }
    let mut taken: Vec<Vec<bool>> = all.iter().map(|f| vec![false; f.len()]).collect();
    for strict in [true, false] {
        type Key<'k> = (&'k str, u8, &'k str);
        let mut by: BTreeMap<Key, Vec<Vec<usize>>> = BTreeMap::new();
        for (m, findings) in all.iter().enumerate() {
            for (i, f) in findings.iter().enumerate().filter(|(i, _)| !taken[m][*i]) {
                let (kind, name) = called(&f.subject);
                let key = (f.code, kind, if strict { name } else { "" });
                by.entry(key).or_insert_with(|| vec![vec![]; all.len()])[m].push(i);
            }
        }
        for places in by.into_values() {
            let every = places.iter().map(Vec::len).min().unwrap_or(0);
            for n in 0..every {
                let group: Vec<usize> = places.iter().map(|p| p[n]).collect();
                for (m, i) in group.iter().enumerate() {
                    taken[m][*i] = true;
                }
                groups.push(group);
            }
        }
    }
    let worst = |g: &Vec<usize>| g.iter().enumerate().map(|(m, i)| all[m][*i].severity).max();
    groups.arrange_by_key(|g| (Reverse(worst(g)), g[0]));
    groups
}

/// One finding for each group: the worst of it, which says whose figures it shows, with the links among what all have.
fn said_once(seen: &[(&str, &Report)], groups: &[Vec<usize>]) -> Vec<FindingV1> {
    let mut out: Vec<FindingV1> = Vec::new();
    let mut links: Vec<(usize, usize)> = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let of = |m: usize| &seen[m].1.findings[group[m]];
        // The first of the worst, in the order in which they were named.
        let pick = (0..group.len()).max_by_key(|m| (of(*m).severity, Reverse(*m))).unwrap_or(0);
        let mut finding = of(pick).clone();
        let same = (0..group.len()).all(|m| of(m).title == finding.title);
        let figures = if same { "" } else { "names and " };
        finding.because.push(format!(
            "All {} have it; {figures}figures are those of {}.",
            seen.len(),
            seen[pick].0
        ));
        let place = |i: usize| groups.iter().position(|g| g[pick] == i);
        links.extend(finding.causes.iter().filter_map(|effect| Some((at, place(*effect)?))));
        (finding.causes, finding.caused_by) = (vec![], vec![]);
        out.push(finding);
    }
    for (cause, effect) in links {
        out[cause].causes.push(effect);
        out[effect].caused_by.push(cause);
    }
    out
}

/// Who: all, or a few names and how many more.
fn who(names: &[&str], all: usize) -> String {
    match names.get(..NAMED) {
        _ if names.len() == all && all > 1 => format!("all {all}"),
        Some(first) if names.len() > NAMED => {
            format!("{} and {} more", first.join(", "), names.len() - NAMED)
        }
        _ => names.join(", "),
    }
}

/// What each place could not see: said once where several miss the same.
fn gaps_of(seen: &[(&str, &Report)]) -> Vec<Gap> {
    let mut folded: Vec<(Gap, Vec<&str>)> = Vec::new();
    for (name, report) in seen {
        for gap in report.sections.iter().flat_map(|s| &s.gaps) {
            match folded.iter_mut().find(|(g, _)| (&g.subject, g.why) == (&gap.subject, gap.why)) {
                Some((first, names)) => {
                    first.count = if names.contains(name) {
                        first.count.max(gap.count)
                    } else {
                        first.count + gap.count
                    };
                    if !names.contains(name) {
                        names.push(name);
                    }
                }
                None => folded.push((gap.clone(), vec![name])),
            }
        }
    }
    // The count is of things, which only several of one place are.
    let said = |(mut gap, names): (Gap, Vec<&str>)| {
        if gap.count == names.len() as u64 {
            gap.count = 1;
        }
        gap.subject = format!("{} in {}", gap.subject, who(&names, seen.len()));
        gap
    };
    folded.into_iter().map(said).collect()
}

/// Every check over all places: clear where it is clear in each of them.
fn checks_of(seen: &[(&str, &Report)]) -> Vec<SectionV1> {
    let mut out: Vec<SectionV1> = Vec::new();
    for (_, report) in seen {
        for s in &report.sections {
            let at = out.iter().position(|o| o.area == s.area).unwrap_or_else(|| {
                out.push(SectionV1 { area: s.area, span_s: s.span_s, ..section(vec![], vec![]) });
                out.len() - 1
            });
            // The shortest span is what holds for all.
            out[at].span_s = out[at].span_s.min(s.span_s);
            for check in &s.checks {
                match out[at].checks.iter_mut().find(|c| c.code == check.code) {
                    Some(known) => known.outcome = worse(known.outcome.clone(), &check.outcome),
                    None => out[at].checks.push(check.clone()),
                }
            }
        }
    }
    out.retain(|s| !s.checks.is_empty());
    out
}

fn worse(a: OutcomeV1, b: &OutcomeV1) -> OutcomeV1 {
    use OutcomeV1::{Clear, Found, Skipped, Unknown};
    match (a, b.clone()) {
        (Found { unseen: a }, Found { unseen: b } | Clear { unseen: b, .. })
        | (Clear { unseen: a, .. }, Found { unseen: b }) => Found { unseen: a.saturating_add(b) },
        (found @ Found { .. }, _) | (_, found @ Found { .. }) => found,
        (unknown @ Unknown { .. }, _) | (_, unknown @ Unknown { .. }) => unknown,
        (Clear { looked: a, unseen: x }, Clear { looked: b, unseen: y }) => {
            Clear { looked: a.saturating_add(b), unseen: x.saturating_add(y) }
        }
        (clear @ Clear { .. }, Skipped { .. }) | (Skipped { .. }, clear @ Clear { .. }) => clear,
        (skipped @ Skipped { .. }, Skipped { .. }) => skipped,
    }
}

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
