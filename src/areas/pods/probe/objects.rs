//! Objects sorted into facts, whatever they come out of.

use super::{
    super::facts::{
        Budget, Container, Expression, Facts, Kind, PODS, Pod, Scaler, Selector, Service, WORKLOADS, Workload,
    },
    container, pod,
    value::{list, number, pairs, short, text},
};
use crate::model::{Arrange, Kept, Reading, Why};
use serde_json::Value;
use std::{cmp::Reverse, collections::BTreeMap};

/// Budgets, autoscalers and services that are kept of each.
const GUARDS: usize = 5000;
/// Namespaces of the cluster itself.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
/// Namespace of a cluster's object that says none.
const DEFAULT: &str = "default";

/// What was found so far.
#[derive(Default)]
pub struct Objects {
    workloads: Vec<Workload>,
    left_out: u64,
    pods: Vec<Pod>,
    pods_left_out: u64,
    pub budgets: Vec<Budget>,
    pub scalers: Vec<Scaler>,
    pub services: Vec<Service>,
}

impl Objects {
    /// Takes one document in; a list is what is in it. `kind` stands for the kind of what does not say it itself, as the
    /// items of a list of the API server.
    pub fn take(&mut self, v: &Value, file: &str, kind: Option<&str>) {
        let said = text(v, "/kind");
        let kind = said.as_deref().or(kind).unwrap_or_default();
        if let (Some(of), Some(items)) = (kind.strip_suffix("List"), v.get("items").and_then(Value::as_array))
        {
            for item in items {
                self.take(item, file, (!of.is_empty()).then_some(of));
            }
            return;
        }
        match kind {
            "Pod" => self.pod(v, file),
            "Deployment" | "Rollout" | "DeploymentConfig" => self.made_by(v, Kind::Deployment, file),
            "StatefulSet" => self.made_by(v, Kind::StatefulSet, file),
            "DaemonSet" => self.made_by(v, Kind::DaemonSet, file),
            // One of a Deployment's is in the Deployment.
            "ReplicaSet" | "ReplicationController" if !list(v, "/metadata/ownerReferences").is_empty() => {}
            "ReplicaSet" | "ReplicationController" => self.made_by(v, Kind::ReplicaSet, file),
            "Job" => self.made_by(v, Kind::Job, file),
            "CronJob" => {
                if let Some(template) = v.pointer("/spec/jobTemplate/spec/template") {
                    self.workload(v, template, Kind::Job, file);
                }
            }
            "PodDisruptionBudget" if self.budgets.len() < GUARDS => self.budgets.push(budget(v)),
            "HorizontalPodAutoscaler" if self.scalers.len() < GUARDS => self.scalers.push(scaler(v)),
            "Service" if self.services.len() < GUARDS => {
                let (namespace, name) = identity(v);
                self.services.push(Service { namespace, name, selects: pairs(v, "/spec/selector") });
            }
            _ => {}
        }
    }

    fn made_by(&mut self, v: &Value, kind: Kind, file: &str) {
        if let Some(template) = v.pointer("/spec/template") {
            self.workload(v, template, kind, file);
        }
    }

    fn workload(&mut self, v: &Value, template: &Value, kind: Kind, file: &str) {
        let (namespace, name) = identity(v);
        let containers = containers(template);
        if containers.is_empty() {
            return;
        }
        if self.workloads.len() >= WORKLOADS {
            self.left_out += 1;
            return;
        }
        let said = number(v, "/spec/replicas");
        let replicas = match kind {
            _ if !kind.is_service() => Reading::unseen(Why::Absent),
            // Without a number it is one, unless an autoscaler says more: that is read from its own object.
            _ => Reading::seen(said.unwrap_or(1)),
        };
        let selects = ["/spec/selector/matchLabels", "/spec/selector"]
            .iter()
            .map(|at| pairs(v, at))
            .find(|p| !p.is_empty())
            .unwrap_or_default();
        self.workloads.push(Workload {
            kind,
            system: SYSTEM.contains(&namespace.as_str()),
            namespace,
            name,
            file: file.to_string(),
            replicas,
            labels: pairs(template, "/metadata/labels"),
            selects,
            grace_s: number(template, "/spec/terminationGracePeriodSeconds").unwrap_or(30),
            os: text(template, "/spec/os/name"),
            containers,
        });
    }

