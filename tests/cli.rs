//! The contract of the command line: exit codes, streams, files, bad input.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Output, Stdio},
};

fn paramedic(args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_paramedic"));
    c.args(args).env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").stdin(Stdio::null());
    c
}
fn run(args: &[&str]) -> Output {
    paramedic(args).output().unwrap()
}
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
fn json(args: &[&str]) -> Value {
    let out = run(args);
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}: {}", text(&out.stderr)))
}
/// Bad input: exit 3, nothing on stdout, the reason on stderr.
fn refused(args: &[&str], says: &str) {
    let out = run(args);
    let err = text(&out.stderr);
    assert_eq!(out.status.code(), Some(3), "{args:?}: {err}");
    assert!(out.stdout.is_empty(), "{args:?} printed {}", text(&out.stdout));
    assert!(err.contains(says), "{args:?} says {err:?}, not {says:?}");
}

#[test]
fn bad_usage_is_three_and_says_what_to_do() {
    refused(&["--no-such-flag"], "--no-such-flag");
    refused(&["nonsense"], "nonsense");
    refused(&["check", "fds/no-such-check"], "is no area and no code");
    refused(&["--skip", "nothing/*"], "is no area and no code");
    refused(&["--skip", "*"], "--skip leaves nothing to look at");
    refused(&["--window", "5"], "write 500ms, 10s or 5m");
    refused(&["--window", "20s", "--timeout", "1s"], "does not fit");
    refused(&["--timeout", "0"], "no time to look");
    refused(&["sockets", "--state", "half-open"], "close-wait");
    refused(&["sockets", "--peer", "example.com"], "10.0.3.7:443");
    refused(&["--pid", "0"], "--pid");
    refused(&["explain", "sockets/close-wait"], "sockets/close-wait-leak");
    refused(&["man", "nonsense"], "no command");
    refused(&["snapshot", "--watch"], "--watch");
    refused(&["dns", "db.test", "--load", "500"], "--max");
    refused(&["dns", "--load", "50"], "NAME");
    refused(&["dns", "db.test", "--load", "50", "--plan"], "--plan");
    refused(&["dns", "db.test", "--load", "50", "--for", "60s", "--timeout", "20s"], "--timeout");
    refused(&["dns", "db.test", "--workers", "2", "--watch"], "--watch");
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [["--help"], ["-h"], ["--version"]] {
        let out = run(&args);
        assert_eq!(out.status.code(), Some(0), "{args:?}");
        assert!(!out.stdout.is_empty() && out.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_scope_that_matches_nothing_is_never_clear() {
    refused(&["--pid", "2147483646", "--window", "0"], "no process matches --pid 2147483646");
    refused(&["--name", "no-such-process", "--window", "0"], "no process matches --name no-such-process");
    refused(&["fds", "--container", "0123abcd-none", "--window", "0"], "no process matches");
}

#[test]
fn a_full_disk_is_three_with_a_message_and_a_closed_pipe_is_silence() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let out = paramedic(&["--window", "0", "--json"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(out.status.code(), Some(3));
    assert!(text(&out.stderr).contains("No space left on device"), "{}", text(&out.stderr));

    let mut child =
        paramedic(&["--window", "300ms"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!(text(&out.stderr), "");
    assert_ne!(out.status.code(), Some(101), "a closed pipe is no panic");
}

#[test]
fn write_is_atomic_follows_no_link_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_string();
    let out = run(&["--window", "0", "--json", "--write", &at("report.json")]);
    assert!(out.stdout.is_empty() && out.stderr.is_empty());
    let report: Value = serde_json::from_slice(&fs::read(at("report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "paramedic/1");

    fs::write(at("target"), "kept").unwrap();
    symlink(at("target"), at("link")).unwrap();
    refused(&["--window", "0", "--write", &at("link")], "symbolic link");
    assert_eq!(fs::read_to_string(at("target")).unwrap(), "kept");
    refused(&["--window", "0", "--write", &at("missing/report")], "missing");
    let open = dir.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    refused(&["--window", "0", "--write", &at("open/report")], "open");
    let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["link", "open", "report.json", "target"]);
    assert_eq!(fs::read_dir(open).unwrap().count(), 0);
}

#[test]
fn a_snapshot_is_judged_as_the_machine_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("snapshot.json").to_str().unwrap().to_string();
    assert_eq!(run(&["snapshot", "--window", "300ms", "--write", &file]).status.code(), Some(0));
    assert!(fs::metadata(&file).unwrap().len() < 64 << 10, "a snapshot of an ordinary host is at most 64 kB");
    let first = json(&["--from", &file, "--json"]);
    assert_eq!(first, json(&["--from", &file, "--json"]), "judging twice gives the same");
    let areas: Vec<_> =
        first["sections"].as_array().unwrap().iter().map(|s| s["area"].as_str().unwrap()).collect();
    assert!(areas.contains(&"fds") && areas.contains(&"sockets"), "{areas:?}");
    assert_eq!(json(&["sockets", "--from", &file, "--json"])["command"], "sockets");

    let whole = fs::read_to_string(&file).unwrap();
    for (bad, says) in [
        (&whole[..whole.len() / 2], "cut or not JSON"),
        ("", "empty"),
        ("{\"schema\":\"paramedic/1\"}", "it is a report"),
        ("[]", "not JSON"),
    ] {
        fs::write(&file, bad).unwrap();
        refused(&["--from", &file], says);
    }
    fs::write(&file, whole.replacen("\"duration_ms\":", "\"duration_ms\":9", 1)).unwrap();
    refused(&["--from", &file], "does not match");
    refused(&["--from", "/nonexistent/snapshot"], "/nonexistent/snapshot");
}

#[test]
fn mistakes_in_the_settings_file_stop_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("p.toml").to_str().unwrap().to_string();
    for (content, says) in [
        ("[limits.\"fds/nearlimit\"]\nused_pct = [1, 2]\n", "there is no check `fds/nearlimit`"),
        ("[limits.\"fds/near-limit\"]\nused = 1\n", "has no limit `used`"),
        ("limits = 3\n", "p.toml"),
        ("\u{0}", "p.toml"),
    ] {
        fs::write(&file, content).unwrap();
        refused(&["--config", &file, "--window", "0"], says);
    }
    refused(&["--config", "/nonexistent.toml"], "/nonexistent.toml");
}

#[test]
fn watch_gives_one_document_a_look() {
    let args = ["--watch=100ms", "--window", "0", "-o", "ndjson", "--timeout", "5s"];
    let mut child = paramedic(&args).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let times: Vec<String> = lines
        .take(3)
        .map(|l| serde_json::from_str::<Value>(&l.unwrap()).unwrap()["taken_at"].to_string())
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(times.len(), 3);
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
}

#[test]
fn explain_teaches_every_check() {
    let list = run(&["explain"]);
    for line in text(&list.stdout).lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = run(&["explain", code]);
        let page = text(&page.stdout);
        for heading in ["What it sees", "Why it matters", "Confirm", "Fix"] {
            assert!(page.to_lowercase().contains(&heading.to_lowercase()), "{code} lacks {heading}:\n{page}");
        }
    }
}

#[test]
fn few_descriptors_of_our_own_are_no_excuse() {
    let exe = env!("CARGO_BIN_EXE_paramedic");
    let out = Command::new("prlimit")
        .args(["--nofile=16:16", exe, "--window", "300ms", "--json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    let gaps = |area: &str| {
        let sections = report["sections"].as_array().unwrap().iter();
        sections
            .filter(|s| s["area"] == area)
            .flat_map(|s| s["gaps"].as_array().unwrap().clone())
            .collect::<Vec<_>>()
    };
    assert!(gaps("host").iter().all(|g| g["why"] != "too_many"), "{:?}", gaps("host"));
    assert!(out.stderr.is_empty(), "{}", text(&out.stderr));
}

#[test]
fn every_document_keeps_to_the_schema() {
    let schema: Value = serde_json::from_slice(&run(&["schema"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for args in [
        vec!["--json", "--window", "300ms"],
        vec!["check", "fds", "--json", "--window", "0"],
        vec!["fds", "--json", "--all", "--window", "0"],
        vec!["fds", "--json", "--kinds", "all", "--window", "0"],
        vec!["sockets", "--json", "--all", "--window", "0"],
        vec!["sockets", "--json", "--state", "close-wait", "--window", "0"],
        vec!["sockets", "--json", "--listen", "--group-by", "owner", "--window", "0"],
    ] {
        let report = json(&args);
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{args:?}: {errors:?}");
    }
}

#[test]
fn a_broken_process_table_is_read_as_far_as_it_goes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/proc/broken");
    let report = json(&["fds", "--proc-root", root.to_str().unwrap(), "--window", "0", "--json"]);
    let table = &report["sections"][0]["blocks"][0]["rows"];
    let names: Vec<_> = table.as_array().unwrap().iter().map(|r| r[1].as_str().unwrap()).collect();
    assert!(names.contains(&"nc (") && names.contains(&"a)b"), "{names:?}");
    let sections = report["sections"].as_array().unwrap();
    let malformed: u64 = sections
        .iter()
        .flat_map(|s| s["gaps"].as_array().unwrap())
        .filter(|g| g["why"] == "malformed")
        .map(|g| g["count"].as_u64().unwrap())
        .sum();
    assert!(malformed >= 1, "the cut stat file is said: {report}");
    refused(&["--proc-root", "/nonexistent", "--window", "0"], "/nonexistent");
}

/// In a static binary these load the host's name service modules and take it down.
#[test]
fn no_name_service_of_libc_is_linked() {
    let out = Command::new("nm")
        .args(["-D", "--undefined-only", env!("CARGO_BIN_EXE_paramedic")])
        .output()
        .unwrap();
    let symbols = text(&out.stdout);
    assert!(symbols.contains("malloc") || symbols.contains("write"), "nm shows the imports: {symbols}");
    for bad in ["getpw", "getgr", "getaddrinfo", "gethostby", "dlopen"] {
        assert!(!symbols.contains(bad), "{bad} is linked");
    }
}
