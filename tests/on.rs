//! `--on`: the same command elsewhere. The real kubectl against a stand-in for the API server, a real ssh and sshd.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

#[path = "kube/mod.rs"]
mod kube;

#[path = "on/compare.rs"]
mod compare;
#[path = "on/debug.rs"]
mod debug;
#[path = "on/inject.rs"]
mod inject;
#[path = "on/ssh.rs"]
mod ssh;

use kube::{Ended, Kube, NAMESPACE, binary};
use serde_json::{Value, json};
use std::{
    os::unix::fs::symlink,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Keeps so many descriptors open, and says when it does.
fn keeps(many: u32) -> Value {
    let line = format!(
        "import os, time\nfor _ in range({many}): os.dup(0)\nprint('ready', flush=True)\nwhile True: time.sleep(1000)"
    );
    json!(["/usr/bin/python3", "-I", "-c", line])
}

/// A pod whose program holds 90 of 100 descriptors.
fn sick(name: &str) -> Value {
    json!({"name": name, "program": keeps(90), "ready": true, "nofile": [100, 100]})
}

/// A deployment `web` with these pods in it.
fn deployment(pods: &[Value]) -> Kube {
    let kube = Kube::start();
    for pod in pods {
        kube.pod(pod.clone());
    }
    kube.object(json!({"kind": "Deployment", "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": {"app": "web"}}}}));
    kube
}

/// The binary under test as a user of this cluster runs it, in a locale of UTF-8.
fn ask(kube: &Kube, args: &[&str]) -> Ended {
    kube.clothe(&mut Command::new(binary())).env("LC_ALL", "C.UTF-8").args(args).output().unwrap().into()
}

fn healthy(name: &str) -> Value {
    json!({"name": name})
}

fn document(said: &Ended) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"))
}