    /// A pod: its status, and its spec where nothing that makes pods stands for it.
    fn pod(&mut self, v: &Value, file: &str) {
        match pod::read(v) {
            Some(_) if self.pods.len() >= PODS => self.pods_left_out += 1,
            Some(pod) => self.pods.push(pod),
            None => {}
        }
        let (kind, name) = pod::owner(v);
        let (namespace, _) = identity(v);
        let known = self.workloads.iter_mut().find(|w| w.key() == (kind, &namespace, &name));
        let mirror = v.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some();
        if let Some(known) = known {
            complete(known, v);
            return;
        }
        let before = self.workloads.len();
        self.workload(v, v, kind, file);
        if let Some(new) = self.workloads.get_mut(before) {
            new.name = name;
            new.system |= mirror;
            // How many there are to be, nobody said.
            new.replicas = Reading::unseen(if kind.is_service() { Why::Denied } else { Why::Absent });
            new.selects = owned_labels(&new.labels);
        }
    }

    /// Only what is in this namespace, or says none.
    pub fn only_namespace(&mut self, wanted: &str) {
        let ours = |ns: &str| ns.is_empty() || ns == wanted;
        self.workloads.retain(|w| ours(&w.namespace));
        self.pods.retain(|p| ours(&p.namespace));
    }

    /// Only what has these labels: `a=b,c!=d,e`.
    pub fn only_labels(&mut self, wanted: &str) -> Result<(), String> {
        let mut rules = Vec::new();
        for rule in wanted.split(',').map(str::trim).filter(|r| !r.is_empty()) {
            if rule.contains('(') || rule.contains(' ') {
                return Err(format!("`{rule}`: of files, labels are asked for as a=b, a!=b or a"));
            }
            rules.push(match rule.split_once("!=") {
                Some((key, value)) => (key, Some(value), false),
                None => match rule.split_once('=') {
                    Some((key, value)) => (key, Some(value.trim_start_matches('=')), true),
                    None => (rule, None, true),
                },
            });
        }
        self.workloads.retain(|w| {
            rules.iter().all(|(key, value, is)| match (value, w.labels.get(*key)) {
                (None, there) => there.is_some(),
                (Some(value), there) => (there.map(String::as_str) == Some(*value)) == *is,
            })
        });
        self.only_pods_of_workloads();
        Ok(())
    }

    fn only_pods_of_workloads(&mut self) {
        let workloads = &self.workloads;
        let ours = |p: &Pod| {
            let owner = p.owner.as_ref();
            owner.is_some_and(|(k, n)| workloads.iter().any(|w| w.key() == (*k, &p.namespace, n)))
        };
        self.pods.retain(|p| ours(p));
    }

    /// Only workloads that own one of the pods there are.
    pub fn only_with_pods(&mut self) {
        let pods = &self.pods;
        self.workloads.retain(|w| {
            let mut of = pods.iter().filter_map(|p| Some((p.owner.as_ref()?, &p.namespace)));
            of.any(|((k, n), ns)| w.key() == (*k, ns, n))
        });
    }

    /// There is nothing to judge.
    pub fn is_empty(&self) -> bool {
        self.workloads.is_empty() && self.pods.is_empty()
    }

    /// As facts: what is ill stands first.
    pub fn facts(mut self) -> Facts {
        self.pods.arrange_by_key(|p| {
            (
                p.is_over(),
                p.ready.unwrap_or(false),
                Reverse(p.restarts()),
                p.namespace.clone(),
                p.name.clone(),
            )
        });
        self.workloads.arrange_by(|a, b| {
            (a.system, &a.namespace, &a.name, a.kind).cmp(&(b.system, &b.namespace, &b.name, b.kind))
        });
        let total = self.workloads.len() as u64 + self.left_out;
        let pods = self.pods.len() as u64 + self.pods_left_out;
        Facts {
            workloads: Reading::seen(Kept::worst(total, self.workloads)),
            pods: match pods {
                0 => Reading::unseen(Why::NotAsked),
                _ => Reading::seen(Kept::worst(pods, self.pods)),
            },
            budgets: Reading::seen(self.budgets),
            scalers: Reading::seen(self.scalers),
            services: Reading::seen(self.services),
            ..Facts::default()
        }
    }
}

