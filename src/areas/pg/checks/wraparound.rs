//! `pg/wraparound`

use super::{
    super::facts::{Facts, server::Database},
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, rates},
};

check! {
    /// ## What it sees
    ///
    /// The age of the oldest transaction id that is not frozen, and of the oldest multixact, in every database, templates and
    /// those that take no connections among them.
    ///
    /// ## Why it matters
    ///
    /// Ids have 32 bits. Shortly before two billion of them lie between the oldest row and now, the server takes no more commands
    /// that write, to keep old rows from becoming new: a full stop until a vacuum is through, which takes hours. Long before
    /// that, vacuums of their own accord freeze old rows; when an age goes far beyond `autovacuum_freeze_max_age`, something
    /// keeps them from it.
    ///
    /// ## Confirm
    ///
    /// `SELECT datname, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database ORDER BY 2 DESC`; in that database the oldest
    /// tables: `SELECT oid::regclass, age(relfrozenxid) FROM pg_class WHERE relkind IN ('r', 'm', 't') ORDER BY 2 DESC LIMIT 10`.
    ///
    /// ## Fix
    ///
    /// First take away what holds vacuum back: old transactions, prepared transactions, slots (`pg/holds-xmin`,
    /// `pg/prepared-xact`, `pg/slot-retains-wal`), and locks in the way of its workers (`pg/autovacuum-blocked`). Then, as
    /// superuser in that database, the oldest tables first: `VACUUM (FREEZE, VERBOSE) TABLE`; on 12 and newer with `INDEX_CLEANUP off`
    /// it is faster. No `VACUUM FULL`, no single-user mode: ordinary vacuum works also when the server no longer takes writes.
    "pg/wraparound": "transaction ids run out"
    {
        xid_age: "transactions since the oldest that is not frozen" = 1_000_000_000, 1_500_000_000;
        mxid_age: "multixacts since the oldest that is not frozen" = 1_000_000_000, 1_500_000_000;
    }
    judge(Facts)
}

/// Ids that may lie between the oldest row and now: half of 32 bits.
const MOST: u64 = 1 << 31;

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(databases) = out.part(&f.databases, "nobody asked for databases") else { return };
    let server = peer(f, out);
    let freeze = out.aside(&f.server).and_then(|s| s.number("autovacuum_freeze_max_age"));
    let off = out.aside(&f.server).is_some_and(|s| s.settings.get("autovacuum").is_some_and(|v| v == "off"));
    // The worst are kept: those left out are younger than any of them.
    out.looked(databases.total());
    for d in databases.top() {
        let (xid, mxid) = (l.xid_age.of(d.xid_age as f64), l.mxid_age.of(d.mxid_age as f64));
        if let Some(severity) = xid.max(mxid) {
            let by_mxid = mxid > xid || (mxid == xid && d.mxid_age > d.xid_age);
            out.find(old(d, severity, by_mxid, freeze, off, &server));
        }
    }
}

fn old(
    d: &Database,
    severity: Severity,
    by_mxid: bool,
    freeze: Option<i64>,
    off: bool,
    server: &str,
) -> Finding {
    let (age, what) = if by_mxid { (d.mxid_age, "multixacts") } else { (d.xid_age, "transactions") };
    let left = MOST.saturating_sub(age);
    let mut finding = Finding::new(
        severity,
        Confidence::High,
        named(server, What::Database, &d.name),
        format!(
            "database {} holds rows that are {} {what} old: {} are left before the server stops writing",
            d.name,
            rates::count(age),
            rates::count(left)
        ),
    )
    .about(Thing::Peer { address: server.into() })
    .evidence("xid_age", d.xid_age)
    .evidence("mxid_age", d.mxid_age)
    .evidence("left", left)
    .because("vacuum has not frozen its oldest rows: it is held back by something old, or kept from a table, or too slow");
    if let Some(at) = freeze.filter(|at| age > at.unsigned_abs()) {
        finding = finding.because(format!(
            "vacuums against wraparound begin at {} (autovacuum_freeze_max_age): they do not get through",
            rates::count(at.unsigned_abs())
        ));
    }
    if off {
        finding = finding.because("autovacuum is off: only vacuums against wraparound run by themselves");
    }
    finding
        .remedy("end what holds vacuum back (pg/holds-xmin, pg/prepared-xact, slots), then VACUUM (FREEZE) the oldest tables")
        .next("pg replication")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::server::Server,
        model::{Defaults, Kept, Outcome, Reading, Why},
    };

    fn outcome(ages: &[(u64, u64)]) -> Outcome {
        let databases = ages.iter().enumerate();
        let databases = databases
            .map(|(i, (xid_age, mxid_age))| Database {
                name: format!("db{i}"),
                xid_age: *xid_age,
                mxid_age: *mxid_age,
                ..Database::default()
            })
            .collect();
        let settings = [("autovacuum_freeze_max_age", "200000000"), ("autovacuum", "off")];
        let settings = settings.map(|(k, v)| (k.to_string(), v.to_string())).into();
        let facts = Facts {
            server: Reading::seen(Server { peer: "p".into(), settings, ..Server::default() }),
            databases: Reading::seen(Kept::worst(7, databases)),
            ..Facts::unseen(Why::NotAsked)
        };
        Judging::run(&CHECK, &facts, &Defaults)
    }

    #[test]
    fn old_databases_are_found_by_transactions_and_by_multixacts() {
        let billion = 1_000_000_000;
        for (ages, severity) in [
            ((billion - 1, 0), None),
            ((billion, 0), Some(Severity::Warning)),
            ((0, billion), Some(Severity::Warning)),
            ((billion, billion / 2 * 3), Some(Severity::Critical)),
            ((1_500_000_000, 0), Some(Severity::Critical)),
        ] {
            let found = match outcome(&[ages]) {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                Outcome::Clear { looked: 7, unseen: 0 } => None,
                other => panic!("{other:?}"),
            };
            assert_eq!(found, severity, "{ages:?}");
        }
        let Outcome::Found { findings, .. } = outcome(&[(2_000_000_000, 5), (1, 1)]) else { panic!() };
        let f = &findings[0];
        assert_eq!((findings.len(), &f.subject), (1, &named("p", What::Database, "db0")));
        assert!(
            f.title.contains("2,000,000,000 transactions") && f.title.contains("147,483,648"),
            "{}",
            f.title
        );
        assert!(
            f.because.iter().any(|b| b.contains("200,000,000"))
                && f.because.iter().any(|b| b.contains("off"))
        );
        let Outcome::Found { findings, .. } = outcome(&[(1, 1_200_000_000)]) else { panic!() };
        assert!(findings[0].title.contains("multixacts"));
    }

    #[test]
    fn what_was_not_seen_is_not_clear() {
        for (why, skipped) in [(Why::TimedOut, false), (Why::NotAsked, true)] {
            let o = Judging::run(&CHECK, &Facts::unseen(why), &Defaults);
            assert_eq!(matches!(o, Outcome::Skipped { .. }), skipped, "{o:?}");
            assert!(matches!(o, Outcome::Skipped { .. } | Outcome::Unknown { .. }));
        }
    }
}
