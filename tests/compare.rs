//! `compare` through the whole path: documents in files, or from a program that is asked, and the binary over them.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

#[path = "compare/fleet.rs"]
mod fleet;

use fleet::{Fleet, Plant, Rng};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

fn compare(dir: &Path, args: &[&str]) -> Output {
    let mut c = Command::new(env!("CARGO_BIN_EXE_paramedic"));
    c.arg("compare")
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(dir)
        .stdin(Stdio::null());
    c.output().unwrap()
}
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
fn report(dir: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let out = compare(dir, &[args, &["--json"]].concat());
    let doc = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&out.stderr)));
    (out.status.code(), doc)
}
/// Code, severity and title of every finding, in order.
fn findings(doc: &Value) -> Vec<(String, String, String)> {
    let of = |f: &Value, key: &str| f[key].as_str().unwrap().to_string();
    doc["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (of(f, "code"), of(f, "severity"), of(f, "title")))
        .collect()
}
fn gaps(doc: &Value) -> String {
    let all = doc["sections"].as_array().unwrap().iter().flat_map(|s| s["gaps"].as_array().unwrap());
    all.map(|g| format!("{}: {}\n", g["subject"].as_str().unwrap(), g["detail"].as_str().unwrap())).collect()
}

#[test]
fn the_planted_difference_stands_first_in_fifty_of_fifty_fleets() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..50 {
        let mut rng = Rng::new(seed);
        let mut fleet = Fleet::healthy(5, &mut rng);
        let plant = Plant::ALL[seed as usize % Plant::ALL.len()];
        let odd = rng.below(5) as usize;
        fleet.plant(odd, plant);
        let (code, doc) = report(dir.path(), &fleet.write(dir.path()));
        let all = findings(&doc);
        let (first, severity, title) =
            all.first().unwrap_or_else(|| panic!("{seed}: {plant:?} was not found"));
        assert_eq!(
            (first.as_str(), severity.as_str()),
            (plant.code(), "warning"),
            "{seed} {plant:?}: {all:?}"
        );
        assert!(title.contains(&format!("web-{odd}")), "{seed} {plant:?}: {title}");
        assert_eq!(all.len(), 1, "{seed} {plant:?}: {all:?}");
        assert_eq!(code, Some(1));
    }
}

#[test]
fn both_of_a_pair_are_found_in_fifty_of_fifty_fleets() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..50 {
        let mut rng = Rng::new(1000 + seed);
        let mut fleet = Fleet::healthy(5, &mut rng);
        let first = rng.below(Plant::ALL.len() as u64) as usize;
        let second = (first + 1 + rng.below(Plant::ALL.len() as u64 - 1) as usize) % Plant::ALL.len();
        let planted = [Plant::ALL[first], Plant::ALL[second]].map(|plant| (rng.below(5) as usize, plant));
        planted.iter().for_each(|(odd, plant)| fleet.plant(*odd, *plant));
        let (_, doc) = report(dir.path(), &fleet.write(dir.path()));
        let all = findings(&doc);
        for (odd, plant) in planted {
            let hit =
                |f: &&(String, String, String)| f.0 == plant.code() && f.2.contains(&format!("web-{odd}"));
            assert!(all.iter().any(|f| hit(&f)), "{seed}: {plant:?} of web-{odd} in {all:?}");
        }
    }
}

#[test]
fn fifty_of_fifty_healthy_fleets_have_no_finding_at_all() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..50 {
        let mut rng = Rng::new(2000 + seed);
        let n = if seed % 2 == 0 { 5 } else { 2 + seed as usize / 2 % 11 };
        let fleet = Fleet::healthy(n, &mut rng);
        let (code, doc) = report(dir.path(), &fleet.write(dir.path()));
        assert_eq!((code, findings(&doc)), (Some(0), vec![]), "{seed}: {n} members");
        assert_eq!(gaps(&doc), "", "{seed}");
    }
}

