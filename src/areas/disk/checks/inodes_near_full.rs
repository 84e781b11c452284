//! `disk/inodes-near-full`

use super::{
    super::facts::{Device, Facts, Inodes, label},
    elsewhere, fills, mounts, silent,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A file system that has hardly any inodes left: each file, directory and link needs one, however small it is. File
    /// systems that make inodes as they need them (btrfs, ZFS, vfat) have no such limit and are not judged, nor are images
    /// and mounts that cannot be written.
    ///
    /// ## Why it matters
    ///
    /// Without an inode no file can be made, with the same ENOSPC, "No space left on device", as on a full disk, while
    /// `df -h` shows plenty of room: nobody looks at the right thing. The number of inodes of ext4 is fixed when it is
    /// made.
    ///
    /// ## Confirm
    ///
    /// `df -i PATH`, then `du -x --inodes --max-depth=2 PATH | sort -n | tail`.
    ///
    /// ## Fix
    ///
    /// Delete what is many: sessions and cache entries as files each (PHP sessions, `/tmp`), mail queues, layers of images
    /// on a node (`crictl rmi --prune`, `docker system prune`), `node_modules` of old releases. A tmpfs gets more with
    /// `mount -o remount,nr_inodes=N PATH`; ext4 only by being made again (`mkfs.ext4 -i`), or use xfs.
    "disk/inodes-near-full": "a file system has hardly any inodes left"
    {
        used_pct: "used, % of all inodes" = 88, 95;
        left: "with more inodes left than this nothing is near" = 1000000;
        min_inodes: "a file system with fewer inodes in all is never near" = 64;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = mounts(f, out) else { return };
    for d in all.devices.top().iter().filter(|d| fills(d)) {
        if let Some(why) = silent(d) {
            out.unseen(1, why);
            continue;
        }
        let Some(inodes) = out.see(&d.space).and_then(|s| s.inodes) else { continue };
        let left = inodes.total.saturating_sub(inodes.used) as f64;
        if left > at.left.value() || (inodes.total as f64) < at.min_inodes.value() {
            continue;
        }
        if let Some(severity) = at.used_pct.of(inodes.used_pct()) {
            out.find(finding(d, inodes, severity));
        }
    }
}

fn finding(d: &Device, inodes: Inodes, severity: Severity) -> Finding {
    let left = inodes.total.saturating_sub(inodes.used);
    let title = format!(
        "{} has {} of {} inodes left ({:.0} % used)",
        label(d),
        rates::count(left),
        rates::count(inodes.total),
        inodes.used_pct()
    );
    let mut finding = Finding::new(severity, Confidence::High, Thing::Mount { path: d.mount.clone() }, title)
        .evidence("used_pct", inodes.used_pct())
        .evidence("used", inodes.used)
        .evidence("inodes", inodes.total);
    if let Some(sentence) = elsewhere(d) {
        finding = finding.because(sentence);
    }
    finding
        .because("no file can be made without one, however much space is left")
        .remedy("delete what is many: du -x --inodes finds the directory")
        .next("disk")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::disk::facts::{Answer, Kind, Space},
        model::{Outcome, Why},
    };

    fn severity_of(d: Device) -> Option<Severity> {
        match outcome(&CHECK, &with(vec![d])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        }
    }

    #[test]
    fn the_mount_is_named_with_what_is_left() {
        let f = &found(&CHECK, &with(vec![inodes(65_536, 64_000)]))[0];
        assert_eq!(f.title, "/data has 1,536 of 65,536 inodes left (98 % used)");
        assert_eq!((f.severity, &f.subject), (Severity::Critical, &Thing::Mount { path: "/data".into() }));
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["used_pct", "used", "inodes"]);
    }

    #[test]
    fn the_limits_are_reached_and_not_before() {
        assert_eq!(severity_of(inodes(1000, 879)), None);
        assert_eq!(severity_of(inodes(1000, 880)), Some(Severity::Warning));
        assert_eq!(severity_of(inodes(1000, 950)), Some(Severity::Critical));
        assert_eq!(severity_of(inodes(100_000_000, 98_000_000)), None, "two millions are left");
        assert_eq!(severity_of(inodes(63, 63)), None);
    }

    #[test]
    fn no_limit_an_image_and_a_mount_without_writes_are_silent() {
        let full = || inodes(1000, 1000);
        assert_eq!(severity_of(Device { kind: Kind::Image, ..full() }), None);
        assert_eq!(severity_of(Device { writable: false, ..full() }), None);
        let btrfs = full();
        let btrfs = Device { space: btrfs.space.map(|s| Space { inodes: None, ..s }), ..btrfs };
        assert_eq!(clear(&CHECK, &with(vec![btrfs])), (1, 0));
    }

    #[test]
    fn what_gave_no_answer_is_no_clear_one() {
        let denied = unanswered(Answer::Unknown { why: Why::Denied });
        assert_eq!(clear(&CHECK, &with(vec![inodes(1000, 5), denied.clone()])), (1, 1));
        assert!(matches!(outcome(&CHECK, &with(vec![denied])), Outcome::Unknown { why: Why::Denied, .. }));
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::Absent)),
            Outcome::Unknown { why: Why::Absent, .. }
        ));
    }
}
