//! Findings: each root with its evidence, its consequences hung under it, and what to do.

use super::{pen::Ink, pen::Pen, unit};
use crate::model::{
    Arrange, Confidence, Severity, Stamp,
    report::{FindingV1, Report},
};

/// One finding in its place below a root.
#[derive(Debug, PartialEq)]
pub(super) struct Node {
    /// Into the findings of the report.
    pub index: usize,
    /// 0 is a root.
    pub depth: usize,
}

/// The findings above notices as trees, the worst first; each finding once, whatever the links say.
pub(super) fn forest(findings: &[FindingV1]) -> Vec<Vec<Node>> {
    let counts = |i: &usize| findings.get(*i).is_some_and(|f| f.severity > Severity::Notice);
    let mut shown = vec![false; findings.len()];
    let mut trees = Vec::new();
    let roots = (0..findings.len()).filter(|i| !findings[*i].caused_by.iter().any(counts));
    // Whatever no root leads to is in a ring of causes: its first member stands for a root.
    for root in roots.chain(0..findings.len()).filter(counts) {
        let (mut tree, mut open) = (Vec::new(), vec![(root, 0)]);
        while let Some((index, depth)) = open.pop() {
            if !std::mem::replace(&mut shown[index], true) {
                tree.push(Node { index, depth });
                open.extend(
                    findings[index].causes.iter().copied().filter(counts).rev().map(|c| (c, depth + 1)),
                );
            }
        }
        if !tree.is_empty() {
            trees.push(tree);
        }
    }
    let worst = |tree: &Vec<Node>| tree.iter().map(|n| findings[n.index].severity).max();
    trees.arrange_by_key(|tree| std::cmp::Reverse(worst(tree)));
    trees
}

pub(super) fn tree(pen: &mut Pen, report: &Report, tree: &[Node]) {
    let of = |n: &Node| &report.findings[n.index];
    for node in tree {
        if node.depth == 0 {
            root(pen, of(node), report.taken_at);
        } else {
            consequence(pen, of(node), node.depth, report.taken_at);
        }
    }
    // What to do comes once, under the whole story: the root is what must be mended.
    let next = tree.iter().flat_map(|n| of(n).next.iter().map(|line| as_command(pen, line)));
    actions(pen, "next", distinct(next).iter().map(String::as_str));
    let fixed = tree.iter().filter(|n| n.depth == 0 || pen.style.verbose > 0);
    for (i, remedy) in fixed.map(|n| &of(n).remedy).filter(|r| !r.is_empty()).enumerate() {
        pen.para((Ink::Bold, if i == 0 { "  fix   " } else { "        " }), Ink::Plain, remedy);
    }
    let why = distinct(tree.iter().map(|n| format!("{} explain {}", pen.style.program, of(n).code)));
    actions(pen, "why", why.iter().map(String::as_str));
}

/// A notice, when they are asked for: a title, the figures, what to do.
pub(super) fn notice(pen: &mut Pen, f: &FindingV1, taken_at: Stamp) {
    pen.para((Ink::Plain, "· "), Ink::Plain, &f.title);
    evidence(pen, "  ", f, taken_at);
    let next: Vec<_> = f.next.iter().map(|line| as_command(pen, line)).collect();
    actions(pen, "next", next.iter().map(String::as_str));
    if !f.remedy.is_empty() {
        pen.para((Ink::Plain, "  fix   "), Ink::Plain, &f.remedy);
    }
    actions(pen, "why", [format!("{} explain {}", pen.style.program, f.code).as_str()].into_iter());
}

fn root(pen: &mut Pen, f: &FindingV1, taken_at: Stamp) {
    pen.title(mark(f.severity), &f.title, &label(f));
    story(pen, "  ", f, taken_at);
}

fn consequence(pen: &mut Pen, f: &FindingV1, depth: usize, taken_at: Stamp) {
    // Long chains stay readable: from the fourth link on they no longer move to the right.
    let indent = " ".repeat(2 + 3 * (depth.min(4) - 1));
    let (ink, mark) = mark(f.severity);
    // Beside its cause only what is unlike it is said.
    let label = match f.severity {
        Severity::Critical if f.confidence == Confidence::High => "critical".into(),
        _ if f.confidence == Confidence::High => String::new(),
        _ => label(f),
    };
    pen.title((ink, &format!("{indent}└▶ {mark}")), &f.title, &label);
    story(pen, &format!("{indent}   "), f, taken_at);
}

fn story(pen: &mut Pen, indent: &str, f: &FindingV1, taken_at: Stamp) {
    for sentence in &f.because {
        pen.para((Ink::Plain, indent), Ink::Plain, sentence);
    }
    evidence(pen, indent, f, taken_at);
}

/// Severity is a word too where it matters most: not everybody sees the colour or knows the mark.
fn label(f: &FindingV1) -> String {
    let sure = match f.confidence {
        Confidence::Low => "confidence low",
        Confidence::Medium => "confidence medium",
        Confidence::High => "confidence high",
    };
    if f.severity == Severity::Critical { format!("critical · {sure}") } else { sure.into() }
}

fn mark(severity: Severity) -> (Ink, &'static str) {
    match severity {
        Severity::Critical => (Ink::Critical, "■ "),
        Severity::Warning => (Ink::Warning, "▲ "),
        Severity::Notice => (Ink::Plain, "· "),
    }
}

fn evidence(pen: &mut Pen, indent: &str, f: &FindingV1, taken_at: Stamp) {
    let figure = |(key, cell): &(&str, _)| {
        let (label, unit) = unit::split(key);
        let value = unit::show(cell, unit);
        if label.is_empty() { value } else { format!("{label} {value}") }
    };
    let mut pieces: Vec<_> = f.evidence.0.iter().map(figure).collect();
    pieces.extend(f.since.map(|since| begun(since, taken_at)));
    if !pieces.is_empty() {
        pen.pieces((Ink::Plain, indent), Ink::Dim, &pieces);
    }
}

/// `since 21:06:10Z (1h26m)`, with the day when it was not within the last twelve hours.
fn begun(since: Stamp, taken_at: Stamp) -> String {
    let ago = (taken_at.ms().saturating_sub(since.ms())) as f64 / 1000.0;
    let text = since.to_string();
    let at = match text.get(..16).filter(|_| ago >= 43_200.0) {
        Some(day) => format!("{}Z", day.replace('T', " ")),
        None => since.clock(),
    };
    if ago > 0.0 { format!("since {at} ({})", unit::span(ago)) } else { format!("since {at}") }
}

/// `next` is written without the program in front; a line that has it is taken all the same.
fn as_command(pen: &Pen, line: &str) -> String {
    let own = line == "paramedic" || line.starts_with("paramedic ") || line.starts_with("sudo paramedic");
    if own { pen.program(line) } else { format!("{} {line}", pen.style.program) }
}

fn actions<'l>(pen: &mut Pen, name: &str, lines: impl Iterator<Item = &'l str>) {
    for (i, line) in lines.enumerate() {
        let name = if i == 0 { name } else { "" };
        pen.command((Ink::Bold, &format!("  {name:<6}")), line);
    }
}

fn distinct(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        if !kept.contains(&line) {
            kept.push(line);
        }
    }
    kept
}
