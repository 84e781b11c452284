//! `pg/holds-xmin`

use super::{
    super::facts::{
        Facts,
        replication::{Prepared, Replication},
        server::Server,
        session::Session,
    },
    long_transaction::is_dump,
    who::{label, session, short},
};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Kept, Severity, Thing, What, rates},
};

check! {
    /// ## What it sees
    ///
    /// What keeps old row versions alive for the longest, counted in transactions that have begun since: sessions with a
    /// snapshot or an id of their own, standbys that send feedback, replication slots (their `xmin` and, for the catalog, their
    /// `catalog_xmin`), prepared transactions. The oldest one is named, and what stands behind it. These ages are shown to
    /// every role. A vacuum holds nothing back; a dump does so by design and is judged one step milder.
    ///
    /// ## Why it matters
    ///
    /// Vacuum may remove nothing that this holder could still see: tables and indexes grow, scans read dead rows, and ids are
    /// not frozen, which in the end is a wraparound. Nothing helps until the holder is gone, neither a bigger nor a more
    /// frequent vacuum.
    ///
    /// ## Confirm
    ///
    /// `SELECT pid, application_name, state, greatest(age(backend_xid), age(backend_xmin)) AS age FROM pg_stat_activity ORDER BY
    /// 4 DESC NULLS LAST LIMIT 5`; `SELECT slot_name, active, age(xmin), age(catalog_xmin) FROM pg_replication_slots`; `SELECT
    /// gid, age(transaction) FROM pg_prepared_xacts`. `VACUUM (VERBOSE) table` tells "dead but not yet removable".
    ///
    /// ## Fix
    ///
    /// A session: `SELECT pg_terminate_backend(pid)`. A slot that nobody reads: `SELECT pg_drop_replication_slot('name')`; a
    /// logical one that is read: its consumer is behind. A standby: look for the long query there; without
    /// `hot_standby_feedback` it is cancelled there instead. A prepared transaction: `ROLLBACK PREPARED 'gid'` in its database.
    "pg/holds-xmin": "something keeps old row versions alive"
    {
        age: "transactions begun since" = 10000000, 100000000;
    }
    judge(Facts)
}

/// What holds back.
struct Holder<'a> {
    age: u64,
    what: Kind<'a>,
}

enum Kind<'a> {
    Session(&'a Session),
    Slot { name: &'a str, active: bool, logical: bool, catalog: bool },
    Prepared { gid: &'a str, database: &'a str, age_s: f64 },
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(server) = out.part(&f.server, "the server was not seen") else { return };
    let Some(activity) = out.part(&f.activity, "the sessions were not seen") else { return };
    let sessions = activity.holders.top().iter().filter(|s| !is_vacuum(s));
    let mut all: Vec<Holder> =
        sessions.filter_map(|s| Some(Holder { age: s.holds()?, what: Kind::Session(s) })).collect();
    out.looked(activity.holders.total().max(1));
    // What sessions hold is a finding also without the rest; that nothing holds is not said without it.
    let unseen = "replication slots and prepared transactions were not looked at";
    if let Some(replication) = out.part(&f.replication, unseen) {
        all.extend(slots(replication));
        all.extend(out.part(&replication.prepared, unseen).into_iter().flat_map(prepared));
    }
    all.arrange_by_key(|h| std::cmp::Reverse(h.age));
    let Some(oldest) = all.first() else { return };
    let Some(mut severity) = at.age.of(oldest.age as f64) else { return };
    if matches!(oldest.what, Kind::Session(s) if is_dump(s)) {
        severity = if severity == Severity::Critical { Severity::Warning } else { Severity::Notice };
    }
    let mut finding = finding(server, oldest, severity);
    // What would hold back next: ending the first one alone may not help.
    let next = all.iter().skip(1).take_while(|h| at.age.of(h.age as f64).is_some());
    for holder in next.take(3) {
        let told = format!("behind it: {}, {} transactions", holder.name(), rates::count(holder.age));
        finding = finding.because(told).about(holder.thing(server));
    }
    out.find(finding);
}

fn slots(replication: &Replication) -> impl Iterator<Item = Holder<'_>> {
    replication.slots.top().iter().filter_map(|s| {
        let (xmin, catalog) = (s.xmin_age, s.catalog_xmin_age);
        let age = xmin.max(catalog)?;
        let what =
            Kind::Slot { name: &s.name, active: s.active, logical: s.logical, catalog: catalog > xmin };
        Some(Holder { age, what })
    })
}

