//! `disk/deleted-held`

use super::super::facts::{Deleted, Facts, Holder, On, Total};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, rates},
};

check! {
    /// ## What it sees
    ///
    /// Files that were deleted and are still held open: their space is not free before the last descriptor is closed. They
    /// are told by the text of the descriptor's link and proven by the file having no name left; a file that is merely
    /// called so has one. What they take is what their file system says, each file once, however many descriptors and
    /// workers hold it. Memory that has a name like a file's (memfd, System V, shared anonymous memory) is none. Small
    /// ones are everywhere (package upgrades, temporary files) and silent: it is a finding when one process, or all
    /// together on one file system, hold a large part of it, or much and not a negligible part.
    ///
    /// ## Why it matters
    ///
    /// The classic cause of a full disk on which `du` finds nothing: the log was deleted or rotated, and the program goes
    /// on writing to the old one. It ends only when the program reopens it or ends itself.
    ///
    /// ## Confirm
    ///
    /// `ls -l /proc/PID/fd | grep deleted`, `lsof +L1 -p PID`, and `df PATH` against `du -xs PATH`.
    ///
    /// ## Fix
    ///
    /// At once and without a restart: `: > /proc/PID/fd/N` empties the file that the descriptor holds (only for a log).
    /// For good: have the program reopen its log (nginx: `kill -USR1`, rsyslog and most daemons: `kill -HUP`; Python:
    /// `WatchedFileHandler`; Node: reopen the stream of pino or winston on a signal), or let logrotate use
    /// `copytruncate`, or log to stdout. A Java or database process that holds many old segments needs its readers
    /// (searches, scrolls, backups) closed.
    "disk/deleted-held": "deleted files still held open take space"
    {
        share_pct: "held, % of the size of the file system" = 10;
        much_bytes: "so many bytes held are much" = 1073741824;
        negligible_pct: "much is no trouble below this share, in % of the size of the file system" = 1;
        small_bytes: "fewer bytes held are never a finding" = 33554432;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = out.part(&f.deleted, "the descriptors of processes") else { return };
    out.looked(all.looked);
    all.unseen.iter().chain(&all.files_unseen).for_each(|(why, n)| out.unseen(*n, *why));
    let mut blamed: Vec<&str> = Vec::new();
    for h in all.holders.top() {
        let on = out.aside(&h.on).cloned();
        if is_much(h.bytes, on.as_ref(), at) {
            blamed.push(&h.device);
            let writes = out.aside(&h.writes).copied();
            out.find(finding(h, on, writes));
        }
    }
    // Nobody holds much, and all together do.
    for total in all.totals.top().iter().filter(|t| t.holders > 1 && !blamed.contains(&&*t.device)) {
        let Some(h) = biggest(all, total) else { continue };
        let on = out.aside(&h.on).cloned();
        if is_much(total.bytes, on.as_ref(), at) {
            out.find(together(total, h, on));
        }
    }
}

fn biggest<'d>(all: &'d Deleted, total: &Total) -> Option<&'d Holder> {
    all.holders.top().iter().find(|h| h.device == total.device)
}

fn is_much(bytes: u64, on: Option<&On>, at: &Limits) -> bool {
    let held = bytes as f64;
    // Of a file system that another mount namespace has the size is not known: only what is much is much.
    let pct = on.filter(|on| on.size_bytes > 0).map(|on| held * 100.0 / on.size_bytes as f64);
    let share = pct.is_some_and(|pct| pct >= at.share_pct.value());
    let much = held >= at.much_bytes.value() && pct.is_none_or(|pct| pct >= at.negligible_pct.value());
    held >= at.small_bytes.value() && (share || much)
}

fn finding(h: &Holder, on: Option<On>, writes: Option<bool>) -> Finding {
    let what = if h.files == 1 {
        "a deleted file".into()
    } else {
        format!("{} deleted files", rates::count(h.files))
    };
    let title =
        format!("{} holds {} in {what}{}", h.process.label(), rates::bytes(h.bytes), place(on.as_ref()));
    let mut finding =
        Finding::new(Severity::Warning, Confidence::High, Thing::Process(h.process.clone()), title)
            .evidence("bytes", h.bytes)
            .evidence("files", h.files)
            .evidence("largest", &h.largest)
            .evidence("device", h.device.as_str())
            .because(format!(
                "{} was deleted and is still open: {}",
                h.largest,
                rates::bytes(h.largest_bytes)
            ));
    if writes == Some(true) {
        finding = finding.because("it is open for writing: what is written goes on taking space");
    }
    if h.sharers > 0 {
        finding = finding.because(format!("{} more processes hold the same files", rates::count(h.sharers)));
    }
    tied(finding, h, on).remedy("have it reopen its files (a signal, a restart): only then the space is free")
}

fn together(total: &Total, h: &Holder, on: Option<On>) -> Finding {
    let title = format!(
        "{} processes hold {} in deleted files{}, most of it {}",
        rates::count(total.holders),
        rates::bytes(total.bytes),
        place(on.as_ref()),
        h.process.label()
    );
    let finding = Finding::new(Severity::Warning, Confidence::High, Thing::Process(h.process.clone()), title)
        .evidence("bytes", total.bytes)
        .evidence("files", total.files)
        .evidence("largest", &h.largest)
        .evidence("device", total.device.as_str())
        .because(format!("{} holds {} of it", h.process.label(), rates::bytes(h.bytes)));
    tied(finding, h, on)
        .remedy("have them reopen their files (a signal, a restart): only then the space is free")
}

