use super::*;
use proptest::prelude::*;
use std::fs;

/// As libpq would with only these variables, and a home where nothing is.
fn of(text: &str, env: &[(&str, &str)]) -> Result<Target, BadTarget> {
    at_home(Some(text), env, "/nonexistent".as_ref())
}

fn at_home(text: Option<&str>, env: &[(&str, &str)], home: &Path) -> Result<Target, BadTarget> {
    let env = |key: &str| env.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v));
    let account = Account { name: Some("me".into()), home: Some(home.into()) };
    Target::resolve(Settings::gather(text, &env, &account)?, &account)
}

/// User, password, hosts and database in words.
fn said(target: &Target) -> String {
    let one = |h: &Host| match &h.password {
        Some(password) => format!("{}!{}", h.place.shown(h.port), String::from_utf8_lossy(password.bytes())),
        None => h.place.shown(h.port),
    };
    format!(
        "{}@{}/{}",
        target.user,
        target.hosts.iter().map(one).collect::<Vec<_>>().join(","),
        target.dbname
    )
}

fn read(text: &str) -> String {
    of(text, &[]).map_or_else(|bad| panic!("{text}: {bad}"), |t| said(&t))
}

/// What PostgreSQL's own tests of URLs say of each: `src/interfaces/libpq/t/001_uri.pl`.
#[test]
fn urls_are_read_as_libpq_reads_them() {
    for (url, wanted) in [
        ("postgresql://uri-user:secret@host:12345/db", "uri-user@host:12345!secret/db"),
        ("postgresql://uri-user@host/db", "uri-user@host:5432/db"),
        ("postgresql://host:12345/db", "me@host:12345/db"),
        ("postgresql://host", "me@host:5432/me"),
        ("postgresql://uri-user@", "uri-user@localhost:5432/uri-user"),
        ("postgresql://", "me@localhost:5432/me"),
        ("postgres:///db", "me@localhost:5432/db"),
        ("postgres://:12345/", "me@localhost:12345/me"),
        ("postgres://host:/", "me@host:5432/me"),
        ("postgres://@host", "me@host:5432/me"),
        ("postgresql://?hostaddr=127.0.0.1", "me@127.0.0.1:5432/me"),
        ("postgresql://example.com?hostaddr=63.1.2.4", "me@example.com(63.1.2.4):5432/me"),
        ("postgresql://%68ost/", "me@host:5432/me"),
        ("postgresql://host/db?u%73er=someotheruser&port=12345", "someotheruser@host:12345/db"),
        ("postgresql://[::1]:12345/db", "me@[::1]:12345/db"),
        ("postgresql://[2001:db8::1234]/", "me@[2001:db8::1234]:5432/me"),
        ("postgres://?host=/path/to/socket/dir", "me@[/path/to/socket/dir]:5432/me"),
        ("postgres://otheruser@:12345/db?host=/path", "otheruser@[/path]:12345/db"),
        ("postgres://%2Fvar%2Flib%2Fpostgresql/dbname", "me@[/var/lib/postgresql]:5432/dbname"),
        ("postgres://a:1,b:2,c/db", "me@a:1,b:2,c:5432/db"),
        ("postgres://a,b:7/db?host=x,y&port=9", "me@x:9,y:9/db"),
        ("postgres://%40name/db", "me@[@name]:5432/db"),
        ("postgres://u:p%40%3A%2F%25w?o#rd@h/db", "u@h:5432!p@:/%w?o#rd/db"),
    ] {
        assert_eq!(read(url), wanted, "{url}");
    }
}

#[test]
fn what_is_no_url_is_refused_and_nothing_of_it_is_quoted_that_may_be_a_password() {
    for bad in [
        "postgres://[::1",
        "postgres://[]",
        "postgres://[::1]z",
        "postgresql://host?zzz",
        "postgres://host?dbname=%XXfoo",
        "postgresql://a%00b",
        "postgresql://%zz",
        "postgresql://%1",
        "postgresql://%",
        "mysql://host/db",
        "postgres://host:70000/db",
        // A password that was not encoded: every piece of it must stay unsaid.
        "postgres://u:sec@ret@host/db",
        "postgres://u:sec/ret@host/db",
        "postgres://u:12/sec@ret/db",
        "postgres://u:12/3?sec=ret@host/db",
        "postgres://u:sec%ret@host/db",
        "host=a password sec ret",
        "password='sec ret",
    ] {
        let error = of(bad, &[]).expect_err(bad).to_string();
        assert!(!error.contains("sec") && !error.contains("ret"), "{bad}: {error}");
    }
}

#[test]
fn key_words_are_quoted_and_escaped_as_the_manual_says() {
    assert_eq!(read(r"host = db port='1234' user=a\ b password='it\'s' "), "a b@db:1234!it's/a b");
    assert_eq!(read(r"host=db password='a\'b\\c d' dbname=''"), r"me@db:5432!a'b\c d/me");
    assert_eq!(read("host=a host=b"), "me@b:5432/me");
    assert_eq!(read("shop"), "me@localhost:5432/shop");
    let bad = of("host=db sslMode=require", &[]).unwrap_err();
    assert!(bad.to_string().contains("`sslMode`") && bad.remedy.contains("sslmode"), "{bad}");
    assert!(of("host=db database=x", &[]).unwrap_err().remedy.contains("dbname"));
}

