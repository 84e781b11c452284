//! Facts as they were recorded, for the tests of every check: what a snapshot would hold.

pub use crate::model::judged::*;
use crate::{
    areas::pgbouncer::facts::{Config, Console, Facts, Holder, Pool, Seats},
    model::{Check, Kept, Outcome, Reading, Why},
};

/// A pooler of this version with these pools.
pub fn with(version: &str, pools: Vec<Pool>) -> Facts {
    let console = Console {
        version: version.into(),
        address: "10.0.0.6:6432".into(),
        span_s: Reading::seen(1.0),
        halted: Reading::unseen(Why::Unsupported),
    };
    let config = Config {
        max_client_conn: Some(100),
        server_login_retry_s: Some(15.0),
        query_wait_timeout_s: Some(120.0),
        ..Config::default()
    };
    Facts {
        console: Reading::seen(console),
        config: Reading::seen(config),
        clients_used: Reading::seen(pools.iter().map(|p| p.now.cl_active + p.now.cl_waiting).sum()),
        pools: Reading::seen(Kept::whole(pools)),
        ..Facts::unseen(Why::NotAsked)
    }
}

/// `waiting` clients at both looks before two server connections that are taken, the first of them since `maxwait_s`.
pub fn full(waiting: u64, maxwait_s: f64) -> Pool {
    let seats = Seats { cl_active: 2, cl_waiting: waiting, sv_active: 2, maxwait_s, ..Seats::default() };
    Pool {
        database: "shop".into(),
        user: "app".into(),
        mode: "transaction".into(),
        now: seats,
        before: Reading::seen(seats),
        stayed: Reading::seen(0),
        stuck_logins: Reading::seen(0),
        wait_ms: Reading::seen(None),
        size: Some(2),
        reserve: 0,
        stop: None,
        servers: vec!["db:5432".into(), "10.0.0.7:5432".into()],
        holders: vec![Holder { who: "report at 10.0.1.2".into(), holds: 2, busy_s: 40.0 }],
    }
}

/// Nobody waits.
pub fn quiet() -> Pool {
    full(0, 0.0)
}

/// Clients wait and no server connection is up.
pub fn no_server(waiting: u64, logging_in: u64) -> Pool {
    let seats = Seats { cl_waiting: waiting, sv_login: logging_in, ..Seats::default() };
    Pool {
        now: seats,
        before: Reading::seen(seats),
        stayed: Reading::seen(waiting),
        holders: vec![],
        ..quiet()
    }
}

/// Without an answer of the console nothing is clear, and without a question nothing is unknown.
#[track_caller]
pub fn needs_the_console(check: &Check<Facts>) {
    unknown(check, &Facts::unseen(Why::Denied), Why::Denied);
    let outcome = outcome(check, &Facts::unseen(Why::NotAsked));
    assert!(matches!(outcome, Outcome::Skipped { .. }), "{outcome:?}");
}
