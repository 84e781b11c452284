//! The server's certificate and ours, held against each `sslmode`.

use super::*;
use paramedic::source::pg::RefusedKind;
use postgres::authority::{Authority, Signed};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

fn encrypting(by: &Signed, more: &[(&str, &str)], rules: &str) -> Server {
    encrypting_on(Cluster::anywhere(), by, more, rules)
}

fn encrypting_on(cluster: Cluster, by: &Signed, more: &[(&str, &str)], rules: &str) -> Server {
    let mut cluster = cluster.set("ssl", "on").set("log_connections", "on");
    for (key, value) in more {
        cluster = cluster.set(key, value);
    }
    let cluster = if rules.is_empty() { cluster } else { cluster.hba(rules) };
    cluster.file("server.crt", &by.cert);
    cluster.file("server.key", &by.key);
    cluster.start()
}

/// The server under a name that the hosts file need not know.
fn named(server: &Server, name: &str, mode: &str, root: &Path) -> String {
    let root = root.display();
    format!(
        "host='{name}' hostaddr=127.0.0.1 port={} user=postgres sslmode={mode} sslrootcert={root}",
        server.port()
    )
}

#[test]
fn tls_without_asking_first_is_spoken_since_17_and_refused_in_words_before() {
    let authority = Authority::new("ours");
    let by = authority.sign("db", "DNS:db.test");
    let direct = |server: &Server| {
        named(server, "db.test", "verify-full", &authority.path()) + " sslnegotiation=direct"
    };
    let new = encrypting_on(Cluster::of_major(18, postgres::free_port()), &by, &[], "");
    let session = open(&direct(&new));
    assert_eq!(session.encryption().verified, Some("verify-full"));
    assert!(session.parameter("server_version").is_some_and(|v| v.starts_with("18.")));
    let old = encrypting(&by, &[], "");
    let no = refused(&direct(&old));
    assert_eq!(no.kind, RefusedKind::Tls, "{no}");
    assert!(no.to_string().contains("Postgres 17"), "{no}");
}

#[test]
fn each_mode_verifies_what_it_says_and_no_more() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let server = encrypting(&ours.sign("ignored", "DNS:db.test,DNS:*.shop.test,IP:127.0.0.1"), &[], "");
    let (good, bad, none) = (ours.path(), other.path(), Path::new("/nonexistent/root.crt"));
    for (name, mode, root, verified) in [
        ("db.test", "verify-full", good.as_path(), Some("verify-full")),
        ("a.shop.test", "verify-full", &good, Some("verify-full")),
        ("", "verify-ca", &good, Some("verify-ca")),
        ("other.test", "verify-ca", &good, Some("verify-ca")),
        ("db.test", "require", &good, Some("verify-ca")),
        ("db.test", "require", none, None),
        ("db.test", "prefer", none, None),
    ] {
        let session = open(&named(&server, name, mode, root));
        assert_eq!(session.encryption().version.as_deref(), Some("TLSv1.3"), "{name} {mode}");
        assert_eq!(session.encryption().verified, verified, "{name} {mode}");
    }
    open(&format!(
        "host=127.0.0.1 port={} user=postgres sslmode=verify-full sslrootcert={}",
        server.port(),
        good.display()
    ));
    for (name, mode, root, words) in [
        ("other.test", "verify-full", good.as_path(), "for db.test"),
        ("ignored", "verify-full", &good, "not for ignored"),
        ("a.b.shop.test", "verify-full", &good, "*.shop.test"),
        ("", "verify-full", &good, "name of the host"),
        ("db.test", "verify-ca", &bad, "UnknownIssuer"),
        ("db.test", "require", &bad, "UnknownIssuer"),
        ("db.test", "verify-ca", none, "is not there"),
    ] {
        let before = connections(&server);
        let no = refused(&named(&server, name, mode, root));
        assert!(no.kind == RefusedKind::Tls && no.chain.contains(words), "{name} {mode}: {no}");
        assert!(connections(&server) - before <= 1);
    }
    let system =
        format!("host=db.test hostaddr=127.0.0.1 port={} user=postgres sslrootcert=system", server.port());
    assert_eq!(refused(&system).kind, RefusedKind::Tls, "nobody's own authority is the world's");
    // As libpq: a handshake that failed makes `prefer` go on in plain, and that is told.
    let fallen = open(&named(&server, "db.test", "prefer", &bad));
    assert!(fallen.encryption().version.is_none());
    assert!(fallen.encryption().fell_back.as_ref().is_some_and(|why| why.contains("UnknownIssuer")));
    let old = format!("{} ssl_max_protocol_version=TLSv1.2", named(&server, "db.test", "verify-full", &good));
    assert_eq!(open(&old).encryption().version.as_deref(), Some("TLSv1.2"));
}