#[test]
fn the_string_comes_before_the_service_and_the_service_before_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    fs::write(
        &file,
        "# all\n[other]\nhost=wrong\n[shop]\nhost=db1\nport=7\n\nuser=app\nhost=twice\n[more]\nuser=x\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let env = [("PGSERVICEFILE", file), ("PGUSER", "env"), ("PGDATABASE", "envdb"), ("PGPORT", "9")];
    assert_eq!(said(&of("service=shop port=8", &env).unwrap()), "app@db1:8/envdb");
    let by_env = [&env[..], &[("PGSERVICE", "shop")]].concat();
    assert_eq!(said(&at_home(None, &by_env, "/".as_ref()).unwrap()), "app@db1:7/envdb");
    let none = of("service=none", &env).unwrap_err().to_string();
    assert!(none.contains("`none`") && none.contains(file), "{none}");
    let missing = of("service=shop", &[("PGSERVICEFILE", "/nonexistent/services")]).unwrap_err().to_string();
    assert!(missing.contains("/nonexistent/services"), "{missing}");
    fs::write(file, "[shop]\nhost=db1\nPassword=secret\n").unwrap();
    let bad = of("service=shop", &env).unwrap_err().to_string();
    assert!(bad.contains(&format!("{file}:3")) && !bad.contains("secret"), "{bad}");
    // The home's own, and the system's when it has none.
    fs::write(folder.path().join(".pg_service.conf"), "[own]\nhost=home\n").unwrap();
    fs::create_dir(folder.path().join("sys")).unwrap();
    fs::write(folder.path().join("sys/pg_service.conf"), "[all]\nhost=system\n").unwrap();
    let system = folder.path().join("sys").display().to_string();
    for (service, host) in [("own", "home"), ("all", "system")] {
        let env = [("PGSYSCONFDIR", system.as_str())];
        let target = at_home(Some(&format!("service={service}")), &env, folder.path()).unwrap();
        assert_eq!(said(&target), format!("me@{host}:5432/me"));
    }
}

#[test]
fn the_url_of_an_application_is_taken_with_what_its_library_adds() {
    let url = "postgresql+psycopg2://app:pw@db/shop?schema=public&pgbouncer=true&connection_limit=5&sslmode=require&options=-csearch_path%3Dx";
    let target = at_home(None, &[("DATABASE_URL", url)], "/".as_ref()).unwrap();
    assert_eq!(said(&target), "app@db:5432!pw/shop");
    assert_eq!((target.security.mode, target.options.as_deref()), (SslMode::Require, None));
    let all = target.said().join("\n");
    for key in ["postgresql+psycopg2", "`schema`", "`pgbouncer`", "`connection_limit`", "`options`"] {
        assert!(all.contains(key), "{key} in {all}");
    }
    assert!(!all.contains("pw") && !target.shown().contains("pw") && !format!("{target:?}").contains("pw"));
    assert_eq!(of("postgres://db/x?ssl=true", &[]).unwrap().security.mode, SslMode::Require);
    assert_eq!(of("jdbc:postgresql://db/x?sslmode=no-verify", &[]).unwrap().security.mode, SslMode::Require);
    // What the reader typed himself is meant.
    assert_eq!(of("postgres://db/x?options=-cx%3D1", &[]).unwrap().options.as_deref(), Some("-cx=1"));
    let unknown =
        at_home(None, &[("DATABASE_URL", "postgres://db/x?sslmod=require")], "/".as_ref()).unwrap_err();
    assert!(unknown.place == "DATABASE_URL" && unknown.what.contains("`sslmod`"), "{unknown}");
    // In a string of key words nobody's library has a word.
    assert!(of("host=db schema=public", &[]).is_err());
}

#[test]
fn which_variable_names_a_database() {
    let named = |env: &[(&str, &str)]| {
        Target::named_by(&|key| env.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v)))
    };
    assert_eq!(named(&[("PGHOST", "db"), ("DATABASE_URL", "postgres://db")]), Some("DATABASE_URL"));
    assert_eq!(named(&[("DATABASE_URL", "mysql://db"), ("PGDATABASE", "x")]), Some("PGDATABASE"));
    assert_eq!(named(&[("PGUSER", "x"), ("PGHOST", "")]), None);
    let other = at_home(None, &[("DATABASE_URL", "mysql://db"), ("PGHOST", "pg")], "/".as_ref()).unwrap();
    assert!(said(&other) == "me@pg:5432/me" && other.said()[0].contains("DATABASE_URL"));
}

