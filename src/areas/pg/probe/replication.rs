//! Standbys, slots, prepared transactions and vacuums against wraparound.

use super::{
    super::facts::replication::{Receiver, Replication, Slot, Standby},
    Look,
    row::rows,
    sql,
};
use crate::{
    model::{Kept, Reading, Seen, Why},
    source::pg::Rows,
};

impl Look<'_> {
    /// What the primary or standby says of those that hang on it. Prepared transactions and vacuums come with the sessions.
    pub(super) fn replication(&mut self, version: u32) -> Seen<Replication> {
        let text = [sql::STANDBYS, &sql::slots(version), sql::RECEIVER].concat();
        let tables = self.alone("standbys and slots", &text)?;
        let [standbys, slots, receiver] = tables.as_slice() else { return Err(Why::Malformed) };
        Ok(Replication {
            standbys: Kept::whole(rows(standbys).map(standby).collect()),
            slots: Kept::whole(slots_of(slots)),
            prepared: Kept::default(),
            vacuums: Kept::default(),
            receiver: rows(receiver).next().map(|r| Receiver {
                lag_bytes: r.number("lag_bytes"),
                since_s: r.seconds("since_s"),
                paused: r.yes("paused"),
            }),
        })
    }
}

fn standby(r: super::row::Row) -> Standby {
    // Hidden from a role without pg_read_all_stats: everything but the name.
    let seen = |there: bool| if there { Why::Absent } else { Why::Denied };
    Standby {
        name: r.text("name"),
        client: r.own("client"),
        state: r.own("state").ok_or(Why::Denied).into(),
        sync: r.text("sync"),
        lag_bytes: match r.number("lag_bytes") {
            Some(n) => Reading::seen(n),
            None => Reading::unseen(seen(r.get("state").is_some())),
        },
        lag_s: r.seconds("lag_s"),
    }
}

fn slots_of(table: &Rows) -> Vec<Slot> {
    rows(table)
        .map(|r| Slot {
            name: r.text("name"),
            logical: r.yes("logical"),
            active: r.yes("active"),
            database: r.own("database"),
            retained_bytes: r.number("retained_bytes"),
            wal_status: r.own("wal_status"),
            safe_bytes: r.number("safe_bytes"),
            xmin_age: r.number("xmin_age"),
            catalog_xmin_age: r.number("catalog_xmin_age"),
        })
        .collect()
}
