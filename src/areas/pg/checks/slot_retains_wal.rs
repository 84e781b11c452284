//! `pg/slot-retains-wal`

use super::{
    super::facts::{Facts, replication::Slot},
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Replication slots that keep much of the log: from the oldest position that a slot still wants to where the server writes
    /// now. A slot that nobody reads from is judged earlier than one in use. Where `max_slot_wal_keep_size` bounds what
    /// slots may keep, what is left until a slot is lost counts (`safe_wal_size`), and a slot that is lost is found as such.
    ///
    /// ## Why it matters
    ///
    /// The server deletes no log that a slot wants. Without `max_slot_wal_keep_size` a slot that was forgotten (a standby
    /// that was removed, a Debezium or Fivetran that was turned off) fills the disk, and the primary stops. With it, the slot
    /// is lost instead, and whatever reads from it has to start from a new copy. A forgotten slot also keeps old row versions
    /// alive, so that nothing is vacuumed.
    ///
    /// ## Confirm
    ///
    /// `SELECT slot_name, active, wal_status, safe_wal_size, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) FROM
    /// pg_replication_slots`, and `du -sh "$PGDATA/pg_wal"`.
    ///
    /// ## Fix
    ///
    /// Find out whose slot it is; its name or its database mostly tells. Start that reader again, or, when it is never coming
    /// back: `SELECT pg_drop_replication_slot('NAME')`. Then set `max_slot_wal_keep_size` to less than the disk has, so
    /// that the next one costs a reader and not the primary.
    "pg/slot-retains-wal": "a replication slot keeps much of the log"
    {
        inactive_bytes: "bytes kept for a slot that nobody reads from" = 1_073_741_824.0, 21_474_836_480.0;
        active_bytes: "bytes kept for a slot in use" = 10_737_418_240.0, 107_374_182_400.0;
        safe_pct: "MB left before it is lost, % of max_slot_wal_keep_size; fewer are worse" = 20, 5;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(r) = out.part(&f.replication, "nobody asked for slots") else { return };
    let server = peer(f, out);
    // Megabytes; -1 is no bound.
    let keep = out.aside(&f.server).and_then(|s| s.number("max_slot_wal_keep_size"));
    out.looked(1);
    out.unseen(r.slots.total() - r.slots.top().len() as u64, Why::TooMany);
    for slot in r.slots.top() {
        out.looked(1);
        if let Some(severity) = severity(slot, keep, l) {
            out.find(kept(slot, keep, severity, &server));
        }
    }
}

/// What is left of what slots may keep, %.
fn left(slot: &Slot, keep: Option<i64>) -> Option<f64> {
    let bound = keep.filter(|mb| *mb > 0)? as f64 * 1_048_576.0;
    Some(slot.safe_bytes? as f64 / bound * 100.0)
}

fn severity(slot: &Slot, keep: Option<i64>, l: &Limits) -> Option<Severity> {
    let by_status = match slot.wal_status.as_deref() {
        Some("lost") => Some(Severity::Critical),
        Some("unreserved") => Some(Severity::Warning),
        _ => None,
    };
    let bytes = slot.retained_bytes.unwrap_or(0) as f64;
    let by_bytes = if slot.active { l.active_bytes.of(bytes) } else { l.inactive_bytes.of(bytes) };
    let by_rest = left(slot, keep).and_then(|pct| {
        if pct <= l.safe_pct.critical {
            Some(Severity::Critical)
        } else {
            (pct <= l.safe_pct.warning).then_some(Severity::Warning)
        }
    });
    by_status.max(by_bytes).max(by_rest)
}

fn kept(slot: &Slot, keep: Option<i64>, severity: Severity, server: &str) -> Finding {
    let status = slot.wal_status.as_deref();
    let lost = status == Some("lost");
    let bytes = slot.retained_bytes.unwrap_or(0);
    let whose = match (&slot.database, slot.logical) {
        (Some(database), true) => format!("logical slot {} of {database}", slot.name),
        (_, true) => format!("logical slot {}", slot.name),
        _ => format!("slot {}", slot.name),
    };
    let title = match (lost, slot.active) {
        (true, _) => format!("{whose} is lost: log that it needs is gone"),
        (_, false) => format!("{whose} keeps {} of log, and nobody reads from it", rates::bytes(bytes)),
        (_, true) => format!("{whose} keeps {} of log: its reader is behind", rates::bytes(bytes)),
    };
    let mut finding = Finding::new(severity, Confidence::High, named(server, What::Slot, &slot.name), title)
        .about(Thing::Peer { address: server.into() })
        .evidence("retained_bytes", slot.retained_bytes)
        .evidence("active", slot.active)
        .evidence("wal_status", status.map(String::from))
        .evidence("safe_bytes", slot.safe_bytes.map(|b| b as f64))
        .evidence("inactive_s", slot.inactive_s);
    finding = match (status, keep) {
        _ if lost => finding.because("the server threw away what the slot wanted: its reader cannot go on from here"),
        (Some("unreserved"), _) => finding.because("it is beyond max_slot_wal_keep_size: the next checkpoint may take its log away"),
        (_, Some(mb)) if mb >= 0 => finding.because(format!(
            "slots may keep {} (max_slot_wal_keep_size); {} may still be written before this one is lost",
            rates::bytes(mb.unsigned_abs() << 20),
            slot.safe_bytes.map_or_else(|| "little".into(), |b| rates::bytes(b.max(0).unsigned_abs()))
        )),
        (_, Some(_)) => finding.because("max_slot_wal_keep_size is -1: nothing bounds it but the disk, and when that is full the server stops"),
        (_, None) => finding,
    };
    if let Some(age) = slot.xmin_age.max(slot.catalog_xmin_age) {
        finding = finding.evidence("xmin_age", age);
    }
    let drop = format!("SELECT pg_drop_replication_slot('{}')", slot.name);
    finding
        .remedy(match (lost, slot.active) {
            (true, _) => format!("{drop}, and build its reader anew"),
            (_, false) => format!("start its reader, or if that is gone for good: {drop}"),
            (_, true) => "look at its reader: it does not keep up, or does not confirm what it read".into(),
        })
        .next("pg replication -o wide")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::{replication::Replication, server::Server},
        model::{Defaults, Kept, Outcome, Reading},
    };

    const GIB: u64 = 1 << 30;

    fn slot(retained: u64) -> Slot {
        Slot {
            name: "debezium".into(),
            logical: true,
            active: false,
            database: Some("shop".into()),
            retained_bytes: Some(retained),
            wal_status: Some("extended".into()),
            safe_bytes: None,
            inactive_s: None,
            xmin_age: None,
            catalog_xmin_age: Some(5),
        }
    }
    fn outcome(slots: Vec<Slot>, keep: &str) -> Outcome {
        let replication = Replication { slots: Kept::whole(slots), ..Replication::default() };
        let settings = [("max_slot_wal_keep_size".to_string(), keep.to_string())].into();
        let server = Server { peer: "10.0.0.1:5432".into(), settings, ..Server::default() };
        let facts = Facts {
            server: Reading::seen(server),
            replication: Reading::seen(replication),
            ..Facts::unseen(Why::NotAsked)
        };
        Judging::run(&CHECK, &facts, &Defaults)
    }
    fn severity_of(slot: Slot, keep: &str) -> Option<Severity> {
        match outcome(vec![slot], keep) {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            Outcome::Clear { looked: 2, unseen: 0 } => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_slot_nobody_reads_from_is_found_by_what_it_keeps() {
        for (retained, active, severity) in [
            (0, false, None),
            (GIB - 1, false, None),
            (GIB, false, Some(Severity::Warning)),
            (20 * GIB, false, Some(Severity::Critical)),
            (9 * GIB, true, None),
            (10 * GIB, true, Some(Severity::Warning)),
            (100 * GIB, true, Some(Severity::Critical)),
        ] {
            assert_eq!(severity_of(Slot { active, ..slot(retained) }, "-1"), severity, "{retained} {active}");
        }
        let Outcome::Found { findings, .. } = outcome(vec![slot(3 * GIB)], "-1") else { panic!() };
        let f = &findings[0];
        assert_eq!(f.subject, named("10.0.0.1:5432", What::Slot, "debezium"));
        assert_eq!(f.title, "logical slot debezium of shop keeps 3.0 GiB of log, and nobody reads from it");
        assert!(
            f.because[0].contains("the server stops")
                && f.remedy.contains("pg_drop_replication_slot('debezium')")
        );
    }

    #[test]
    fn what_is_about_to_be_lost_and_what_is_lost_counts_whatever_it_keeps() {
        let mib = |n: i64| Some(n << 20);
        assert_eq!(severity_of(Slot { safe_bytes: mib(21), ..slot(0) }, "100"), None);
        assert_eq!(severity_of(Slot { safe_bytes: mib(20), ..slot(0) }, "100"), Some(Severity::Warning));
        assert_eq!(severity_of(Slot { safe_bytes: mib(5), ..slot(0) }, "100"), Some(Severity::Critical));
        let status = |s: &str| Slot { wal_status: Some(s.into()), ..slot(5) };
        assert_eq!(severity_of(status("unreserved"), "100"), Some(Severity::Warning));
        assert_eq!(severity_of(status("reserved"), "100"), None);
        let lost = Slot { retained_bytes: None, ..status("lost") };
        assert_eq!(severity_of(lost.clone(), "100"), Some(Severity::Critical));
        let Outcome::Found { findings, .. } = outcome(vec![lost], "100") else { panic!() };
        assert!(findings[0].title.contains("lost"));
    }

    #[test]
    fn no_slots_is_clear_and_those_left_out_are_said() {
        assert!(matches!(outcome(vec![], "-1"), Outcome::Clear { looked: 1, unseen: 0 }));
        let facts = Facts::unseen(Why::Denied);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Unknown { why: Why::Denied, .. }));
        let facts = Facts::unseen(Why::NotAsked);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Skipped { .. }));
    }
}
