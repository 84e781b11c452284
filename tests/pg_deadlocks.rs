//! Deadlocks of a real server: rings that stand, seen live; queues that are none; and what its log says of those it ended.

#[path = "postgres/mod.rs"]
mod postgres;

use paramedic::source::pg::{Session, Target};
use postgres::{Cluster, Server};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn session(server: &Server) -> Session {
    let target = Target::of(Some(&server.url("postgres", "postgres")), &|_| None, None).expect("a target");
    Session::open(&target, Instant::now() + PATIENCE).expect("a session")
}

/// The report of `paramedic pg ARGS`, fed with `input`.
fn report(args: &[&str], input: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paramedic"));
    command.arg("pg").args(args).args(["-o", "json"]).env_clear().env("PATH", "/usr/bin:/bin");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("paramedic runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    serde_json::from_slice(&child.wait_with_output().expect("it ends").stdout).expect("a report")
}
fn findings<'r>(report: &'r Value, code: &str) -> Vec<&'r Value> {
    report["findings"].as_array().expect("findings").iter().filter(|f| f["code"] == code).collect()
}

fn soon(server: &Server, sql: &str, wanted: &str) {
    let until = Instant::now() + PATIENCE;
    while server.sql("postgres", sql).trim() != wanted {
        assert!(Instant::now() < until, "{sql} never gave {wanted}");
        thread::sleep(Duration::from_millis(20));
    }
}
const WAITING: &str = "select count(*) from pg_locks where not granted";

/// A ring of so many sessions, each of which has a row and wants the next one's; they live until the server ends them.
fn ring(server: &Server, n: usize) {
    server.sql("postgres", "create table account (id int primary key, note text); insert into account select g, 'x' from generate_series(1, 20) g");
    let mut sessions: Vec<Session> = (0..n).map(|_| session(server)).collect();
    for (at, s) in sessions.iter_mut().enumerate() {
        s.run(&format!("begin; update account set note = 'secret' where id = {}", at + 1)).expect("a row");
    }
    for (at, mut s) in sessions.into_iter().enumerate() {
        thread::spawn(move || {
            // Cancelled, failed or done: how it ends is for the test to bring about.
            let _ = s.run(&format!("update account set note = 'secret' where id = {}", (at + 1) % n + 1));
        });
    }
}

#[test]
fn rings_of_three_and_of_eight_are_seen_while_they_stand() {
    for n in [3, 8] {
        let server = Cluster::anywhere().set("deadlock_timeout", "10min").start();
        ring(&server, n);
        soon(&server, WAITING, &n.to_string());
        let seen = report(&["locks", "-d", &server.url("postgres", "postgres")], "");
        let found = findings(&seen, "pg/deadlock-cycle");
        assert_eq!(found.len(), 1, "{seen:#}");
        assert_eq!(
            (&found[0]["severity"], &found[0]["evidence"]["members"]),
            (&"critical".into(), &n.into()),
            "{:#}",
            found[0]
        );
        assert!(found[0].to_string().contains("update account set note = ? where id = ?"));
        assert!(!seen.to_string().contains("secret"));
        // The end of one of them lets all the others go on, one after the other.
        server.sql("postgres", "select pg_cancel_backend(min(pid)) from pg_locks where not granted");
        soon(&server, WAITING, "0");
        let after = report(&["locks", "-d", &server.url("postgres", "postgres")], "");
        assert!(findings(&after, "pg/deadlock-cycle").is_empty(), "{after:#}");
    }
}

#[test]
fn a_queue_behind_a_request_is_no_ring() {
    let server = Cluster::anywhere().set("deadlock_timeout", "10min").start();
    server.sql("postgres", "create table account (id int)");
    let mut reader = session(&server);
    reader.run("begin; select * from account").unwrap();
    for (at, sql) in ["alter table account add note text", "select * from account", "select * from account"]
        .iter()
        .enumerate()
    {
        let mut s = session(&server);
        thread::spawn(move || drop(s.run(sql)));
        soon(&server, WAITING, &(at + 1).to_string());
    }
    let seen = report(&["locks", "-d", &server.url("postgres", "postgres")], "");
    assert!(findings(&seen, "pg/deadlock-cycle").is_empty(), "{seen:#}");
}

#[test]
fn the_log_tells_the_ring_that_the_server_ended() {
    let server =
        Cluster::anywhere().set("deadlock_timeout", "200ms").set("log_line_prefix", "%m [%p] ").start();
    ring(&server, 3);
    let until = Instant::now() + PATIENCE;
    while !server.log().contains("HINT:  See server log") {
        assert!(Instant::now() < until, "{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
    let log = server.log();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.log");
    fs::write(&file, &log).unwrap();
    for (args, input) in
        [(["deadlocks", "--log", file.to_str().unwrap()], ""), (["deadlocks", "--log", "-"], &log[..])]
    {
        let seen = report(&args, input);
        let found = findings(&seen, "pg/deadlocks");
        assert_eq!(found.len(), 1, "{seen:#}");
        assert_eq!(found[0]["evidence"]["sessions"], 3, "{:#}", found[0]);
        assert!(!seen.to_string().contains("secret"), "{seen:#}");
    }
    let quiet: String = log.lines().filter(|l| l.contains(" LOG: ")).map(|l| format!("{l}\n")).collect();
    let seen = report(&["deadlocks", "--log", "-"], &quiet);
    assert!(seen["findings"].as_array().unwrap().is_empty(), "{seen:#}");
}
