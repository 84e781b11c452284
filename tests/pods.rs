//! `pods` through the binary: manifests as charts write them, with the code each is to give, and each mended twin, which gives
//! nothing; and whatever else may come in as a file.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pods").join(name)
}

fn paramedic(args: &[&str]) -> Output {
    let binary = std::env::var_os("PARAMEDIC_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_paramedic").into());
    let mut command = Command::new(binary);
    command.args(args).env_remove("PARAMEDIC_OUTPUT").stdin(Stdio::null());
    command.output().expect("the binary runs")
}

/// The report on these files and the exit code.
fn report(args: &[&str]) -> (Value, i32) {
    let out = paramedic(&[&["pods", "--json"], args].concat());
    let code = out.status.code().expect("it ends by itself");
    let report = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|e| panic!("{args:?}: {e}\n{}", String::from_utf8_lossy(&out.stderr)));
    (report, code)
}

/// `code severity` of everything found, in order, each once.
fn codes(report: &Value) -> Vec<String> {
    let of = |f: &Value| format!("{} {}", f["code"].as_str().unwrap(), f["severity"].as_str().unwrap());
    let mut all: Vec<String> = report["findings"].as_array().unwrap().iter().map(of).collect();
    all.sort();
    all.dedup();
    all
}

/// What could not be seen, with details.
fn gaps(report: &Value) -> String {
    report["sections"].as_array().unwrap().iter().map(|s| s["gaps"].to_string()).collect()
}

/// Each file of `bad/`, what it gives, and the exit code.
const BAD: &[(&str, &[&str], i32)] = &[
    ("grace-too-short-drain", &["pods/grace-too-short warning"], 1),
    ("grace-too-short", &["pods/grace-too-short warning"], 1),
    ("mutable-tag", &["pods/mutable-tag notice"], 0),
    ("no-budget-never", &["pods/no-budget warning"], 1),
    ("no-budget-several", &["pods/no-budget warning"], 1),
    ("no-budget", &["pods/no-budget notice"], 0),
    ("no-limits", &["pods/no-limits notice"], 0),
    ("no-prestop-distroless", &["pods/no-prestop warning"], 1),
    ("no-prestop", &["pods/no-prestop notice"], 0),
    ("no-readiness", &["pods/no-readiness notice"], 0),
    ("same-probes", &["pods/same-probes notice"], 0),
    ("secret-in-env", &["pods/secret-in-env warning"], 1),
    ("single-replica", &["pods/single-replica notice"], 0),
    ("stop-signal", &["pods/stop-signal notice"], 0),
];

