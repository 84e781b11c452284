//! `disk/near-full`

use super::{
    super::facts::{Deleted, Device, Facts, Kind, Space, label},
    elsewhere, fills, mounts, silent,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// A file system that is nearly full, each once, whatever number of places it is mounted at; the layers of containers
    /// count as the disk they lie on, and the datasets of a ZFS pool as the pool. Used is the share of what a process
    /// without rights can use: the part that is reserved for root is neither used nor left. A share alone says nothing on
    /// a large disk, so there is a floor of bytes too. Images, mounts that cannot be written and tiny file systems are
    /// never judged: they are full by design.
    ///
    /// ## Why it matters
    ///
    /// A full disk fails every write with ENOSPC: databases stop, logs end in the middle of a line, files are cut to
    /// nothing when they are replaced. In a pod the kubelet evicts before that, and a full node takes all of its pods with
    /// it. A full tmpfs is memory of the pod that nobody sees as such.
    ///
    /// ## Confirm
    ///
    /// `df -h PATH`, then `du -xh --max-depth=2 PATH | sort -h | tail`. When `du` finds much less than `df` says is used,
    /// deleted files are still held open (`paramedic explain disk/deleted-held`), or something is hidden below a mount.
    ///
    /// ## Fix
    ///
    /// Cut the largest log (`truncate -s 0 FILE`; deleting it frees nothing while it is open), `journalctl --vacuum-size=500M`,
    /// `docker system prune` or `crictl rmi --prune` on a node. Then find out why it grew: rotation that failed, a dump, a
    /// core file, a volume that is simply too small. In a pod set `ephemeral-storage` limits, and write to a volume.
    "disk/near-full": "a file system is nearly full"
    {
        used_pct: "used, % of what is used and left for users without rights" = 88, 95;
        avail_bytes: "with more bytes left than this nothing is near; fewer are worse" = 107374182400u64, 21474836480u64;
        min_bytes: "smaller file systems, in bytes, are never near" = 4194304;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = mounts(f, out) else { return };
    let deleted = out.aside(&f.deleted);
    for d in all.devices.top().iter().filter(|d| fills(d)) {
        if let Some(why) = silent(d) {
            out.unseen(1, why);
            continue;
        }
        let Some(space) = out.see(&d.space).copied() else { continue };
        let Some(used_pct) = space.used_pct.filter(|_| space.size_bytes as f64 >= at.min_bytes.value())
        else {
            continue;
        };
        if let Some(severity) = severity(used_pct, space.avail_bytes as f64, at) {
            let finding = finding(d, space, used_pct, severity);
            out.find(match deleted {
                Some(deleted) => held(finding, d, space, deleted),
                None => finding,
            });
        }
    }
}

fn severity(used_pct: f64, avail: f64, at: &Limits) -> Option<Severity> {
    let reached = at.used_pct.of(used_pct).filter(|_| avail < at.avail_bytes.warning)?;
    Some(if avail < at.avail_bytes.critical { reached } else { Severity::Warning })
}

fn finding(d: &Device, s: Space, used_pct: f64, severity: Severity) -> Finding {
    let (avail, size) = (rates::bytes(s.avail_bytes), rates::bytes(s.size_bytes));
    let title = format!("{} is {used_pct:.0} % full: {avail} left of {size}", label(d));
    let mut finding = Finding::new(severity, Confidence::High, Thing::Mount { path: d.mount.clone() }, title)
        .evidence("used_pct", used_pct)
        .evidence("used_bytes", s.used_bytes)
        .evidence("size_bytes", s.size_bytes)
        .evidence("avail_bytes", s.avail_bytes)
        .evidence("device", source(d))
        .evidence("filesystem", &d.filesystem);
    if let Some(sentence) = elsewhere(d) {
        finding = finding.because(sentence);
    }
    if d.kind == Kind::Tmpfs {
        finding = finding
            .because("it is memory: what lies there counts against the memory limit of whoever wrote it");
    }
    let reserved = s.size_bytes.saturating_sub(s.used_bytes).saturating_sub(s.avail_bytes);
    if s.avail_bytes == 0 && reserved > 0 {
        finding = finding.because(format!("{} more are reserved for root", rates::bytes(reserved)));
    }
    finding
        .remedy("delete or cut what is largest (du -x); deleting a file that is open frees nothing")
        .next("disk --sort avail")
}

/// Part of it is deleted files: nobody finds them by looking for files.
fn held(finding: Finding, d: &Device, s: Space, deleted: &Deleted) -> Finding {
    let here = |device: &str| device == d.device;
    let total = deleted.totals.top().iter().find(|t| here(&t.device));
    let biggest = deleted.holders.top().iter().find(|h| here(&h.device));
    let (Some(total), Some(h)) = (total, biggest) else { return finding };
    // A hundredth of what is used is not why it is full.
    if total.bytes < s.used_bytes / 100 {
        return finding;
    }
    let who = h.process.label();
    finding
        .because(format!(
            "{} of it are deleted files still held open, most by {who}",
            rates::bytes(total.bytes)
        ))
        .about(Thing::Process(h.process.clone()))
}

/// What a person calls the device: its name where it has one, else its number.
fn source(d: &Device) -> String {
    if d.source.as_str().starts_with('/') { d.source.as_str().into() } else { d.device.clone() }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::disk::facts::{Answer, Mounts},
        model::{Cell, Kept, Outcome, Reading, Why},
    };
    use std::collections::BTreeMap;

    fn severity_of(d: Device) -> Option<Severity> {
        match outcome(&CHECK, &with(vec![d])) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        }
    }

    #[test]
    fn the_mount_is_the_subject_with_what_is_left() {
        let mut full = disk("/var", 40, 96.0);
        full.others = 3;
        let f = &found(&CHECK, &with(vec![full, disk("/", 40, 20.0)]))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::High));
        assert_eq!(f.subject, Thing::Mount { path: "/var".into() });
        assert_eq!(f.title, "/var is 96 % full: 1.6 GiB left of 40.0 GiB");
        let keys: Vec<_> = f.evidence.iter().map(|(k, _)| *k).collect();
        assert_eq!(keys, ["used_pct", "used_bytes", "size_bytes", "avail_bytes", "device", "filesystem"]);
        assert_eq!(f.evidence[4].1, Cell::Text("/dev/sda1".into()));
        assert!(f.because[0].contains("3 more places"), "{:?}", f.because);
    }

    #[test]
    fn deleted_files_that_are_a_part_of_it_are_named_with_who_holds_them() {
        let with_held = |bytes| Facts {
            deleted: with_deleted(vec![holder(41, bytes, 40 * GIB)]).deleted,
            ..with(vec![disk("/var", 40, 96.0)])
        };
        let f = &found(&CHECK, &with_held(10 * GIB))[0];
        assert_eq!(f.because, ["10.0 GiB of it are deleted files still held open, most by node (pid 41)"]);
        assert_eq!(f.about, [Thing::Process(process(41, "node"))]);
        assert!(found(&CHECK, &with_held(GIB / 4))[0].about.is_empty());
    }

    #[test]
    fn the_limits_are_reached_and_not_before() {
        assert_eq!(severity_of(disk("/", 40, 87.9)), None);
        assert_eq!(severity_of(disk("/", 40, 88.0)), Some(Severity::Warning));
        assert_eq!(severity_of(disk("/", 40, 94.9)), Some(Severity::Warning));
        assert_eq!(severity_of(disk("/", 40, 95.0)), Some(Severity::Critical));
        assert_eq!(severity_of(disk("/", 40, 100.0)), Some(Severity::Critical));
    }

    #[test]
    fn a_share_of_a_huge_disk_is_no_shortage() {
        assert_eq!(severity_of(disk("/", 10_240, 90.0)), None, "a terabyte is left");
        assert_eq!(severity_of(disk("/", 10_240, 99.1)), Some(Severity::Warning), "and now 92 GiB");
        assert_eq!(severity_of(disk("/", 10_240, 99.9)), Some(Severity::Critical));
        assert_eq!(severity_of(disk("/", 1_000, 90.0)), None, "exactly the floor is not less");
    }

    #[test]
    fn what_is_full_by_design_or_cannot_be_written_is_silent() {
        let full = || disk("/x", 40, 100.0);
        assert_eq!(severity_of(Device { kind: Kind::Image, ..full() }), None);
        assert_eq!(severity_of(Device { writable: false, ..full() }), None);
        let tiny = Space {
            size_bytes: 4_194_303,
            used_bytes: 4_194_303,
            avail_bytes: 0,
            used_pct: Some(100.0),
            inodes: None,
        };
        assert_eq!(severity_of(Device { space: Reading::seen(tiny), ..full() }), None);
        let none = Space { used_pct: None, size_bytes: 0, ..tiny };
        assert_eq!(severity_of(Device { space: Reading::seen(none), ..full() }), None);
    }

    #[test]
    fn a_healthy_machine_is_clear_and_holes_are_counted() {
        let devices = vec![
            disk("/", 40, 60.0),
            unanswered(Answer::Hung { waited_ms: 500, asked: 2 }),
            unanswered(Answer::Unknown { why: Why::Denied }),
        ];
        assert_eq!(clear(&CHECK, &with(devices)), (1, 2));
        let many = Mounts {
            devices: Kept::worst(9, vec![disk("/", 40, 60.0)]),
            others: 5,
            others_unseen: BTreeMap::from([(Why::TimedOut, 3)]),
        };
        let facts = Facts { mounts: Reading::seen(many), ..Facts::unseen(Why::NotAsked) };
        assert_eq!(clear(&CHECK, &facts), (6, 3));
    }

    #[test]
    fn without_a_mount_table_or_any_answer_it_is_unknown() {
        let facts = Facts::unseen(Why::Denied);
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Denied, .. }));
        let recorded = with(vec![unanswered(Answer::Unknown { why: Why::Unsupported })]);
        assert!(matches!(outcome(&CHECK, &recorded), Outcome::Unknown { why: Why::Unsupported, .. }));
    }
}
