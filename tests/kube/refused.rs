//! Every way in which a pod gives no answer has its own name, over either way to it.

use crate::asked::{MOST, ask, member, soon, ways};
use crate::kube::Kube;
use paramedic::source::reach::{Input, Refusal, Refused, Spec, resolve};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn resolved(kube: &Kube, context: &str, word: &str) -> Refused {
    let spec = Spec::parse(word, false).expect("a word that names a pod");
    match resolve(&kube.reach(context), &[spec], None, soon()) {
        Err(refused) => refused,
        Ok(members) => panic!("{context} {word}: {members:?}"),
    }
}

#[test]
fn who_cannot_come_to_the_cluster_is_told_why() {
    let kube = Kube::start();
    kube.canned("web-0", b"{}");
    let kind = |context: &str| resolved(&kube, context, "pod/web-0");
    assert_eq!(kind("no-such-context").kind, Refusal::NoContext);
    assert_eq!(kind("expired").kind, Refusal::Unauthenticated);
    assert_eq!(kind("foreign").kind, Refusal::Unauthenticated);
    assert_eq!(kind("nowhere").kind, Refusal::Unreachable);
    // The plugin's own words, and kubectl's.
    let failed = kind("plugin-fails");
    assert_eq!(failed.kind, Refusal::Unauthenticated);
    assert!(failed.words.contains("sso: session expired, run sso login"), "{failed:?}");
    assert!(failed.words.contains("exit code 7"), "{failed:?}");
    let missing = kind("plugin-missing");
    assert_eq!(missing.kind, Refusal::Unauthenticated);
    assert!(missing.words.contains("no-such-credential-plugin"), "{missing:?}");
    kube.deny(&["get pods"]);
    let forbidden = kind("good");
    assert_eq!(forbidden.kind, Refusal::Forbidden);
    assert!(forbidden.remedy.as_deref().is_some_and(|r| r.contains("`get pods`")), "{forbidden:?}");
}

#[test]
fn who_names_nobody_is_told_so() {
    let kube = Kube::start();
    kube.canned("web-0", b"{}");
    let gone = |word: &str| {
        let refused = resolved(&kube, "good", word);
        assert_eq!(refused.kind, Refusal::Gone, "{word}: {refused:?}");
        refused.words
    };
    assert!(gone("pod/web-9").contains("web-9"));
    assert!(gone("deploy/web").contains("web"));
    kube.object(json!({"kind": "Deployment", "metadata": {"name": "api", "namespace": "prod"},
                       "spec": {"selector": {"matchLabels": {"app": "api"}}}}));
    assert!(gone("deploy/api").contains("no pods in namespace prod"));
    kube.object(json!({"kind": "Service", "metadata": {"name": "none", "namespace": "prod"}, "spec": {}}));
    assert!(gone("svc/none").contains("selector"));
    let mut reach = kube.reach("elsewhere");
    reach.kubectl.cluster.selector = Some("app=web".into());
    let none = resolve(&reach, &[], None, soon()).expect_err("a namespace without pods");
    assert_eq!(none.kind, Refusal::Gone);
    assert!(none.words.contains("namespace default"), "{none:?}");
    let mut reach = kube.reach("good");
    reach.kubectl.cluster.container = Some("db".into());
    let none = resolve(&reach, &[Spec::Pod("web-0".into())], None, soon()).expect_err("no such container");
    assert!(none.words.contains("it has app"), "{none:?}");
}

