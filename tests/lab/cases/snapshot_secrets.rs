//! Two hundred secrets in the environment, the arguments and the files of a process: none is in any byte that is written.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::harness::{Case, Document, Program};

/// A secret as generators make them: letters and digits, another one for each number.
fn secret(n: u64) -> String {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
        char::from(letters[(state % letters.len() as u64) as usize])
    };
    // One of each kind, so that no word is made by chance.
    let body: String = (0..10 + n % 14).map(|_| next()).collect();
    format!("Zq7{body}x4")
}

/// A variable with the secret in it, in one of the shapes that people use.
fn variable(n: u64, secret: &str) -> String {
    let listed = [
        "TZ",
        "LANG",
        "LC_ALL",
        "NODE_ENV",
        "LOG_LEVEL",
        "PORT",
        "APP_VERSION",
        "HOME",
        "GOMAXPROCS",
        "DB_PORT",
    ];
    match n % 12 {
        0 => format!("SETTING_{n}={secret}"),
        1 => format!("DB_PASSWORD_{n}={secret}"),
        2 => format!("CONFIG_{n}={{\"user\":\"app\",\"password\":\"{secret}\",\"port\":1}}"),
        3 => format!("DATABASE_URL_{n}=postgres://app:{secret}@db:5432/shop?sslmode=require"),
        4 => format!("SHOWN_{n}=https://app:{secret}@mq.test/x"),
        5 => format!("HOOK_{n}=https://hooks.test/services/T0/{secret}"),
        6 => format!("SHOWN_TOKEN_{n}={secret}"),
        7 => format!("KEY_{n}=-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"),
        8 => format!("CREDS_{n}={}", STANDARD.encode(secret)),
        9 => format!("DSN_{n}=host=db user=app password={secret} dbname=shop"),
        10 => match listed.get((n / 12) as usize) {
            Some(name) => format!("{name}={secret}"),
            None => format!("OPTS_{n}=-Xmx1g -Djavax.net.ssl.keyStorePassword={secret}"),
        },
        _ => format!("SHOWN_{n}={{\"token\":\"{secret}\"}}"),
    }
}

#[test]
fn no_byte_of_a_snapshot_holds_a_secret_and_hashes_tell_equal_from_different() {
    let case = Case::new("web");
    let secrets: Vec<String> = (0..200).map(secret).collect();
    let mut line = vec!["/usr/bin/env".to_string(), "-i".into(), "NODE_VERSION=20.11.1".into()];
    line.extend((0..140).map(|n| variable(n, &secrets[n as usize])));
    line.extend(["TWIN_A=one".into(), "TWIN_B=one".into(), "SHOWN_MODE=blue".into()]);
    line.extend(["/usr/bin/python3", "-c", "import time; time.sleep(600)"].map(String::from));
    line.extend((140..150).map(|n| format!("--password={}", secrets[n])));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let patient = case.start(Program::line("python3", &line).sleeps());
    for (n, secret) in secrets.iter().enumerate().skip(150) {
        case.write(&format!("/run/lab/work/conf/part{n}.yml"), &format!("db:\n  password: {secret}\n"));
    }
    let pid = patient.pid().to_string();
    let flags =
        ["--pid", &pid, "--file", "/run/lab/work/conf/*.yml", "--show-env", "SHOWN_*", "--compare-key", "k1"];
    let brief = Document::take(&case, None, &flags);
    let whole = case.paramedic_text(&[&["snapshot", "--window", "0"], &flags[..]].concat());
    let report = case.paramedic_text(&["check", "-o", "json", "--window", "0"]);
    let written = [brief.text.clone(), text(whole.1), text(report.1)];
    for secret in &secrets {
        for shape in [secret.clone(), STANDARD.encode(secret), secret[2..secret.len() - 2].to_string()] {
            let found = written.iter().position(|w| w.contains(&shape));
            assert!(found.is_none(), "{shape} of {secret} is in document {found:?}");
        }
    }
    // What is no secret is there, and so are the paths.
    assert_eq!(brief.value("env", "NODE_VERSION"), "20.11.1", "{}", brief.text);
    assert_eq!(brief.value("env", "SHOWN_MODE"), "blue");
    assert_eq!(brief.value("file", "/run/lab/work/conf/part150.yml")[0], "file");
    let files = brief.all("equal").iter().filter(|(g, n, _)| g == "file" && n.contains("/conf/part")).count();
    assert_eq!(files, 50);
    // Equal is equal and different is different, and another key tells nothing of this one.
    assert_eq!(brief.value("env", "TWIN_A"), brief.value("env", "TWIN_B"));
    assert_ne!(brief.value("env", "TWIN_A"), brief.value("env", "SETTING_0"));
    let again = Document::take(&case, None, &flags);
    let other = Document::take(&case, None, &[&flags[..7], &["k2"]].concat());
    assert_eq!(
        (brief.value("env", "SETTING_0"), brief.key_id()),
        (again.value("env", "SETTING_0"), again.key_id())
    );
    assert_ne!(brief.value("env", "SETTING_0"), other.value("env", "SETTING_0"));
    assert_ne!(
        brief.value("file", "/run/lab/work/conf/part150.yml"),
        other.value("file", "/run/lab/work/conf/part150.yml")
    );
    assert_ne!(brief.key_id(), other.key_id());
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what is written is UTF-8")
}
