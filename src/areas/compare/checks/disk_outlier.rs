//! `compare/disk-outlier`

use super::{
    super::facts::{Facts, Unit},
    odd::ready,
    outlier::{Cut, Words, far, figures, findings},
};
use crate::{
    check,
    model::{Group, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// File systems by the share of space and inodes in use: one that is nearly full where the others are not, or far fuller
    /// than theirs. Where all are equally full nobody is the odd one; `paramedic disk` judges that.
    ///
    /// ## Why it matters
    ///
    /// Writes fail in one member only, and whatever depends on them: logs, uploads, sessions, the database's sort files.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- df -h` and `df -i` for both; `paramedic --on pod/POD disk` names what holds the space.
    ///
    /// ## Fix
    ///
    /// Remove what fills it; a file that was deleted and is still open is freed by its holder alone. Give an `emptyDir` a
    /// `sizeLimit`, and logs a rotation.
    "compare/disk-outlier": "one member's file system is far fuller than the others'"
    {
        full_pct: "in use from which one is nearly full, % of the space" = 90;
        least_pct: "fuller than the others by so much even when nearly full, % of the space" = 5;
        more_pct: "fuller than the others, % of the space" = 20;
        noted_pct: "in use below which it is a notice, % of the space" = 70;
        few_score: "modified z-score from five members on" = 3;
        many_score: "modified z-score from ten members on" = 3.5;
    }
    judge(Facts)
}

const WORDS: Words = Words {
    remedy: "find what fills it and remove it; give logs a rotation and scratch volumes a size limit",
    next: "disk",
    order: 12.0,
};

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    if !ready(f, &[Group::Disk], "no file systems were recorded", out) {
        return;
    }
    let cut = Cut { few_score: at.few_score.value(), many_score: at.many_score.value() };
    let floor = |value: f64, base: f64| {
        let more = value - base;
        more >= at.more_pct.value() || value >= at.full_pct.value() && more >= at.least_pct.value()
    };
    let mut all = Vec::new();
    for figure in figures(f, Group::Disk).filter(|n| n.unit() == Unit::Pct) {
        all.extend(far(figure, &cut, false, floor));
    }
    let severity = |value: f64| match value >= at.noted_pct.value() {
        true => Severity::Warning,
        false => Severity::Notice,
    };
    findings(f, all, &WORDS, |far| severity(far.value)).into_iter().for_each(|n| out.find(n));
}