fn prepared(of: &Kept<Prepared>) -> impl Iterator<Item = Holder<'_>> {
    of.top().iter().map(|p| Holder {
        age: p.xid_age,
        what: Kind::Prepared { gid: &p.gid, database: &p.database, age_s: p.age_s },
    })
}

/// Vacuums keep a snapshot that nobody else respects, and an autovacuum ends soon.
fn is_vacuum(s: &Session) -> bool {
    let vacuum = |q: &str| q.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("vacuum"));
    s.kind.as_deref().is_some_and(|k| k.starts_with("autovacuum")) || vacuum(s.query.trim_start())
}

impl Holder<'_> {
    fn name(&self) -> String {
        match &self.what {
            Kind::Session(s) if s.kind.as_deref() == Some("walsender") => format!("the standby {}", label(s)),
            Kind::Session(s) => label(s),
            Kind::Slot { name, .. } => format!("the replication slot {name}"),
            Kind::Prepared { gid, .. } => format!("the prepared transaction {gid}"),
        }
    }
    fn thing(&self, server: &Server) -> Thing {
        let named = |what, name: &str| Thing::Named { what, server: server.peer.clone(), name: name.into() };
        match &self.what {
            Kind::Session(s) => session(server, s),
            Kind::Slot { name, .. } => named(What::Slot, name),
            Kind::Prepared { gid, .. } => named(What::Prepared, gid),
        }
    }
}

fn finding(server: &Server, holder: &Holder, severity: Severity) -> Finding {
    let title = format!(
        "{} keeps row versions of {} transactions from being removed",
        holder.name(),
        rates::count(holder.age)
    );
    let finding = Finding::new(severity, Confidence::High, holder.thing(server), title)
        .evidence("xmin_age", holder.age);
    match &holder.what {
        Kind::Session(s) => of_session(finding, s),
        Kind::Slot { name, active, logical, catalog } => {
            let (kind, keeps) = (
                if *logical { "logical" } else { "physical" },
                if *catalog { "of the catalog" } else { "of every table" },
            );
            let finding = finding
                .evidence("holder", "slot")
                .evidence("active", *active)
                .because(format!("a {kind} slot: it keeps row versions {keeps}"));
            if *active {
                finding
                    .because("somebody reads from it, and is behind or sends the feedback of a long query")
                    .remedy("look at whoever reads from it: a consumer that is stuck, or a long query on a standby")
                    .next("pg replication")
            } else {
                finding
                    .because("nobody reads from it")
                    .remedy(format!("SELECT pg_drop_replication_slot('{name}') when its reader will not come back"))
                    .next("pg replication")
            }
        }
        Kind::Prepared { gid, database, age_s } => finding
            .evidence("holder", "prepared transaction")
            .evidence("database", *database)
            .evidence("age_s", *age_s)
            .because(format!("it was prepared {} ago, and nobody ended it", rates::span(*age_s)))
            .remedy(format!("in the database {database}: ROLLBACK PREPARED '{gid}', or COMMIT PREPARED when its coordinator says so"))
            .next("pg replication"),
    }
}

