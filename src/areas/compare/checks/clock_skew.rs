//! `compare/clock-skew`

use super::{
    super::facts::{Facts, Members, fold, origin},
    odd::{subject, ties, weight},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Why, rates},
    stats::median,
};

check! {
    /// ## What it sees
    ///
    /// The clock of each member that was asked, beside ours before and after: it cannot be told better than half of the time
    /// the answer took, and what is within that is no skew. A clock is held against the middle of all clocks; where only two
    /// were asked, against ours. Snapshots that were written before tell nothing about clocks.
    ///
    /// ## Why it matters
    ///
    /// Tokens are refused as not yet valid or expired, leases and locks are lost, logs of several members are in the wrong
    /// order, the newest write loses. Pods have the clock of their node.
    ///
    /// ## Confirm
    ///
    /// `date -u +%s.%N` in both, side by side; on the node `chronyc tracking` or `timedatectl`.
    ///
    /// ## Fix
    ///
    /// Mend the time service of the node, and step the clock once while it holds nothing that leans on time.
    "compare/clock-skew": "one member's clock is off"
    { off_s: "off by, beyond what the asking took, seconds" = 1, 300; }
    judge(Facts)
}

/// From so many on the middle of all clocks is what a clock is held against.
const ENOUGH: usize = 3;

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    if out.part(&f.compared, "fewer than two members answered").is_none() {
        return;
    }
    let answered = f.members.iter().filter(|m| m.missing.is_none()).count();
    let clocks: Vec<(u32, f64, f64)> = f
        .members
        .iter()
        .enumerate()
        .filter_map(|(i, m)| m.clock.map(|c| (i as u32, c.ahead_s, c.within_s)))
        .collect();
    if clocks.is_empty() {
        let none: Reading<()> = Reading::unseen(Why::NotAsked);
        out.part(&none, "the clocks: snapshots that were written before tell nothing about them");
        return;
    }
    out.looked(clocks.len() as u64);
    out.unseen((answered - clocks.len().min(answered)) as u64, Why::NotAsked);
    let middle = if clocks.len() < ENOUGH {
        0.0
    } else {
        median(&mut clocks.iter().map(|c| c.1).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let beyond = |c: &&(u32, f64, f64)| (c.1 - middle).abs() - c.2 >= at.off_s.value();
    let off: Vec<_> = clocks.iter().filter(beyond).collect();
    let Some(worst) = off.iter().max_by(|a, b| (a.1 - middle).abs().total_cmp(&(b.1 - middle).abs())) else {
        return;
    };
    let odd = Members::of(off.iter().map(|c| c.0));
    let by = worst.1 - middle;
    let who = fold(&odd, &f.members);
    let (clock, is) = if odd.len() == 1 { ("clock", "is") } else { ("clocks", "are up to") };
    let way = if by > 0.0 { "ahead" } else { "behind" };
    let title = format!("the {clock} of {who} {is} {} {way}", rates::span(by.abs()));
    let severity = at.off_s.of(by.abs() - worst.2).unwrap_or(Severity::Warning);
    // Most of them off means that it may be ours that is.
    let confidence = if odd.len() * 2 > clocks.len() { Confidence::Low } else { Confidence::High };
    let mut finding = Finding::new(severity, confidence, subject(f, &odd), title)
        .evidence("off_s", by)
        .evidence("within_s", worst.2)
        .evidence("clocks", clocks.len())
        .because(match clocks.len() < ENOUGH {
            true => "held against the clock here".to_string(),
            false => format!("held against the middle of {} clocks", clocks.len()),
        });
    finding.about = ties(f, &odd);
    finding = match origin(&odd, &f.members) {
        Some(origin) => finding.because(origin.said(odd.len() == 1)),
        None => finding.because("a pod has the clock of its node"),
    };
    out.find(finding.remedy("mend the time service of its node").weight(weight(f, &odd, 15.0)));
}
