//! What is behind a root, on a bounded number of lines: who waits for the same with nobody behind him is one line with all
//! the others.

use super::{
    super::{Branch, cycle::Step},
    Hung,
};
use crate::model::Arrange;
use std::collections::BTreeMap;

/// Lines that are kept of one root.
const LINES: usize = 48;

/// The lines of a root.
pub(super) struct Pruned {
    pub below: Vec<Branch>,
    /// Sessions that are in one of them.
    pub shown: u64,
    /// The longest wait behind the root, in a line or not.
    pub longest_us: Option<i64>,
}

/// A line to be, with the groups in it.
struct Line {
    depth: u32,
    step: Step,
    groups: Vec<u32>,
    behind: u32,
}

impl Hung<'_> {
    pub(super) fn branches(&self, roots: &[u32]) -> Pruned {
        let mut out = Pruned { below: vec![], shown: 0, longest_us: self.longest_behind(roots) };
        let mut open = self.lines(roots, 1);
        while let Some(line) = open.pop() {
            if out.below.len() == LINES {
                break;
            }
            let (pids, longest_us) = self.worst(&line.groups);
            out.shown += line.groups.len() as u64;
            out.below.push(Branch {
                depth: line.depth,
                wait: self.wait(line.step.wait, line.step.hard),
                sessions: line.groups.len() as u64,
                pids,
                longest_us,
                others: (self.graph.hard(line.step.wait).count() as u64)
                    .saturating_sub(u64::from(line.step.hard)),
                behind: line.behind.into(),
            });
            if line.behind > 0 {
                open.extend(self.lines(&line.groups, line.depth + 1));
            }
        }
        out
    }

    /// The lines directly below these groups, the heaviest last.
    fn lines(&self, on: &[u32], depth: u32) -> Vec<Line> {
        let mut leaves: BTreeMap<(u32, bool, u8), Line> = BTreeMap::new();
        let mut lines = Vec::new();
        for group in on.iter().flat_map(|g| &self.below[*g as usize]) {
            let Some((step, _)) = self.by[*group as usize] else { continue };
            let behind = self.behind[*group as usize];
            let line = Line { depth, step, groups: vec![*group], behind };
            if behind > 0 {
                lines.push(line);
                continue;
            }
            let wait = &self.graph.waits[step.wait as usize];
            let mode = self.graph.mode(self.table, step.wait).bit();
            leaves.entry((wait.tag, step.hard, mode)).and_modify(|l| l.groups.push(*group)).or_insert(line);
        }
        lines.extend(leaves.into_values());
        lines.arrange_by_key(|l| {
            (l.groups.len() as u64 + u64::from(l.behind), std::cmp::Reverse(l.groups[0]))
        });
        lines
    }

    fn longest_behind(&self, roots: &[u32]) -> Option<i64> {
        let mut open: Vec<u32> = roots.to_vec();
        let mut longest = None;
        while let Some(group) = open.pop() {
            for below in &self.below[group as usize] {
                longest = longest.max(self.longest(*below));
                open.push(*below);
            }
        }
        longest
    }
}
