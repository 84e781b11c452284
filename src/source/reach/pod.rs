//! What a Pod object says of one of its containers.
//! <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>

use super::{Refusal, Refused};
use crate::model::{PodStatus, Stamp};
use serde_json::Value;

/// One container of a pod: the one that was named, else the default one.
///
/// # Errors
/// When the object is no pod, or has no such container: then the names that it has.
pub(super) fn status(pod: &Value, container: Option<&str>) -> Result<PodStatus, Refused> {
    let text = |at: &str| pod.pointer(at).and_then(Value::as_str).map(str::to_string);
    let name = text("/metadata/name")
        .ok_or_else(|| Refused::new(Refusal::Cut, "an object without a name was taken for a pod"))?;
    let specs =
        pod.pointer("/spec/containers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = |c: &&Value, name: &str| c.get("name").and_then(Value::as_str) == Some(name);
    let annotated = text("/metadata/annotations/kubectl.kubernetes.io~1default-container");
    let spec = match container {
        Some(wanted) => {
            // A sidecar may be an init container that goes on.
            let init = pod
                .pointer("/spec/initContainers")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let found = specs.iter().chain(init).find(|c| named(c, wanted));
            found.ok_or_else(|| {
                let names: Vec<_> =
                    specs.iter().filter_map(|c| c.get("name").and_then(Value::as_str)).collect();
                Refused::new(
                    Refusal::Gone,
                    format!("pod {name} has no container {wanted}; it has {}", names.join(", ")),
                )
            })?
        }
        None => annotated
            .as_deref()
            .and_then(|a| specs.iter().find(|c| named(c, a)))
            .or_else(|| specs.first())
            .ok_or_else(|| Refused::new(Refusal::Cut, format!("pod {name} has no containers")))?,
    };
    let of_spec = |at: &str| spec.pointer(at).and_then(Value::as_str).map(str::to_string);
    let container = of_spec("/name").unwrap_or_default();
    let statuses = ["/status/containerStatuses", "/status/initContainerStatuses"];
    let found = statuses
        .iter()
        .filter_map(|at| pod.pointer(at).and_then(Value::as_array))
        .flatten()
        .find(|c| named(c, &container));
    let of_status = |at: &str| found.and_then(|c| c.pointer(at)).cloned();
    let string = |v: Value| v.as_str().filter(|t| !t.is_empty()).map(str::to_string);
    let owner = pod.pointer("/metadata/ownerReferences/0");
    let label = |name: &str| pod.pointer("/metadata/labels")?.get(name)?.as_str().map(str::to_string);
    let ready = pod.pointer("/status/conditions").and_then(Value::as_array).and_then(|all| {
        all.iter()
            .find(|c| c.get("type").and_then(Value::as_str) == Some("Ready"))?
            .get("status")?
            .as_str()
            .map(|s| s == "True")
    });
    Ok(PodStatus {
        namespace: text("/metadata/namespace").unwrap_or_else(|| "default".into()),
        uid: text("/metadata/uid").unwrap_or_default(),
        phase: text("/status/phase").unwrap_or_default(),
        ready,
        address: text("/status/podIP"),
        node: text("/spec/nodeName"),
        zone: label("topology.kubernetes.io/zone"),
        owner: owner.and_then(|o| {
            Some(format!("{}/{}", o.get("kind")?.as_str()?.to_ascii_lowercase(), o.get("name")?.as_str()?))
        }),
        revision: label("pod-template-hash").or_else(|| label("controller-revision-hash")),
        image: of_spec("/image"),
        image_id: of_status("/imageID").and_then(string),
        restarts: of_status("/restartCount").and_then(|v| v.as_u64()),
        started: of_status("/state/running/startedAt").and_then(string).and_then(|t| Stamp::parse(&t)),
        last_reason: of_status("/lastState/terminated/reason").and_then(string),
        last_exit: of_status("/lastState/terminated/exitCode").and_then(|v| v.as_i64()),
        memory_limit_bytes: spec.pointer("/resources/limits/memory").and_then(quantity).map(|b| b as u64),
        cpu_limit_cores: spec.pointer("/resources/limits/cpu").and_then(quantity),
        created: text("/metadata/creationTimestamp").and_then(|t| Stamp::parse(&t)),
        deleting: pod.pointer("/metadata/deletionTimestamp").is_some_and(|v| !v.is_null()),
        name,
        container,
    })
}

/// A quantity, as `1.5`, `250m`, `64Mi`, `1e3`; a number stands for itself.
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
pub fn quantity(value: &Value) -> Option<f64> {
    const UNITS: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1.125_899_906_842_624e15),
        ("Ei", 1.152_921_504_606_847e18),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let Some(text) = value.as_str() else { return value.as_f64() };
    let text = text.trim();
    let scaled =
        UNITS.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor));
    scaled.or_else(|| text.parse().ok()).filter(|n| n.is_finite())
}

