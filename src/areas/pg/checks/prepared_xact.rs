//! `pg/prepared-xact`

use super::{
    super::facts::{Facts, replication::Prepared},
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// Transactions that were prepared (`PREPARE TRANSACTION`) and neither committed nor rolled back: how old they are, how
    /// many transactions began since, and how many sessions wait for each, for its end or for a lock that it holds.
    ///
    /// ## Why it matters
    ///
    /// A prepared transaction belongs to no session: it keeps its locks when its client is gone, and over a restart of the
    /// server. No process shows it, no timeout ends it, and no vacuum removes rows that it might still see, in the whole server.
    /// It is left behind when a coordinator (XA, JTA, MSDTC, a foreign data wrapper) dies between the two phases and does not
    /// recover.
    ///
    /// ## Confirm
    ///
    /// `SELECT gid, prepared, owner, database, age(transaction) FROM pg_prepared_xacts`. `pg_blocking_pids()` names it as process 0.
    ///
    /// ## Fix
    ///
    /// Ask the coordinator what became of it: when it was decided, `COMMIT PREPARED 'GID'`; else `ROLLBACK PREPARED 'GID'`, as its owner or
    /// a superuser, connected to its database. There is no process to end. Where nobody uses two-phase commit, set
    /// `max_prepared_transactions = 0`.
    "pg/prepared-xact": "a prepared transaction was left behind"
    {
        age_s: "seconds since it was prepared" = 300, 3600;
        blocking_s: "seconds since it was prepared, while somebody waits for it" = 10, 60;
        xid_age: "transactions that began since" = 10_000_000, 500_000_000;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(r) = out.part(&f.replication, "nobody asked for prepared transactions") else { return };
    let Some(prepared) = out.part(&r.prepared, "prepared transactions were not seen") else { return };
    let server = peer(f, out);
    out.looked(1);
    out.unseen(prepared.total() - prepared.top().len() as u64, Why::TooMany);
    for p in prepared.top() {
        out.looked(1);
        let blocking = if p.blocks > 0 { l.blocking_s.of(p.age_s) } else { None };
        let severity = l.age_s.of(p.age_s).max(blocking).max(l.xid_age.of(p.xid_age as f64));
        if let Some(severity) = severity {
            out.find(left(p, severity, &server));
        }
    }
}

fn left(p: &Prepared, severity: Severity, server: &str) -> Finding {
    let title = match p.blocks {
        0 => format!(
            "prepared transaction {} of {} was left behind {} ago",
            p.gid,
            p.owner,
            rates::span(p.age_s)
        ),
        n => format!(
            "prepared transaction {} of {}, left behind {} ago, keeps {} waiting",
            p.gid,
            p.owner,
            rates::span(p.age_s),
            if n == 1 { "a session".into() } else { format!("{n} sessions") }
        ),
    };
    let mut finding = Finding::new(severity, Confidence::High, named(server, What::Prepared, &p.gid), title)
        .about(named(server, What::Database, &p.database))
        .about(Thing::Peer { address: server.into() })
        .evidence("age_s", p.age_s)
        .evidence("xid_age", p.xid_age)
        .evidence("blocks", p.blocks)
        .evidence("database", p.database.as_str())
        .because(
            "it belongs to no session: its locks stay until somebody ends it by name, also over a restart",
        );
    if p.xid_age > 1_000_000 {
        finding = finding.because(format!(
            "{} transactions began since: no vacuum removes what it might still see",
            rates::count(p.xid_age)
        ));
    }
    let gid = p.gid.replace('\'', "''");
    finding
        .remedy(format!(
            "in database {}: ROLLBACK PREPARED '{gid}', or COMMIT PREPARED if its coordinator decided so",
            p.database
        ))
        .next("pg replication")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::replication::Replication,
        model::{Defaults, Kept, Outcome, Reading},
    };

    fn prepared(age_s: f64, blocks: u32, xid_age: u64) -> Prepared {
        Prepared { gid: "o'7".into(), database: "shop".into(), owner: "app".into(), age_s, xid_age, blocks }
    }
    fn outcome(prepared: Vec<Prepared>) -> Outcome {
        let replication =
            Replication { prepared: Reading::seen(Kept::whole(prepared)), ..Replication::default() };
        let replication = Reading::seen(replication);
        let facts = Facts { target: "s".into(), replication, ..Facts::unseen(Why::NotAsked) };
        Judging::run(&CHECK, &facts, &Defaults)
    }

    #[test]
    fn what_is_old_or_in_the_way_is_found_and_a_coordinator_at_work_is_not() {
        for (age_s, blocks, xids, severity) in [
            (0.5, 3, 0, None),
            (9.9, 3, 0, None),
            (10.0, 1, 0, Some(Severity::Warning)),
            (60.0, 1, 0, Some(Severity::Critical)),
            (299.0, 0, 0, None),
            (300.0, 0, 0, Some(Severity::Warning)),
            (3600.0, 0, 0, Some(Severity::Critical)),
            (1.0, 0, 10_000_000, Some(Severity::Warning)),
        ] {
            let found = match outcome(vec![prepared(age_s, blocks, xids)]) {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                Outcome::Clear { looked: 2, unseen: 0 } => None,
                other => panic!("{other:?}"),
            };
            assert_eq!(found, severity, "{age_s} {blocks} {xids}");
        }
    }

    #[test]
    fn it_is_ended_by_its_name_and_nothing_else() {
        let Outcome::Found { findings, .. } = outcome(vec![prepared(90.0, 2, 0)]) else { panic!() };
        let f = &findings[0];
        assert_eq!(
            f.title,
            "prepared transaction o'7 of app, left behind 1m30s ago, keeps 2 sessions waiting"
        );
        assert_eq!(f.subject, named("s", What::Prepared, "o'7"));
        assert!(f.remedy.contains("ROLLBACK PREPARED 'o''7'") && f.remedy.contains("shop"));
        assert!(!f.remedy.contains("terminate"));
    }

    #[test]
    fn none_is_clear_and_unseen_is_not() {
        assert!(matches!(outcome(vec![]), Outcome::Clear { looked: 1, unseen: 0 }));
        let facts = Facts::unseen(Why::TimedOut);
        assert!(matches!(
            Judging::run(&CHECK, &facts, &Defaults),
            Outcome::Unknown { why: Why::TimedOut, .. }
        ));
        let facts = Facts::unseen(Why::NotAsked);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Skipped { .. }));
    }
}