#[test]
fn one_that_cannot_be_read_is_a_named_gap_and_the_others_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::healthy(5, &mut Rng::new(7));
    fleet.plant(3, Plant::EnvValue);
    let names = fleet.write(dir.path());
    let whole = fs::read_to_string(dir.path().join("web-1.json")).unwrap();
    let bad = [
        (whole[..whole.len() / 2].to_string(), "cut or not JSON"),
        (whole.replace("Europe/Berlin", "Europe/Madrid"), "cut or edited"),
        (whole.replace("snapshot/1", "snapshot/9"), "paramedic-snapshot/9"),
        ("{\"kind\":\"Pod\"}".into(), "no `schema`"),
        ("{\"schema\":\"paramedic/1\"}".into(), "it is a report"),
        (String::new(), "it is empty"),
        (text(&fleet::empty()).into(), "no attributes"),
    ];
    for (content, says) in bad {
        fs::write(dir.path().join("web-1.json"), content).unwrap();
        let (code, doc) = report(dir.path(), &names);
        assert!(
            gaps(&doc).starts_with("web-1.json: ") && gaps(&doc).contains(says),
            "{says}: {}",
            gaps(&doc)
        );
        assert_eq!(findings(&doc)[0].2, "web-3 alone has another TZ: Asia/Tokyo, the 3 others Europe/Berlin");
        assert_eq!(code, Some(1), "{says}");
        // Of two one is not enough.
        let (code, doc) = report(dir.path(), &["web-1.json", "web-2.json"]);
        assert!(
            gaps(&doc).contains(says) && gaps(&doc).contains("1 of 2 members answered"),
            "{}",
            gaps(&doc)
        );
        assert_eq!((code, findings(&doc)), (Some(3), vec![]), "{says}");
    }
    fs::remove_file(dir.path().join("web-1.json")).unwrap();
    assert!(gaps(&report(dir.path(), &names).1).starts_with("web-1.json: "));
}

#[test]
fn nobody_and_somebody_alone_are_an_error_that_says_what_to_write() {
    let dir = tempfile::tempdir().unwrap();
    Fleet::healthy(2, &mut Rng::new(1)).write(dir.path());
    fs::write(dir.path().join("cut.json"), "{\"schema\": \"paramedic-snap").unwrap();
    let bad: [(&[&str], &str); 7] = [
        (&["web-0.json", "none.json"], "none.json: No such file"),
        (&["web-0.json", "cut.json"], "cut.json: "),
        (&[], "nobody to compare"),
        (&["web-0.json"], "is alone"),
        (&["web-0.json", "web-1"], "`web-1` names nothing"),
        (&["web-0.json", "web-1.json", "--reference", "web-7"], "the reference web-7"),
        (&["a", "b", "--exec", "docker exec"], "{}"),
    ];
    for (args, says) in bad {
        let out = compare(dir.path(), args);
        assert_eq!(out.status.code(), Some(3), "{args:?}");
        assert_eq!(text(&out.stdout), "", "{args:?}");
        assert_eq!(text(&out.stderr).lines().count(), 1, "{args:?}: {}", text(&out.stderr));
        let said = text(&out.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{args:?}: {said}");
    }
}

#[test]
fn what_is_recorded_is_judged_again_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::healthy(5, &mut Rng::new(3));
    fleet.plant(2, Plant::FileContent);
    let names = fleet.write(dir.path());
    let recorded = compare(dir.path(), &[&names[..], &["-o", "snapshot"]].concat());
    fs::write(dir.path().join("all.json"), &recorded.stdout).unwrap();
    let (code, again) = report(dir.path(), &["--from", "all.json"]);
    let (_, live) = report(dir.path(), &names);
    assert_eq!((code, findings(&again)), (Some(1), findings(&live)));
    assert!(recorded.stdout.len() < 64 << 10, "{} bytes", recorded.stdout.len());
}

