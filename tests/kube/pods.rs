//! `pods` against the stand-in, through the real kubectl.

use super::kube::Kube;
use serde_json::Value;
use std::path::Path;

/// What `pods` reports of the namespace `prod`.
fn pods(kube: &Kube, args: &[&str]) -> (Value, Option<i32>) {
    let ended = kube.paramedic(&[&["pods", "--json"], args].concat());
    let report = serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended:?}"));
    (report, ended.code)
}

fn outcome<'r>(report: &'r Value, code: &str) -> &'r str {
    let all = report["sections"][0]["checks"].as_array().expect("checks");
    let of = all.iter().find(|c| c["code"] == code).unwrap_or_else(|| panic!("{code}: {all:?}"));
    of["outcome"].as_str().expect("an outcome")
}

#[test]
fn a_namespace_is_judged_and_what_may_not_be_listed_is_a_gap_with_its_right() {
    let kube = Kube::start();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pods/namespace.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a fixture")).expect("JSON");
    for object in all["items"].as_array().expect("a list") {
        kube.object(object.clone());
    }
    let (report, code) = pods(&kube, &["-n", "prod"]);
    assert_eq!(code, Some(2), "{report}");
    for found in ["pods/crash-loop", "pods/oom-killed", "pods/not-ready", "pods/image-drift"] {
        assert_eq!(outcome(&report, found), "found", "{found}");
    }
    assert_eq!(outcome(&report, "pods/no-budget"), "clear");
    let next = report["findings"].to_string();
    assert!(next.contains("paramedic --on pod/cart-7f9c5d8b6-bbbbb -n prod memory"), "{next}");

    // One workload alone, by its labels.
    let (web, _) = pods(&kube, &["-n", "prod", "-l", "app=web"]);
    assert_eq!((outcome(&web, "pods/image-drift"), outcome(&web, "pods/crash-loop")), ("found", "clear"));

    kube.deny(&["list poddisruptionbudgets"]);
    let (report, _) = pods(&kube, &["-n", "prod"]);
    assert_eq!(outcome(&report, "pods/no-budget"), "unknown");
    assert_eq!(outcome(&report, "pods/crash-loop"), "found");
    let gaps = report["sections"][0]["gaps"].to_string();
    assert!(gaps.contains("the right to list poddisruptionbudgets is missing"), "{gaps}");

    kube.deny(&["list pods"]);
    let (report, code) = pods(&kube, &["-n", "prod"]);
    assert_eq!((code, report["findings"].as_array().map(Vec::len)), (Some(3), Some(0)), "{report}");
    assert!(report["sections"][0]["gaps"].to_string().contains("the right to list pods is missing"));

    kube.deny(&[]);
    let (_, code) = pods(&kube, &["-n", "empty"]);
    assert_eq!(code, Some(3), "a namespace without pods");
}
