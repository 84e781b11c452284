//! The screen: findings worst first, the table, what is clear, always what could not be seen, and the verdict last.

use super::{Style, chart, finding, histogram, members, pen::Ink, pen::Pen, summary, table, tree, unit};
use crate::model::{
    Severity,
    report::{BlockV1, FindingV1, Report, SectionV1, Status},
};

/// Rows of a table on the screen of `check`, where the findings are what matters.
const GLIMPSE: usize = 5;

/// The report for people.
pub fn text(report: &Report, style: &Style) -> String {
    let mut pen = Pen::new(style);
    if report.members.len() > 1 {
        members::several(&mut pen, report);
        return pen.finish();
    }
    header(&mut pen, report);
    if let [member] = &report.members[..] {
        members::known(&mut pen, member, report.taken_at);
    }
    if !style.quiet {
        pen.blank();
        for tree in finding::forest(&report.findings) {
            finding::tree(&mut pen, report, &tree);
            pen.blank();
        }
        let on = report.members.first().map_or("", |m| m.on.as_str());
        blocks(&mut pen, report, (true, on));
        if style.verbose > 0 {
            summary::all_checks(&mut pen, report);
        }
        summary::clear(&mut pen, report);
        summary::not_seen(&mut pen, report);
        members::more_lines(&mut pen, report);
        summary::skipped(&mut pen, report);
        summary::ignored(&mut pen, report);
        summary::risks(&mut pen, report);
        pen.blank();
    }
    verdict(&mut pen, report);
    pen.finish()
}

pub(super) fn ink(status: Status) -> (Ink, &'static str) {
    match status {
        Status::Clear => (Ink::Clear, "CLEAR"),
        Status::Warning => (Ink::Warning, "WARNING"),
        Status::Critical => (Ink::Critical, "CRITICAL"),
        Status::Unknown => (Ink::Unseen, "UNKNOWN"),
    }
}

/// `WARNING  web-7f · seen as uid 0 · 03:12:07Z`
fn header(pen: &mut Pen, report: &Report) {
    let host = &report.host;
    let member = || report.members.first().map(|m| m.name.clone());
    // Who asks others is not the one that the report is about.
    let of_nobody = host.seen_as_uid.is_none() && host.kernel.is_none() && host.boot_id.is_none();
    let area = || report.sections.first().filter(|_| of_nobody).map(|s| s.area.to_string());
    let called = host.hostname.clone().or_else(member).or_else(area);
    let mut parts = vec![called.unwrap_or_else(|| "host name not seen".into())];
    if let Some(pod) = host.pod.as_ref().filter(|p| Some(*p) != host.hostname.as_ref()) {
        parts.push(format!("pod {pod}"));
    }
    parts.extend(host.namespace.as_ref().map(|n| format!("namespace {n}")));
    parts.extend(host.seen_as_uid.map(|uid| format!("seen as uid {uid}")));
    parts.push(report.taken_at.clock());
    let (ink, word) = ink(report.status);
    pen.pieces((ink, &format!("{word}  ")), Ink::Plain, &parts);
}

/// The first table of each area of one place among several.
pub(super) fn glimpse(pen: &mut Pen, report: &Report, on: &str) {
    blocks(pen, report, (pen.style.wide, on));
}

/// The line that shows all of a table.
fn rest(program: &str, on: &str, area: &str) -> String {
    if on.is_empty() { format!("{program} {area}") } else { format!("{program} {on} {area}") }
}

/// Tables and charts: of an area's own command all. `check` gives a glimpse of the first table of each area in which
/// something was found: the findings are what must fit the screen.
fn blocks(pen: &mut Pen, report: &Report, place: (bool, &str)) {
    let found = |s: &SectionV1| {
        report
            .findings
            .iter()
            .any(|f| f.severity > Severity::Notice && f.code.split('/').next() == Some(s.area))
    };
    let rows = |b: &BlockV1| match b {
        BlockV1::Table { rows, .. } => !rows.is_empty(),
        BlockV1::Tree { roots, .. } => !roots.is_empty(),
        _ => false,
    };
    let mut shown: Vec<(&BlockV1, usize, String)> = Vec::new();
    let (whole, on) = place;
    for section in &report.sections {
        if report.command != "check" && whole {
            let drawn = section.blocks.iter().filter(|b| !matches!(b, BlockV1::Graph { .. }));
            shown.extend(drawn.map(|b| (b, usize::MAX, "--rows N or --all".into())));
        } else if let Some(first) = section.blocks.iter().find(|b| rows(b)).filter(|_| found(section)) {
            shown.push((first, GLIMPSE, rest(&pen.style.program, on, section.area)));
        }
    }
    let several = shown.len() > 1;
    for (block, rows, rest) in shown {
        draw(pen, block, several, rows, &rest);
        pen.blank();
    }
}

fn draw(pen: &mut Pen, block: &BlockV1, named: bool, most: usize, rest: &str) {
    match block {
        BlockV1::Table { name, rows, total: 0, .. } if rows.is_empty() => {
            pen.line(&[(Ink::Dim, &format!("  {name}: none seen"))]);
        }
        BlockV1::Table { name, columns, rows, total } => {
            if named {
                pen.line(&[(Ink::Dim, &format!("  {name}"))]);
            }
            table::draw(pen, columns, rows, &table::Extent { rows: most, total: *total, rest });
        }
        BlockV1::Chart { name, unit, step_ms, lines, marks_ms } if marks_ms.is_empty() => {
            chart::draw(pen, name, unit, *step_ms, lines);
        }
        BlockV1::Chart { name, step_ms, lines, marks_ms, .. } => {
            chart::draw_counts(pen, name, *step_ms, lines, marks_ms);
        }
        BlockV1::Tree { roots, .. } if roots.is_empty() => {}
        BlockV1::Tree { name, roots, total } => {
            tree::draw(pen, name, &roots[..roots.len().min(most)], *total, rest)
        }
        // For other programs; on a screen the tree beside it says the same.
        BlockV1::Graph { .. } => {}
        BlockV1::Histogram { name, unit, edges, beyond, lines } => {
            histogram::draw(pen, name, unit, edges, beyond, lines);
        }
    }
}

/// `1 warning · exit 1 · 1.1s`: the last line is the one that stays in sight.
fn verdict(pen: &mut Pen, report: &Report) {
    said(pen, report, &report.findings.iter().collect::<Vec<_>>(), vec![]);
}

/// The same about these findings, with something more between.
pub(super) fn said(pen: &mut Pen, report: &Report, findings: &[&FindingV1], more: Vec<String>) {
    let count = |severity, one: &str, many: &str| {
        let n = findings.iter().filter(|f| f.severity == severity).count();
        (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
    };
    let counts =
        [count(Severity::Critical, "critical", "critical"), count(Severity::Warning, "warning", "warnings")];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let found = match (counts.is_empty(), report.status) {
        (false, _) => counts,
        (true, Status::Unknown) => "could not look".into(),
        (true, _) => "no warnings".into(),
    };
    let mut parts = vec![found];
    parts.extend(more);
    parts.extend([format!("exit {}", report.exit_code), unit::millis(report.duration_ms)]);
    pen.pieces((Ink::Plain, ""), ink(report.status).0, &parts);
}

#[cfg(test)]
#[path = "any_text_tests.rs"]
mod any_text;
#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
