use super::*;
use proptest::prelude::*;

fn shown(args: &[&str]) -> String {
    Argv::new(args.join("\0").into_bytes(), false).shown().as_str().to_string()
}

#[test]
fn what_stands_behind_the_name_of_a_secret_is_struck_out() {
    for (args, expected) in [
        (&["app", "--password=hunter2", "--port", "80"][..], "app --password=*** --port 80"),
        (&["app", "--password", "hunter2", "--port", "80"], "app --password *** --port 80"),
        (&["app", "-token", "hunter2", "-v"], "app -token *** -v"),
        (&["app", "--no-auth", "--port", "80"], "app --no-auth --port 80"),
        (&["app", "--api-key", "-hunter2"], "app --api-key ***"),
        (
            &["java", "-Dspring.datasource.password=hunter2", "-jar", "a.jar"],
            "java -Dspring.datasource.password=*** -jar a.jar",
        ),
        (&["mysql", "-uroot", "-phunter2", "shop"], "mysql -uroot -p*** shop"),
        (&["timeout", "9", "/usr/bin/mysqldump", "-p", "hunter2"], "timeout 9 /usr/bin/mysqldump -p ***"),
        (&["docker", "run", "-p", "80:80", "web"], "docker run -p 80:80 web"),
        (&["docker", "login", "-u", "me", "-p", "hunter2"], "docker login -u me -p ***"),
        (&["redis-cli", "-a", "hunter2", "ping"], "redis-cli -a *** ping"),
        (&["curl", "-u", "me:hunter2", "http://h/"], "curl -u *** http://h/"),
        (&["curl", "-H", "Authorization: Bearer hunter2", "h"], "curl -H 'Authorization:***' h"),
        (&["curl", "-H", "X-Api-Key: hunter2", "h"], "curl -H 'X-Api-Key:***' h"),
        (&["env", "DB_PASSWORD=hunter2", "node", "s.js"], "env DB_PASSWORD=*** node s.js"),
        (&["app", "postgres://app:hunter2@db:5432/shop"], "app postgres://***@db:5432/shop"),
        (&["app", "postgres://app:hun/t@er2@db/shop"], "app postgres://***@db/shop"),
        (&["git", "clone", "https://hunter2@host/x"], "git clone https://***@host/x"),
        (&["psql", "host=db password=hunter2 user=x"], "psql 'host=db password=***'"),
        (&["psql", "-c", "alter role x password 'hunter2'"], "psql -c 'alter role x password ***'"),
        (&["app", r#"{"user": "x", "password": "hunter2"}"#], r#"app '{"user": "x", "password":***'"#),
        (&["app", "http://h/?token=hunter2&x=1"], "app http://h/?token=***"),
        (&["wget", "http://h/?next=%2F%3Ftoken%3Dhunter2"], "wget http://h/?next=%2F%3Ftoken%3D***"),
    ] {
        assert_eq!(shown(args), expected);
    }
}

#[test]
fn a_script_of_a_shell_loses_its_secrets_and_keeps_its_commands() {
    assert_eq!(
        shown(&["sh", "-c", "PGPASSWORD='a b' exec node s.js --token hunter2 --port 80; true"]),
        "sh -c 'PGPASSWORD=*** exec node s.js --token *** --port 80; true'"
    );
    assert_eq!(
        shown(&["/bin/bash", "-ec", r#"curl -H "Authorization: Bearer hunter2" h && sleep 1"#]),
        r#"/bin/bash -ec 'curl -H "Authorization:*** h && sleep 1'"#
    );
    assert_eq!(shown(&["sh", "-c", "mysql -phunter2 x"]), "sh -c 'mysql -p*** x'");
}

#[test]
fn everything_else_stays() {
    for args in [
        &["node", "--max-old-space-size=4096", "/app/dist/server.js"][..],
        &[
            "java",
            "-XX:+UseG1GC",
            "-XX:MaxRAMPercentage=75.0",
            "-Xmx2g",
            "-cp",
            "/app/lib/spring-boot-3.2.1.jar:/x",
            "Main",
        ],
        &["nginx: master process nginx -g daemon off;"],
        &["postgres: app shop 10.0.5.4(40122) idle in transaction"],
        &["/pause"],
        &["tini", "--", "python3", "-m", "gunicorn", "-b", "0.0.0.0:8000", "app:web"],
        &[
            "containerd-shim",
            "-address",
            "/run/k8s.io/3f1c2a9b8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a/x.sock",
        ],
        &["kubelet", "--pod=web-7f9c5d8b6-x2k4j", "--uid=550e8400-e29b-41d4-a716-446655440000"],
        &[
            "/nix/store/0c2kz8z1x3gq9v7yw5f4h6jdpsn1a2b3-nodejs-20/bin/node",
            "--issuer=https://auth.example.com:443/x",
        ],
        &["node", "/app/node_modules/@scope/x/cli.js"],
    ] {
        let said = shown(args);
        let plain: String = said.chars().filter(|c| *c != '\'').collect();
        assert_eq!(plain, args.join(" "));
    }
}

#[test]
fn overwritten_empty_and_foreign_lists_are_borne() {
    assert_eq!(shown(&[]), "");
    assert!(Argv::new(vec![], false).is_empty() && Argv::new(b"\0\0".to_vec(), false).is_empty());
    assert_eq!(Argv::new(vec![], false).args().count(), 0);
    let title = Argv::new(b"puma 6.0 (tcp://0.0.0.0:80) [app]\0\0\0\0".to_vec(), false);
    assert_eq!((title.program(), title.args().count()), (&b"puma"[..], 1));
    assert_eq!(title.shown().as_str(), "puma 6.0 (tcp://0.0.0.0:80) [app]");
    assert_eq!(Argv::new(b"/opt/my app/run\0x\0".to_vec(), false).program(), b"/opt/my app/run");
    assert_eq!(shown(&["a", "", "b c"]), "a '' 'b c'");
    let foreign = Argv::new(b"a\xff\0--password\0\xfe\xfe\0".to_vec(), false).shown();
    assert_eq!(foreign.as_str(), "a\\xff --password ***");
    assert!(foreign.b64().is_some());
}

#[test]
fn a_long_list_is_cut_and_what_was_not_read_cannot_leak_its_beginning() {
    let long = shown(&["x"; 9_000]);
    assert!(long.len() <= SHOWN + 4 && long.ends_with(" …"), "{}", long.len());
    assert!(shown(&["ü"; 9_000]).ends_with(" …"));
    // The `@` was not read any more.
    let cut = Argv::new(b"app\0postgres://u:hunter2".to_vec(), true);
    assert_eq!(cut.shown().as_str(), "app …");
    assert!(cut.is_cut());
}

#[test]
fn an_environment_gives_names_and_listed_settings_only() {
    let bytes = b"PATH=/bin\0PASSWORD=x\0GOMEMLIMIT=1GiB\0GOMEMLIMIT=2GiB\0no pair\09X=1\0a b=c\0_JAVA_OPTIONS=-Xmx1g";
    let env = Environ::new(bytes.to_vec(), false);
    let names: Vec<&str> = env.names().collect();
    assert_eq!(names, ["PATH", "PASSWORD", "GOMEMLIMIT", "GOMEMLIMIT", "_JAVA_OPTIONS"]);
    assert_eq!(env.value(Setting::GoMemLimit), Some(&b"1GiB"[..]));
    assert_eq!(env.value(Setting::NodeOptions), None);
    assert_eq!(env.value(Setting::JavaOptions), Some(&b"-Xmx1g"[..]));
    assert_eq!(Environ::new(bytes.to_vec(), true).value(Setting::JavaOptions), None);
    assert!(Setting::ALL.iter().all(|s| !s.name().is_empty()));
}

#[test]
fn nobody_can_print_or_write_what_is_raw() {
    // Ambiguous, and so no program, as soon as one of them can be serialised.
    trait Either<A> {
        fn plain() {}
    }
    impl<T: ?Sized> Either<()> for T {}
    impl<T: ?Sized + serde::Serialize> Either<u8> for T {}
    let _: [fn(); 2] = [<Argv as Either<_>>::plain, <Environ as Either<_>>::plain];
    let debug = format!(
        "{:?} {:?}",
        Argv::new(b"a\0hunter2".to_vec(), false),
        Environ::new(b"A=hunter2".to_vec(), false)
    );
    assert_eq!(debug, "Argv(2 arguments) Environ(1 names)");
}

/// A secret that nothing but its place gives away: it may hold blanks, quotes and separators.
fn secret() -> impl Strategy<Value = String> {
    "Zq[a-zA-Z0-9 @:/?&;=,'\"\\\\#%+-]{4,24}Zq"
}

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "password",
        "db-password",
        "PASSWD",
        "pwd",
        "api_key",
        "apiKey",
        "auth-token",
        "clientSecret",
        "dsn",
        "session",
        "cookie",
        "private-key",
        "credentials",
        "sslKey",
    ])
    .prop_map(String::from)
}

/// An argument list with the secret in it, and how it may be followed.
fn planted() -> impl Strategy<Value = (Vec<String>, String)> {
    let token = proptest::sample::select(vec![
        "[a-zA-Z0-9_-]{43}",
        "[0-9a-f]{40}",
        "[A-Za-z0-9]{32}",
        "[A-Za-z0-9+/]{48}",
    ]);
    let token = token.prop_flat_map(|of| proptest::string::string_regex(of).expect("a pattern"));
    let quiet = "Zq[a-zA-Z0-9@:/?&=,#%+-]{4,24}Zq";
    prop_oneof![
        (name(), secret()).prop_map(|(n, s)| (vec![format!("--{n}={s}")], s)),
        (name(), secret()).prop_map(|(n, s)| (vec![format!("--{n}"), s.clone()], s)),
        (name(), secret()).prop_map(|(n, s)| (vec![format!("{n}={s}")], s)),
        (name(), secret()).prop_map(|(n, s)| (vec![format!("{{\"{n}\": \"{s}\"}}")], s)),
        (name(), secret()).prop_map(|(n, s)| (vec![format!("x=1 {n} = {s} y=2")], s)),
        (name(), secret()).prop_map(|(n, s)| (vec!["-H".into(), format!("X-{n}: {s}")], s)),
        secret().prop_map(|s| (vec!["-H".into(), format!("Authorization: Bearer {s}")], s)),
        secret().prop_map(|s| (vec!["mysql".into(), format!("-p{s}"), "shop".into()], s)),
        quiet.prop_map(|s| (vec![format!("postgres://app:{s}@db/shop?a=b@c")], s)),
        quiet.prop_map(|s| (vec![format!("--url=amqp://{s}@mq")], s)),
        (name(), quiet).prop_map(|(n, s)| {
            (vec!["sh".into(), "-c".into(), format!("{} '{s}' x; {n}={s} run", "--password")], s)
        }),
        (name(), "Zq[a-z @:/;=,]{4,24}Zq").prop_map(|(n, s)| {
            (vec!["sh".into(), "-c".into(), format!("export {}='{s}' && run", n.replace('-', "_"))], s)
        }),
        token.prop_map(|s| (vec![s.clone()], s)),
    ]
}

proptest! {
    #[test]
    fn no_planted_secret_ever_comes_through(
        before in proptest::collection::vec("[a-z./-]{1,12}", 0..3),
        (args, secret) in planted(),
        after in proptest::collection::vec("[ -~]{0,12}", 0..3),
        title: bool,
    ) {
        // What stands in front announces nothing of its own, and a shell in front is tested apart.
        let line: Vec<String> = before.into_iter().chain(args).chain(after).collect();
        let script = line.iter().any(|a| a == "sh");
        let bytes = if title && !script && !line.iter().any(|a| a == "mysql") { line.join(" ") } else { line.join("\0") };
        let said = Argv::new(bytes.clone().into_bytes(), false).shown();
        prop_assert!(!said.as_str().contains(&secret), "{secret:?} of {bytes:?} is in {:?}", said.as_str());
        // Nor most of it.
        let half = &secret[..secret.len() - secret.len() / 4];
        prop_assert!(!said.as_str().contains(half), "{half:?} of {bytes:?} is in {:?}", said.as_str());
    }

    #[test]
    fn any_bytes_give_a_line_that_is_not_longer_than_allowed(bytes: Vec<u8>, cut: bool) {
        let argv = Argv::new(bytes.clone(), cut);
        prop_assert!(argv.shown().as_str().len() <= SHOWN * 4 + 8);
        let _ = (argv.program(), argv.args().count(), format!("{argv:?}"));
        let env = Environ::new(bytes, cut);
        for setting in Setting::ALL {
            let _ = env.value(setting);
        }
        prop_assert!(env.names().all(|n| n.len() <= 128));
    }

    #[test]
    fn values_of_an_environment_have_no_way_out(value in "[ -~]{8,40}") {
        let env = Environ::new(format!("A={value}\0PASSWORD={value}").into_bytes(), false);
        let debug = format!("{env:?}");
        prop_assert!(env.names().all(|n| !n.contains(&value)) && !debug.contains(&value));
    }
}
