//! Who we are: passwords in all the ways that a server asks for them.

use super::*;
use paramedic::source::pg::{Method, RefusedKind};
use postgres::authority::Authority;
use std::{fs, os::unix::fs::PermissionsExt};

const RULES: &str = "local all all trust
hostssl all tls 127.0.0.1/32 scram-sha-256
hostnossl all tls 127.0.0.1/32 reject
host all scram 127.0.0.1/32 scram-sha-256
host all md5 127.0.0.1/32 md5
host all clear 127.0.0.1/32 password
host all open 127.0.0.1/32 trust
";

fn guarded() -> Server {
    let by = Authority::new("ca").sign("db", "IP:127.0.0.1");
    let cluster = Cluster::anywhere().set("ssl", "on").set("log_connections", "on").hba(RULES);
    cluster.file("server.crt", by.cert);
    cluster.file("server.key", by.key);
    let server = cluster.start();
    server.sql(
        "postgres",
        r"create role tls login password 'p@:\ss'; create role scram login password 'p@:\ss';
        create role clear login password 'p@:\ss'; create role open login;
        set password_encryption = 'md5'; create role md5 login password 'p@:\ss'",
    );
    server
}

#[test]
fn passwords_are_proved_in_the_way_that_the_server_asks_for_and_that_is_allowed() {
    let server = guarded();
    let at = format!("host=127.0.0.1 port={} dbname=postgres", server.port());
    let with = format!(r"{at} password='p@:\\ss'");
    for (user, method, name) in [
        ("scram", Method::Scram, "scram-sha-256"),
        ("md5", Method::Md5, "md5"),
        ("clear", Method::Password, "password"),
        ("open", Method::None, "none"),
    ] {
        let session = open(&format!("{with} user={user} require_auth={name}"));
        assert_eq!((session.method(), method.name()), (method, name));
        let plain = open(&format!("{with} user={user} sslmode=disable"));
        assert!(plain.encryption().version.is_none() && !plain.encryption().bound);
        let no = refused(&format!("{with} user={user} require_auth=!{name}"));
        assert!(no.kind == RefusedKind::Auth && no.chain.contains(name) && no.sqlstate.is_none(), "{no}");
    }
    // Over TLS the proof is bound to the connection, and must be when that is asked for.
    let bound = open(&format!("{with} user=scram channel_binding=require"));
    assert_eq!(bound.encryption().version.as_deref(), Some("TLSv1.3"));
    assert!(bound.encryption().bound && bound.encryption().verified.is_none());
    assert!(!open(&format!("{with} user=scram channel_binding=disable")).encryption().bound);
    for (user, mode) in [("scram", "disable"), ("md5", "require"), ("open", "require")] {
        let no = refused(&format!("{with} user={user} sslmode={mode} channel_binding=require"));
        assert!(no.kind == RefusedKind::Auth && no.chain.contains("channel_binding=require"), "{no}");
    }
    for user in ["scram", "md5", "clear"] {
        let none = refused(&format!("{at} user={user}"));
        assert!(none.kind == RefusedKind::Auth && none.chain.contains("none is given"), "{none}");
        let before = connections(&server);
        let wrong = refused(&format!("{at} user={user} password=wr0ng"));
        assert_eq!((wrong.kind, wrong.sqlstate.as_deref()), (RefusedKind::Auth, Some("28P01")));
        assert!(!wrong.chain.contains("wr0ng"), "{wrong}");
        assert_eq!(connections(&server) - before, 1, "a wrong password is not tried twice");
    }
}

#[test]
fn allow_encrypts_when_the_rules_want_it_and_prefer_never_goes_back_to_plain_after_a_no() {
    let server = guarded();
    let at = format!(r"host=127.0.0.1 port={} dbname=postgres password='p@:\\ss'", server.port());
    assert!(open(&format!("{at} user=tls sslmode=allow")).encryption().version.is_some());
    assert!(open(&format!("{at} user=scram sslmode=allow")).encryption().version.is_none());
    let no = refused(&format!("{at} user=tls sslmode=disable"));
    assert_eq!((no.kind, no.sqlstate.as_deref()), (RefusedKind::Auth, Some("28000")));
    let before = connections(&server);
    let no = refused(&format!("{at} user=nobody sslmode=prefer"));
    assert_eq!((no.sqlstate.as_deref(), connections(&server) - before), (Some("28000"), 1));
}

#[test]
fn the_password_file_and_the_service_file_serve_for_a_real_server() {
    let server = guarded();
    let folder = postgres::folder();
    let pgpass = folder.path().join("pgpass");
    fs::write(&pgpass, format!("127.0.0.1:{}:*:scram:p@\\:\\\\ss\n", server.port())).unwrap();
    fs::set_permissions(&pgpass, fs::Permissions::from_mode(0o400)).unwrap();
    let services = folder.path().join("services");
    let text = format!(
        "[shop]\nhost=127.0.0.1\nport={}\nuser=scram\ndbname=postgres\nsslmode=require\n",
        server.port()
    );
    fs::write(&services, text).unwrap();
    let env = [
        ("PGSERVICE", "shop"),
        ("PGSERVICEFILE", services.to_str().unwrap()),
        ("PGPASSFILE", pgpass.to_str().unwrap()),
    ];
    let env = |key: &str| env.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v));
    let target = Target::of(None, &env, Some("/nonexistent".as_ref())).unwrap();
    let session = Session::open(&target, soon()).unwrap_or_else(|e| panic!("{e}"));
    assert!(session.method() == Method::Scram && session.encryption().version.is_some());
    assert!(target.shown().contains("scram@127.0.0.1") && !target.shown().contains("p@"));
}
