//! A cluster that is well, for the tests of every check: each spoils what it is about.

use super::*;
use crate::model::Stamp;

/// When it was read.
pub const NOW: Stamp = Stamp::from_ms(1_795_300_000_000);

/// So many seconds before that.
pub fn ago(seconds: f64) -> Option<Stamp> {
    Some(NOW.earlier(seconds))
}

pub fn pairs(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

pub fn probe(path: &str) -> Probe {
    Probe {
        asks: format!("httpGet {path} :8080"),
        headers: vec![],
        delay_s: 0,
        period_s: 10,
        timeout_s: 1,
        failures: 3,
        successes: 1,
    }
}

/// A container that is well.
pub fn container() -> Container {
    Container {
        name: "web".into(),
        image: "reg.test/web:1.4.2".into(),
        ports: vec!["http".into()],
        readiness: Some(probe("/ready")),
        liveness: Some(probe("/live")),
        pre_stop: Some(Hook { does: "sleep 5".into(), program: None, sleeps_s: 5.0 }),
        memory_limit_bytes: Some(256 << 20),
        memory_request_bytes: Some(256 << 20),
        cpu_request: Some(0.1),
        ..Container::default()
    }
}

/// A Deployment of three that is well.
pub fn workload() -> Workload {
    Workload {
        kind: Kind::Deployment,
        namespace: "prod".into(),
        name: "web".into(),
        file: String::new(),
        system: false,
        replicas: Reading::seen(3),
        labels: pairs(&[("app", "web")]),
        selects: pairs(&[("app", "web")]),
        grace_s: 30,
        os: None,
        containers: vec![container()],
    }
}

/// The same with another container.
pub fn with(change: impl FnOnce(&mut Container)) -> Facts {
    let mut w = workload();
    change(&mut w.containers[0]);
    facts(vec![w])
}

/// One of its pods, ready for an hour.
pub fn pod(name: &str) -> Pod {
    Pod {
        namespace: "prod".into(),
        name: name.into(),
        owner: Some((Kind::Deployment, "web".into())),
        revision: Some("7f9c".into()),
        phase: "Running".into(),
        ready: Some(true),
        ready_since: ago(3600.0),
        node: Some("n1".into()),
        created: ago(3700.0),
        containers: vec![State {
            name: "web".into(),
            ready: true,
            started: ago(3650.0),
            image: "reg.test/web:1.4.2".into(),
            image_id: Some("reg.test/web@sha256:aaaa".into()),
            memory_limit_bytes: Some(256 << 20),
            ..State::default()
        }],
        ..Pod::default()
    }
}

/// How a run ended, so many seconds ago.
pub fn ended(reason: &str, code: i64, ago_s: f64) -> Option<Ended> {
    Some(Ended {
        reason: reason.into(),
        code,
        signal: None,
        started: ago(ago_s + 40.0),
        finished: ago(ago_s),
    })
}

/// A cluster with these workloads, a budget and a service of `web`, and its three pods.
pub fn facts(workloads: Vec<Workload>) -> Facts {
    let selector = Selector { labels: pairs(&[("app", "web")]), ..Selector::default() };
    let budget = Budget {
        namespace: "prod".into(),
        name: "web".into(),
        selector,
        min_available: Some("2".into()),
        ..Budget::default()
    };
    let service = Service { namespace: "prod".into(), name: "web".into(), selects: pairs(&[("app", "web")]) };
    let pods: Vec<Pod> = ["web-1", "web-2", "web-3"].map(pod).into();
    Facts {
        context: String::new(),
        live: true,
        taken: Some(NOW),
        workloads: Reading::seen(Kept::whole(workloads)),
        pods: Reading::seen(Kept::whole(pods)),
        budgets: Reading::seen(vec![budget]),
        scalers: Reading::seen(vec![]),
        services: Reading::seen(vec![service]),
        failed_hooks: Reading::seen(vec![]),
    }
}

/// The same with these pods.
pub fn with_pods(pods: Vec<Pod>) -> Facts {
    Facts { pods: Reading::seen(Kept::whole(pods)), ..facts(vec![workload()]) }
}

/// The same as it would be out of a manifest.
pub fn of_file(workloads: Vec<Workload>) -> Facts {
    Facts { live: false, pods: Reading::unseen(Why::NotAsked), ..facts(workloads) }
}
