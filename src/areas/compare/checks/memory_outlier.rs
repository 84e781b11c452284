//! `compare/memory-outlier`

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
    /// Memory in use, where one member has a multiple of what the others have. Load is never even, so a small multiple is a
    /// notice, and what is only some megabytes more is nothing. Cache is left out: it is what there is room for.
    ///
    /// ## Why it matters
    ///
    /// A leak shows first where the requests that leak land; the member with the most memory is the next to be killed for it.
    ///
    /// ## Confirm
    ///
    /// `kubectl top pod --containers`; two snapshots of the odd one an hour apart tell growth from size:
    /// `paramedic compare before.json after.json`.
    ///
    /// ## Fix
    ///
    /// Take a heap profile of the odd one before it is restarted; a restart buys time. Where one tenant or key lands on one
    /// member, spread it.
    "compare/memory-outlier": "one member uses far more memory than the others"
    {
        ratio: "times what the others have" = 1.5;
        warn_ratio: "times what the others have, from which it is a warning" = 3;
        more_bytes: "more than the others, bytes" = 67108864;
        few_score: "modified z-score of the logarithms from five members on" = 3;
        many_score: "modified z-score of the logarithms from ten members on" = 3.5;
    }
    judge(Facts)
}

/// What names of figures say that are no use of memory by the program.
const NOT_USE: &[&str] =
    &["cache", "file", "limit", "total", "available", "free", "max", "slab", "swap_total"];

const WORDS: Words = Words {
    remedy: "take a heap profile of it before it is restarted, and see which requests land there",
    next: "memory",
    order: 11.0,
};

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    if !ready(f, &[Group::Memory], "the memory in use was not recorded", out) {
        return;
    }
    let cut = Cut { few_score: at.few_score.value(), many_score: at.many_score.value() };
    let floor =
        |value: f64, base: f64| value >= base * at.ratio.value() && value - base >= at.more_bytes.value();
    let mut all = Vec::new();
    let used = |name: &str| !NOT_USE.iter().any(|n| name.contains(n));
    for figure in figures(f, Group::Memory).filter(|n| n.unit() == Unit::Bytes && used(&n.name)) {
        all.extend(far(figure, &cut, true, floor));
    }
    let warns = |value: f64, base: f64| value >= base * at.warn_ratio.value();
    let grade = |warns: bool| if warns { Severity::Warning } else { Severity::Notice };
    findings(f, all, &WORDS, |far| grade(warns(far.value, far.base))).into_iter().for_each(|n| out.find(n));
}
