//! `compare` on real pods: the odd one is named, whatever is planted in it, and a healthy set stays silent.

use crate::kube::{Ended, Kube, NAMESPACE};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What every pod has that nobody may read.
const SECRETS: [(&str, &str); 5] = [
    ("DB_PASSWORD", "pl4nted-hunter2-Zx"),
    ("DATABASE_URL", "postgres://ada:pl4nted-url-Qy@db.prod:5432/shop?sslmode=require"),
    ("API_TOKEN", "ghp_pl4ntedTokenWv0123456789"),
    ("SETTINGS", r#"{"smtp":{"password":"pl4nted-json-Rt"}}"#),
    ("SIGNING_KEY", "cGw0bnRlZC1rZXktVXM="),
];
/// What of these, and of those of the odd ones, would give them away.
const GIVES_AWAY: [&str; 5] = ["pl4nted", "cGw0bnRlZC", "hunter2", "TokenWv", "file-secret-Ab"];

const CONFIG: &str = "pool = 20\ntoken = file-secret-Ab\n";

/// What is wrong with the odd pod.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plant {
    Variable,
    Secret,
    NoVariable,
    StaleFile,
    Mode,
    NoFile,
    Resolver,
    FullVolume,
    OpenFiles,
    MemoryLimit,
    Image,
    Program,
    NoVolume,
    Sysctl,
    Command,
    Memory,
    Descriptors,
}

impl Plant {
    const ALL: [Plant; 17] = [
        Plant::Variable,
        Plant::Secret,
        Plant::NoVariable,
        Plant::StaleFile,
        Plant::Mode,
        Plant::NoFile,
        Plant::Resolver,
        Plant::FullVolume,
        Plant::OpenFiles,
        Plant::MemoryLimit,
        Plant::Image,
        Plant::Program,
        Plant::NoVolume,
        Plant::Sysctl,
        Plant::Command,
        Plant::Memory,
        Plant::Descriptors,
    ];

    fn code(self) -> &'static str {
        match self {
            Plant::Variable | Plant::Secret | Plant::NoVariable => "compare/env-differs",
            Plant::StaleFile | Plant::Mode | Plant::NoFile => "compare/file-differs",
            Plant::Resolver => "compare/dns-differs",
            Plant::FullVolume => "compare/disk-outlier",
            Plant::OpenFiles | Plant::MemoryLimit => "compare/limits-differ",
            Plant::Image => "compare/image-differs",
            Plant::Program => "compare/version-differs",
            Plant::NoVolume => "compare/mounts-differ",
            Plant::Sysctl => "compare/sysctl-differs",
            Plant::Command => "compare/process-differs",
            Plant::Memory => "compare/memory-outlier",
            Plant::Descriptors => "compare/fd-outlier",
        }
    }

    /// What is known before the pod begins.
    fn spec(self, spec: &mut Value) {
        match self {
            Plant::Variable => spec["env"]["TZ"] = json!("Asia/Tokyo"),
            Plant::Secret => spec["env"]["DB_PASSWORD"] = json!("pl4nted-0ther-Zx"),
            Plant::NoVariable => spec["env"]["FEATURES"] = Value::Null,
            Plant::StaleFile => {
                spec["files"]["/etc/app/app.conf"] = json!("pool = 5\ntoken = file-secret-Ab\n");
            }
            Plant::Resolver => {
                let text = "search prod.svc.cluster.local\nnameserver 10.96.0.11\noptions ndots:5\n";
                spec["files"]["/etc/resolv.conf"] = json!(text);
            }
            Plant::OpenFiles => spec["nofile"] = json!([1024, 1024]),
            Plant::MemoryLimit => spec["memory"] = json!(128 << 20),
            Plant::Image => {
                spec["image_id"] = json!(format!("registry.example/web@sha256:{}", "2e".repeat(32)));
                spec["node"] = json!("node-7");
                spec["revision"] = json!("84b5f6d9c7");
            }
            Plant::NoVolume => spec["tmpfs"] = json!({}),
            Plant::Sysctl => spec["sysctls"] = json!({"net/ipv4/tcp_keepalive_time": 120}),
            Plant::Command => {
                spec["program"] = json!(["/usr/bin/python3", "-I", "/app/patients/serves.py", "--debug"]);
                spec["ready"] = json!(true);
            }
            Plant::Mode
            | Plant::NoFile
            | Plant::FullVolume
            | Plant::Program
            | Plant::Memory
            | Plant::Descriptors => {}
        }
    }

    /// What is done in the running pod.
    fn script(self) -> &'static str {
        match self {
            Plant::Mode => "chmod 600 /srv/settings",
            Plant::NoFile => "rm /srv/settings",
            Plant::FullVolume => "rm /cache/own; head -c 4050000 /dev/zero > /cache/full",
            Plant::Program => "sed -i s/1.2.3/1.2.2/ /srv/tool",
            // It leaked since it began, as its clients would have it.
            Plant::Memory => "/usr/bin/python3 -I -c \"$ASK\" 'http://127.0.0.1:8080/keep?mib=160'",
            Plant::Descriptors => "/usr/bin/python3 -I -c \"$ASK\" 'http://127.0.0.1:8080/keep?fds=300'",
            _ => "true",
        }
    }
}

