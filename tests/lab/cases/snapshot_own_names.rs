//! A pod's own names in its settings are no difference; everything else is.

use crate::harness::{Case, Document, Patient, Program};

const KEY: [&str; 2] = ["--compare-key", "k"];

/// A pod of a Deployment, with settings that name it.
fn pod(name: &str, address: &str, mode: &str) -> (Case, Patient) {
    let case = Case::new(name);
    case.tool(&["ip", "address", "add", &format!("{address}/32"), "dev", "lo"]);
    let variables = [
        format!("HOSTNAME={name}"),
        format!("POD_NAME={name}"),
        format!("POD_IP={address}"),
        "POD_NAMESPACE=prod".into(),
        format!("ADVERTISE=http://{address}:8080/{name}?next=10.0.0.100"),
        "CACHE_SERVICE_HOST=10.3.0.9".into(),
        "CACHE_SERVICE_PORT=6379".into(),
        format!("CACHE_PORT=tcp://10.3.0.9:{}", 6000 + name.len() + usize::from(address.ends_with('7'))),
        format!("MODE={mode}"),
    ];
    let line = ["/usr/bin/env", "-i"].into_iter().chain(variables.iter().map(String::as_str));
    let line: Vec<&str> = line.chain(["/usr/bin/sleep", "600"]).collect();
    let patient = case.start(Program::line("sleep", &line).sleeps());
    (case, patient)
}

/// All that must be equal of it.
fn equal(case: &Case, patient: &Patient) -> (Document, Vec<(String, String, serde_json::Value)>) {
    let document = Document::take(case, None, &[&KEY[..], &["--pid", &patient.pid().to_string()]].concat());
    let all = document.all("equal");
    (document, all)
}

#[test]
fn two_pods_that_differ_in_their_names_alone_are_equal_and_the_odd_one_is_not() {
    let (first, one) = pod("web-7f9c5d8b6-x2k4j", "10.0.0.7", "blue");
    let (second, two) = pod("web-7f9c5d8b6-zz9qd", "10.0.0.10", "blue");
    let (third, three) = pod("web-7f9c5d8b6-b5b5b", "10.0.0.12", "green");
    let (document, one) = equal(&first, &one);
    assert_eq!(document.identity("hostname"), "web-7f9c5d8b6-x2k4j");
    assert_eq!(document.identity("pod"), "web-7f9c5d8b6-x2k4j");
    assert_eq!(document.identity("namespace"), "prod");
    assert_eq!(document.identity("addresses")[0], "10.0.0.7");
    let two = equal(&second, &two).1;
    let differ: Vec<_> = one.iter().zip(&two).filter(|(a, b)| a != b).collect();
    assert!(differ.is_empty() && one.len() == two.len() && one.len() > 60, "{differ:?}");
    let three = equal(&third, &three).1;
    let names: Vec<&str> =
        one.iter().zip(&three).filter(|(a, b)| a != b).map(|(a, _)| a.1.as_str()).collect();
    assert_eq!(names, ["MODE"]);
}

#[test]
fn the_container_that_we_are_in_is_its_first_process() {
    let case = Case::new("box");
    let document = Document::take(&case, None, &KEY);
    // The first process of the lab's host has this as its only variable.
    assert_eq!(document.value("env", "PATH"), "/usr/sbin:/usr/bin:/sbin:/bin", "{}", document.text);
    assert_eq!(document.value("process", "processes_count"), 1.0, "we are none of them");
    assert!(document.value("version", "exe").as_str().is_some_and(|e| e.contains("python3")));
    assert!(document.value("sysctl", "net.ipv4.ip_local_port_range").is_string());
    case.sysctl("net/ipv4/tcp_fin_timeout", "7");
    assert_eq!(Document::take(&case, None, &KEY).value("sysctl", "net.ipv4.tcp_fin_timeout"), "7");
}

#[test]
fn what_another_user_may_not_read_is_a_gap_and_not_absent() {
    let (case, patient) = pod("web-7f9c5d8b6-x2k4j", "10.0.0.7", "blue");
    let pid = patient.pid().to_string();
    let args = [&KEY[..], &["--pid", &pid]].concat();
    let document = Document::take(&case, Some(crate::harness::NOBODY), &args);
    assert_eq!(document.value("env", "*")["unseen"], "denied", "{}", document.text);
    assert_eq!(document.value("env", "MODE"), serde_json::Value::Null);
    let gap = document
        .gaps()
        .iter()
        .any(|g| g["why"] == "denied" && g["subject"].as_str().unwrap().contains("environment"));
    assert!(gap, "{}", document.text);
    // What everybody may see is seen.
    assert!(document.value("limit", "nofile_soft_count").is_number());
    assert!(document.value("version", "kernel").is_string());
}
