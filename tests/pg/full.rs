//! Servers without a free slot: which limit it is, and one attempt only.

use super::*;
use paramedic::source::pg::{FullKind, RefusedKind};
use postgres::{authority::Authority, unprivileged};
use std::{fs, net::TcpStream, process::Stdio};

#[test]
fn a_full_server_says_which_limit_it_is_and_is_asked_once() {
    let by = Authority::new("ca").sign("db", "IP:127.0.0.1");
    let cluster = Cluster::anywhere()
        .set("max_connections", 5)
        .set("superuser_reserved_connections", 2)
        .set("log_connections", "on")
        .set("ssl", "on");
    cluster.file("server.crt", by.cert);
    cluster.file("server.key", by.key);
    let server = cluster.start();
    server.sql(
        "postgres",
        "create role app login; create role few login connection limit 1; create role boss login superuser",
    );
    server.sql("postgres", "create database small connection limit 1");
    let kind = |user: &str, database: &str| {
        let before = connections(&server);
        let no = refused(&server.url(user, database));
        assert_eq!(no.sqlstate.as_deref(), Some("53300"), "{no}");
        assert_eq!(connections(&server) - before, 1, "one attempt, whatever `prefer` would allow");
        assert_eq!(no.tried.len(), 1);
        no.kind
    };
    let hold = |user: &str, database: &str| open(&server.url(user, database));
    {
        let _one = hold("few", "postgres");
        assert_eq!(kind("few", "postgres"), RefusedKind::Full(FullKind::Role));
    }
    {
        let _one = hold("app", "small");
        assert_eq!(kind("app", "small"), RefusedKind::Full(FullKind::Database));
    }
    let _held = ["app"; 3].map(|user| hold(user, "postgres"));
    assert_eq!(kind("app", "postgres"), RefusedKind::Full(FullKind::Reserved));
    let _boss = ["boss"; 2].map(|user| hold(user, "postgres"));
    assert_eq!(kind("boss", "postgres"), RefusedKind::Full(FullKind::Server));
}

#[test]
fn a_pooler_that_is_full_and_one_that_takes_no_options_are_told() {
    let server = Cluster::anywhere().start();
    let folder = postgres::folder();
    let at = folder.path().display();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ini = format!(
        "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\n\
         unix_socket_dir=\nauth_type=trust\nauth_file={at}/users\nadmin_users=admin\nmax_client_conn=2\nlogfile={at}/log\n",
        server.port()
    );
    fs::write(folder.path().join("ini"), ini).unwrap();
    fs::write(folder.path().join("users"), "\"admin\" \"\"\n\"app\" \"\"\n").unwrap();
    let mut bouncer = unprivileged("/usr/sbin/pgbouncer");
    bouncer
        .arg("-q")
        .arg(folder.path().join("ini"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    struct Ends(std::process::Child);
    impl Drop for Ends {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let _bouncer = Ends(bouncer.spawn().expect("pgbouncer is installed"));
    let late = soon();
    while TcpStream::connect(("127.0.0.1", port)).is_err() && Instant::now() < late {
        std::thread::sleep(Duration::from_millis(10));
    }

    let mut console = open(&format!("postgres://admin@127.0.0.1:{port}/pgbouncer"));
    let pools = console.run("SHOW POOLS").unwrap();
    assert!(pools[0].has("cl_waiting") && pools[0].get(0, "database") == Some("pgbouncer"), "{pools:?}");
    drop(console);
    let options = refused(&format!("postgres://app@127.0.0.1:{port}/postgres?options=-csearch_path%3Dx"));
    assert!(
        options.sqlstate.as_deref() == Some("08P01") && options.chain.contains("leave that key out"),
        "{options}"
    );
    // What the environment asks for is no reason to be refused.
    let env = [("PGOPTIONS", "-csearch_path=x")];
    let through = target(&format!("postgres://app@127.0.0.1:{port}/postgres"), &env);
    let mut one = Session::open(&through, soon()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(one.run("select 1 as one").unwrap()[0].get(0, "one"), Some("1"));
    let _two = open(&format!("postgres://app@127.0.0.1:{port}/postgres"));
    let no = refused(&format!("postgres://app@127.0.0.1:{port}/postgres"));
    assert_eq!(no.kind, RefusedKind::Full(FullKind::Pooler), "{no}");
}