/// Namespace and name.
fn identity(v: &Value) -> (String, String) {
    let namespace = text(v, "/metadata/namespace").unwrap_or_default();
    // What has a uid is the cluster's, or was written by it.
    let stored = v.pointer("/metadata/uid").is_some();
    let namespace = if namespace.is_empty() && stored { DEFAULT.into() } else { namespace };
    let name = text(v, "/metadata/name").or_else(|| text(v, "/metadata/generateName"));
    (namespace, name.unwrap_or_default())
}

fn containers(template: &Value) -> Vec<Container> {
    let main = list(template, "/spec/containers").iter().take(64).map(|c| container::read(c, false));
    let goes_on = |c: &&Value| text(c, "/restartPolicy").as_deref() == Some("Always");
    let sidecars = list(template, "/spec/initContainers").iter().take(64).filter(goes_on);
    let mut all: Vec<_> = main.chain(sidecars.map(|c| container::read(c, true))).collect();
    let drain = container::of_annotations(template);
    for c in all.iter_mut().filter(|c| c.drain.is_none()) {
        c.drain.clone_from(&drain);
    }
    all
}

/// A namespace may give limits to those that ask for none: its pods have them, its templates do not.
fn complete(known: &mut Workload, pod: &Value) {
    for c in &mut known.containers {
        let Some(spec) =
            list(pod, "/spec/containers").iter().find(|s| text(s, "/name").as_ref() == Some(&c.name))
        else {
            continue;
        };
        let seen = container::read(spec, c.sidecar);
        c.memory_limit_bytes = c.memory_limit_bytes.or(seen.memory_limit_bytes);
        c.memory_request_bytes = c.memory_request_bytes.or(seen.memory_request_bytes);
        c.cpu_request = c.cpu_request.or(seen.cpu_request);
    }
}

/// Labels of a pod without those that its makers put on each.
fn owned_labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ours = ["app", "app.kubernetes.io/name", "k8s-app"];
    labels.iter().filter(|(k, _)| ours.contains(&k.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn selector(v: &Value) -> Selector {
    let Some(s) = v.pointer("/spec/selector").filter(|s| s.is_object()) else {
        return Selector { none: true, ..Selector::default() };
    };
    let expression = |e: &Value| Expression {
        key: text(e, "/key").unwrap_or_default(),
        operator: text(e, "/operator").unwrap_or_default(),
        values: list(e, "/values").iter().take(100).filter_map(|v| v.as_str().map(short)).collect(),
    };
    Selector {
        labels: pairs(s, "/matchLabels"),
        expressions: list(s, "/matchExpressions").iter().take(32).map(expression).collect(),
        none: false,
    }
}

fn budget(v: &Value) -> Budget {
    let (namespace, name) = identity(v);
    Budget {
        namespace,
        name,
        selector: selector(v),
        min_available: text(v, "/spec/minAvailable"),
        max_unavailable: text(v, "/spec/maxUnavailable"),
        allowed: number(v, "/status/disruptionsAllowed"),
        healthy: number(v, "/status/currentHealthy"),
        expected: number(v, "/status/expectedPods"),
    }
}

fn scaler(v: &Value) -> Scaler {
    let (namespace, name) = identity(v);
    Scaler {
        namespace,
        name,
        kind: text(v, "/spec/scaleTargetRef/kind").unwrap_or_default(),
        target: text(v, "/spec/scaleTargetRef/name").unwrap_or_default(),
        min: number(v, "/spec/minReplicas").unwrap_or(1),
        max: number(v, "/spec/maxReplicas").unwrap_or(1),
    }
}