#[test]
fn each_fault_of_an_exec_has_its_own_name_on_both_ways() {
    let kube = Kube::start();
    kube.pod(json!({"name": "web-0"}));
    kube.pod(json!({"name": "web-1"}));
    let line = ["sh", "-c", "echo 0123456789"];
    for (way, reach) in ways(&kube, "good", "web-0") {
        let web = member(&reach, "web-0");
        let refused = |fault: Value| {
            kube.fault("web-0", fault.clone());
            let answer = ask(&reach, &web, &line, &Input::default());
            kube.fault("web-0", json!({}));
            match answer {
                Err(refused) => refused,
                Ok(answer) => panic!("{way}: {fault}: {answer:?}"),
            }
        };
        for (fault, kind) in [
            (json!({"vanished": true}), Refusal::Gone),
            (json!({"cut": 5}), Refusal::Cut),
            (json!({"cut": 0}), Refusal::Cut),
            (json!({"garbage": true}), Refusal::Cut),
            (json!({"endless": true}), Refusal::TooMuch),
            (json!({"bad_request": true}), Refusal::Other),
        ] {
            let refused = refused(fault.clone());
            assert_eq!(refused.kind, kind, "{way}: {fault}: {refused:?}");
            assert!(!refused.words.is_empty(), "{way}: {fault}");
        }
        let forbidden = refused(json!({"forbidden": true}));
        assert_eq!(forbidden.kind, Refusal::Forbidden, "{way}: {forbidden:?}");
        let remedy = forbidden.remedy.unwrap_or_default();
        assert!(remedy.contains("`get pods/exec` and `create pods/exec`"), "{way}: {remedy}");
        // kubectl takes a close in order for an end in order; over the proxy we do not.
        kube.fault("web-0", json!({"no_status": true}));
        let silent = ask(&reach, &web, &line, &Input::default());
        kube.fault("web-0", json!({}));
        match (way, silent) {
            ("kubectl proxy", answer) => assert_eq!(answer.expect_err(way).kind, Refusal::Cut),
            (_, answer) => assert_eq!(answer.expect(way).said.stdout, b"0123456789\n"),
        }
        let missing = ask(&reach, &web, &["no-such-program"], &Input::default()).expect_err(way);
        assert_eq!(missing.kind, Refusal::NoBinary, "{way}: {missing:?}");
        let missing = ask(&reach, &web, &["/no/such/program"], &Input::default()).expect_err(way);
        assert_eq!(missing.kind, Refusal::NoBinary, "{way}: {missing:?}");
        // What the program says of itself is not the transport's failure.
        let own = ask(
            &reach,
            &web,
            &["sh", "-c", "echo 'Error from server (Forbidden)' >&2; exit 1"],
            &Input::default(),
        );
        assert_eq!(own.unwrap_or_else(|e| panic!("{way}: {e:?}")).said.code, Some(1));
        // The others are still well.
        let other = member(&reach, "web-1");
        assert!(ask(&reach, &other, &line, &Input::default()).is_ok(), "{way}");
    }
}

#[test]
fn who_hangs_is_late_and_no_later_than_we_said() {
    let kube = Kube::start();
    kube.pod(json!({"name": "web-0"}));
    let argv = ["echo".to_string(), "x".to_string()];
    for (way, reach) in ways(&kube, "good", "web-0") {
        let web = member(&reach, "web-0");
        for at in ["before", "after", "output"] {
            kube.fault("web-0", json!({"hanging": at}));
            let begun = Instant::now();
            let until = begun + Duration::from_secs(2);
            let late = reach.ask(&web, &argv, &Input::default(), MOST, until).expect_err(way);
            assert_eq!(late.kind, Refusal::Late, "{way}: {at}: {late:?}");
            assert!(begun.elapsed() < Duration::from_secs(12), "{way}: {at}: {:?}", begun.elapsed());
        }
        // Slow is not hanging.
        kube.fault("web-0", json!({"slow": 0.3, "drip": 0.01, "drip_bytes": 1}));
        let slow = ask(&reach, &web, &["echo", "slow"], &Input::default());
        assert_eq!(slow.unwrap_or_else(|e| panic!("{way}: {e:?}")).said.stdout, b"slow\n");
        kube.fault("web-0", json!({}));
    }
}

#[test]
fn an_answer_cut_at_any_byte_is_never_a_whole_one() {
    let kube = Kube::start();
    let whole: Vec<u8> = (0..2_000u32).flat_map(|n| format!("{n},").into_bytes()).collect();
    kube.canned("web-0", &whole);
    let [_, (_, reach)] = ways(&kube, "good", "web-0");
    let web = member(&reach, "web-0");
    assert_eq!(ask(&reach, &web, &["x"], &Input::default()).expect("whole").said.stdout, whole);
    for at in (0..whole.len()).step_by(397).chain([1, whole.len() - 1, whole.len()]) {
        kube.fault("web-0", json!({"cut": at}));
        let cut = ask(&reach, &web, &["x"], &Input::default()).expect_err("cut");
        assert_eq!(cut.kind, Refusal::Cut, "{at}: {cut:?}");
    }
}