/// Pods that are well, and more that are not.
struct Fleet {
    kube: Kube,
    made: usize,
    well: Vec<String>,
    /// The first process of each, as this machine sees it.
    pids: HashMap<String, String>,
}

impl Fleet {
    /// So many that are well.
    fn new(count: usize) -> Self {
        let mut fleet = Self { kube: Kube::start(), made: 0, well: vec![], pids: HashMap::new() };
        fleet.well = (0..count).map(|_| fleet.pod(&[])).collect();
        fleet
    }

    /// A pod with names, an address and a use of its own; its name.
    fn pod(&mut self, plants: &[Plant]) -> String {
        self.made += 1;
        let (n, safe) = (self.made, "bcdfghjklmnpqrstvwxz2456789".as_bytes());
        // Odd pods come first and last in order, as it happens.
        let letter = |place: usize| safe[(n * 7 + place * 11 + n * n * place) % safe.len()] as char;
        let last: String = (0..4).map(letter).chain([safe[n % safe.len()] as char]).collect();
        let hash = if plants.contains(&Plant::Image) { "84b5f6d9c7" } else { "7f9c5d8b6" };
        let (name, address) = (format!("web-{hash}-{last}"), format!("10.244.3.{n}"));
        let node = format!("node-{}", n % 3);
        let mut spec = json!({
            "name": name, "address": address, "node": node, "revision": "7f9c5d8b6", "labels": {"pod": name},
            "memory": 256 << 20,
            "files": {"/etc/app/app.conf": CONFIG},
            "tmpfs": {"/cache": "4m"},
            "env": {
                "TZ": "Europe/Berlin", "FEATURES": "a,b", "POD_NAME": name, "POD_IP": address, "NODE_NAME": node,
                "ADVERTISE": format!("http://{address}:8080/{name}"), "DATA_DIR": format!("/data/{name}"),
            },
        });
        // A pod that began later knows of more services.
        let links = [
            ("SERVICE_HOST", "10.96.7.7"),
            ("SERVICE_PORT", "80"),
            ("PORT", "tcp://10.96.7.7:80"),
            ("PORT_80_TCP", "tcp://10.96.7.7:80"),
            ("PORT_80_TCP_PROTO", "tcp"),
            ("PORT_80_TCP_PORT", "80"),
            ("PORT_80_TCP_ADDR", "10.96.7.7"),
        ];
        for (key, value) in links.into_iter().filter(|_| n % 2 == 0) {
            spec["env"][format!("CART_{key}")] = json!(value);
        }
        for (key, value) in SECRETS {
            spec["env"][key] = json!(value);
        }
        plants.iter().for_each(|p| p.spec(&mut spec));
        self.pids.insert(name.clone(), self.kube.pod(spec).pid.to_string());
        let load = n % 5 * 150_000;
        let mut script = format!(
            "ASK='import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()'; umask 022; mkdir -p /srv /cache; echo colour=blue > /srv/settings; printf '#!/bin/sh\\necho tool 1.2.3\\n' > \
             /srv/tool; chmod 755 /srv/tool; head -c {load} /dev/zero > /cache/own"
        );
        for plant in plants {
            script += "; ";
            script += plant.script();
        }
        if plants.contains(&Plant::NoVolume) {
            script += "; rm -r /cache";
        }
        let said = self.kube.run(&name, &["sh", "-c", &script]);
        assert_eq!(said.code, Some(0), "{plants:?}: {said:?}");
        name
    }

