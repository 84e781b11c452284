//! `disk/read-only`

use super::super::facts::{Device, Facts, Kind, Refused};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// A file system that takes no writes although a mount of it says that it does: the mount is `rw`, the file system
    /// itself `ro`, `emergency_ro` or `shutdown`. That is what the kernel makes of a file system with an error. Whatever
    /// was mounted read-only is so on both sides and is never a finding; nor are images (squashfs, iso9660, erofs) and
    /// overlays without an upper layer. Only the mount table is read.
    ///
    /// ## Why it matters
    ///
    /// Every write fails with EROFS while reads go on: health checks pass, and nothing is stored. A file system that turned
    /// read-only by itself lost writes already, and its disk may be about to fail.
    ///
    /// ## Confirm
    ///
    /// `findmnt -o TARGET,VFS-OPTIONS,FS-OPTIONS PATH`, then `dmesg -T | grep -iE 'remount|I/O error|shut ?down|ext4|xfs'`
    /// on the node.
    ///
    /// ## Fix
    ///
    /// Move the work away first: delete the pod so that it starts on another node, detach the volume. Then
    /// `fsck` (`xfs_repair`) of the file system while it is not mounted; a cloud disk is best replaced from its snapshot.
    /// `mount -o remount,rw PATH` without that makes the damage larger. When somebody made it read-only by intent, mount
    /// it so everywhere (`mount -o remount,bind,ro PATH`, `readOnly: true` of the volume mount).
    "disk/read-only": "a file system refuses writes below a mount that allows them"
    {}
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = out.part(&f.mounts, "the mount table") else { return };
    // Those left out of the rows take writes: who does not stands before them.
    out.looked(all.devices.total());
    for d in all.devices.top().iter().filter(|d| d.kind != Kind::Image) {
        if let Some(refused) = &d.refused {
            out.find(finding(d, refused));
        }
    }
}

fn finding(d: &Device, r: &Refused) -> Finding {
    let sure = r.on_errors || r.option != "ro";
    let title = match r.option.as_str() {
        "shutdown" => format!("{} was shut down by the kernel: nothing can be written", r.mount),
        _ => format!("{} takes no writes: its file system is read-only, its mount is not", r.mount),
    };
    let confidence = if sure { Confidence::High } else { Confidence::Medium };
    let mut finding =
        Finding::new(Severity::Critical, confidence, Thing::Mount { path: r.mount.clone() }, title)
            .evidence("device", d.source.as_str())
            .evidence("filesystem", &d.filesystem)
            .evidence("option", r.option.as_str());
    finding = finding.because(format!("the mount says `rw` and the file system says `{}`", r.option));
    if r.on_errors && r.option == "ro" {
        finding =
            finding.because("it is mounted with errors=remount-ro: an error of the disk makes it read-only");
    } else if !sure {
        finding =
            finding.because("an error of the disk, or somebody remounted it read-only at another place");
    }
    finding
        .remedy("move the work away, read the kernel's log for the error, repair it while it is not mounted")
        .next("disk --all")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Outcome, Why};

    fn refused(option: &str, on_errors: bool) -> Device {
        let refused = Refused { mount: "/data".into(), option: option.into(), on_errors };
        Device { refused: Some(refused), writable: false, ..disk("/d", 40, 20.0) }
    }

    #[test]
    fn the_mount_that_promises_writes_is_the_subject() {
        let f = &found(&CHECK, &with(vec![refused("ro", true)]))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(f.subject, Thing::Mount { path: "/data".into() });
        assert_eq!(f.title, "/data takes no writes: its file system is read-only, its mount is not");
        assert_eq!(f.evidence[0], ("device", Cell::Text("/dev/sda1".into())));
        assert_eq!(f.evidence[1], ("filesystem", Cell::Text("ext4".into())));
    }

    #[test]
    fn without_a_sign_of_an_error_it_is_less_sure() {
        assert_eq!(found(&CHECK, &with(vec![refused("ro", false)]))[0].confidence, Confidence::Medium);
        let f = &found(&CHECK, &with(vec![refused("shutdown", false)]))[0];
        assert_eq!((f.confidence, f.title.contains("shut down")), (Confidence::High, true));
    }

    #[test]
    fn a_healthy_machine_an_image_and_what_nobody_may_write_are_silent() {
        let image = Device { kind: Kind::Image, ..refused("ro", false) };
        let design = Device { writable: false, ..disk("/usr", 4, 50.0) };
        assert_eq!(clear(&CHECK, &with(vec![disk("/", 40, 20.0), image, design])), (3, 0));
    }

    #[test]
    fn it_needs_the_table_and_no_answer() {
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::Denied)),
            Outcome::Unknown { why: Why::Denied, .. }
        ));
        let mute = unanswered(super::super::Answer::Unknown { why: Why::Unsupported });
        assert_eq!(clear(&CHECK, &with(vec![mute])), (1, 0));
    }
}
