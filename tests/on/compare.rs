//! `compare` of pods and hosts that have no paramedic, or only some of them.

use super::{codes, deployment, document, inject::left, inject::run, running};
use crate::kube::{Ended, Kube, binary};
use serde_json::{Value, json};

const IMAGE: &str = "registry.example/paramedic:1";

/// A pod with nothing of ours in it, whose spec and first process have these variables.
fn bare(name: &str, env: &[(&str, &str)]) -> Value {
    let spec: Vec<Value> = env.iter().map(|(k, v)| json!({"name": k, "value": v})).collect();
    let secret =
        json!({"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}});
    let own: serde_json::Map<String, Value> = env.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    let spec = [&spec[..], &[secret]].concat();
    let container = json!({"name": "app", "image": "web:1", "env": spec});
    json!({"name": name, "binary": "", "env": own, "object": {"spec": {"containers": [container]}}})
}

const USUAL: [(&str, &str); 3] = [("TZ", "Europe/Berlin"), ("TOKEN", "pl4nted-Zx"), ("MODE", "a")];
const OTHER: [(&str, &str); 3] = [("TZ", "Asia/Tokyo"), ("TOKEN", "pl4nted-Qy"), ("MODE", "a")];

/// Four pods, the third of which has other variables.
fn fleet() -> Kube {
    let of = |n: usize| bare(&format!("web-{n}"), if n == 2 { &OTHER } else { &USUAL });
    deployment(&[of(0), of(1), of(2), of(3)])
}

fn titles(doc: &Value) -> Vec<String> {
    doc["findings"].as_array().unwrap().iter().map(|f| f["title"].as_str().unwrap().to_string()).collect()
}

fn gaps(doc: &Value) -> Vec<Value> {
    let sections = doc["sections"].as_array().unwrap();
    sections.iter().flat_map(|s| s["gaps"].as_array().unwrap().clone()).collect()
}

fn safe(said: Ended) -> Ended {
    assert!(!said.out.contains("pl4nted") && !said.err.contains("pl4nted"), "{said:?}");
    said
}

#[test]
fn without_it_what_the_cluster_says_is_compared_and_the_rest_is_a_gap() {
    let kube = fleet();
    let said = safe(super::ask(&kube, &["compare", "-l", "app=web", "-n", "prod", "--json"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    let doc = document(&said);
    assert_eq!(codes(&doc["findings"]), ["compare/env-differs"]);
    assert_eq!(titles(&doc), ["web-2 alone differs in 2 variables: TOKEN and TZ"]);
    let all = gaps(&doc);
    assert_eq!(all.len(), 4, "{all:#?}");
    for gap in &all {
        let detail = gap["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("no `paramedic` in its container app: only what the cluster says"),
            "{gap}"
        );
        assert_eq!(gap["remedy"], "paramedic compare -l app=web -n prod --inject");
    }
    // Nothing that is seen from inside is taken for equal.
    let clear = |code: &str| {
        let checks = doc["sections"][0]["checks"].as_array().unwrap();
        checks.iter().find(|c| c["code"] == code).unwrap()["outcome"] == "clear"
    };
    assert!(
        clear("compare/image-differs") && !clear("compare/file-differs") && !clear("compare/dns-differs"),
        "{doc}"
    );
    // Beside one that was seen from inside, variables of specs say nothing: an image has some of its own.
    let mut inside = bare("web-4", &USUAL);
    inside["binary"] = json!(binary());
    kube.pod(inside);
    let said = safe(super::ask(&kube, &["compare", "-l", "app=web", "-n", "prod", "--json"]));
    let doc = document(&said);
    assert_eq!((said.code, titles(&doc)), (Some(0), vec![]), "{doc}");
    assert_eq!(gaps(&doc).len(), 4);
}

#[test]
fn sent_there_or_from_beside_it_the_odd_one_is_named() {
    let kube = fleet();
    kube.tell(&json!({"images": {IMAGE: {"binary": binary()}}}));
    let key = "t0ld-0nly";
    let line = ["compare", "-l", "app=web", "--json", "--compare-key", key];
    let sent = safe(run(&kube, &[&line[..], &["--inject"]].concat()));
    let beside = safe(super::ask(&kube, &[&line[..], &["--debug-container", IMAGE]].concat()));
    for said in [&sent, &beside] {
        assert_eq!(said.code, Some(1), "{said:?}");
        let doc = document(said);
        assert_eq!(titles(&doc), ["web-2 alone differs in 2 variables: TOKEN and TZ"], "{said:?}");
        assert_eq!(gaps(&doc), [Value::Null; 0]);
    }
    for n in 0..4 {
        let pod = format!("web-{n}");
        assert!(sent.err.contains(&format!("inject  {pod}: removed /tmp/.paramedic-")), "{}", sent.err);
        assert_eq!(left(&kube, &pod), "");
        assert_eq!(running(&kube, &pod, "--brief"), "");
        assert!(
            beside.err.contains(&format!("debug  {pod} (container app): adds container")),
            "{}",
            beside.err
        );
    }
    let (requests, _) = kube.log();
    let mut told = requests.iter().chain([&sent.out, &sent.err, &beside.out, &beside.err]);
    assert!(!requests.is_empty() && !told.any(|t| t.contains(key)), "a key is told, and never shown");
}