    /// What is said of these pods.
    fn ask(&self, pods: &[&String], more: &[&str]) -> Ended {
        let names: Vec<&str> = pods.iter().map(|p| p.as_str()).collect();
        let selector = format!("app=web,pod in ({})", names.join(","));
        self.run(&[&["-n", NAMESPACE, "-l", &selector], more].concat())
    }

    fn run(&self, more: &[&str]) -> Ended {
        let args = ["compare", "--file=/srv/settings", "--exec-version=/srv/tool"];
        let said = self.kube.paramedic(&[&args, more].concat());
        for secret in GIVES_AWAY {
            assert!(!said.out.contains(secret) && !said.err.contains(secret), "{secret}: {said:?}");
        }
        said
    }

    fn report(&self, pods: &[&String], more: &[&str]) -> (Option<i32>, Value) {
        let said = self.ask(pods, &[&["--json"], more].concat());
        let report = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"));
        (said.code, report)
    }

    /// The same of the same pods, entered as `docker exec` would: a kubectl for each of five costs more than all the rest.
    fn entered(&self, pods: &[&String]) -> (Option<i32>, Value) {
        let enter = "nsenter --target {} --mount --uts --net --pid --ipc --wd=/ --";
        let args = ["--exec", enter, "--binary=/usr/local/bin/paramedic", "--json"];
        let pids: Vec<&str> = pods.iter().map(|name| self.pids[*name].as_str()).collect();
        let said = self.run(&[&args[..], &pids].concat());
        let report = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said:?}"));
        (said.code, report)
    }

    /// So many of those that are well, another choice for each seed.
    fn some(&self, count: usize, seed: usize) -> Vec<&String> {
        self.well.iter().cycle().skip(seed).take(count).collect()
    }
}

/// Code and title of every finding, in order.
fn findings(report: &Value) -> Vec<(&str, &str)> {
    let all = report["findings"].as_array().expect("findings");
    all.iter().map(|f| (f["code"].as_str().expect("a code"), f["title"].as_str().expect("a title"))).collect()
}

/// `subject: detail` of every gap.
fn gaps(report: &Value) -> Vec<String> {
    let sections = report["sections"].as_array().expect("sections");
    let all = sections.iter().flat_map(|s| s["gaps"].as_array().expect("gaps"));
    all.map(|g| format!("{}: {}", g["subject"].as_str().unwrap_or("?"), g["detail"].as_str().unwrap_or("?")))
        .collect()
}

#[test]
fn healthy_pods_are_alike() {
    // Every five of seven: another set each.
    let fleet = Fleet::new(7);
    for (seed, (a, b)) in (0..7).flat_map(|a| (a + 1..7).map(move |b| (a, b))).enumerate() {
        let five: Vec<&String> =
            fleet.well.iter().enumerate().filter(|(i, _)| *i != a && *i != b).map(|(_, name)| name).collect();
        let (code, report) = if seed % 3 == 0 { fleet.report(&five, &[]) } else { fleet.entered(&five) };
        assert_eq!((findings(&report), gaps(&report)), (vec![], vec![]), "{seed}: {five:?}");
        assert_eq!(code, Some(0), "{seed}");
    }
}