/// A selector of an object (`matchLabels`, `matchExpressions`) as a query has it; `None` when an operator is unknown.
pub(super) fn selector(of: &Value) -> Option<String> {
    let mut terms = Vec::new();
    if let Some(labels) = of.get("matchLabels").and_then(Value::as_object) {
        for (key, value) in labels {
            terms.push(format!("{key}={}", value.as_str()?));
        }
    }
    for e in of.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = e.get("key")?.as_str()?;
        let values = || {
            let all = e.get("values").and_then(Value::as_array)?;
            Some(all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        };
        terms.push(match e.get("operator")?.as_str()? {
            "In" => format!("{key} in ({})", values()?),
            "NotIn" => format!("{key} notin ({})", values()?),
            "Exists" => key.to_string(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    Some(terms.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_read_as_kubernetes_writes_them() {
        for (text, n) in [
            ("250m", 0.25),
            ("1.5", 1.5),
            ("64Mi", 67_108_864.0),
            ("1G", 1e9),
            ("1e3", 1000.0),
            ("128974848", 128_974_848.0),
        ] {
            assert_eq!(quantity(&json!(text)), Some(n), "{text}");
        }
        assert_eq!(quantity(&json!(2)), Some(2.0));
        for bad in ["", "Mi", "1Xi", "inf"] {
            assert_eq!(quantity(&json!(bad)), None, "{bad}");
        }
    }

    #[test]
    fn selectors_are_written_as_queries() {
        let of = json!({"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "DoesNotExist"}]});
        assert_eq!(selector(&of).as_deref(), Some("app=web,tier in (a,b),!x"));
        assert_eq!(selector(&json!({"matchExpressions": [{"key": "x", "operator": "Near"}]})), None);
    }

    #[test]
    fn the_container_that_is_named_or_annotated_or_first_is_told_with_its_last_end() {
        let pod = json!({
            "metadata": {"name": "web-1", "namespace": "prod", "annotations": {"kubectl.kubernetes.io/default-container": "app"},
                         "labels": {"pod-template-hash": "6f7"}, "ownerReferences": [{"kind": "ReplicaSet", "name": "web-6f7"}]},
            "spec": {"nodeName": "n3", "containers": [{"name": "proxy"}, {"name": "app", "image": "app:1", "resources": {"limits": {"memory": "64Mi"}}}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [
                {"name": "app", "imageID": "app@sha256:1", "restartCount": 3, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]},
        });
        let app = status(&pod, None).unwrap();
        assert_eq!((app.container.as_str(), app.restarts, app.ready), ("app", Some(3), Some(false)));
        assert_eq!((app.last_reason.as_deref(), app.last_exit), (Some("OOMKilled"), Some(137)));
        assert_eq!(
            (app.owner.as_deref(), app.revision.as_deref()),
            (Some("replicaset/web-6f7"), Some("6f7"))
        );
        assert_eq!(app.memory_limit_bytes, Some(64 << 20));
        // What no status tells is not 0.
        let proxy = status(&pod, Some("proxy")).unwrap();
        assert_eq!((proxy.restarts, proxy.image_id), (None, None));
        assert!(status(&pod, Some("db")).unwrap_err().words.contains("proxy, app"));
        assert!(status(&json!({}), None).is_err());
    }
}
