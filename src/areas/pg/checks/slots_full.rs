//! `pg/slots-full`

use super::super::facts::{
    Facts,
    server::{Door, Slots},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// The server refused us because no connection slot was free (SQLSTATE 53300): that refusal is the finding. It comes in
    /// four forms, which have different ways out: every slot is taken, only reserved ones are left, the role has as many
    /// sessions as it may, the database has.
    ///
    /// ## Why it matters
    ///
    /// Every new connection of every application fails now. Pools that already have theirs go on, so that some requests work
    /// and others do not; whoever restarts meets a closed door.
    ///
    /// ## Confirm
    ///
    /// From a session that is still open, or as superuser: `SELECT usename, application_name, client_addr, state, count(*)
    /// FROM pg_stat_activity GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC`.
    ///
    /// ## Fix
    ///
    /// Ways in that are left: the console of PgBouncer (it needs no slot: `psql -p 6432 pgbouncer -c 'SHOW POOLS'`), a role
    /// with `pg_use_reserved_connections` (16 and newer), a superuser, a role with `REPLICATION` by `replication=database`
    /// (its slots are others). Then end what holds slots for nothing: `SELECT pg_terminate_backend(pid) FROM
    /// pg_stat_activity WHERE state = 'idle' AND state_change < now() - interval '10 min'`. For good: smaller pools, a
    /// pooler in between, `idle_session_timeout`. A larger `max_connections` needs a restart and memory.
    "pg/slots-full": "no connection slot is free"
    {}
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(door) = out.part(&f.door, "the server was not asked") else { return };
    match door {
        Door::Open { .. } => out.looked(1),
        Door::Full { slots, text, peer } => out.find(full(*slots, text, peer)),
        Door::Shut { .. } => {
            // Kept out for another reason: whether a slot was free was not seen.
            out.part(&f.server, "the server let nobody in");
        }
    }
}

fn full(slots: Slots, text: &str, peer: &str) -> Finding {
    let (title, way) = match slots {
        Slots::All => (
            "every connection slot is taken, those for superusers too",
            "the console of PgBouncer, or a role with REPLICATION by replication=database; else a session that is open already",
        ),
        Slots::Ordinary => (
            "every ordinary connection slot is taken: only reserved ones are left",
            "a superuser, a role with pg_use_reserved_connections (16 and newer), or the console of PgBouncer",
        ),
        Slots::Role => (
            "the role has as many sessions as it may have",
            "another role: the server itself has slots left (ALTER ROLE … CONNECTION LIMIT)",
        ),
        Slots::Database => (
            "the database has as many sessions as it may have",
            "another database: the server itself has slots left (ALTER DATABASE … CONNECTION LIMIT)",
        ),
        Slots::Pooler => (
            "the pooler takes no more clients",
            "the pooler's own console, or the server behind it directly (max_client_conn)",
        ),
    };
    Finding::new(
        Severity::Critical,
        Confidence::High,
        Thing::Peer { address: peer.into() },
        format!("Postgres at {peer} is full: {title}"),
    )
    .evidence("sqlstate", "53300")
    .evidence("message", text)
    .because("the server refused this very connection: every new one of every application fails the same way")
    .remedy(format!("ways in that are left: {way}; then end sessions that idle, and make pools smaller"))
    .next("explain pg/slots-full")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Defaults, Outcome, Reading, Why};

    fn outcome(door: Door, server: Why) -> Outcome {
        let facts = Facts { door: Reading::seen(door), ..Facts::unseen(server) };
        Judging::run(&CHECK, &facts, &Defaults)
    }

    #[test]
    fn a_refusal_for_want_of_slots_is_the_finding_with_the_doors_that_are_left() {
        for (slots, way) in [
            (Slots::All, "replication=database"),
            (Slots::Ordinary, "pg_use_reserved_connections"),
            (Slots::Role, "another role"),
            (Slots::Database, "another database"),
        ] {
            let door = Door::Full { slots, text: "sorry".into(), peer: "10.0.0.3:5432".into() };
            let Outcome::Found { findings, .. } = outcome(door, Why::Denied) else {
                panic!("{slots:?} is found")
            };
            assert_eq!(
                (findings[0].severity, findings[0].confidence),
                (Severity::Critical, Confidence::High)
            );
            assert_eq!(findings[0].subject, Thing::Peer { address: "10.0.0.3:5432".into() });
            assert!(findings[0].remedy.contains(way), "{}", findings[0].remedy);
        }
    }

    #[test]
    fn being_let_in_is_clear_and_being_kept_out_for_another_reason_is_not() {
        assert!(matches!(
            outcome(Door::Open { ms: 1.0 }, Why::NotAsked),
            Outcome::Clear { looked: 1, unseen: 0 }
        ));
        let shut = Door::Shut {
            kind: "auth".into(),
            sqlstate: Some("28P01".into()),
            text: String::new(),
            peer: String::new(),
        };
        assert!(matches!(outcome(shut, Why::Denied), Outcome::Unknown { why: Why::Denied, .. }));
        let facts = Facts::unseen(Why::NotAsked);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Skipped { .. }));
    }
}
