//! Connecting to real servers as libpq does: what is let in, what is refused and in which words, and how long it takes.

#[path = "postgres/mod.rs"]
mod postgres;

#[path = "pg/asked.rs"]
mod asked;
#[path = "pg/full.rs"]
mod full;
#[path = "pg/proof.rs"]
mod proof;
#[path = "pg/strange.rs"]
mod strange;
#[path = "pg/tls.rs"]
mod tls;

use paramedic::source::pg::{Refused, Session, Target};
use postgres::{Cluster, Server};
use std::{
    ffi::OsString,
    time::{Duration, Instant},
};

/// A target out of a text and an environment, and nothing else of this machine.
fn target(text: &str, env: &[(&str, &str)]) -> Target {
    let env = |key: &str| env.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v));
    Target::of(Some(text), &env, Some("/nonexistent".as_ref())).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Later than any answer of a server that is well.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn open(text: &str) -> Session {
    Session::open(&target(text, &[]), soon()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refused(text: &str) -> Refused {
    match Session::open(&target(text, &[]), soon()) {
        Err(refused) => refused,
        Ok(_) => panic!("{text}: let in"),
    }
}

fn plain() -> Server {
    Cluster::anywhere().start()
}

/// Connections that the server has seen so far; it must log them.
fn connections(server: &Server) -> usize {
    server.log().matches("connection received: host=127.0.0.1").count()
}
