//! `--inject`: this program is sent there, run and removed.

use super::{codes, deployment, document, running, soon};
use crate::kube::{Ended, Kube};
use serde_json::{Value, json};
use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
};

/// The static binary: `PARAMEDIC_STATIC`, else what was built for musl below Cargo's target directory.
pub fn fixed() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let built = |profile: &str| {
        target.parent().unwrap().join(format!("x86_64-unknown-linux-musl/{profile}/paramedic"))
    };
    let named = std::env::var_os("PARAMEDIC_STATIC").map(PathBuf::from);
    named.or_else(|| ["release", "debug"].iter().map(|p| built(p)).find(|p| p.exists())).unwrap_or_else(
        || panic!("a static binary is sent: name one with PARAMEDIC_STATIC, or build it for musl"),
    )
}

pub fn run(kube: &Kube, args: &[&str]) -> Ended {
    kube.clothe(&mut Command::new(fixed())).env("LC_ALL", "C.UTF-8").args(args).output().unwrap().into()
}

fn bare(name: &str) -> Value {
    json!({"name": name, "binary": ""})
}

/// What is left of it anywhere.
pub fn left(kube: &Kube, pod: &str) -> String {
    kube.run(pod, &["find", "/tmp", "/var/tmp", "/dev/shm", "/cache", "-name", "*paramedic*"]).out
}

#[test]
fn it_is_announced_runs_there_and_is_gone_afterwards() {
    let kube = deployment(&[super::sick("web-0")]);
    let mut other = super::sick("web-1");
    other["binary"] = json!("");
    kube.pod(other);
    let said = run(&kube, &["--on", "deploy/web", "--inject", "fds", "--window", "0", "--json"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let doc = document(&said);
    assert_eq!(codes(&doc["findings"]), ["fds/near-limit"], "the same from both");
    assert!(!said.err.contains("web-0"), "it has one: {}", said.err);
    for part in [
        "inject  web-1 (container app): ",
        "$TMPDIR, /tmp, /var/tmp, /dev/shm",
        "inject  web-1: removed /tmp/.paramedic-",
    ] {
        assert!(said.err.contains(part), "no {part:?} in {}", said.err);
    }
    assert_eq!(left(&kube, "web-1"), "");
    assert_eq!(running(&kube, "web-1", "paramedic"), "");
}

#[test]
fn whoever_sent_it_is_gone_and_so_is_all_of_it() {
    let kube = deployment(&[bare("web-0")]);
    let mut command = Command::new(fixed());
    kube.clothe(&mut command).args(["--on", "pod/web-0", "--inject", "fds", "--window", "10m"]);
    let mut client = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    soon("it runs there", || running(&kube, "web-0", "--until-stdin-ends").contains("--window=10m"));
    assert!(left(&kube, "web-0").contains(".paramedic-"));
    client.kill().unwrap();
    client.wait().unwrap();
    soon("it has ended there", || running(&kube, "web-0", "paramedic").is_empty());
    soon("it is removed", || left(&kube, "web-0").is_empty());
}

#[test]
fn a_read_only_root_takes_it_only_where_a_volume_runs_programs() {
    let mut none = bare("web-0");
    none["read_only"] = json!(true);
    let mut volume = none.clone();
    volume["name"] = json!("web-1");
    volume["object"] = json!({"spec": {"volumes": [{"name": "cache", "emptyDir": {}}], "containers": [
        {"name": "app", "image": "web:1", "volumeMounts": [{"name": "cache", "mountPath": "/cache"}]}]}});
    volume["tmpfs"] = json!({"/cache": "256m"});
    let kube = deployment(&[none, volume]);
    let said = run(&kube, &["--on", "deploy/web", "--inject", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("no directory there can be written to and lets programs run"), "{}", said.out);
    assert!(said.err.contains("inject  web-1: removed /cache/.paramedic-"), "{}", said.err);
    assert!(said.out.contains("web-1: nothing found"), "{}", said.out);
    assert_eq!(left(&kube, "web-1"), "");
}

#[test]
fn a_volume_that_is_too_small_is_said_and_left_as_it_was() {
    let mut small = bare("web-0");
    small["read_only"] = json!(true);
    small["tmpfs"] = json!({"/tmp": "1m"});
    let kube = deployment(&[small]);
    let said = run(&kube, &["--on", "pod/web-0", "--inject", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("bytes came over: is there room?"), "{}", said.out);
    assert_eq!(left(&kube, "web-0"), "");
}

#[test]
fn another_machine_and_a_pod_without_a_shell_are_refused() {
    let tools = tempfile::tempdir().unwrap();
    let uname = tools.path().join("uname");
    std::fs::write(&uname, "#!/bin/sh\necho armv7l\n").unwrap();
    std::fs::set_permissions(&uname, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut other = bare("web-0");
    other["binds"] = json!({tools.path().to_str().unwrap(): "/tools"});
    other["env"] = json!({"PATH": "/tools:/usr/bin:/bin"});
    let program = [fixed().to_str().unwrap().to_string()];
    let shell_less = json!({"name": "web-1", "distroless": true, "binary": program[0], "binary_at": "/srv/p",
        "program": ["/srv/p", "fds", "--window", "1h", "--timeout", "2h"]});
    let kube = deployment(&[other, shell_less]);
    let said = run(&kube, &["--on", "deploy/web", "--inject", "fds", "--window", "0"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("its machine is armv7l, this program is for x86_64"), "{}", said.out);
    assert!(said.out.contains("there is no shell either"), "{}", said.out);
    assert!(said.out.contains("kubectl debug"), "{}", said.out);
    assert_eq!(left(&kube, "web-0"), "");
    let found = run(&kube, &["--on", "pod/web-1", "--binary", "/srv/p", "fds", "--window", "0"]);
    assert_eq!(found.code, Some(0), "without a shell, where it is named: {found:?}");
}
