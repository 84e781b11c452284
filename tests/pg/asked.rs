//! What a session answers, and where one is found.

use super::*;
use paramedic::source::pg::{Address, FailedKind, RefusedKind};
use std::net::TcpListener;

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
    let own = "from pg_stat_activity where pid = pg_backend_pid()";
    let told = session.run(&format!("select pid, application_name as name {own}")).unwrap();
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
    let rows = session.run(
        "select repeat('x', 20000000) as long; select n, repeat('y', 100) from generate_series(1, 300000) n;
         select 7 as last",
    );
    let rows = rows.unwrap();
    assert!(rows[0].cut && rows[0].is_empty());
    assert!(rows[1].cut && rows[1].len() > 10_000 && rows[1].len() < 300_000, "{}", rows[1].len());
    assert!(rows[2].cut && rows[2].is_empty(), "the space is used up");
    let again = session.run("select 7 as last").unwrap();
    assert!(!again[0].cut && again[0].get(0, "last") == Some("7"));
}

#[test]
fn a_statement_that_takes_too_long_ends_at_the_deadline_and_with_it_the_session() {
    let server = plain();
    let mut session = open(&server.url("postgres", "postgres"));
    session.until(Instant::now() + Duration::from_millis(200));
    let failed = session.run("select pg_sleep(60)").unwrap_err();
    assert_eq!(failed.kind, FailedKind::TimedOut);
    session.until(soon());
    assert_eq!(session.run("select 1").unwrap_err().kind, FailedKind::Lost);
}

#[test]
fn sockets_hosts_ports_and_addresses_lead_to_the_server() {
    let server = Cluster::anywhere().set("default_transaction_read_only", "on").start();
    let (port, folder) = (server.port(), server.cluster.socket().display().to_string());
    for text in [
        format!("host={folder} port={port} user=postgres sslmode=verify-full"),
        format!("postgres://postgres@{}:{port}/postgres", folder.replace('/', "%2F")),
    ] {
        let session = open(&text);
        assert!(matches!(session.address(), Address::Unix(path) if path.starts_with(&folder)), "{text}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for text in [
        format!("host=localhost port={port} user=postgres"),
        format!("host=no.such.host.invalid hostaddr=127.0.0.1 port={port} user=postgres"),
        format!("host=127.0.0.1,127.0.0.1 port={closed},{port} user=postgres"),
        format!("host=/nonexistent,127.0.0.1 port={port} user=postgres target_session_attrs=read-only"),
        format!("host=127.0.0.1 port={port} user=postgres target_session_attrs=prefer-standby"),
        format!("host=127.0.0.1 port={port} user=postgres target_session_attrs=primary"),
        format!("host={folder} port={port} user=postgres requirepeer=postgres"),
    ] {
        if text.contains("requirepeer") && postgres::account().is_none() {
            continue;
        }
        open(&text);
    }
    for (attrs, kind) in [("standby", RefusedKind::NoneFits), ("read-write", RefusedKind::NoneFits)] {
        let no = refused(&format!("host=127.0.0.1 port={port} user=postgres target_session_attrs={attrs}"));
        assert_eq!(no.kind, kind);
    }
    let no = refused(&format!("host={folder} port={port} user=postgres requirepeer=bin"));
    assert!(no.kind == RefusedKind::Auth && no.chain.contains("requirepeer=bin"), "{no}");
    let no = refused(&format!("host=127.0.0.1 port={closed}"));
    assert_eq!((no.kind, no.tried.len()), (RefusedKind::PortClosed, 1));
    let no = refused(&format!("host=127.0.0.1,/nonexistent port={closed} user=postgres"));
    assert!(no.tried.len() == 2 && no.chain.contains("/nonexistent/.s.PGSQL"), "{no}");
    let no = refused(&format!("postgres://postgres@127.0.0.1:{port}/nowhere"));
    assert_eq!((no.kind, no.sqlstate.as_deref()), (RefusedKind::NoSuchDatabase, Some("3D000")));
}

#[test]
fn a_server_that_only_replays_is_told_from_one_that_is_away() {
    let cluster = Cluster::anywhere().set("hot_standby", "off");
    cluster.file("standby.signal", "");
    let server = cluster.start();
    let no = refused(&server.url("postgres", "postgres"));
    assert_eq!((no.kind, no.sqlstate.as_deref()), (RefusedKind::Starting, Some("57P03")), "{no}");
}
