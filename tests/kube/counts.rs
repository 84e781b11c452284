//! The stand-in counts only while real kubectls get right answers from it.

use crate::kube::{Kube, fetched};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

fn kube() -> Kube {
    let kube = Kube::start();
    for n in 0..3 {
        kube.pod(json!({"name": format!("web-{n}"), "labels": {"tier": if n == 2 { "odd" } else { "even" }},
                        "env": {"COLOUR": format!("c{n}")}, "memory": 64 << 20}));
    }
    kube
}

/// What every kubectl asks for over plain HTTP.
fn gets(kube: &Kube, kubectl: &Path) {
    let run = |args: &[&str]| kube.kubectl(kubectl, args, b"");
    let list = run(&["get", "pods"]);
    assert_eq!(list.code, Some(0), "{list:?}");
    let names: Vec<_> = list.out.lines().skip(1).filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(names, ["web-0", "web-1", "web-2"]);
    // Pages, a selector, and one object.
    kube.tell(&json!({"page": 2}));
    assert_eq!(run(&["get", "pods", "-o", "name"]).out.lines().count(), 3);
    let raw = run(&["get", "--raw", "/api/v1/namespaces/prod/pods?labelSelector=tier%3Dodd"]);
    let raw: Value = serde_json::from_str(&raw.out).unwrap_or_else(|e| panic!("{raw:?}: {e}"));
    assert_eq!(raw["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(run(&["get", "pods", "-l", "tier in (odd, none)", "-o", "name"]).out, "pod/web-2\n");
    assert_eq!(run(&["get", "pod", "web-1", "-o", "jsonpath={.status.phase}"]).out, "Running");
    let missing = run(&["get", "pod", "web-9"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains(r#"pods "web-9" not found"#), "{missing:?}");
    let forbidden = {
        kube.deny(&["list services"]);
        run(&["get", "services"])
    };
    kube.deny(&[]);
    assert!(forbidden.err.contains(r#"User "ada" cannot list resource "services""#), "{forbidden:?}");
    for context in ["expired", "foreign"] {
        let refused = run(&[&format!("--context={context}"), "get", "pods"]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.err.contains("Unauthorized"), "{context}: {refused:?}");
    }
    assert_eq!(run(&["--context=cert", "get", "pods", "-o", "name"]).out.lines().count(), 3);
}

/// What a kubectl that speaks WebSocket gets of exec.
fn execs(kube: &Kube, kubectl: &Path) {
    let run = |args: &[&str], input: &[u8]| kube.kubectl(kubectl, args, input);
    let said = run(&["exec", "web-1", "--", "sh", "-c", "hostname; echo $COLOUR; echo e >&2; exit 7"], b"");
    assert_eq!((said.code, said.out.as_str()), (Some(7), "web-1\nc1\n"), "{said:?}");
    assert!(said.err.contains("e\n") && said.err.contains("exit code 7"), "{said:?}");
    let echo: String = (0..40_000).map(|n| format!("{n}\n")).collect();
    let said = run(&["exec", "-i", "web-0", "--", "cat"], echo.as_bytes());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out == echo, "{} bytes of {}", said.out.len(), echo.len());
    let said = run(&["exec", "web-0", "--", "seq", "200000"], b"");
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 200_000));
    let missing = run(&["exec", "web-0", "--", "no-such-program"], b"");
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("executable file not found"), "{missing:?}");
    let gone = run(&["exec", "web-9", "--", "true"], b"");
    assert!(gone.err.contains(r#"pods "web-9" not found"#), "{gone:?}");
    kube.deny(&["get pods/exec", "create pods/exec"]);
    let forbidden = run(&["exec", "web-0", "--", "true"], b"");
    kube.deny(&[]);
    assert!(forbidden.err.contains(r#"resource "pods/exec""#), "{forbidden:?}");
    // Cut: kubectl itself notices when the connection ends.
    kube.fault("web-2", json!({"cut": 5}));
    let cut = run(&["exec", "web-2", "--", "echo", "0123456789"], b"");
    kube.fault("web-2", json!({}));
    assert_eq!((cut.code, cut.out.as_str()), (Some(1), "01234"), "{cut:?}");
}

/// What a kubectl that knows profiles gets of ephemeral containers.
fn debugs(kube: &Kube, kubectl: &Path) {
    let run = |args: &[&str]| kube.kubectl(kubectl, args, b"");
    kube.tell(&json!({"images": {"tools:1": {}}}));
    let debug = |pod: &str, image: &str| {
        let image = format!("--image={image}");
        run(&[
            "debug",
            pod,
            &image,
            "--target=app",
            "--container=beside",
            "--profile=general",
            "--",
            "sleep",
            "600",
        ])
    };
    let added = debug("web-0", "tools:1");
    assert_eq!(added.code, Some(0), "{added:?}");
    let state = |pod: &str| {
        run(&["get", "pod", pod, "-o", "jsonpath={.status.ephemeralContainerStatuses[0].state}"]).out
    };
    let until = Instant::now() + Duration::from_secs(20);
    while !state("web-0").contains("running") {
        assert!(Instant::now() < until, "{}", state("web-0"));
    }
    // The processes and the name of the pod, and mounts of its own.
    let line = "cat /proc/1/cmdline | tr '\\0' ' '; hostname; readlink /proc/1/ns/net /proc/self/ns/net | uniq | wc -l; \
                readlink /proc/1/ns/mnt /proc/self/ns/mnt | uniq | wc -l";
    let said = run(&["exec", "web-0", "-c", "beside", "--", "sh", "-c", line]);
    assert!(said.out.contains("serves.py") && said.out.ends_with("web-0\n1\n2\n"), "{said:?}");
    assert!(debug("web-1", "none:1").code == Some(0), "what cannot be pulled is found out later");
    while !state("web-1").contains("ImagePullBackOff") {
        assert!(Instant::now() < until, "{}", state("web-1"));
    }
    kube.tell(&json!({"pod_security": "restricted"}));
    let refused = debug("web-2", "tools:1");
    kube.tell(&json!({"pod_security": null}));
    assert!(
        refused.code == Some(1) && refused.err.contains("violates PodSecurity \"restricted:latest\""),
        "{refused:?}"
    );
}

fn must_be_fetched(which: &str) -> PathBuf {
    fetched(which).unwrap_or_else(|| panic!("no kubectl `{which}`: run tests/kube/kubectls"))
}

#[test]
fn a_new_kubectl_gets_right_answers_from_the_stand_in() {
    let (kube, kubectl) = (kube(), must_be_fetched("new"));
    gets(&kube, &kubectl);
    execs(&kube, &kubectl);
    debugs(&kube, &kubectl);
}

#[test]
fn debians_kubectl_gets_right_answers_where_it_need_not_speak_spdy() {
    let (kube, kubectl) = (kube(), must_be_fetched("debian"));
    gets(&kube, &kubectl);
    let said = kube.kubectl(&kubectl, &["exec", "web-1", "--", "true"], b"");
    assert_eq!(said.code, Some(1), "{said:?}");
}

#[test]
fn the_kubectl_of_this_machine_gets_the_same() {
    // Where there is none of its own, Debian's stands for it.
    let own = PathBuf::from("/usr/bin/kubectl");
    let kube = kube();
    if own.exists() {
        gets(&kube, &own);
        let version = kube.kubectl(&own, &["version", "--client"], b"");
        if !version.out.contains("v1.20.") {
            execs(&kube, &own);
        }
    } else {
        gets(&kube, &must_be_fetched("debian"));
    }
}
