//! `pg/replication-lag`

use super::{
    super::facts::{
        Facts,
        replication::{Receiver, Standby},
    },
    server::{named, peer},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What, rates},
};

check! {
    /// ## What it sees
    ///
    /// On a primary, for each receiver in `pg_stat_replication`, the log that was written here and is not yet replayed there,
    /// by position: a primary that writes nothing has no lag, however long ago the last transaction was. Where the server
    /// knows how long the last of it took (`replay_lag`), that counts too. What was not even sent and what lies there and
    /// is not replayed are told apart: the first is the network or the sender, the second is the standby. On a standby its own
    /// lag between received and replayed, whether replay is paused, and whether anybody sends it log at all. A delay that
    /// was asked for (`recovery_min_apply_delay`) is none on the standby itself; the primary does not know of it.
    ///
    /// ## Why it matters
    ///
    /// Readers of the standby see the past: a row that was just written is not there. A failover loses what was not sent, and
    /// waits until all of the rest is replayed. With a slot the primary keeps the log until its disk is full; without one
    /// it throws it away, and the standby has to be built anew. A synchronous standby that is behind makes every commit wait.
    ///
    /// ## Confirm
    ///
    /// On the primary: `SELECT application_name, state, sent_lsn, flush_lsn, replay_lsn, pg_wal_lsn_diff(pg_current_wal_lsn(),
    /// replay_lsn) FROM pg_stat_replication`. On the standby: `SELECT pg_is_wal_replay_paused(), pg_last_wal_receive_lsn(),
    /// pg_last_wal_replay_lsn()`, and `SELECT * FROM pg_stat_database_conflicts`.
    ///
    /// ## Fix
    ///
    /// Paused replay: `SELECT pg_wal_replay_resume()` on the standby, when whoever paused it is done. Replay that a query
    /// on the standby holds up: end it there, or lower `max_standby_streaming_delay`. Not sent: look at the network and at the standby's
    /// disk. A long backlog that never shrinks: replay is one process, and the primary writes more than it can.
    "pg/replication-lag": "a standby is behind"
    {
        lag_bytes: "bytes not yet replayed" = 1_073_741_824.0, 10_737_418_240.0;
        lag_s: "seconds that the last of it took" = 60, 600;
        least_bytes: "bytes; fewer are no lag, however long they took" = 16_777_216;
        paused_s: "seconds since the last transaction was replayed, while replay is paused and there is more" = 60, 3600;
    }
    judge(Facts)
}

fn judge(f: &Facts, l: &Limits, out: &mut Judging) {
    let Some(r) = out.part(&f.replication, "nobody asked who receives the log") else { return };
    let server = peer(f, out);
    for standby in r.standbys.top() {
        let Some(lag) = out.see(&standby.lag_bytes).copied() else { continue };
        if let Some(severity) = severity(lag, standby.lag_s, l) {
            out.find(behind(standby, lag, severity, &server));
        }
    }
    out.unseen(r.standbys.total() - r.standbys.top().len() as u64, crate::model::Why::TooMany);
    match &r.receiver {
        Some(own) => own_lag(own, &server, l, out),
        // A primary was looked at, with or without standbys.
        None => out.looked(1),
    }
}

fn severity(lag: u64, seconds: Option<f64>, l: &Limits) -> Option<Severity> {
    let by_time = seconds.filter(|_| lag as f64 >= l.least_bytes.value()).and_then(|s| l.lag_s.of(s));
    l.lag_bytes.of(lag as f64).max(by_time)
}

fn behind(s: &Standby, lag: u64, severity: Severity, server: &str) -> Finding {
    let at = s.client.as_ref().map_or(String::new(), |c| format!(" at {c}"));
    let name = if s.name.is_empty() { "a receiver" } else { &s.name };
    let mut finding = Finding::new(
        severity,
        Confidence::High,
        named(
            server,
            What::Standby,
            if s.name.is_empty() { s.client.as_deref().unwrap_or("?") } else { &s.name },
        ),
        format!("standby {name}{at} is {} of log behind", rates::bytes(lag)),
    )
    .about(Thing::Peer { address: server.into() })
    .evidence("lag_bytes", lag)
    .evidence("lag_s", s.lag_s)
    .evidence("unsent_bytes", s.unsent_bytes)
    .evidence("unreplayed_bytes", s.unreplayed_bytes)
    .evidence("sync", s.sync.as_str());
    finding = match (s.unsent_bytes, s.unreplayed_bytes) {
        (_, Some(there)) if there.saturating_mul(2) >= lag => finding
            .because("most of it lies there and is not replayed: replay is paused, or a query there holds it up, or it is too slow")
            .remedy("on the standby: pg_is_wal_replay_paused()? pg_wal_replay_resume(); else end the query in its way"),
        (Some(here), _) if here.saturating_mul(2) >= lag => finding
            .because("most of it was not even sent: the network, or a receiver that reads too slowly")
            .remedy("look at the network between them and at the receiver; pg_stat_replication.state says whether it catches up"),
        _ => finding
            .because("it was written here and is not replayed there, by position in the log")
            .remedy("run this check on the standby too: it sees whether replay is paused"),
    };
    if matches!(s.sync.as_str(), "sync" | "quorum") {
        finding = finding.because(
            "it is synchronous: commits wait for it, unless synchronous_commit is less than remote_apply",
        );
    }
    finding.next("pg replication -o wide")
}

