//! `disk/pressure`

use super::super::facts::{Facts, Pressure};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// How much of the time every task of the patient's own control group that had work to do waited for a disk (PSI,
    /// `io.pressure`, the line `full`), over the last minute and still in the last seconds. On a machine that is itself the
    /// patient the file of the whole machine is read. It is a guess: a backup or an import that does nothing but read waits
    /// as much and is well, so it is never more than a warning.
    ///
    /// ## Why it matters
    ///
    /// While all of them wait nothing is computed: requests take as long as the disk does, with an idle processor and no
    /// error in any log. Behind it is a disk at its limit of operations (cloud disks have a quota), a neighbour that writes,
    /// or memory that is short, so that the page cache is read again and again.
    ///
    /// ## Confirm
    ///
    /// `cat /sys/fs/cgroup/io.pressure` (in the container) or `cat /proc/pressure/io` (on the machine), `iostat -x 1`,
    /// `pidstat -d 1`, `cat /sys/fs/cgroup/memory.pressure`: when both are high, memory is the cause.
    ///
    /// ## Fix
    ///
    /// Find who reads or writes most (`pidstat -d`, `iotop -o`) and make it do less: fewer fsyncs, larger batches, a
    /// missing index. Raise the operations the disk may do, or move the noisy neighbour; give more memory when the cache
    /// is too small.
    "disk/pressure": "tasks spend their time waiting for a disk"
    {
        full_pct: "time in which every task waited, % of the last minute and of the latest moments" = 40;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(p) = out.part(&f.pressure, "pressure of the patient's own group (io.pressure)") else { return };
    out.looked(1);
    let Some(full) = p.io.full else { return };
    // The window is the latest there is; without one, the average over ten seconds.
    let window = out.aside(&p.full_pct).copied();
    let now = full.avg10.max(window.unwrap_or(0.0));
    if full.avg60 >= at.full_pct.value() && now >= at.full_pct.value() {
        out.find(finding(p, full.avg10, full.avg60));
    }
}

fn finding(p: &Pressure, avg10: f64, avg60: f64) -> Finding {
    let (subject, who) = match &p.group {
        Some(path) => (Thing::Cgroup { path: path.clone() }, "every task of this container"),
        None => (Thing::Host, "every task of this machine"),
    };
    let title = format!("{who} waited for a disk in {avg60:.0} % of the last minute");
    let mut finding = Finding::new(Severity::Warning, Confidence::Low, subject, title)
        .evidence("some_avg10_pct", p.io.some.avg10)
        .evidence("some_avg60_pct", p.io.some.avg60)
        .evidence("full_avg10_pct", avg10)
        .evidence("full_avg60_pct", avg60)
        .because("while all of them wait nothing is computed, however idle the processor looks");
    if let Some(first) = &p.first {
        finding = finding
            .because(format!(
                "{} tasks are in uninterruptible sleep, the oldest is {}",
                p.waiting,
                first.label()
            ))
            .about(Thing::Process(first.clone()));
    }
    finding.remedy("find who reads or writes most, and whether memory is short").next("disk")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome, Why};

    #[test]
    fn the_group_is_the_subject_and_who_waits_is_named() {
        let f = &found(&CHECK, &pressure(55.0, 60.0, None))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Low));
        assert_eq!(f.subject, Thing::Cgroup { path: "/pod/app".into() });
        assert_eq!(f.about, [Thing::Process(process(41, "postgres"))]);
        assert_eq!(f.title, "every task of this container waited for a disk in 60 % of the last minute");
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["some_avg10_pct", "some_avg60_pct", "full_avg10_pct", "full_avg60_pct"]);
        assert_eq!(f.evidence[3].1, Cell::Num(60.0));
    }

    #[test]
    fn what_is_over_or_has_just_begun_is_silent() {
        assert_eq!(clear(&CHECK, &pressure(1.0, 60.0, None)), (1, 0));
        assert_eq!(clear(&CHECK, &pressure(90.0, 39.9, None)), (1, 0));
        assert_eq!(found(&CHECK, &pressure(40.0, 40.0, None)).len(), 1);
        assert_eq!(found(&CHECK, &pressure(30.0, 60.0, Some(80.0))).len(), 1, "it goes on in the window");
    }

    #[test]
    fn the_machine_is_the_subject_where_it_is_the_patient() {
        let facts = pressure(50.0, 50.0, None);
        let facts =
            Facts { pressure: facts.pressure.map(|p| Pressure { group: None, first: None, ..p }), ..facts };
        assert_eq!(found(&CHECK, &facts)[0].subject, Thing::Host);
    }

    #[test]
    fn not_available_is_not_nought() {
        for why in [Why::Unsupported, Why::Absent, Why::Denied] {
            let o = outcome(&CHECK, &Facts::unseen(why));
            assert!(matches!(o, Outcome::Unknown { why: w, .. } if w == why), "{o:?}");
        }
    }
}
