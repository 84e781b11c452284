//! What a Pod object says of how it is.

use super::{
    super::facts::{Ended, Kind, Pod, State},
    value::{amount, list, number, short, text},
};
use crate::model::{Argv, Stamp, suspicion};
use serde_json::Value;

/// The pod, if its object has a status.
pub fn read(v: &Value) -> Option<Pod> {
    let status = v.get("status").filter(|s| s.get("phase").is_some())?;
    let condition =
        |kind: &str| list(status, "/conditions").iter().find(|c| text(c, "/type").as_deref() == Some(kind));
    let is = |c: Option<&Value>| c.and_then(|c| text(c, "/status")).map(|s| s == "True");
    let ready = condition("Ready");
    let placed = condition("PodScheduled");
    let unschedulable = placed
        .filter(|c| text(c, "/reason").as_deref() == Some("Unschedulable"))
        .and_then(|c| text(c, "/message"));
    let mut containers: Vec<State> = Vec::new();
    for (list_at, spec_at, init) in [
        ("/containerStatuses", "/spec/containers", false),
        ("/initContainerStatuses", "/spec/initContainers", true),
    ] {
        for c in list(status, list_at).iter().take(64) {
            let name = text(c, "/name").unwrap_or_default();
            let spec = list(v, spec_at).iter().find(|s| text(s, "/name").as_ref() == Some(&name));
            let sidecar = spec.and_then(|s| text(s, "/restartPolicy")).as_deref() == Some("Always");
            containers.push(state(c, spec, name, init && !sidecar));
        }
    }
    Some(Pod {
        namespace: text(v, "/metadata/namespace").unwrap_or_else(|| "default".into()),
        name: text(v, "/metadata/name").unwrap_or_default(),
        owner: Some(owner(v)),
        revision: ["pod-template-hash", "controller-revision-hash"]
            .iter()
            .find_map(|l| text(v, &format!("/metadata/labels/{l}"))),
        phase: text(status, "/phase").unwrap_or_default(),
        reason: text(status, "/reason"),
        ready: is(ready),
        ready_since: ready.and_then(|c| stamp(c, "/lastTransitionTime")),
        unschedulable,
        node: text(v, "/spec/nodeName"),
        created: stamp(v, "/metadata/creationTimestamp"),
        deleting: v.pointer("/metadata/deletionTimestamp").is_some_and(|d| !d.is_null()),
        containers,
    })
}

fn stamp(v: &Value, at: &str) -> Option<Stamp> {
    text(v, at).and_then(|t| Stamp::parse(&t))
}

fn state(c: &Value, spec: Option<&Value>, name: String, init: bool) -> State {
    let ended = |at: &str| {
        let e = c.pointer(at).filter(|e| e.is_object())?;
        Some(Ended {
            reason: text(e, "/reason").unwrap_or_default(),
            code: e.get("exitCode").and_then(Value::as_i64).unwrap_or_default(),
            signal: e.get("signal").and_then(Value::as_i64).filter(|s| *s > 0),
            started: stamp(e, "/startedAt"),
            finished: stamp(e, "/finishedAt"),
        })
    };
    // Messages name images and registries, and those may hold a password; `secret "x" not found` holds none.
    let message = c.pointer("/state/waiting/message").and_then(Value::as_str).map(|m| {
        let line = short(m.lines().next().unwrap_or_default());
        match suspicion("", &line) {
            Some(_) => Argv::new(line.into_bytes(), false).shown().as_str().to_string(),
            None => line,
        }
    });
    State {
        name,
        init,
        ready: c.get("ready").and_then(Value::as_bool).unwrap_or(false),
        restarts: number(c, "/restartCount").unwrap_or_default(),
        started: stamp(c, "/state/running/startedAt"),
        waiting: text(c, "/state/waiting/reason"),
        message,
        ended: ended("/state/terminated"),
        last: ended("/lastState/terminated"),
        image: spec.and_then(|s| text(s, "/image")).or_else(|| text(c, "/image")).unwrap_or_default(),
        image_id: text(c, "/imageID"),
        memory_limit_bytes: spec.and_then(|s| amount(s, "/resources/limits/memory")).map(|n| n as u64),
    }
}

/// What the pod belongs to. A ReplicaSet of a Deployment is called after it and after the template.
pub fn owner(v: &Value) -> (Kind, String) {
    let own = || (Kind::Pod, text(v, "/metadata/name").unwrap_or_default());
    let all = list(v, "/metadata/ownerReferences");
    let Some(by) = all.iter().find(|o| o.get("controller") == Some(&Value::Bool(true))).or(all.first())
    else {
        return own();
    };
    let Some(name) = text(by, "/name") else { return own() };
    match text(by, "/kind").as_deref() {
        Some("ReplicaSet") => {
            let hash = ["pod-template-hash", "rollouts-pod-template-hash"]
                .iter()
                .find_map(|l| text(v, &format!("/metadata/labels/{l}")));
            let of = hash.and_then(|h| name.strip_suffix(&h)?.strip_suffix('-').map(str::to_string));
            of.map_or((Kind::ReplicaSet, name), |d| (Kind::Deployment, d))
        }
        Some("ReplicationController") => {
            match text(v, "/metadata/annotations/openshift.io~1deployment-config.name") {
                Some(config) => (Kind::Deployment, config),
                None => (Kind::ReplicaSet, name),
            }
        }
        Some("StatefulSet") => (Kind::StatefulSet, name),
        Some("DaemonSet") => (Kind::DaemonSet, name),
        Some("Job") => (Kind::Job, name),
        // An operator's own pods, and static pods, which belong to their node.
        _ => own(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_belongs_to_the_deployment_and_not_to_its_replica_set() {
        let pod = |kind: &str, name: &str, hash: &str| {
            owner(&json!({"metadata": {"name": "p", "labels": {"pod-template-hash": hash},
                "ownerReferences": [{"kind": kind, "name": name, "controller": true}]}}))
        };
        assert_eq!(pod("ReplicaSet", "web-7f9c", "7f9c"), (Kind::Deployment, "web".into()));
        assert_eq!(pod("ReplicaSet", "web", "7f9c"), (Kind::ReplicaSet, "web".into()));
        assert_eq!(pod("Node", "n1", ""), (Kind::Pod, "p".into()));
        assert_eq!(owner(&json!({"metadata": {"name": "p"}})), (Kind::Pod, "p".into()));
    }

    #[test]
    fn a_status_is_read_and_a_manifest_has_none() {
        assert!(read(&json!({"metadata": {"name": "p"}, "spec": {}})).is_none());
        let p = read(&json!({"metadata": {"name": "p", "namespace": "prod"},
            "spec": {"containers": [{"name": "a", "image": "web:1", "resources": {"limits": {"memory": "64Mi"}}}]},
            "status": {"phase": "Running",
                "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-22T10:00:00Z"}],
                "containerStatuses": [{"name": "a", "restartCount": 7, "image": "docker.io/web:1",
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                    "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137,
                        "startedAt": "2026-11-22T09:59:00Z", "finishedAt": "2026-11-22T09:59:30Z"}}}]}})).unwrap();
        let c = &p.containers[0];
        assert_eq!(
            (p.ready, c.restarts, c.image.as_str(), c.memory_limit_bytes),
            (Some(false), 7, "web:1", Some(64 << 20))
        );
        assert_eq!(c.last_end().unwrap().short(), "OOMKilled");
        assert_eq!(c.last.as_ref().unwrap().ran_s(), Some(30.0));
    }
}