#[test]
fn one_pod_at_two_times_has_changed_and_no_one_is_odd() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::healthy(2, &mut Rng::new(4));
    fleet.same_pod();
    let names = fleet.write(dir.path());
    assert_eq!(report(dir.path(), &names).0, Some(0));
    fleet.plant(1, Plant::EnvValue);
    let (code, doc) = report(dir.path(), &fleet.write(dir.path()));
    assert_eq!(findings(&doc)[0].2, "what web-0.json and web-1.json saw has changed in 1 variable: TZ");
    assert_eq!(code, Some(1));
}

#[test]
fn snapshots_under_different_keys_say_what_cannot_be_compared() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::healthy(3, &mut Rng::new(5));
    fleet.own_keys();
    let (code, doc) = report(dir.path(), &fleet.write(dir.path()));
    assert!(gaps(&doc).contains("hashed under 3 different keys"), "{}", gaps(&doc));
    assert_eq!((code, findings(&doc)), (Some(0), vec![]));
    fleet.plant(0, Plant::EnvMissing);
    assert!(
        findings(&report(dir.path(), &fleet.write(dir.path())).1)[0].2.starts_with("web-0 alone has no ")
    );
}

#[test]
fn members_are_asked_with_one_key_on_their_input_and_each_failure_has_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::healthy(5, &mut Rng::new(6));
    fleet.plant(4, Plant::EnvSecret);
    fleet.write(dir.path());
    let script = "read key; echo \"$key\" >> keys; echo \"$@\" >> lines; case $1 in hang) sleep 60;; none) exit 127;; \
                  cut) head -c 900 web-0.json;; dumb) echo no such flag >&2; exit 3;; *) cat $1.json;; esac";
    let exec = format!("sh -c '{script}' sh {{}}");
    let names = ["web-0", "web-1", "web-2", "web-3", "web-4", "hang", "none", "cut", "dumb"];
    let flags = ["--exec", &exec, "--timeout", "4s", "--file", "/etc/app.conf"];
    let (code, doc) = report(dir.path(), &[&names[..], &flags].concat());
    let said = gaps(&doc);
    for (name, why) in [
        ("hang", "had not answered in time"),
        ("none", ""),
        ("cut", "cut or not JSON"),
        ("dumb", "ended with 3: no such flag"),
    ] {
        let line = said.lines().find(|l| l.starts_with(&format!("{name}: ")));
        assert!(line.is_some_and(|l| l.contains(why)), "{name} in {said}");
    }
    assert!(findings(&doc)[0].2.starts_with("web-4 alone has another DB_PASSWORD"), "{:?}", findings(&doc));
    assert_eq!(code, Some(1));
    let keys = fs::read_to_string(dir.path().join("keys")).unwrap();
    let mut keys: Vec<&str> = keys.lines().collect();
    assert_eq!(keys.len(), names.len());
    keys.dedup();
    assert!(keys.len() == 1 && keys[0].len() == 32, "{keys:?}");
    let lines = fs::read_to_string(dir.path().join("lines")).unwrap();
    assert!(lines.contains("paramedic snapshot --brief --window 0 --compare-key - --file=/etc/app.conf"));
    assert!(!lines.contains(keys[0]) && !doc.to_string().contains(keys[0]));
}

#[test]
fn the_tables_fit_eighty_columns_and_the_odd_one_stands_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::healthy(5, &mut Rng::new(8));
    fleet.plant(3, Plant::EnvValue);
    fleet.plant(3, Plant::FileContent);
    let names = fleet.write(dir.path());
    let out = Command::new(env!("CARGO_BIN_EXE_paramedic"))
        .arg("compare")
        .args(&names)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("COLUMNS", "80")])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let screen = text(&out.stdout);
    let tables = screen.lines().skip_while(|l| l.trim() != "members").take_while(|l| !l.starts_with('✓'));
    let wide: Vec<&str> = tables.filter(|l| l.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    let first = screen.lines().find(|l| l.starts_with('▲')).unwrap_or_else(|| panic!("{screen}"));
    assert!(
        first.starts_with("▲ web-3 alone has another TZ: Asia/Tokyo, the 4 others Europe/Berlin"),
        "{screen}"
    );
}