#[test]
fn the_odd_pod_is_named_first_in_fifty_of_fifty_runs() {
    let mut fleet = Fleet::new(6);
    // A pod is made once for what is planted in it; in each run it stands among others.
    let odd: Vec<(Plant, String)> =
        Plant::ALL.into_iter().map(|plant| (plant, fleet.pod(&[plant]))).collect();
    for seed in 0..50 {
        let (plant, name) = &odd[seed % odd.len()];
        // Each kind once by kubectl; what only the cluster knows is seen by no other way.
        let live = seed < odd.len() || *plant == Plant::Image;
        let pods = [fleet.some(4, seed / odd.len() + seed), vec![name]].concat();
        let (code, report) = if live { fleet.report(&pods, &[]) } else { fleet.entered(&pods) };
        let name = if live { name } else { &fleet.pids[name] };
        let all = findings(&report);
        let none = || panic!("{seed}: {plant:?} was not found: {}", report["sections"]);
        let first = all.first().unwrap_or_else(none);
        assert!(first.0 == plant.code() && first.1.contains(name), "{seed}: {plant:?} in {name}: {all:?}");
        assert!(all.iter().all(|f| f.1.contains(name)), "{seed}: {plant:?} in {name}: {all:?}");
        assert_eq!((code, gaps(&report)), (Some(1), vec![]), "{seed}: {plant:?}");
        if *plant == Plant::Image {
            let because = report["findings"][0]["because"].to_string();
            assert!(because.contains("84b5f6d9c7") && because.contains("two images"), "{because}");
        }
    }
    // Two at once: each is named for what it has.
    for seed in 0..odd.len() / 2 {
        let ((one, first), (other, second)) = (&odd[seed], &odd[seed + odd.len() / 2]);
        let pods = [fleet.some(3, seed), vec![first, second]].concat();
        let (_, report) = fleet.report(&pods, &[]);
        let all = findings(&report);
        for (plant, name) in [(one, first), (other, second)] {
            let hit = all.iter().any(|f| f.0 == plant.code() && f.1.contains(name.as_str()));
            assert!(hit, "{plant:?} in {name}: {all:?}");
        }
    }
}

#[test]
fn who_does_not_answer_is_a_gap_and_the_others_are_compared() {
    let mut fleet = Fleet::new(7);
    let odd = fleet.pod(&[Plant::Secret, Plant::StaleFile]);
    let faults = [
        (json!({"cut": 700}), "abnormal closure"),
        (json!({"forbidden": true}), "is forbidden"),
        (json!({"hanging": "after"}), "in time"),
        (json!({"vanished": true}), "not found"),
    ];
    for ((fault, _), name) in faults.iter().zip(&fleet.well) {
        fleet.kube.fault(name, fault.clone());
    }
    let pods: Vec<&String> = fleet.well.iter().chain([&odd]).collect();
    let begun = Instant::now();
    let (code, report) = fleet.report(&pods, &["--timeout", "6s"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let said = gaps(&report);
    for ((_, why), name) in faults.iter().zip(&fleet.well) {
        assert!(said.iter().any(|g| g.contains(name.as_str()) && g.contains(why)), "{name} {why}: {said:#?}");
    }
    assert_eq!(said.len(), faults.len(), "{said:#?}");
    let all = findings(&report);
    assert!(all.iter().all(|f| f.1.contains(&odd)) && all.len() == 2, "{all:?}");
    assert_eq!(code, Some(1));
    // For people: the same names, and none of the secrets.
    let text = fleet.ask(&fleet.some(4, 3).into_iter().chain([&odd]).collect::<Vec<_>>(), &[]);
    assert!(
        text.code == Some(1) && text.out.contains(&format!("{odd} alone has another DB_PASSWORD")),
        "{text:?}"
    );
}
