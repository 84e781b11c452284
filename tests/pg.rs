//! Connecting to real servers as libpq does: what is let in, what is refused and in which words, and how long it takes.

#[path = "postgres/mod.rs"]
mod postgres;

use paramedic::source::pg::{FailedKind, Session, Target};
use postgres::{Cluster, Server};
use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

/// A target out of a text and an environment, and nothing else of this machine.
fn target(text: &str, env: &[(&str, &str)]) -> Target {
    let env = |key: &str| env.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v));
    Target::of(Some(text), &env, Some("/nonexistent".as_ref())).unwrap_or_else(|e| panic!("{e}"))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn open(text: &str) -> Session {
    Session::open(&target(text, &[]), soon()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn plain() -> Server {
    Cluster::anywhere().start()
}

#[test]
fn a_session_runs_several_statements_in_one_round_trip_and_lives_on_after_an_error() {
    let server = plain();
    let mut session = open(&server.url("postgres", "postgres"));
    let rows = session
        .run("select 1 as a, null as b; set lock_timeout = '1s'; select 'ü' where false; select 'ü' as c");
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].get(0, "a"), rows[0].get(0, "b"), rows[0].has("b")), (Some("1"), None, true));
    assert!(rows[1].is_empty() && rows[1].columns == ["?column?"]);
    assert_eq!(rows[2].get(0, "c"), Some("ü"));

    let failed = session.run("select 1; select 1/0; select 2").unwrap_err();
    assert_eq!((failed.kind, failed.sqlstate()), (FailedKind::Server, Some("22012")));
    assert_eq!(failed.before.len(), 1);
    let told = session.run("select pg_backend_pid() as pid, application_name as name from pg_stat_activity where pid = pg_backend_pid()");
    let told = told.unwrap();
    let pid = session.backend_pid().map(|p| p.to_string());
    assert_eq!((told[0].get(0, "pid"), told[0].get(0, "name")), (pid.as_deref(), Some("paramedic")));
    assert!(session.parameter("server_version").is_some_and(|v| v.starts_with("1")));
    assert_eq!(session.parameter("is_superuser"), Some("on"));
    drop(session);
    assert!(!server.log().contains("unexpected EOF"), "{}", server.log());
}

#[test]
fn what_is_too_much_is_cut_and_said_and_the_session_stays_usable() {
    let server = plain();
    let mut session = open(&server.url("postgres", "postgres"));
    let rows = session.run("select repeat('x', 20000000) as long; select n from generate_series(1, 300000) n; select 7 as last").unwrap();
    assert!(rows[0].cut && rows[0].is_empty());
    assert!(rows[1].cut && rows[1].len() > 10_000 && rows[1].len() < 300_000);
    let again = session.run("select 7 as last").unwrap();
    assert!(!again[0].cut && again[0].get(0, "last") == Some("7"));
}
