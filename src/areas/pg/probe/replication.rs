//! Standbys, slots, prepared transactions and automatic vacuums.

use super::{
    super::facts::{
        locks::{Forest, Who},
        replication::{Prepared, Receiver, Replication, Slot, Standby, Vacuum},
        server::Server,
    },
    row::{Row, rows},
};
use crate::{
    model::{Kept, Reading, Seen, Why},
    source::pg::Rows,
};

/// Rows of a list that are kept whatever rows the tables show: checks judge them.
const KEPT: usize = 1000;

/// What the server says of those that hang on it; `server` says what our role may see.
pub(super) fn replication(
    tables: &[Rows],
    prepared: Seen<Vec<Prepared>>,
    server: Option<&Server>,
) -> Seen<Replication> {
    let [standbys, slots, receiver, vacuums] = tables else { return Err(Why::Malformed) };
    let sees_all = server.is_some_and(Server::sees_all);
    Ok(Replication {
        standbys: cut(standbys, standby),
        slots: cut(slots, slot),
        prepared: prepared.map(Kept::whole).into(),
        // To other roles a worker shows neither what it is nor what it does: there is no row, and that is not "none".
        vacuums: if sees_all { Reading::seen(cut(vacuums, vacuum)) } else { Reading::unseen(Why::Denied) },
        receiver: rows(receiver).next().map(|r| Receiver {
            lag_bytes: r.number("lag_bytes"),
            since_s: r.seconds("since_s"),
            paused: r.yes("paused"),
            receiving: r.yes("receiving"),
            follows: r.get("follows").map(|v| v == "t").ok_or(Why::Denied).into(),
            delay_ms: r.number("delay_ms").unwrap_or(0),
        }),
    })
}

/// Transactions that were prepared and not ended, the oldest first; nobody is known yet to wait for them.
pub(super) fn prepared(table: &Rows) -> Vec<Prepared> {
    let one = |r: Row| Prepared {
        gid: r.text("gid"),
        database: r.text("database"),
        owner: r.text("owner"),
        age_s: r.seconds("age_s").unwrap_or(0.0),
        xid_age: r.number("xid_age").unwrap_or(0),
        blocks: 0,
    };
    rows(table).map(one).collect()
}

/// Who waits for them, by the forest: a prepared transaction waits for nobody, so that it is a root.
pub(super) fn blocking(forest: &Forest, prepared: &mut [Prepared]) {
    for root in forest.roots.top() {
        for who in &root.who {
            let Who::Prepared { gid: Some(gid) } = who else { continue };
            if let Some(p) = prepared.iter_mut().find(|p| p.gid == *gid) {
                // Who waits for several stands below one of them, and was counted as a request of each.
                p.blocks = u32::try_from(root.behind.max(root.direct)).unwrap_or(u32::MAX);
            }
        }
    }
}

/// The worst come first.
fn cut<T>(table: &Rows, of: impl Fn(Row) -> T) -> Kept<T> {
    Kept::worst(table.rows.len() as u64, rows(table).take(KEPT).map(of).collect())
}

fn standby(r: Row) -> Standby {
    // Hidden from a role without pg_read_all_stats: everything but the name.
    let why = if r.get("state").is_some() { Why::Absent } else { Why::Denied };
    Standby {
        name: r.text("name"),
        client: r.own("client"),
        state: r.own("state").ok_or(Why::Denied).into(),
        sync: r.text("sync"),
        lag_bytes: r.number("lag_bytes").ok_or(why).into(),
        unsent_bytes: r.number("unsent_bytes"),
        unreplayed_bytes: r.number("unreplayed_bytes"),
        lag_s: r.seconds("lag_s"),
    }
}

fn slot(r: Row) -> Slot {
    Slot {
        name: r.text("name"),
        logical: r.yes("logical"),
        active: r.yes("active"),
        database: r.own("database"),
        retained_bytes: r.number("retained_bytes"),
        wal_status: r.own("wal_status"),
        safe_bytes: r.number("safe_bytes"),
        inactive_s: r.seconds("inactive_s"),
        xmin_age: r.number("xmin_age"),
        catalog_xmin_age: r.number("catalog_xmin_age"),
    }
}

