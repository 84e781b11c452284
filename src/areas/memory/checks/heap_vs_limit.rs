//! `memory/heap-vs-limit`

use super::{cgroup, look_at};
use crate::{
    areas::memory::facts::{Facts, Heap, share},
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A heap that may become nearly as big as the limit of its control group, or bigger: `-Xmx`, `-XX:MaxHeapSize` and
    /// `-XX:MaxRAMPercentage` of Java (also in `JAVA_TOOL_OPTIONS`, `JDK_JAVA_OPTIONS` and `_JAVA_OPTIONS`),
    /// `--max-old-space-size` of Node (also in `NODE_OPTIONS`) and `GOMEMLIMIT` of Go. The limit is the least that is
    /// visible, of the group or of one above it. Only the biggest processes are asked; nothing but the number is kept of
    /// their flags. The environment needs the right to trace the process.
    ///
    /// ## Why it matters
    ///
    /// The heap is not all: stacks, code, metaspace, direct buffers and page cache need room too. A runtime that may
    /// fill the limit with its heap alone sees no reason to collect, and is killed before its own "out of memory" could
    /// say what filled it.
    ///
    /// ## Confirm
    ///
    ///     tr '\0' '\n' < /proc/PID/cmdline
    ///     tr '\0' '\n' < /proc/PID/environ | grep -E 'OPTIONS|GOMEMLIMIT'
    ///     cat /sys/fs/cgroup/memory.max
    ///
    /// ## Fix
    ///
    /// - Java: `-XX:MaxRAMPercentage` at three quarters or less instead of `-Xmx`; it follows the limit.
    /// - Node: `--max-old-space-size` at three quarters of the limit, less when much is held in buffers.
    /// - Go: `GOMEMLIMIT` a tenth or more below the limit.
    ///
    /// Or raise the limit.
    "memory/heap-vs-limit": "a heap may become as big as the limit of its group"
    {
        heap_pct: "the most of the heap, % of the limit; more is too much" = 90;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(heaps) = out.part(&f.heaps, "control groups with a limit of memory") else { return };
    out.looked(heaps.untold + heaps.told.len() as u64);
    heaps.unseen.iter().for_each(|(why, n)| out.unseen(*n, *why));
    for heap in &heaps.told {
        let pct = share(heap.bytes, heap.limit.bytes);
        if pct > at.heap_pct.value() {
            out.find(finding(heap, pct));
        }
    }
}

fn finding(heap: &Heap, pct: f64) -> Finding {
    let (most, limit) = (rates::bytes(heap.bytes), rates::bytes(heap.limit.bytes));
    let title =
        format!("the heap of {} may become {most}, its limit is {limit} ({pct:.0} %)", heap.process.label());
    let mut finding =
        Finding::new(Severity::Notice, Confidence::Medium, Thing::Process(heap.process.clone()), title)
            .about(cgroup(&heap.group))
            .evidence("setting", heap.setting.as_str())
            .evidence("heap_bytes", heap.bytes)
            .evidence("limit_bytes", heap.limit.bytes)
            .evidence("pct", pct)
            .because("stacks, code, buffers and page cache need room beside the heap");
    if heap.limit.path != heap.group {
        finding = finding.because(format!("the limit is that of {}", heap.limit.path));
    }
    finding
        .remedy(format!("set {} to three quarters of the limit, or raise the limit", heap.setting))
        .next(look_at(&heap.group, ""))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::memory::facts::{Bound, Heaps},
        model::{Cell, Outcome, Reading, Why},
    };

    fn with_heaps(mib: u64, above: &str, heaps: Heaps) -> Facts {
        let heap = Heap {
            process: process(41, "java"),
            group: "/pod/app".into(),
            setting: "-Xmx".into(),
            bytes: mib * MIB,
            limit: Bound { bytes: 1000 * MIB, path: above.into() },
        };
        Facts { heaps: Reading::seen(Heaps { told: vec![heap], ..heaps }), ..facts() }
    }

    #[test]
    fn a_heap_that_may_fill_the_limit_is_a_notice_that_names_the_setting() {
        let f = &found(&CHECK, &with_heaps(1000, "/pod", Heaps::default()))[0];
        assert_eq!(
            f.title,
            "the heap of java (pid 41) may become 1000.0 MiB, its limit is 1000.0 MiB (100 %)"
        );
        assert_eq!((f.severity, &f.subject), (Severity::Notice, &Thing::Process(process(41, "java"))));
        assert_eq!(f.about, [Thing::Cgroup { path: "/pod/app".into() }]);
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["setting", "heap_bytes", "limit_bytes", "pct"]);
        assert_eq!(f.evidence[0].1, Cell::Text("-Xmx".into()));
        assert_eq!(f.because.last().map(String::as_str), Some("the limit is that of /pod"));
    }

    #[test]
    fn exactly_the_share_is_what_tools_recommend_and_is_silent() {
        assert_eq!(clear(&CHECK, &with_heaps(900, "/pod/app", Heaps::default())), (1, 0));
        assert_eq!(found(&CHECK, &with_heaps(901, "/pod/app", Heaps::default())).len(), 1);
    }

    #[test]
    fn who_could_not_be_asked_is_counted() {
        let some = Heaps { untold: 3, unseen: [(Why::Denied, 2)].into(), ..Heaps::default() };
        assert_eq!(clear(&CHECK, &with_heaps(5, "/pod/app", some)), (4, 2));
        let none = Facts { heaps: Reading::unseen(Why::Absent), ..facts() };
        assert!(matches!(outcome(&CHECK, &none), Outcome::Unknown { why: Why::Absent, .. }));
    }
}