/// The document fits the schema that `paramedic schema` prints.
fn fits(kube: &Kube, document: &Value) {
    let schema: Value = serde_json::from_str(&ask(kube, &["schema"]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn codes(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect()
}

#[test]
fn healthy_members_are_one_line() {
    let kube = deployment(&[healthy("web-0"), healthy("web-1"), healthy("web-2")]);
    let said = ask(&kube, &["--on", "deploy/web", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("CLEAR  deploy/web · 3 members · namespace prod"), "{}", said.out);
    assert!(said.out.contains("web-0, web-1, web-2: nothing found"), "{}", said.out);
    assert!(said.out.contains("0 of 3 members sick · exit 0"), "{}", said.out);
    let bare = ask(&kube, &["--on", "deploy/web", "--window", "0", "--json"]);
    let bare = document(&bare);
    assert_eq!((bare["command"].as_str(), bare["status"].as_str()), (Some("check"), Some("clear")), "{bare}");
    fits(&kube, &bare);
}

#[test]
fn the_sick_one_of_three_is_named_with_what_the_cluster_knows_of_it() {
    let mut odd = sick("web-1");
    odd["node"] = json!("node-7");
    odd["restarts"] = json!(2);
    odd["last_state"] = json!({"terminated": {"reason": "OOMKilled", "exitCode": 137}});
    let kube = deployment(&[healthy("web-0"), odd, healthy("web-2")]);
    let said = ask(&kube, &["fds", "--on=deploy/web", "-nprod", "--window=0"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for part in [
        "web-1  container app · node node-7 · ready",
        "2 restarts",
        "last run ended: OOMKilled, exit code 137",
        "python3 (pid 1)",
        "--on pod/web-1 -n prod",
        "web-0, web-2: nothing found",
        "1 critical · 1 of 3 members sick · exit 2",
    ] {
        assert!(said.out.contains(part), "no {part:?} in\n{}", said.out);
    }
    assert_eq!(said.out.matches("python3 (pid 1)").count(), 1, "{}", said.out);

    let doc = document(&ask(&kube, &["fds", "--on=deploy/web", "--window=0", "--json"]));
    fits(&kube, &doc);
    assert_eq!((doc["status"].as_str(), doc["exit_code"].as_u64()), (Some("critical"), Some(2)));
    assert_eq!(codes(&doc["findings"]), [""; 0], "nothing is common");
    let members = doc["members"].as_array().unwrap();
    let of = |n: usize| (members[n]["name"].as_str().unwrap(), members[n]["status"].as_str().unwrap());
    assert_eq!([of(0), of(1), of(2)], [("web-0", "clear"), ("web-1", "critical"), ("web-2", "clear")]);
    assert_eq!(members[1]["pod"]["last_exit"], 137);
    assert_eq!(codes(&members[1]["report"]["findings"]), ["fds/near-limit"]);
    let next = members[1]["report"]["findings"][0]["next"][0].as_str().unwrap();
    assert!(next.starts_with("paramedic --on pod/web-1 -n prod "), "{next}");

    let lines = ask(&kube, &["fds", "--on=deploy/web", "--window=0", "-o", "ndjson"]);
    let lines: Vec<Value> = lines.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let exits: Vec<_> = lines.iter().map(|l| l["exit_code"].as_u64().unwrap()).collect();
    assert_eq!(exits, [0, 2, 0]);
    fits(&kube, &lines[1]);
    // The line that was printed can be run, and says the same of that one alone.
    let words = shlex::split(next).unwrap();
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let again = ask(&kube, &[&words[..], &["--window=0"]].concat());
    assert!(again.code == Some(2) && again.out.contains("python3 (pid 1)"), "{again:?}");
}

#[test]
fn what_all_have_is_said_once() {
    let kube = deployment(&[sick("web-0"), sick("web-1"), sick("web-2")]);
    let said = ask(&kube, &["-l", "app=web", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.out.contains("\nall 3\n"), "{}", said.out);
    assert_eq!(said.out.matches("■").count(), 1, "{}", said.out);
    assert!(said.out.contains("1 critical · 3 of 3 members sick"), "{}", said.out);
    let doc = document(&ask(&kube, &["-l", "app=web", "fds", "--window", "0", "--json"]));
    fits(&kube, &doc);
    assert_eq!(codes(&doc["findings"]), ["fds/near-limit"]);
    assert_eq!(doc["members"][2]["shared"], json!([0]));
}

#[test]
fn one_that_cannot_be_reached_is_a_gap_and_three_and_hides_nothing() {
    let kube = deployment(&[healthy("web-0"), sick("web-1"), healthy("web-2"), healthy("web-3")]);
    kube.fault("web-0", json!({"hanging": "before"}));
    kube.fault("web-2", json!({"forbidden": true}));
    kube.fault("web-3", json!({"short": 500}));
    let line = ["--on", "deploy/web", "fds", "--window", "0", "--timeout", "15s"];
    // Both wait for the one that hangs: side by side they wait once.
    let (said, json) = std::thread::scope(|s| {
        let json = s.spawn(|| ask(&kube, &[&line[..], &["--json"]].concat()));
        (ask(&kube, &line), json.join().unwrap())
    });
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.starts_with("CRITICAL"), "{}", said.out);
    for part in [
        "python3 (pid 1)",
        "web-0: ran out of time",
        "web-2: permission denied",
        "web-3: ",
        "3 not reached",
        "exit 3",
    ] {
        assert!(said.out.contains(part), "no {part:?} in\n{}", said.out);
    }
    let doc = document(&json);
    fits(&kube, &doc);
    assert_eq!((doc["status"].as_str(), doc["exit_code"].as_u64()), (Some("critical"), Some(3)));
    assert_eq!(doc["members"][0]["gap"]["why"], "timed_out");
    assert!(doc["members"][0].get("report").is_none());
}

#[test]
fn without_the_binary_the_exact_line_for_a_debug_container_is_printed() {
    let mut other = healthy("web-1");
    other["binary"] = json!("");
    other["object"] = json!({"spec": {"containers": [{"name": "app", "image": "web:1", "securityContext": {"runAsUser": 1000}}]}});
    let kube = deployment(&[healthy("web-0"), other]);
    let said = ask(&kube, &["--on", "deploy/web", "--context", "good", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    let line = "kubectl debug --context=good -n prod web-1 --image=IMAGE-WITH-PARAMEDIC --target=app --profile=general -it \
                --custom=<(echo '{\"securityContext\":{\"runAsUser\":1000}}') -- paramedic --target=1 fds --window=0";
    let plain = |text: &str| text.replace('\'', "");
    assert!(plain(&said.out).contains(&plain(line)), "{}", said.out);
    assert!(
        plain(&said.out).contains("paramedic --on pod/web-1 -n prod --context good --inject fds --window=0"),
        "{}",
        said.out
    );
}

#[test]
fn what_makes_no_sense_elsewhere_is_said_and_three() {
    let kube = deployment(&[healthy("web-0"), healthy("web-1")]);
    for (args, says) in [
        (&["--on", "pod/web-0", "explain"][..], "explain is not run elsewhere"),
        (&["--on", "pod/web-0", "--from", "x.json"], "--from"),
        (&["--on", "pod/web-0", "--watch"], "--watch"),
        (&["--on", "deploy/web", "snapshot"], "2 members"),
        (&["--on", "deploy/web", "fds", "-o", "snapshot"], "2 members"),
        (&["--on", "deploy/web", "fds", "-o", "dot"], "2 members"),
        (&["--on", "pod/web-0", "sockets", "--all"], "--all"),
        (&["--on", "web-0", "fds"], "pod/NAME"),
        (&["--on", "web.json", "fds"], "--from"),
        (&["-n", "prod", "fds"], "--on"),
        (&["--debug-container", "p:1", "fds"], "--on"),
        (&["pods", "--inject"], "--inject and --debug-container are for"),
        (&["--on", "pod/none", "fds"], "not found"),
        (&["-l", "app=none", "fds"], "app=none"),
        (&["--on", "pod/web-0", "fds", "--window", "9s", "--timeout", "2s"], "too short"),
    ] {
        let said = ask(&kube, args);
        assert_eq!(said.code, Some(3), "{args:?}: {said:?}");
        assert!(said.out.is_empty() && said.err.contains(says), "{args:?}: {said:?}");
    }
}

#[test]
fn one_member_is_its_own_report_and_a_scope_that_matches_nothing_there_is_three() {
    let kube = deployment(&[sick("web-0")]);
    let said = ask(&kube, &["--on", "pod/web-0", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.out.contains("web-0  container app · node node-1 · ready"), "{}", said.out);
    let doc = document(&ask(&kube, &["--on", "pod/web-0", "fds", "--window", "0", "--json"]));
    fits(&kube, &doc);
    assert_eq!(
        (codes(&doc["findings"]), doc["members"][0]["name"].as_str()),
        (vec!["fds/near-limit"], Some("web-0"))
    );
    let none = ask(&kube, &["--on", "pod/web-0", "fds", "--window", "0", "--name", "nobody"]);
    assert_eq!(none.code, Some(3), "{none:?}");
    assert!(none.out.contains("no process matches --name nobody"), "{none:?}");
    // The facts themselves, judged later.
    let facts = ask(&kube, &["--on", "pod/web-0", "fds", "--window", "0", "-o", "snapshot"]);
    assert_eq!(facts.code, Some(0), "{facts:?}");
    let file = kube.file("facts.json");
    std::fs::write(&file, &facts.out).unwrap();
    let later = ask(&kube, &["fds", "--from", file.to_str().unwrap(), "--json"]);
    assert_eq!((later.code, codes(&document(&later)["findings"])), (Some(2), vec!["fds/near-limit"]));
}

#[test]
fn another_configuration_than_that_of_the_environment_is_taken_and_repeated() {
    let kube = deployment(&[sick("web-0")]);
    let config = kube.file("config").display().to_string();
    let mut command = Command::new(binary());
    kube.clothe(&mut command).env_remove("KUBECONFIG").env("LC_ALL", "C.UTF-8");
    let said: Ended = command
        .args(["--kubeconfig", &config, "--on", "pod/web-0", "fds", "--window", "0"])
        .output()
        .unwrap()
        .into();
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.out.contains(&format!("--on pod/web-0 -n prod --kubeconfig {config} fds")), "{}", said.out);
    let mut command = Command::new(binary());
    kube.clothe(&mut command).env_remove("KUBECONFIG").args(["compare", "-l", "app=web"]);
    let none: Ended = command.output().unwrap().into();
    assert!(
        none.code == Some(3) && none.out.is_empty(),
        "one line, and no screen of undecided checks: {none:?}"
    );
    assert_eq!(none.err.lines().count(), 1, "{}", none.err);
}

/// Processes of a pod that hold this in their command line.
fn running(kube: &Kube, pod: &str, what: &str) -> String {
    let line = format!(
        "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -F -e {what} | grep -v grep; done; :"
    );
    kube.run(pod, &["sh", "-c", &line]).out
}

/// Waits for something to become so.
fn soon(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < until, "{what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn whoever_asked_is_gone_and_so_is_the_process_there() {
    let kube = deployment(&[healthy("web-0")]);
    let mut command = Command::new(binary());
    kube.clothe(&mut command).args(["--on", "pod/web-0", "fds", "--window", "10m"]);
    let mut client = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    soon("it runs there", || running(&kube, "web-0", "--until-stdin-ends").contains("--window=10m"));
    client.kill().unwrap();
    client.wait().unwrap();
    soon("it has ended there", || running(&kube, "web-0", "--until-stdin-ends").is_empty());
}

#[test]
fn as_a_plugin_it_is_called_kubectl_paramedic() {
    let kube = deployment(&[sick("web-0")]);
    let bin = tempfile::tempdir().unwrap();
    symlink(binary(), bin.path().join("kubectl-paramedic")).unwrap();
    let run = |args: &[&str]| -> Ended {
        let mut command = Command::new("kubectl");
        kube.clothe(&mut command).arg("paramedic").args(args);
        let path = command.get_envs().find(|(k, _)| *k == "PATH").and_then(|(_, v)| v).unwrap().to_owned();
        let path = format!("{}:{}", bin.path().display(), path.to_string_lossy());
        // The command itself is found by the path of the test.
        command.env("PATH", path).env("LC_ALL", "C.UTF-8").output().unwrap().into()
    };
    let version = run(&["--version"]);
    assert!(version.code == Some(0) && version.out.starts_with("paramedic "), "{version:?}");
    let help = run(&["sockets", "--help"]);
    assert!(help.out.contains("Usage: kubectl paramedic sockets"), "{help:?}");
    let said = run(&["--on", "pod/web-0", "-n", "prod", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.out.contains("kubectl paramedic --on pod/web-0 -n prod fds"), "{}", said.out);
    assert!(said.out.contains("kubectl paramedic explain fds/near-limit"), "{}", said.out);
}