fn of_session(finding: Finding, s: &Session) -> Finding {
    let finding = finding
        .evidence("holder", s.kind.clone().unwrap_or_else(|| "session".into()))
        .evidence("transaction_s", s.xact_s)
        .evidence("state", s.state.clone())
        .evidence("database", s.database.clone());
    if s.kind.as_deref() == Some("walsender") {
        return finding
            .because("a standby without a slot sends the age of its oldest query as feedback")
            .remedy("end the long query on that standby; without hot_standby_feedback it would be cancelled there instead")
            .next("pg replication");
    }
    let finding = match (s.hidden, s.xact_s) {
        (true, _) => finding.because("what it does is hidden from this role: it takes pg_read_all_stats"),
        (_, Some(age)) => finding.because(format!(
            "{} in a transaction that is {} old: {}",
            s.state.as_deref().unwrap_or("at work"),
            rates::span(age),
            short(&s.query)
        )),
        (_, None) => finding,
    };
    finding
        .remedy(format!("SELECT pg_terminate_backend({}); vacuum can do nothing before", s.pid))
        .next("pg activity")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::pg::facts::replication::Slot,
        model::{Reading, Why},
    };

    fn holding(age: u64, s: Session) -> Session {
        Session { xmin_age: Some(age), ..s }
    }
    fn with(facts: Facts, slots: Vec<Slot>, prepared: Vec<Prepared>) -> Facts {
        let (slots, prepared) = (Kept::whole(slots), Reading::seen(Kept::whole(prepared)));
        let seen = Replication { slots, prepared, ..Replication::default() };
        Facts { replication: Reading::seen(seen), ..facts }
    }
    fn quiet() -> Facts {
        server_with(100, [holding(5, client_session("web", "active"))])
    }
    fn slot(xmin: Option<u64>, catalog: Option<u64>) -> Slot {
        Slot {
            name: "cdc".into(),
            logical: true,
            active: false,
            database: Some("shop".into()),
            retained_bytes: None,
            wal_status: None,
            safe_bytes: None,
            inactive_s: None,
            xmin_age: xmin,
            catalog_xmin_age: catalog,
        }
    }
    fn prepared(age: u64) -> Prepared {
        Prepared {
            gid: "tx-7".into(),
            database: "shop".into(),
            owner: "app".into(),
            age_s: 7200.0,
            xid_age: age,
            blocks: 0,
        }
    }

    #[test]
    fn the_oldest_of_all_sorts_is_named_once_and_who_is_next() {
        let long = holding(20_000_000, since(9000.0, client_session("report", "active")));
        let facts = server_with(100, [long, client_session("web", "idle")]);
        let f = &found(&CHECK, &with(facts.clone(), vec![], vec![]))[0];
        assert_eq!(
            f.title,
            "report (pid 1000) at 10.0.0.9 keeps row versions of 20,000,000 transactions from being removed"
        );
        assert_eq!(f.severity, Severity::Warning);

        let all =
            found(&CHECK, &with(facts, vec![slot(None, Some(120_000_000))], vec![prepared(60_000_000)]));
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].severity, Severity::Critical);
        assert_eq!(
            all[0].subject,
            Thing::Named { what: What::Slot, server: PEER.into(), name: "cdc".into() }
        );
        assert!(all[0].because.contains(&"nobody reads from it".into()), "{:?}", all[0].because);
        assert!(
            all[0]
                .because
                .contains(&"behind it: the prepared transaction tx-7, 60,000,000 transactions".into())
        );
        assert_eq!(all[0].about.len(), 2);
    }

    #[test]
    fn a_transaction_with_an_id_and_no_snapshot_holds_as_well() {
        let s = Session {
            xid_age: Some(10_000_000),
            ..since(900.0, client_session("web", "idle in transaction"))
        };
        assert_eq!(found(&CHECK, &with(server_with(100, [s]), vec![], vec![])).len(), 1);
    }

    #[test]
    fn vacuums_hold_nothing_and_dumps_are_meant_to() {
        let vacuum = Session {
            query: "VACUUM orders".into(),
            ..holding(50_000_000, client_session("psql", "active"))
        };
        let auto = Session { kind: Some("autovacuum worker".into()), ..vacuum.clone() };
        clear(&CHECK, &with(server_with(100, [vacuum, auto]), vec![], vec![]));
        let dump =
            |age| with(server_with(100, [holding(age, client_session("pg_dump", "active"))]), vec![], vec![]);
        assert_eq!(found(&CHECK, &dump(50_000_000))[0].severity, Severity::Notice);
        assert_eq!(found(&CHECK, &dump(100_000_000))[0].severity, Severity::Warning);
    }

    #[test]
    fn limits_begin_at_their_figure_and_young_holders_are_well() {
        clear(&CHECK, &with(quiet(), vec![slot(Some(9_999_999), None)], vec![prepared(3)]));
        assert_eq!(found(&CHECK, &with(quiet(), vec![slot(Some(10_000_000), None)], vec![])).len(), 1);
        assert_eq!(found(&CHECK, &with(quiet(), vec![], vec![prepared(10_000_000)])).len(), 1);
    }

    #[test]
    fn a_hidden_session_is_judged_by_its_age_and_without_the_slots_nothing_is_clear() {
        let hidden = server_with(100, [holding(20_000_000, hidden_session("web"))]);
        assert_eq!(found(&CHECK, &without_rights(hidden)).len(), 1);
        unknown(&CHECK, &Facts { replication: Reading::unseen(Why::Denied), ..quiet() }, Why::Denied);
        skipped(&CHECK, &quiet());
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
