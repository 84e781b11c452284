//! What closes the screen: what was looked at and is clear, always what could not be seen, what is only a risk.

use super::{pen::Ink, pen::Pen, table, unit};
use crate::model::{
    Cell, Column, Gap, Severity,
    rates::count,
    report::{CheckV1, OutcomeV1, Report},
};
use std::collections::BTreeMap;

/// All checks of the report with the area they belong to.
fn checks(report: &Report) -> impl Iterator<Item = &CheckV1> {
    report.sections.iter().flat_map(|s| &s.checks)
}

/// The label of a closing line, as wide as the others.
fn label(pen: &Pen, glyph: &str, word: &str) -> String {
    let glyph = pen.clean(glyph).into_owned();
    let wide = if pen.style.utf8 { 1 } else { 2 };
    format!("{glyph:<wide$} {word:<10}")
}

/// `✓ CLEAR     38 checks in 1s: fds 4, sockets 34`, and where a check saw only a part, how much.
pub(super) fn clear(pen: &mut Pen, report: &Report) {
    let of = |checks: &[CheckV1]| {
        checks.iter().filter(|c| matches!(c.outcome, OutcomeV1::Clear { .. })).count() as u64
    };
    let areas: Vec<_> =
        report.sections.iter().map(|s| (s.area, s.span_s, of(&s.checks))).filter(|a| a.2 > 0).collect();
    let n: u64 = areas.iter().map(|a| a.2).sum();
    let Some((_, first, _)) = areas.first() else {
        let lead = label(pen, "·", "CLEAR");
        let all = checks(report).count() as u64;
        let said =
            if all == 0 { "no check was run".into() } else { format!("none of {} checks", count(all)) };
        return pen.para((Ink::Plain, &lead), Ink::Plain, &said);
    };
    // Most areas share their looks; one that looks apart says its own span.
    let alike = |span: f64| areas.iter().filter(|a| unit::span(a.1) == unit::span(span)).count();
    let usual = areas.iter().map(|a| a.1).max_by_key(|s| alike(*s)).unwrap_or(*first);
    let usual = if alike(usual) * 2 > areas.len() { Some(unit::span(usual)) } else { None };
    let mut said = format!("{} check{}", count(n), if n == 1 { "" } else { "s" });
    if let Some((_, span, _)) = areas.iter().find(|a| Some(unit::span(a.1)) == usual) {
        said += &during(*span);
    }
    let part = |a: &(&str, f64, u64)| {
        let own = if Some(unit::span(a.1)) == usual { String::new() } else { during(a.1) };
        format!("{} {}{own}", a.0, count(a.2))
    };
    said += &format!(": {}", areas.iter().map(part).collect::<Vec<_>>().join(", "));
    let lead = label(pen, "✓", "CLEAR");
    pen.para((Ink::Clear, &lead), Ink::Plain, &said);

    let partly = checks(report).filter_map(|c| match c.outcome {
        OutcomeV1::Clear { looked, unseen } if unseen > 0 => {
            Some(format!("{} saw {} of {}", c.code, count(looked), count(looked.saturating_add(unseen))))
        }
        _ => None,
    });
    let partly: Vec<_> = partly.collect();
    if !partly.is_empty() {
        let blank = " ".repeat(lead.chars().count());
        pen.pieces((Ink::Plain, &format!("{blank}in part: ")), Ink::Plain, &partly);
    }
}

fn during(span_s: f64) -> String {
    if span_s > 0.0 { format!(" in {}", unit::span(span_s)) } else { " in one look".into() }
}