fn place(on: Option<&On>) -> String {
    on.map_or_else(String::new, |on| format!(" on {}", on.mount))
}

fn tied(finding: Finding, h: &Holder, on: Option<On>) -> Finding {
    let finding = match on {
        Some(on) => finding.about(Thing::Mount { path: on.mount }),
        None => finding.because("it is on a file system of another mount namespace: its size was not seen"),
    };
    finding.next(format!("disk --pid {}", h.process.pid))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Cell, Kept, Outcome, Reading, Why};
    use std::collections::BTreeMap;

    fn is_found(bytes: u64, size: u64) -> bool {
        matches!(outcome(&CHECK, &with_deleted(vec![holder(41, bytes, size)])), Outcome::Found { .. })
    }

    #[test]
    fn the_holder_is_named_with_the_file_and_the_mount() {
        let h = Holder { sharers: 7, ..holder(41, 6 * GIB, 40 * GIB) };
        let f = &found(&CHECK, &with_deleted(vec![h]))[0];
        assert_eq!(f.title, "node (pid 41) holds 6.0 GiB in a deleted file on /var");
        assert_eq!((f.severity, &f.subject), (Severity::Warning, &Thing::Process(process(41, "node"))));
        assert_eq!(f.about, [Thing::Mount { path: "/var".into() }]);
        assert_eq!(
            f.evidence,
            [
                ("bytes", Cell::Int(6 * GIB)),
                ("files", Cell::Int(1)),
                ("largest", Cell::Text("/var/log/app.log".into())),
                ("device", Cell::Text("8:1".into()))
            ]
        );
        assert!(
            f.because[1].contains("open for writing") && f.because[2].contains("7 more"),
            "{:?}",
            f.because
        );
    }

    #[test]
    fn a_large_share_or_much_that_is_not_negligible_is_found_and_small_files_never() {
        let mib = GIB >> 10;
        assert!(!is_found(10 * mib, 64 * mib), "small, however large a share");
        assert!(!is_found(32 * mib - 1, 64 * mib));
        assert!(is_found(32 * mib, 64 * mib));
        assert!(is_found(32 * mib, 320 * mib), "exactly a tenth");
        assert!(!is_found(32 * mib, 330 * mib));
        assert!(!is_found(GIB - 1, 40 * GIB));
        assert!(is_found(GIB, 40 * GIB));
        assert!(!is_found(5 * GIB, 10_240 * GIB), "half a per mille of a huge disk");
    }

    #[test]
    fn where_the_size_is_not_known_only_much_is_much() {
        let strange = |bytes| Holder { on: Reading::unseen(Why::Absent), ..holder(41, bytes, 0) };
        assert!(matches!(outcome(&CHECK, &with_deleted(vec![strange(GIB - 1)])), Outcome::Clear { .. }));
        let f = &found(&CHECK, &with_deleted(vec![strange(GIB)]))[0];
        assert_eq!((f.title.as_str(), f.about.len()), ("node (pid 41) holds 1.0 GiB in a deleted file", 0));
    }

    #[test]
    fn many_that_hold_a_little_each_are_found_together_and_once() {
        let each: Vec<_> = (1..=20).map(|pid| holder(pid, GIB / 4, 40 * GIB)).collect();
        let all = found(&CHECK, &with_deleted(each));
        assert_eq!(all.len(), 1);
        assert_eq!(
            all[0].title,
            "20 processes hold 5.0 GiB in deleted files on /var, most of it node (pid 1)"
        );
        let two = vec![holder(1, 8 * GIB, 40 * GIB), holder(2, GIB / 4, 40 * GIB)];
        assert_eq!(found(&CHECK, &with_deleted(two)).len(), 1, "who holds much is named, and nobody twice");
    }

    #[test]
    fn a_healthy_machine_is_clear_and_what_was_not_searched_is_counted() {
        assert_eq!(clear(&CHECK, &with_deleted(vec![holder(41, GIB >> 6, 40 * GIB)])), (7, 0));
        let deleted = Deleted {
            unseen: BTreeMap::from([(Why::Denied, 9)]),
            files_unseen: BTreeMap::from([(Why::TimedOut, 2)]),
            looked: 3,
            ..Deleted::default()
        };
        let facts = Facts { deleted: Reading::seen(deleted.clone()), ..Facts::unseen(Why::NotAsked) };
        assert_eq!(clear(&CHECK, &facts), (3, 11));
        let blind = Deleted { looked: 0, ..deleted };
        let facts = Facts { deleted: Reading::seen(blind), ..Facts::unseen(Why::NotAsked) };
        assert!(matches!(outcome(&CHECK, &facts), Outcome::Unknown { why: Why::Denied, .. }));
    }

    #[test]
    fn a_recorded_tree_is_unknown_and_rows_left_out_do_not_hide_a_total() {
        assert!(matches!(
            outcome(&CHECK, &Facts::unseen(Why::Unsupported)),
            Outcome::Unknown { why: Why::Unsupported, .. }
        ));
        let rows = vec![holder(1, GIB / 2, 40 * GIB)];
        let total = Total { device: "8:1".into(), bytes: 3 * GIB, files: 6, holders: 6 };
        let deleted = Deleted {
            holders: Kept::worst(6, rows),
            totals: Kept::whole(vec![total]),
            looked: 6,
            ..Deleted::default()
        };
        let facts = Facts { deleted: Reading::seen(deleted), ..Facts::unseen(Why::NotAsked) };
        assert!(found(&CHECK, &facts)[0].title.starts_with("6 processes hold 3.0 GiB"));
    }
}
