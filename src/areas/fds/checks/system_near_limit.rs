//! `fds/system-near-limit`

use super::super::facts::{Facts, share};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// Open files of the whole machine (`fs.file-nr`) near `fs.file-max`. The kernel counts open files here, not
    /// descriptors: two descriptors of one file are one, shared memory without any descriptor is one too. The number is
    /// the machine's, also when it is read inside a container.
    ///
    /// ## Why it matters
    ///
    /// At the limit every process without `CAP_SYS_ADMIN` gets ENFILE for whatever it opens, whoever used the files up:
    /// all services of the machine fail together, and none of them is near a limit of its own.
    ///
    /// ## Confirm
    ///
    /// `cat /proc/sys/fs/file-nr`: allocated, unused, maximum. The kernel log says "file-max limit reached".
    ///
    /// ## Fix
    ///
    /// End or mend the biggest holder: `paramedic fds --sort open`. `sysctl fs.file-max=N` raises the limit at once.
    "fds/system-near-limit": "open files of the machine near fs.file-max"
    {
        used_pct: "open files, % of fs.file-max" = 80, 95;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(system) = out.part(&f.system, "sys/fs/file-nr").copied() else { return };
    out.looked(1);
    let Some((max, pct)) = system.max.zip(share(system.open, system.max)) else { return };
    let Some(severity) = at.used_pct.of(pct) else { return };
    let title = format!(
        "the machine has {} of {} files open ({pct:.0} %)",
        rates::count(system.open),
        rates::count(max)
    );
    let mut finding = Finding::new(severity, Confidence::High, Thing::Host, title)
        .evidence("open", system.open)
        .evidence("max", max)
        .evidence("used_pct", pct)
        .remedy("end or mend the biggest holder; sysctl fs.file-max=N raises the limit at once")
        .next("fds --sort open");
    let biggest = f.processes.top().iter().filter_map(|r| Some((out.aside(&r.open).copied()?, r)));
    if let Some((open, row)) = biggest.max_by_key(|(open, _)| *open).filter(|(open, _)| *open > 0) {
        let process = row.process.clone();
        let label = process.label();
        finding = finding
            .because(format!("of what is visible {label} holds most: {} descriptors", rates::count(open)))
            .about(Thing::Process(process));
    }
    out.find(finding);
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::fds::facts::System,
        model::{Outcome, Reading, Severity, Why},
    };

    fn machine(open: u64, max: Option<u64>) -> Facts {
        let rows = vec![row(1, 500, Some(1_000), None), row(2, 9_000, Some(100_000), None)];
        Facts { system: Reading::seen(System { open, max }), ..with_rows(rows) }
    }

    #[test]
    fn the_machine_is_the_subject_and_the_biggest_holder_is_named() {
        let f = &found(&CHECK, &machine(96_000, Some(100_000)))[0];
        assert_eq!((f.severity, &f.subject), (Severity::Critical, &Thing::Host));
        assert_eq!(f.about, [Thing::Process(process(2, "node"))]);
        assert_eq!(f.because, ["of what is visible node (pid 2) holds most: 9,000 descriptors"]);
        assert_eq!(found(&CHECK, &machine(80_000, Some(100_000)))[0].severity, Severity::Warning);
    }

    #[test]
    fn a_healthy_machine_and_one_without_a_limit_are_clear() {
        assert_eq!(clear(&CHECK, &machine(79_999, Some(100_000))), (1, 0));
        assert_eq!(clear(&CHECK, &machine(79_999, None)), (1, 0));
    }

    #[test]
    fn an_unreadable_count_is_unknown() {
        let facts = Facts { system: Reading::unseen(Why::Absent), ..facts() };
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Absent, .. }));
    }
}