/// Always there: each gap with the line that would see it, then the checks that could not be decided.
pub(super) fn not_seen(pen: &mut Pen, report: &Report) {
    let (first, blank) = (label(pen, "?", "NOT SEEN"), " ".repeat(label(pen, "?", "").chars().count()));
    let mut leads = std::iter::once(first).chain(std::iter::repeat(blank.clone()));
    let mut lead = || leads.next().unwrap_or_default();
    let mut gaps: Vec<&Gap> = Vec::new();
    for gap in report.sections.iter().flat_map(|s| &s.gaps) {
        // Two areas that miss the same thing say it once.
        if !gaps.contains(&gap) {
            gaps.push(gap);
        }
    }
    let mut said = 0;
    for (i, gap) in gaps.iter().enumerate() {
        pen.para((Ink::Unseen, &lead()), Ink::Plain, &sentence(gap));
        said += 1;
        // One line that would see several things stands under the last of them.
        let again = gaps.get(i + 1).is_some_and(|next| next.remedy == gap.remedy);
        if let Some(remedy) = gap.remedy.as_ref().filter(|_| !again) {
            let line = pen.program(remedy);
            pen.command((Ink::Plain, &format!("{blank}  ")), &line);
        }
    }
    for (reason, codes) in unknown(report) {
        let text = format!("{} undecided: {reason}", some(pen, &codes));
        pen.para((Ink::Unseen, &lead()), Ink::Plain, &text);
        said += 1;
    }
    for (unseen, codes) in partly_found(report) {
        let text = format!("{} things that {} could not judge", count(unseen), some(pen, &codes));
        pen.para((Ink::Unseen, &lead()), Ink::Plain, &text);
        said += 1;
    }
    if said == 0 {
        pen.para((Ink::Plain, &lead()), Ink::Plain, no_gaps(report));
    }
}

/// That no gap was reported is not yet that all was seen.
fn no_gaps(report: &Report) -> &'static str {
    let in_part = |c: &CheckV1| matches!(c.outcome, OutcomeV1::Clear { unseen: 1.., .. });
    match checks(report).count() {
        0 => "nothing was looked at",
        _ if checks(report).any(in_part) => "what the checks above saw in part only",
        _ => "no gaps: all that was looked for was seen",
    }
}

/// The codes, or the first of many: `-v` lists them all.
fn some(pen: &Pen, codes: &[&str]) -> String {
    const MANY: usize = 4;
    match codes.get(..MANY).filter(|_| codes.len() > MANY + 1 && pen.style.verbose == 0) {
        Some(first) => format!("{} and {} more (-v)", first.join(", "), codes.len() - MANY),
        None => codes.join(", "),
    }
}

fn sentence(gap: &Gap) -> String {
    let mut text = gap.subject.clone();
    if gap.count > 1 {
        text = format!("{} {text}", count(gap.count));
    }
    text += &format!(": {}", gap.why);
    match (gap.detail.as_str(), gap.count) {
        ("", _) => {}
        (detail, 0..=1) => text += &format!("; {detail}"),
        (detail, _) => text += &format!("; e.g. {detail}"),
    }
    text
}

fn unknown(report: &Report) -> BTreeMap<String, Vec<&'static str>> {
    let mut folded = BTreeMap::<_, Vec<_>>::new();
    for c in checks(report) {
        if let OutcomeV1::Unknown { why, detail } = c.outcome {
            let reason = if detail.is_empty() { why.to_string() } else { format!("{why}, {detail}") };
            folded.entry(reason).or_default().push(c.code);
        }
    }
    folded
}

fn partly_found(report: &Report) -> BTreeMap<u64, Vec<&'static str>> {
    let mut folded = BTreeMap::<_, Vec<_>>::new();
    for c in checks(report) {
        if let OutcomeV1::Found { unseen } = c.outcome
            && unseen > 0
        {
            folded.entry(unseen).or_default().push(c.code);
        }
    }
    folded
}