fn own_lag(r: &Receiver, server: &str, l: &Limits, out: &mut Judging) {
    let me = named(server, What::Standby, server);
    let lag = r.lag_bytes.unwrap_or(0);
    let more = |finding: Finding| finding.evidence("lag_bytes", r.lag_bytes).evidence("since_s", r.since_s);
    if r.paused {
        out.looked(1);
        let by_time = r.since_s.filter(|_| lag > 0).and_then(|s| l.paused_s.of(s));
        let Some(severity) = by_time.max(l.lag_bytes.of(lag as f64)) else { return };
        let since = r.since_s.map_or(String::new(), |s| format!(" for {}", rates::span(s)));
        let title = format!("replay of the log is paused on this standby, {} behind", rates::bytes(lag));
        out.find(
            more(Finding::new(severity, Confidence::High, me, title))
                .because(format!("pg_is_wal_replay_paused() says so; nothing was replayed{since}"))
                .remedy("SELECT pg_wal_replay_resume() once whoever paused it is done")
                .next("pg replication -o wide"),
        );
        return;
    }
    if !r.receiving {
        // Log that is fetched from an archive needs no receiver: only who was told whom to follow misses one.
        let Some(true) = out.see(&r.follows) else { return };
        let Some(since) = r.since_s.filter(|s| l.lag_s.of(*s).is_some()) else { return };
        out.find(
            more(Finding::new(
                Severity::Warning,
                Confidence::Medium,
                me,
                "this standby receives no log from its primary",
            ))
            .because("primary_conninfo is set, and there is no receiver of the log")
            .because(format!(
                "the last transaction was replayed {} ago, and what came since is not known here",
                rates::span(since)
            ))
            .remedy("read its log: the primary is down, refuses it, or has thrown away what it needs")
            .next("pg replication -o wide"),
        );
        return;
    }
    let Some(lag) = r.lag_bytes else {
        out.unseen(1, crate::model::Why::Absent);
        return;
    };
    out.looked(1);
    if r.delay_ms > 0 {
        return;
    }
    let late = r.since_s.filter(|_| lag as f64 >= l.least_bytes.value()).and_then(|s| l.lag_s.of(s));
    let Some(severity) = l.lag_bytes.of(lag as f64).max(late) else { return };
    let title = format!("this standby has {} of log that it received and did not replay", rates::bytes(lag));
    out.find(
        more(Finding::new(severity, Confidence::High, me, title))
            .because("replay is one process: a query here holds it up (max_standby_streaming_delay), or it is too slow")
            .remedy("end the query in its way: pg_stat_activity of this standby; conflicts are in pg_stat_database_conflicts")
            .next("pg activity"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::pg::facts::replication::Replication,
        model::{Defaults, Kept, Outcome, Reading, Why},
    };

    const GIB: u64 = 1 << 30;

    fn standby(lag: u64, lag_s: Option<f64>) -> Standby {
        Standby {
            name: "replica1".into(),
            client: Some("10.0.0.2".into()),
            state: Reading::seen("streaming".into()),
            sync: "async".into(),
            lag_bytes: Reading::seen(lag),
            unsent_bytes: Some(0),
            unreplayed_bytes: Some(lag),
            lag_s,
        }
    }
    fn receiver() -> Receiver {
        Receiver {
            lag_bytes: Some(0),
            since_s: Some(90_000.0),
            paused: false,
            receiving: true,
            follows: Reading::seen(true),
            delay_ms: 0,
        }
    }
    fn outcome(standbys: Vec<Standby>, receiver: Option<Receiver>) -> Outcome {
        let replication = Replication { standbys: Kept::whole(standbys), receiver, ..Replication::default() };
        let facts = Facts {
            target: "10.0.0.1:5432".into(),
            replication: Reading::seen(replication),
            ..Facts::unseen(Why::NotAsked)
        };
        Judging::run(&CHECK, &facts, &Defaults)
    }
    fn severity_of(o: &Outcome) -> Option<Severity> {
        match o {
            Outcome::Found { findings, .. } => Some(findings[0].severity),
            Outcome::Clear { .. } => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_standby_is_behind_by_bytes_and_by_seconds_of_more_than_a_little() {
        for (lag, seconds, severity) in [
            (0, None, None),
            (0, Some(5000.0), None),
            (16 << 20, Some(59.0), None),
            ((16 << 20) - 1, Some(5000.0), None),
            (16 << 20, Some(60.0), Some(Severity::Warning)),
            (16 << 20, Some(600.0), Some(Severity::Critical)),
            (GIB - 1, None, None),
            (GIB, None, Some(Severity::Warning)),
            (10 * GIB, Some(1.0), Some(Severity::Critical)),
        ] {
            assert_eq!(
                severity_of(&outcome(vec![standby(lag, seconds)], None)),
                severity,
                "{lag} {seconds:?}"
            );
        }
        let Outcome::Found { findings, .. } = outcome(vec![standby(2 * GIB, Some(7.0))], None) else {
            panic!()
        };
        let f = &findings[0];
        assert_eq!(f.subject, named("10.0.0.1:5432", What::Standby, "replica1"));
        assert!(f.title.contains("replica1 at 10.0.0.2") && f.title.contains("2.0 GiB"), "{}", f.title);
        assert!(f.because[0].contains("not replayed") && f.remedy.contains("pg_wal_replay_resume"));
        let unsent =
            Standby { unsent_bytes: Some(2 * GIB), unreplayed_bytes: Some(0), ..standby(2 * GIB, None) };
        let Outcome::Found { findings, .. } = outcome(vec![unsent], None) else { panic!() };
        assert!(findings[0].because[0].contains("not even sent"));
    }

    #[test]
    fn what_is_hidden_is_not_clear() {
        let hidden = Standby { lag_bytes: Reading::unseen(Why::Denied), ..standby(0, None) };
        assert!(matches!(outcome(vec![hidden.clone()], Some(receiver())), Outcome::Clear { unseen: 1, .. }));
        let facts = Facts::unseen(Why::TimedOut);
        assert!(matches!(
            Judging::run(&CHECK, &facts, &Defaults),
            Outcome::Unknown { why: Why::TimedOut, .. }
        ));
        let facts = Facts::unseen(Why::NotAsked);
        assert!(matches!(Judging::run(&CHECK, &facts, &Defaults), Outcome::Skipped { .. }));
    }

    #[test]
    fn a_primary_without_standbys_and_an_idle_standby_are_well() {
        assert!(matches!(outcome(vec![], None), Outcome::Clear { looked: 1, unseen: 0 }));
        assert!(matches!(outcome(vec![], Some(receiver())), Outcome::Clear { looked: 1, unseen: 0 }));
    }

    #[test]
    fn a_standby_sees_its_own_pause_its_own_lag_and_that_nobody_sends() {
        let own = |r: Receiver| severity_of(&outcome(vec![], Some(r)));
        let paused = Receiver { paused: true, lag_bytes: Some(1), since_s: Some(60.0), ..receiver() };
        assert_eq!(own(paused.clone()), Some(Severity::Warning));
        assert_eq!(own(Receiver { since_s: Some(59.0), ..paused.clone() }), None);
        assert_eq!(own(Receiver { since_s: Some(3600.0), ..paused.clone() }), Some(Severity::Critical));
        assert_eq!(
            own(Receiver { lag_bytes: Some(0), ..paused.clone() }),
            None,
            "paused, and nothing is missing"
        );
        assert_eq!(own(Receiver { lag_bytes: Some(GIB), since_s: None, ..paused }), Some(Severity::Warning));
        let slow = Receiver { lag_bytes: Some(16 << 20), since_s: Some(60.0), ..receiver() };
        assert_eq!(own(slow.clone()), Some(Severity::Warning));
        assert_eq!(own(Receiver { delay_ms: 3_600_000, ..slow }), None, "it was asked to be late");
        let alone = Receiver { receiving: false, ..receiver() };
        assert_eq!(own(alone.clone()), Some(Severity::Warning));
        assert_eq!(own(Receiver { since_s: Some(5.0), ..alone.clone() }), None);
        assert_eq!(
            own(Receiver { follows: Reading::seen(false), ..alone.clone() }),
            None,
            "fed from an archive"
        );
        let hidden = Receiver { follows: Reading::unseen(Why::Denied), ..alone };
        assert!(matches!(outcome(vec![], Some(hidden)), Outcome::Unknown { why: Why::Denied, .. }));
        let unknown = Receiver { lag_bytes: None, ..receiver() };
        assert!(matches!(outcome(vec![], Some(unknown)), Outcome::Unknown { .. }));
    }
}
