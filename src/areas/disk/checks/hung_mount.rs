//! `disk/hung-mount`

use super::{
    super::facts::{Answer, Device, Facts},
    mounts,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A mount that does not answer when it is asked for its size: the server of an NFS, CIFS or Ceph export is gone, or
    /// the process behind a FUSE mount is stuck. Each mount is asked by a child that is killed when it is late, at the
    /// begin of a window and once more at its end; only who stays mute is a finding. A mount whose server or process has
    /// left it for good answers with an error at once, and is the milder form of the same.
    ///
    /// ## Why it matters
    ///
    /// Whoever touches such a path waits in uninterruptible sleep and cannot even be killed: `ls`, `df`, backup jobs, and
    /// soon every thread of a pool. The load rises while the processor idles; a container that has it mounted cannot be
    /// stopped.
    ///
    /// ## Confirm
    ///
    /// `timeout -s KILL 2 stat -f PATH` (not `df`, which hangs as well), `ps -eo pid,stat,wchan:32,comm | grep ' D'`,
    /// `nfsstat -m`, `dmesg -T | grep -i 'not responding'`.
    ///
    /// ## Fix
    ///
    /// Bring the server back: everything that waits goes on. Else `umount -f PATH` (NFS), `fusermount -uz PATH` or
    /// `echo 1 > /sys/fs/fuse/connections/N/abort` (FUSE; N is the minor number of the device), and `umount -l PATH` as
    /// the last resort: it hides the mount, who waits stays. For the next time mount NFS with `softerr,timeo=100` where
    /// an error is better than waiting for ever.
    "disk/hung-mount": "a mount does not answer"
    {
        waited_s: "seconds without an answer that are a hang" = 0.2;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = mounts(f, out) else { return };
    for d in all.devices.top() {
        match d.answer {
            Answer::Given | Answer::Slow { .. } => out.looked(1),
            Answer::Unknown { why } => out.unseen(1, why),
            Answer::Hung { waited_ms, asked } => {
                out.looked(1);
                if waited_ms as f64 / 1000.0 >= at.waited_s.value() {
                    out.find(hung(d, waited_ms, asked));
                }
            }
            Answer::Dead { errno } => {
                out.looked(1);
                out.find(dead(d, errno));
            }
        }
    }
}

fn hung(d: &Device, waited_ms: u64, asked: u32) -> Finding {
    let title = format!("{} hangs: {} does not answer", d.mount, whoever(d));
    let confidence = if asked > 1 { Confidence::High } else { Confidence::Medium };
    let span = rates::span(waited_ms as f64 / 1000.0);
    let times = if asked > 1 { format!("{asked} questions in a row") } else { "one question".into() };
    evidence(Finding::new(Severity::Critical, confidence, subject(d), title), d)
        .evidence("waited_ms", waited_ms)
        .because(format!("{times} for its size, {span} in all, got no answer"))
        .because("whoever touches it waits too, and cannot be killed")
        .remedy("bring its server or process back; else umount -f (NFS) or fusermount -uz (FUSE)")
        .next("disk --all")
}

fn dead(d: &Device, errno: i32) -> Finding {
    let title = format!("{} is dead: {} is gone", d.mount, whoever(d));
    evidence(Finding::new(Severity::Warning, Confidence::High, subject(d), title), d)
        .evidence("waited_ms", 0u64)
        .evidence("error", name(errno))
        .because(format!("asked for its size it fails at once with {}", name(errno)))
        .remedy("umount it and mount it again")
        .next("disk --all")
}

fn subject(d: &Device) -> Thing {
    Thing::Mount { path: d.mount.clone() }
}

fn evidence(finding: Finding, d: &Device) -> Finding {
    finding.evidence("filesystem", &d.filesystem).evidence("source", &d.source)
}

/// Who answers for it, as far as the mount table tells.
fn whoever(d: &Device) -> String {
    match d.filesystem.as_str() {
        f if f == "fuse" || f.starts_with("fuse.") || f == "fuseblk" => format!("its process ({f})"),
        f if d.source.as_str().contains([':', '/']) => format!("{} ({f})", d.source),
        f => f.to_string(),
    }
}

/// The kernel's name of the errors that a dead mount gives; errno(3).
fn name(errno: i32) -> &'static str {
    match errno {
        5 => "EIO",
        107 => "ENOTCONN",
        110 => "ETIMEDOUT",
        112 => "EHOSTDOWN",
        113 => "EHOSTUNREACH",
        116 => "ESTALE",
        _ => "an error",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome, Why};

    const HUNG: Answer = Answer::Hung { waited_ms: 502, asked: 2 };

    #[test]
    fn the_mount_is_named_and_the_others_are_still_judged() {
        let facts = with(vec![unanswered(HUNG), disk("/", 40, 20.0)]);
        let f = &found(&CHECK, &facts)[0];
        assert_eq!(f.title, "/mnt/store hangs: store:/srv (nfs4) does not answer");
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(f.subject, Thing::Mount { path: "/mnt/store".into() });
        assert_eq!(
            f.evidence,
            [
                ("filesystem", Cell::Text("nfs4".into())),
                ("source", Cell::Text("store:/srv".into())),
                ("waited_ms", Cell::Int(502))
            ]
        );
        let fuse = Device { filesystem: "fuse.s3fs".into(), source: "s3fs".into(), ..unanswered(HUNG) };
        assert_eq!(
            found(&CHECK, &with(vec![fuse]))[0].title,
            "/mnt/store hangs: its process (fuse.s3fs) does not answer"
        );
    }

    #[test]
    fn one_question_proves_less_than_two_and_a_moment_nothing() {
        let one = found(&CHECK, &with(vec![unanswered(Answer::Hung { waited_ms: 400, asked: 1 })]));
        assert_eq!(one[0].confidence, Confidence::Medium);
        let moment = unanswered(Answer::Hung { waited_ms: 199, asked: 1 });
        assert_eq!(clear(&CHECK, &with(vec![moment])), (1, 0));
    }

    #[test]
    fn a_mount_that_fails_at_once_is_a_warning() {
        let f = &found(&CHECK, &with(vec![unanswered(Answer::Dead { errno: 107 })]))[0];
        assert_eq!(
            (f.severity, f.evidence.last()),
            (Severity::Warning, Some(&("error", Cell::Text("ENOTCONN".into()))))
        );
    }

    #[test]
    fn slow_is_not_hung_and_not_asked_is_not_clear() {
        let slow = unanswered(Answer::Slow { waited_ms: 250 });
        assert_eq!(clear(&CHECK, &with(vec![slow, disk("/", 40, 20.0)])), (2, 0));
        let late = unanswered(Answer::Unknown { why: Why::TimedOut });
        assert_eq!(clear(&CHECK, &with(vec![late.clone(), disk("/", 40, 20.0)])), (1, 1));
        assert!(matches!(outcome(&CHECK, &with(vec![late])), Outcome::Unknown { why: Why::TimedOut, .. }));
    }

    #[test]
    fn a_recorded_tree_hangs_nowhere_and_is_unknown() {
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::Absent)),
            Outcome::Unknown { why: Why::Absent, .. }
        ));
    }
}