/// Checks that this run did not include, by what they would need. Where many need something of their own each, that is folded
/// by area: one line that is read, not five that are passed over.
pub(super) fn skipped(pen: &mut Pen, report: &Report) {
    const FEW: usize = 2;
    let mut folded = BTreeMap::<_, Vec<&str>>::new();
    for section in &report.sections {
        for c in &section.checks {
            if let OutcomeV1::Skipped { detail } = c.outcome {
                folded.entry(detail).or_default().push(section.area);
            }
        }
    }
    let n: usize = folded.values().map(Vec::len).sum();
    if n == 0 {
        return;
    }
    let alone = folded.values().filter(|areas| areas.len() == 1).count();
    let fold = alone > FEW && pen.style.verbose == 0;
    let mut others = BTreeMap::<&str, u64>::new();
    if fold {
        for areas in folded.values().filter(|areas| areas.len() == 1) {
            *others.entry(areas[0]).or_default() += 1;
        }
        folded.retain(|_, areas| areas.len() > 1);
    }
    let part = |(detail, areas): (&&str, &Vec<&str>)| match areas.len() {
        1 => (*detail).to_string(),
        n => format!("{detail} ({n} checks)"),
    };
    let mut parts: Vec<String> = folded.iter().map(part).collect();
    if fold {
        let others: Vec<String> = others.iter().map(|(area, n)| format!("{area} {n}")).collect();
        parts.push(format!("each for its own reason: {} (-v)", others.join(", ")));
    }
    let lead = label(pen, "·", "NOT RUN");
    let many = if n == 1 { "check" } else { "checks" };
    pen.para((Ink::Dim, &lead), Ink::Dim, &format!("{n} {many}, not asked for: {}", parts.join(", ")));
}

/// Notices: folded into a line, or all of them.
pub(super) fn risks(pen: &mut Pen, report: &Report) {
    let notices: Vec<_> = report.findings.iter().filter(|f| f.severity == Severity::Notice).collect();
    let urgent = match notices.len() {
        0 => return,
        1 => "1, not urgent".into(),
        n => format!("{n}, none urgent"),
    };
    let lead = label(pen, "·", "RISKS");
    if !pen.style.risks {
        let area = report.sections.iter().map(|s| s.area).find(|area| *area == report.command);
        let area = area.map_or(String::new(), |a| format!(" {a}"));
        let line = match &pen.style.again {
            Some(typed) => format!("{} {typed}", pen.style.program),
            None => pen.style.again(&format!("check{area}")),
        };
        let said = format!("{urgent}: {line} --risks");
        return pen.para((Ink::Plain, &lead), Ink::Plain, &said);
    }
    pen.line(&[(Ink::Plain, &lead), (Ink::Plain, &urgent)]);
    for finding in notices {
        pen.blank();
        super::finding::notice(pen, finding, report.taken_at);
    }
}

/// What the settings ignore is still said.
pub(super) fn ignored(pen: &mut Pen, report: &Report) {
    let mut folded = BTreeMap::<_, u64>::new();
    for f in &report.suppressed {
        *folded.entry(f.code).or_default() += 1;
    }
    if !folded.is_empty() {
        let codes: Vec<_> = folded.iter().map(|(c, n)| format!("{c} ({n})")).collect();
        let lead = label(pen, "·", "IGNORED");
        pen.para((Ink::Plain, &lead), Ink::Plain, &format!("by the settings: {}", codes.join(", ")));
    }
}

/// `-v`: every check with its outcome.
pub(super) fn all_checks(pen: &mut Pen, report: &Report) {
    const COLUMNS: [Column; 3] = [Column::new("check"), Column::new("outcome"), Column::new("of what")];
    let row = |c: &CheckV1| {
        let missed = |n: u64| if n > 0 { format!("{} not seen", count(n)) } else { String::new() };
        let (outcome, of) = match &c.outcome {
            OutcomeV1::Clear { looked, unseen: 0 } => ("clear", format!("{} looked at", count(*looked))),
            OutcomeV1::Clear { looked, unseen } => {
                ("clear", format!("{} looked at, {}", count(*looked), missed(*unseen)))
            }
            OutcomeV1::Found { unseen } => ("found", missed(*unseen)),
            OutcomeV1::Unknown { why, detail } => ("unknown", format!("{why}: {detail}")),
            OutcomeV1::Skipped { detail } => ("not run", (*detail).into()),
        };
        vec![c.code.into(), outcome.into(), Cell::Text(of)]
    };
    let rows: Vec<_> = checks(report).map(row).collect();
    if !rows.is_empty() {
        let all = table::Extent { rows: usize::MAX, total: rows.len() as u64, rest: "" };
        table::draw(pen, &COLUMNS, &rows, &all);
        pen.blank();
    }
}