fn listed(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(fixture(folder)).unwrap();
    let mut all: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

#[test]
fn each_fault_gives_its_code_and_nothing_else() {
    let mut names: Vec<String> = BAD.iter().map(|b| format!("{}.yaml", b.0)).collect();
    names.sort();
    assert_eq!(listed("bad"), names, "each file of bad/ has a row");
    for (name, wanted, exit) in BAD {
        let path = fixture(&format!("bad/{name}.yaml"));
        let (report, code) = report(&[path.to_str().unwrap()]);
        assert_eq!(
            (codes(&report), code),
            (wanted.iter().map(ToString::to_string).collect(), *exit),
            "{name}"
        );
    }
}

#[test]
fn what_is_well_made_gives_nothing_not_even_a_notice() {
    let good = listed("good");
    assert!(BAD.iter().all(|b| good.contains(&format!("{}.yaml", b.0))), "each fault has a twin: {good:?}");
    for path in good.iter().map(|n| fixture("good").join(n)).chain([fixture("namespace-well.json")]) {
        let (report, code) = report(&[path.to_str().unwrap()]);
        assert_eq!((codes(&report), code), (vec![], 0), "{}", path.display());
        assert!(report["sections"][0]["checks"].as_array().unwrap().len() >= 14);
    }
}

#[test]
fn a_namespace_in_trouble_is_told_from_what_kubectl_prints() {
    let path = fixture("namespace.json");
    let (report, code) = report(&[path.to_str().unwrap()]);
    let all = codes(&report);
    for wanted in [
        "pods/crash-loop critical",
        "pods/oom-killed critical",
        "pods/not-ready critical",
        "pods/not-ready warning",
        "pods/image-drift warning",
    ] {
        assert!(all.contains(&wanted.to_string()), "{wanted}: {all:?}");
    }
    assert_eq!(code, 2);
    let said = report["findings"].to_string();
    for words in ["3 Insufficient memory", "secret \\\"pay\\\" not found", "no such command", "a child of it"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn no_secret_is_in_any_output() {
    for path in [fixture("bad/secret-in-env.yaml"), fixture("namespace.json")] {
        let path = path.to_str().unwrap();
        assert!(fs::read_to_string(path).unwrap().contains("planted-"));
        for format in ["text", "wide", "json", "ndjson", "snapshot"] {
            let out = paramedic(&["pods", path, "-o", format, "--risks", "-v"]);
            let all = [out.stdout, out.stderr].concat();
            assert!(
                !all.is_empty() && !String::from_utf8_lossy(&all).contains("planted-"),
                "{path} {format}"
            );
        }
    }
}

#[test]
fn a_directory_is_one_whole_and_labels_narrow_it() {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(fixture("bad/no-budget.yaml")).unwrap();
    fs::write(dir.path().join("web.yaml"), text).unwrap();
    fs::write(dir.path().join("values.yaml"), "image: x\nreplicas: 3\n").unwrap();
    let path = dir.path().to_str().unwrap();
    assert_eq!(codes(&report(&[path]).0), ["pods/no-budget notice"]);
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec:\n  \
                  maxUnavailable: 1\n  selector: {matchLabels: {app.kubernetes.io/name: web}}\n";
    fs::create_dir(dir.path().join("policy")).unwrap();
    fs::write(dir.path().join("policy/pdb.yml"), budget).unwrap();
    assert_eq!(codes(&report(&[path]).0), Vec::<String>::new());
    assert_eq!(report(&[path, "-l", "app.kubernetes.io/name=web"]).1, 0);
    let (none, code) = report(&[path, "-l", "app=other"]);
    assert!(code == 3 && gaps(&none).contains("nothing was looked at"), "{}", gaps(&none));
}

#[test]
fn standard_input_is_a_file_too() {
    let binary = std::env::var_os("PARAMEDIC_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_paramedic").into());
    let mut child = Command::new(binary)
        .args(["pods", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = fs::read(fixture("bad/no-prestop.yaml")).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(codes(&serde_json::from_slice(&out.stdout).unwrap()), ["pods/no-prestop notice"]);
}

#[test]
fn a_snapshot_gives_the_same_report() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("snapshot.json");
    let path = fixture("namespace.json");
    let out = paramedic(&["pods", path.to_str().unwrap(), "-o", "snapshot"]);
    fs::write(&file, out.stdout).unwrap();
    let (live, replayed) = (report(&[path.to_str().unwrap()]), report(&["--from", file.to_str().unwrap()]));
    assert_eq!((codes(&live.0), live.1), (codes(&replayed.0), replayed.1));
}

/// What cannot be used is exit 3 with file and reason, and nothing is half judged.
#[track_caller]
fn refused(name: &str, text: &[u8], says: &str) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    fs::write(&file, text).unwrap();
    // A good file beside it does not make up for it.
    fs::copy(fixture("bad/no-prestop.yaml"), dir.path().join("aaa.yaml")).unwrap();
    let (report, code) = report(&[dir.path().to_str().unwrap()]);
    let gaps = gaps(&report);
    assert!(code == 3 && codes(&report).is_empty(), "{name}: {code} {:?}", codes(&report));
    assert!(gaps.contains(says) && gaps.contains(name), "{name}: {gaps}");
}

#[test]
fn what_is_no_yaml_is_refused_with_file_and_line() {
    refused("tabs.yaml", b"kind: Pod\nspec:\n\tcontainers: []\n", "line 3");
    refused("anchor.yaml", b"kind: Pod\nspec: *nobody\n", "line 2");
    refused("template.yaml", b"kind: Pod\nmetadata:\n  name: {{ .Values.x }}\n", "helm template");
    refused("binary.yaml", b"kind: Pod\nname: \xff\xfe\n", "line 2: it is not UTF-8");
    refused("cut.json", br#"{"kind": "Pod", "metadata": {"#, "line 2");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..20 {
        let _ = writeln!(bomb, "a{i}: &a{i} [{}]", vec![format!("*a{}", i - 1); 10].join(", "));
    }
    refused("bomb.yaml", bomb.as_bytes(), "more values than are taken");
    refused("deep.yaml", "[".repeat(100_000).as_bytes(), "line 1");
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("large.yaml");
    fs::File::create(&file).unwrap().set_len(100 << 20).unwrap();
    let (report, code) = report(&[file.to_str().unwrap()]);
    assert!(code == 3 && gaps(&report).contains("larger than 32 MiB"), "{}", gaps(&report));
}

#[test]
fn where_there_is_no_pod_nothing_was_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let says = |path: &str| {
        let (report, code) = report(&[path]);
        assert_eq!((code, codes(&report)), (3, vec![]), "{path}");
        gaps(&report)
    };
    assert!(says(path).contains("nothing was looked at"));
    fs::write(dir.path().join("cm.yaml"), "kind: ConfigMap\nmetadata: {name: x}\n---\n").unwrap();
    assert!(says(path).contains("nothing was looked at"));
    assert!(says(dir.path().join("none.yaml").to_str().unwrap()).contains("none.yaml"));
}

#[test]
fn objects_that_nobody_would_write_do_not_break_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("odd.yaml");
    let odd = "kind: Deployment\nmetadata: 7\nspec:\n  replicas: many\n  template: {spec: {containers: [null, 3, {}, \
               {name: [x], image: {}, ports: x, env: [{name: A_TOKEN, value: [1]}], livenessProbe: true, lifecycle: {preStop: []}}]}}\n\
               ---\nkind: Pod\nstatus: {phase: Running, conditions: x, containerStatuses: [1, {restartCount: -3, state: []}]}\n\
               ---\nkind: List\nitems: {}\n---\n- a\n---\nkind: PodDisruptionBudget\nspec: {selector: 3, minAvailable: {}}\n";
    fs::write(&file, odd).unwrap();
    let (report, code) = report(&[file.to_str().unwrap()]);
    assert!((0..=1).contains(&code), "{code}: {report}");
    assert!(!gaps(&report).contains("broken"), "{}", gaps(&report));
}
