//! `compare/fd-outlier`

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
    /// Open descriptors, and sockets that wait to be closed, where one member has a multiple of what the others have.
    /// Established connections alone are no sign: load balancers spread them unevenly.
    ///
    /// ## Why it matters
    ///
    /// Descriptors that are not closed end in "too many open files", in this member first. The others show what is usual.
    ///
    /// ## Confirm
    ///
    /// `paramedic --on pod/POD fds` and `sockets` name the process and the kind; `ls /proc/1/fd | wc -l` counts.
    ///
    /// ## Fix
    ///
    /// Find what opens without closing: responses that are never read to the end, files in an error path. A restart buys the
    /// time that it took to get there.
    "compare/fd-outlier": "one member has far more open descriptors than the others"
    {
        ratio: "times what the others have" = 2;
        more: "more than the others, descriptors" = 200;
        few_score: "modified z-score of the logarithms from five members on" = 3;
        many_score: "modified z-score of the logarithms from ten members on" = 3.5;
    }
    judge(Facts)
}

const WORDS: Words = Words {
    remedy: "find what it opens and does not close; a restart buys the time that it took to get there",
    next: "fds",
    order: 10.0,
};

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    if !ready(f, &[Group::Fd], "open descriptors were not recorded", out) {
        return;
    }
    let cut = Cut { few_score: at.few_score.value(), many_score: at.many_score.value() };
    let floor = |value: f64, base: f64| value >= base * at.ratio.value() && value - base >= at.more.value();
    let mut all = Vec::new();
    for figure in figures(f, Group::Fd).filter(|n| n.unit() == Unit::Count) {
        all.extend(far(figure, &cut, true, floor));
    }
    // Usually next to none: by factors even one and seven would be far apart.
    for figure in figures(f, Group::Socket).filter(|n| n.name.contains("close_wait")) {
        all.extend(far(figure, &cut, false, floor));
    }
    findings(f, all, &WORDS, |_| Severity::Warning).into_iter().for_each(|n| out.find(n));
}