#[test]
fn what_libpq_trusts_and_stricter_readers_do_not_is_trusted_here_too() {
    let (ours, other) = (Authority::new("ours"), Authority::new("db.test"));
    // By the recipe of Postgres' manual: the first version, the name in the subject.
    let server = encrypting(&ours.sign("db.test", ""), &[], "");
    for more in ["", " ssl_max_protocol_version=TLSv1.2"] {
        open(&format!("{}{more}", named(&server, "db.test", "verify-full", &ours.path())));
        open(&format!("{}{more}", named(&server, "x", "require", "/nonexistent".as_ref())));
    }
    assert_eq!(refused(&named(&server, "x.test", "verify-full", &ours.path())).kind, RefusedKind::Tls);
    assert_eq!(refused(&named(&server, "db.test", "verify-ca", &other.path())).kind, RefusedKind::Tls);
    drop(server);
    // One that signed itself and is trusted as it is.
    let server = encrypting(&other.own(), &[], "");
    open(&named(&server, "db.test", "verify-full", &other.path()));
    assert_eq!(refused(&named(&server, "db.test", "verify-full", &ours.path())).kind, RefusedKind::Tls);
}

#[test]
fn a_server_that_does_not_encrypt_is_taken_on_the_same_connection_or_refused() {
    let server = Cluster::anywhere().set("log_connections", "on").start();
    let at = format!("host=127.0.0.1 port={} user=postgres", server.port());
    for mode in ["prefer", "allow", "disable"] {
        let before = connections(&server);
        assert!(open(&format!("{at} sslmode={mode}")).encryption().version.is_none());
        assert_eq!(connections(&server) - before, 1, "{mode}");
    }
    for mode in ["require", "verify-ca"] {
        let no = refused(&format!("{at} sslmode={mode}"));
        assert!(no.kind == RefusedKind::Tls && no.chain.contains("does not encrypt"), "{no}");
    }
}

#[test]
fn a_certificate_of_our_own_lets_us_in_when_its_key_is_ours_alone() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let rules =
        "local all all trust\nhostssl all app 127.0.0.1/32 cert\nhostssl all postgres 127.0.0.1/32 trust\n";
    let root = fs::read_to_string(ours.path()).unwrap();
    let cluster_root = postgres::folder();
    let root_path = cluster_root.path().join("root.crt");
    fs::write(&root_path, root).unwrap();
    let server =
        encrypting(&ours.sign("db", "IP:127.0.0.1"), &[("ssl_ca_file", root_path.to_str().unwrap())], rules);
    server.sql("postgres", "create role app login");
    let folder = postgres::folder();
    let put = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let (mine, foreign) = (ours.sign("app", ""), other.sign("app", ""));
    let cert = put("app.crt", &mine.cert, 0o644);
    let at = format!("host=127.0.0.1 port={} dbname=postgres sslmode=require", server.port());
    let with = |key: &str| format!("{at} user=app sslcert={cert} sslkey={key}");
    open(&with(&put("app.key", &mine.key, 0o600)));
    open(&format!("{} sslcertmode=require", with(&put("app.key", &mine.key, 0o400))));
    for (key, words) in [(put("open.key", &mine.key, 0o604), "0604"), ("/nonexistent".into(), "private key")]
    {
        let no = refused(&with(&key));
        assert!(no.kind == RefusedKind::Tls && no.chain.contains(words), "{no}");
    }
    // Refused by the server, and in both versions of the protocol told as what it is.
    let (cert, key) = (put("foreign.crt", &foreign.cert, 0o644), put("foreign.key", &foreign.key, 0o600));
    for version in ["TLSv1.2", "TLSv1.3"] {
        let no =
            refused(&format!("{at} user=app sslcert={cert} sslkey={key} ssl_max_protocol_version={version}"));
        assert!(matches!(no.kind, RefusedKind::Tls | RefusedKind::Other), "{version}: {no}");
    }
    let none = refused(&format!("{at} user=app"));
    assert_eq!((none.kind, none.sqlstate.as_deref()), (RefusedKind::Auth, Some("28000")));
    let disabled = refused(&format!("{at} user=app sslcert={cert} sslkey={key} sslcertmode=disable"));
    assert_eq!(disabled.kind, RefusedKind::Auth);
}
