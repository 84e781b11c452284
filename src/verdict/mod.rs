//! From sections to a report: link → suppress → rank → exit code. In this order, here and nowhere else.

mod exit;
mod ignores;
mod links;
mod members;

pub use exit::{FailOn, exit_code, exit_of_members};
pub use ignores::DOCS;
pub use members::{Everywhere, Heard, alone, together};

use crate::{
    model::{
        Arrange, Finding, Outcome, Section, Severity, Stamp,
        report::{FindingV1, Host, Report, SCHEMA, SectionV1, Status},
    },
    settings::Settings,
};
use std::cmp::Reverse;

/// How the run was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The command: `check`, `sockets` …
    pub command: String,
    /// Areas, codes or globs that were named; empty for bare `paramedic`.
    pub named: Vec<String>,
    /// From which severity on the exit code is not 0.
    pub fail_on: FailOn,
    /// A gap counts as unknown.
    pub strict: bool,
}

/// When and where the looking happened.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Begin.
    pub at: Stamp,
    /// How long, in milliseconds.
    pub duration_ms: f64,
    /// The machine.
    pub host: Host,
}

/// The report.
pub fn assemble(mut sections: Vec<Section>, settings: &Settings, asked: &Asked, taken: Taken) -> Report {
    let mut findings: Vec<Finding> = Vec::new();
    for (_, outcome) in sections.iter_mut().flat_map(|s| &mut s.checks) {
        if let Outcome::Found { findings: found, .. } = outcome {
            findings.append(found);
        }
    }
    findings.arrange_by(|a, b| {
        let rank = |f: &Finding| (Reverse(f.severity), Reverse(f.confidence));
        rank(a).cmp(&rank(b)).then(b.weight.total_cmp(&a.weight))
    });
    let causes = links::causes(&findings);
    let covered: Vec<bool> = findings
        .iter()
        .map(|f| {
            // Every entry is asked, so that each learns whether it is of use.
            let hits = settings.ignores.iter().filter(|i| i.covers(f, taken.at)).count();
            hits > 0
        })
        .collect();
    let mut ranked = rank(&findings, &causes, &covered);
    ranked.extend(ignores::findings(settings, &sections, taken.at).iter().map(Into::into));
    let suppressed = findings
        .iter()
        .zip(&covered)
        .filter(|(_, c)| **c)
        .map(|(f, _)| FindingV1::from(f))
        .collect::<Vec<_>>();
    let exit_code = exit_code(&ranked, &sections, asked);
    let worst = ranked.iter().map(|f| f.severity).max();
    let status = match worst {
        _ if exit_code == 3 => Status::Unknown,
        Some(Severity::Critical) => Status::Critical,
        Some(Severity::Warning) => Status::Warning,
        _ => Status::Clear,
    };
    Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        command: asked.command.clone(),
        taken_at: taken.at,
        duration_ms: (taken.duration_ms * 1000.0).round() / 1000.0,
        host: taken.host,
        status,
        exit_code,
        findings: ranked,
        sections: sections.into_iter().map(SectionV1::from).collect(),
        suppressed,
        on: vec![],
        members: vec![],
    }
}

/// Roots in order of the worst that they bring about, each followed by its effects. What is suppressed is left out; an
/// effect whose cause was suppressed becomes a root and says so.
fn rank(findings: &[Finding], causes: &[Option<usize>], covered: &[bool]) -> Vec<FindingV1> {
    let root = |i: usize| causes[i].is_none_or(|c| covered[c]);
    let mut worst: Vec<Severity> = findings.iter().map(|f| f.severity).collect();
    for (i, f) in findings.iter().enumerate() {
        let mut at = i;
        while let Some(cause) = causes[at].filter(|_| !root(at)) {
            worst[cause] = worst[cause].max(f.severity);
            at = cause;
        }
    }
    let mut roots: Vec<usize> = (0..findings.len()).filter(|i| root(*i) && !covered[*i]).collect();
    roots.arrange_by_key(|i| Reverse(worst[*i]));
    let mut order = Vec::new();
    let mut stack: Vec<usize> = roots.into_iter().rev().collect();
    while let Some(i) = stack.pop() {
        order.push(i);
        stack.extend((0..findings.len()).rev().filter(|e| causes[*e] == Some(i) && !covered[*e]));
    }
    let mut place = vec![usize::MAX; findings.len()];
    order.iter().enumerate().for_each(|(at, i)| place[*i] = at);
    let mut out: Vec<FindingV1> = order.iter().map(|i| FindingV1::from(&findings[*i])).collect();
    for (at, i) in order.iter().enumerate() {
        let Some(cause) = causes[*i] else { continue };
        if covered[cause] {
            out[at].because.push(format!("its cause, {}, is ignored by the settings", findings[cause].code));
        } else {
            out[at].caused_by.push(place[cause]);
            out[place[cause]].causes.push(at);
        }
    }
    out
}

#[cfg(test)]
mod tests;