fn vacuum(r: Row) -> Vacuum {
    let blockers = r.get("blockers").unwrap_or_default();
    let mut blocked_by: Vec<i32> = blockers.split(',').take(100).filter_map(|p| p.parse().ok()).collect();
    blocked_by.sort_unstable();
    blocked_by.dedup();
    Vacuum {
        pid: r.number("pid").unwrap_or(0),
        started_us: r.number("started_us").unwrap_or(0),
        what: r.text("what"),
        for_s: r.seconds("for_s").unwrap_or(0.0),
        waits: r.yes("waits"),
        waits_s: r.seconds("waits_s"),
        blocked_by,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::locks::{Root, RootKind},
        *,
    };

    fn table(columns: &[&str], rows: &[&[Option<&str>]]) -> Rows {
        Rows {
            columns: columns.iter().map(ToString::to_string).collect(),
            rows: rows.iter().map(|r| r.iter().map(|v| v.map(Into::into)).collect()).collect(),
            cut: false,
        }
    }

    fn tables() -> [Rows; 4] {
        [
            // As a role without pg_read_all_stats sees the first, and as it is.
            table(
                &[
                    "name",
                    "client",
                    "state",
                    "sync",
                    "lag_bytes",
                    "unsent_bytes",
                    "unreplayed_bytes",
                    "lag_s",
                ],
                &[
                    &[Some("a"), None, None, None, None, None, None, None],
                    &[
                        Some("b"),
                        Some("10.0.0.2"),
                        Some("streaming"),
                        Some("async"),
                        Some("4096"),
                        Some("0"),
                        Some("4096"),
                        Some("0.5"),
                    ],
                    &[Some("c"), None, Some("startup"), Some("async"), None, None, None, None],
                ],
            ),
            table(
                &["name", "logical", "active", "retained_bytes", "wal_status", "safe_bytes"],
                &[&[Some("s"), Some("f"), Some("f"), Some("16777216"), Some("extended"), None]],
            ),
            table(
                &["lag_bytes", "since_s", "paused", "receiving", "follows", "delay_ms"],
                &[&[Some("5"), Some("-0.2"), Some("t"), Some("f"), None, Some("0")]],
            ),
            table(
                &["pid", "started_us", "what", "waits", "for_s", "blockers", "waits_s"],
                &[&[
                    Some("7"),
                    Some("1"),
                    Some("autovacuum: VACUUM public.t"),
                    Some("t"),
                    Some("9.5"),
                    Some("12,0,12"),
                    Some("8.5"),
                ]],
            ),
        ]
    }

    #[test]
    fn what_is_hidden_is_unseen_and_never_nothing() {
        let low = replication(&tables(), Err(Why::TimedOut), Some(&Server::default())).unwrap();
        assert_eq!(low.standbys.top()[0].lag_bytes, Reading::unseen(Why::Denied));
        assert_eq!(low.standbys.top()[2].lag_bytes, Reading::unseen(Why::Absent));
        assert!(low.vacuums.drawn().is_none() && low.prepared.drawn().is_none());
        assert_eq!(low.receiver.as_ref().unwrap().follows, Reading::unseen(Why::Denied));
    }

    #[test]
    fn every_row_is_read() {
        let server = Server { reads_all: true, ..Server::default() };
        let all = replication(&tables(), Ok(vec![]), Some(&server)).unwrap();
        assert_eq!((all.standbys.total(), all.standbys.top().len()), (3, 3));
        assert_eq!(all.slots.top()[0].retained_bytes, Some(16 << 20));
        let receiver = all.receiver.unwrap();
        assert_eq!((receiver.since_s, receiver.paused, receiver.receiving), (Some(0.0), true, false));
        let vacuum = &all.vacuums.drawn().unwrap().top()[0];
        assert_eq!((vacuum.blocked_by.as_slice(), vacuum.waits_s), (&[0, 12][..], Some(8.5)));
        assert_eq!(replication(&tables()[..3], Ok(vec![]), Some(&server)).err(), Some(Why::Malformed));
    }

    #[test]
    fn prepared_transactions_learn_from_the_forest_who_waits_for_them() {
        let columns = ["gid", "database", "owner", "age_s", "xid_age"];
        let row = [Some("tx"), Some("d"), Some("o"), Some("3"), Some("2")];
        let other = [Some("quiet"), Some("d"), Some("o"), Some("1"), Some("1")];
        let mut all = prepared(&table(&columns, &[&row, &other]));
        let root = Root {
            kind: RootKind::Prepared,
            who: vec![Who::Prepared { gid: Some("tx".into()) }],
            cycle: vec![],
            members: 1,
            direct: 1,
            behind: 4,
            depth: 2,
            longest_us: None,
            below: vec![],
            more: 0,
        };
        blocking(&Forest { roots: Kept::whole(vec![root]), ..Forest::default() }, &mut all);
        assert_eq!((all[0].blocks, all[1].blocks, all[0].xid_age), (4, 0, 2));
    }
}
