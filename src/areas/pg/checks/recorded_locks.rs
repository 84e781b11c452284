//! Lock tables made by hand, through the same forest as those of a server.

use super::super::facts::{
    Facts,
    locks::{Queue, Root, Row, Table, Who},
    server::Server,
    session::Session,
    waits::{Locks, pids},
};
use crate::model::{Kept, Reading, Why};

const NOW_US: i64 = 1_800_000_000_000_000;

pub(super) fn someone(pid: i32, application: &str, state: &str, query: &str) -> Session {
    Session {
        pid,
        started_us: 1_000 + i64::from(pid),
        database: Some("shop".into()),
        user: Some("app".into()),
        application: application.into(),
        kind: Some("client backend".into()),
        state: Some(state.into()),
        state_s: Some(61.0),
        query: query.into(),
        ..Session::default()
    }
}

fn row<'r>(locktype: &'r str, number: u32, pid: i32, mode: &'r str, since_s: Option<f64>) -> Row<'r> {
    let mut row = Row {
        locktype,
        database: Some(5),
        pid: Some(pid),
        mode,
        granted: since_s.is_none(),
        waitstart_us: since_s.map(|s| NOW_US - (s * 1e6) as i64),
        virtualtransaction: "1/1",
        ..Row::default()
    };
    match locktype {
        "advisory" => (row.classid, row.objid, row.objsubid) = (Some(0), Some(number), Some(1)),
        "transactionid" => (row.database, row.transactionid) = (None, Some(number)),
        _ => row.relation = Some(number),
    }
    row
}

pub(super) fn facts(table: Table, sessions: Vec<Session>) -> Facts {
    let (forest, _) = table.forest(Some(NOW_US));
    let advisory = forest.roots.top().iter().filter(|r| {
        r.below.iter().any(|b| matches!(b.wait.tag, super::super::facts::locks::Tag::Advisory { .. }))
    });
    let locks = Locks {
        advisory: advisory.flat_map(pids).collect(),
        forest,
        sessions,
        relations: vec![(16_384, "public.orders".to_string())],
        databases: vec![(5, "shop".to_string())],
        database: 5,
        confirmed: vec![],
    };
    let server = Server { peer: "10.0.0.3:5432".into(), database: "shop".into(), ..Server::default() };
    Facts { locks: Reading::seen(locks), server: Reading::seen(server), ..Facts::unseen(Why::NotAsked) }
}

/// Nobody waits.
pub(super) fn quiet() -> Facts {
    facts(Table::default(), vec![])
}

/// pid 1 reads in a transaction, pid 2 wants to alter the table, `n` others want to read it since.
pub(super) fn queue(n: i32, waits_s: f64) -> Facts {
    let mut table = Table::default();
    table.row(&row("relation", 16_384, 1, "AccessShareLock", None));
    table.row(&row("relation", 16_384, 2, "AccessExclusiveLock", Some(waits_s)));
    table.blockers(2, "{1}");
    let mut sessions = vec![
        someone(1, "report", "idle in transaction", "select * from orders"),
        someone(2, "migrate", "active", "alter table orders add column total int"),
    ];
    for pid in 3..3 + n {
        table.row(&row("relation", 16_384, pid, "AccessShareLock", Some(waits_s / 2.0)));
        table.blockers(pid, "{2}");
        sessions.push(someone(pid, "web", "active", "select * from orders where id = ?"));
    }
    facts(table, sessions)
}

/// pid 1 holds an advisory lock that pid 2 wants.
pub(super) fn advisory(state: &str, waits_s: f64) -> Facts {
    let mut table = Table::default();
    table.row(&row("advisory", 42, 1, "ExclusiveLock", None));
    table.row(&row("advisory", 42, 2, "ExclusiveLock", Some(waits_s)));
    table.blockers(2, "{1}");
    facts(
        table,
        vec![
            someone(1, "worker", state, "select pg_advisory_lock(?)"),
            someone(2, "worker", "active", "select pg_advisory_lock(?)"),
        ],
    )
}

/// pid 1 has a row, pid 2 wants it.
pub(super) fn row_lock(state: &str, waits_s: f64) -> Facts {
    let mut table = Table::default();
    table.row(&row("transactionid", 731, 1, "ExclusiveLock", None));
    table.row(&row("transactionid", 731, 2, "ShareLock", Some(waits_s)));
    table.blockers(2, "{1}");
    facts(
        table,
        vec![
            someone(1, "web", state, "update accounts set balance = ? where id = ?"),
            someone(2, "web", "active", "update accounts set balance = ? where id = ?"),
        ],
    )
}

/// `n` sessions, each of which wants what the next one has; `confirmed` when a second look saw them too.
pub(super) fn ring(n: i32, confirmed: bool) -> Facts {
    let mut table = Table::default();
    let mut sessions = Vec::new();
    for pid in 1..=n {
        let next = pid % n + 1;
        table.row(&row("transactionid", 700 + pid as u32, pid, "ExclusiveLock", None));
        table.row(&row("transactionid", 700 + next as u32, pid, "ShareLock", Some(1.0)));
        table.blockers(pid, &format!("{{{next}}}"));
        sessions.push(someone(pid, "web", "active", &format!("update t{pid} set v = ?")));
    }
    let facts = facts(table, sessions);
    let mut locks = facts.locks.drawn().cloned().unwrap_or_default();
    if confirmed {
        locks.confirmed = locks.forest.roots.top().iter().map(pids).collect();
    }
    Facts { locks: Reading::seen(locks), ..facts }
}

/// The same as a server before 14 shows it to a role without rights: what sessions do, and since when they wait, is hidden.
pub(super) fn without_since(facts: Facts) -> Facts {
    let mut locks = facts.locks.drawn().cloned().unwrap_or_default();
    let roots = locks.forest.roots.top().iter().cloned().map(|root| Root { longest_us: None, ..root });
    locks.forest.roots = Kept::whole(roots.collect());
    let queues = locks.forest.queues.top().iter().cloned().map(|queue| Queue { for_us: None, ..queue });
    locks.forest.queues = Kept::whole(queues.collect());
    for s in &mut locks.sessions {
        *s = Session {
            state: None,
            state_s: None,
            query_s: None,
            hidden: true,
            query: String::new(),
            ..s.clone()
        };
    }
    Facts { locks: Reading::seen(locks), ..facts }
}

/// Who is meant by a pid.
pub(super) fn who(pid: i32) -> Who {
    Who::Session { pid }
}