#[test]
fn the_password_is_the_strings_then_the_environments_then_the_files_by_host() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".pgpass");
    fs::write(&path, "a:*:*:*:for a\n10.0.0.1:*:*:*:by address\nlocalhost:*:*:*:local\n").unwrap();
    let get = |text: &str, env: &[(&str, &str)]| said(&at_home(Some(text), env, home.path()).unwrap());
    let private =
        |mode| fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    private(0o600);
    assert_eq!(get("host=a,b", &[]), "me@a:5432!for a,b:5432/me");
    assert_eq!(get("hostaddr=10.0.0.1", &[]), "me@10.0.0.1:5432!by address/me");
    assert_eq!(get("host=a hostaddr=10.0.0.1", &[]), "me@a(10.0.0.1):5432!for a/me");
    assert_eq!(get("host=/tmp", &[]), "me@[/tmp]:5432!local/me");
    assert_eq!(get("host=/srv", &[]), "me@[/srv]:5432/me");
    assert_eq!(get("dbname=x", &[]), "me@localhost:5432!local/x");
    assert_eq!(get("host=a", &[("PGPASSWORD", "env")]), "me@a:5432!env/me");
    assert_eq!(get("host=a password=own", &[("PGPASSWORD", "env")]), "me@a:5432!own/me");
    private(0o644);
    let target = at_home(Some("host=a"), &[], home.path()).unwrap();
    assert!(said(&target) == "me@a:5432/me" && target.said()[0].contains("0644"), "{:?}", target.said());
    let elsewhere = home.path().join("pw");
    fs::write(&elsewhere, "*:*:*:*:x").unwrap();
    fs::set_permissions(&elsewhere, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    let elsewhere = elsewhere.to_str().unwrap();
    assert_eq!(get("host=a", &[("PGPASSFILE", elsewhere)]), "me@a:5432!x/me");
}

#[test]
fn safety_that_is_asked_for_is_understood_or_refused() {
    let mode = |text: &str| of(text, &[]).map(|t| t.security.mode);
    assert_eq!(mode("host=a"), Ok(SslMode::Prefer));
    for (name, wanted) in
        [("allow", SslMode::Allow), ("verify-ca", SslMode::VerifyCa), ("disable", SslMode::Disable)]
    {
        assert_eq!(mode(&format!("sslmode={name}")), Ok(wanted));
    }
    assert_eq!(mode("sslrootcert=system"), Ok(SslMode::VerifyFull));
    for bad in [
        "sslmode=verify_full",
        "sslrootcert=system sslmode=require",
        "sslnegotiation=direct",
        "require_auth=md5,!password",
        "require_auth=plain",
        "channel_binding=yes",
        "ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
        "gssencmode=require",
        "scram_client_key=abc",
        "replication=database",
        "connect_timeout=soon",
        "port=1,2",
        "port=0",
        "host=a,b hostaddr=10.0.0.1",
        "hostaddr=db",
        "target_session_attrs=master",
    ] {
        assert!(of(bad, &[]).is_err(), "{bad}");
    }
    let env = of("host=a", &[("PGSSLMODE", "verfy")]).unwrap_err();
    assert!(env.place == "PGSSLMODE" && env.remedy.contains("verify-full"), "{env}");
    // What is said more strongly elsewhere wins over a bad value that is never used.
    assert_eq!(of("gssencmode=disable", &[("PGGSSENCMODE", "require")]).map(|_| ()), Ok(()));
    let allows = |text: &str| {
        let security = of(text, &[]).unwrap().security;
        [Method::None, Method::Password, Method::Md5, Method::Scram].map(|m| security.allows(m))
    };
    assert_eq!(allows("host=a"), [true; 4]);
    assert_eq!(allows("require_auth=scram-sha-256,md5"), [false, false, true, true]);
    assert_eq!(allows("require_auth=!password,!none"), [false, false, true, true]);
    assert_eq!(allows("require_auth=gss"), [false; 4]);
}

/// Everything that is special in a URL, encoded.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

proptest! {
    #[test]
    fn a_url_and_a_string_of_key_words_say_the_same(
        user in "[^\0]{1,12}", password in "[^\0]{1,12}", dbname in "[^\0]{1,12}",
        host in "[a-z0-9.-]{1,12}", port in 1u16..,
    ) {
        let url = format!(
            "postgres://{}:{}@{host}:{port}/{}", encoded(&user), encoded(&password), encoded(&dbname)
        );
        let quoted = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
        let words = format!(
            "user={} password={} host={host} port={port} dbname={}", quoted(&user), quoted(&password), quoted(&dbname)
        );
        let wanted = format!("{user}@{host}:{port}!{password}/{dbname}");
        prop_assert_eq!(read(&url), wanted.clone());
        prop_assert_eq!(read(&words), wanted);
    }

    #[test]
    fn no_text_breaks_it_and_no_error_holds_the_password(text in ".{0,40}", password in "[A-Z]{12}") {
        let _ = of(&text, &[]);
        let inside = format!("postgres://u:{password}{text}@host/db?{text}");
        match of(&inside, &[]) {
            Err(bad) => prop_assert!(!bad.to_string().contains(&password), "{bad}"),
            Ok(target) => prop_assert!(!target.said().join(" ").contains(&password)),
        }
    }
}
