//! `--debug-container`: a container is added beside the one that is looked at, and asked.

use super::{codes, deployment, document, healthy};
use crate::kube::{Ended, Kube, binary};
use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Stdio},
};

const IMAGE: &str = "registry.example/paramedic:1";

/// Nothing of ours in it, and 90 of 100 descriptors in use; as this user, as its spec says.
fn bare(name: &str, user: Option<u32>) -> Value {
    let mut pod = super::sick(name);
    pod["binary"] = json!("");
    if let Some(user) = user {
        pod["uid"] = json!(user);
        let context = json!({"runAsUser": user, "runAsGroup": user});
        pod["object"] =
            json!({"spec": {"containers": [{"name": "app", "image": "web:1", "securityContext": context}]}});
    }
    pod
}

/// A deployment whose machines can pull the image.
fn with_image(pods: &[Value]) -> Kube {
    let kube = deployment(pods);
    kube.tell(&json!({"images": {IMAGE: {"binary": binary()}, "empty:1": {}}}));
    kube
}

fn ask(kube: &Kube, image: &str, args: &[&str]) -> Ended {
    super::ask(kube, &[&["--debug-container", image, "fds", "--window", "0"], args].concat())
}

/// How many containers were asked for since the last time.
fn added(kube: &Kube) -> usize {
    kube.log().0.iter().filter(|r| r.starts_with("PATCH ") && r.contains("/ephemeralcontainers")).count()
}

#[test]
fn it_is_added_once_says_so_and_sees_what_is_seen_from_inside() {
    let kube = with_image(&[healthy("web-0"), bare("web-1", None), bare("web-2", Some(1000))]);
    let said = ask(&kube, IMAGE, &["--on", "deploy/web", "--json"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let doc = document(&said);
    super::fits(&kube, &doc);
    let status = |n: usize| doc["members"][n]["status"].as_str().unwrap();
    assert_eq!([status(0), status(1), status(2)], ["clear", "critical", "critical"], "{doc}");
    for n in [1, 2] {
        assert_eq!(codes(&doc["members"][n]["report"]["findings"]), ["fds/near-limit"], "{doc}");
        let line = format!("debug  web-{n} (container app): adds container paramedic-");
        assert!(said.err.contains(&line), "no {line:?} in {}", said.err);
    }
    assert!(!said.err.contains("web-0"), "it has one: {}", said.err);
    assert_eq!(added(&kube), 2);
    // Nobody can remove them: they are asked again.
    let again = ask(&kube, IMAGE, &["--on", "deploy/web"]);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("is there already") && !again.err.contains("adds"), "{}", again.err);
    assert_eq!(added(&kube), 0);
    assert!(
        again.out.contains(&format!("--on pod/web-1 -n prod --debug-container {IMAGE} fds")),
        "{}",
        again.out
    );
}

#[test]
fn a_policy_that_refuses_is_named_and_what_needs_no_right_is_let_in() {
    let kube = with_image(&[bare("web-0", None), bare("web-1", Some(1000))]);
    for policy in ["baseline", "restricted"] {
        kube.tell(&json!({"pod_security": policy}));
        let said = ask(&kube, IMAGE, &["--on", "pod/web-0"]);
        assert_eq!(said.code, Some(3), "{said:?}");
        let name = format!("the pod security policy `{policy}:latest` refuses it");
        assert!(said.out.contains(&name) && said.out.contains("set runAsUser"), "{}", said.out);
    }
    let said = ask(&kube, IMAGE, &["--on", "pod/web-1"]);
    assert_eq!(said.code, Some(2), "as the same user: {said:?}");
    kube.tell(&json!({"pod_security": null, "deny": ["patch pods/ephemeralcontainers"]}));
    let said = ask(&kube, IMAGE, &["--on", "pod/web-0"]);
    assert!(
        said.code == Some(3) && said.out.contains("the right `patch pods/ephemeralcontainers`"),
        "{said:?}"
    );
}

#[test]
fn one_that_does_not_start_is_refused_with_the_reason() {
    let root = json!({"runAsNonRoot": true, "runAsUser": 0});
    let mut stuck = bare("web-1", None);
    stuck["object"] = json!({"spec": {"containers": [{"name": "app", "image": "web:1", "securityContext": root}],
        "securityContext": {"runAsNonRoot": true}}});
    let mut unknown = bare("web-2", None);
    unknown["object"] = json!({"spec": {"securityContext": {"runAsNonRoot": true}}});
    let mut together = bare("web-3", None);
    together["object"] = json!({"spec": {"shareProcessNamespace": true}});
    let kube = with_image(&[bare("web-0", None), stuck, unknown, together]);
    let refused = |pod: &str, image: &str| {
        let said = ask(&kube, image, &["--on", &format!("pod/{pod}")]);
        assert_eq!(said.code, Some(3), "{said:?}");
        said.out
    };
    let out = refused("web-0", "registry.example/none:1");
    assert!(out.contains("ImagePullBackOff: "), "{out}");
    assert!(out.contains("kubectl describe pod -n prod web-0"), "{out}");
    assert_eq!(added(&kube), 1);
    // Another of the same would be stuck beside it.
    assert!(refused("web-0", "registry.example/none:1").contains("ImagePullBackOff"));
    assert_eq!(added(&kube), 0);
    let out = refused("web-1", IMAGE);
    assert!(out.contains("CreateContainerConfigError: container has runAsNonRoot"), "{out}");
    let out = refused("web-0", "empty:1");
    assert!(
        out.contains("ended with 128: StartError") && out.contains("kubectl logs -n prod web-0 -c"),
        "{out}"
    );
    added(&kube);
    // What would be stuck for good, or look at the wrong one, is not begun.
    assert!(refused("web-2", IMAGE).contains("runAsNonRoot and no runAsUser"));
    assert!(refused("web-3", IMAGE).contains("--target PID"));
    assert_eq!(added(&kube), 0);
}

#[test]
fn who_sits_at_a_terminal_is_asked_first() {
    let kube = with_image(&[bare("web-0", None)]);
    let answer = |word: &str| -> Ended {
        let line = format!("{} --on pod/web-0 --debug-container {IMAGE} fds --window 0", binary().display());
        // A terminal of its own, which `script` types into.
        let mut command = Command::new("script");
        kube.clothe(&mut command).args(["-qec", &line, "/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(format!("{word}\n").as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    };
    let no = answer("n");
    assert!(
        no.code == Some(3) && no.out.contains("Go on? [y/N]") && no.out.contains("nothing was added"),
        "{no:?}"
    );
    assert_eq!(added(&kube), 0);
    let yes = answer("y");
    assert!(yes.code == Some(2) && yes.out.contains("python3 (pid 1)"), "{yes:?}");
    assert_eq!(added(&kube), 1);
}
