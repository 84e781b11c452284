//! What was seen of workloads, of their pods, and of what guards them.

mod container;
mod exit;
mod guard;
mod pod;
mod selector;

pub use container::{Container, Drain, Hook, Probe, Suspect};
pub use exit::meaning;
pub use guard::{Budget, Scaler, Service};
pub use pod::{Ended, Pod, State};
pub use selector::{Expression, Selector};

use crate::model::{Kept, Reading, Stamp, Why};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many workloads are kept.
pub const WORKLOADS: usize = 2000;
/// So many pods.
pub const PODS: usize = 5000;

/// Everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The context of the cluster, empty for the user's own; for files empty too.
    pub context: String,
    /// Out of the cluster, and not out of files.
    pub live: bool,
    /// When it was read, by our clock.
    pub taken: Option<Stamp>,
    /// What makes pods, and pods that nothing made.
    pub workloads: Reading<Kept<Workload>>,
    /// What the cluster says of pods; manifests say nothing of it.
    pub pods: Reading<Kept<Pod>>,
    /// PodDisruptionBudgets.
    pub budgets: Reading<Vec<Budget>>,
    /// HorizontalPodAutoscalers.
    pub scalers: Reading<Vec<Scaler>>,
    /// Services.
    pub services: Reading<Vec<Service>>,
    /// Pods (`namespace/name`) whose hook failed, by the events of the last hour.
    pub failed_hooks: Reading<Vec<String>>,
}

impl Default for Facts {
    fn default() -> Self {
        Self::unseen(Why::NotAsked)
    }
}

impl Facts {
    /// Nothing was seen.
    pub fn unseen(why: Why) -> Self {
        Self {
            context: String::new(),
            live: false,
            taken: None,
            workloads: Reading::unseen(why),
            pods: Reading::unseen(why),
            budgets: Reading::unseen(why),
            scalers: Reading::unseen(why),
            services: Reading::unseen(why),
            failed_hooks: Reading::unseen(why),
        }
    }
    /// Seconds from then to when it was read.
    pub fn age_s(&self, then: Option<Stamp>) -> Option<f64> {
        Some(((self.taken?.ms() - then?.ms()) as f64 / 1000.0).max(0.0))
    }
}

/// What makes pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Deployment, and what is built like it (Rollout, DeploymentConfig).
    Deployment,
    /// StatefulSet.
    StatefulSet,
    /// DaemonSet.
    DaemonSet,
    /// A ReplicaSet or ReplicationController of nobody's.
    ReplicaSet,
    /// Job, once or by a CronJob.
    Job,
    /// A pod of nobody's.
    Pod,
}

impl Kind {
    /// As `kubectl` takes it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Deployment => "deploy",
            Kind::StatefulSet => "sts",
            Kind::DaemonSet => "ds",
            Kind::ReplicaSet => "rs",
            Kind::Job => "job",
            Kind::Pod => "pod",
        }
    }
    /// Its pods stand for one another and are kept at a number: budgets, probes and hooks are for these.
    pub fn is_service(self) -> bool {
        matches!(self, Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet)
    }
}

/// One workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// What it is.
    pub kind: Kind,
    /// Namespace; empty when the manifest says none.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The file that it is in; empty for the cluster's.
    pub file: String,
    /// Part of the cluster itself: its namespace is, or it is a static pod.
    pub system: bool,
    /// How many pods it is to have; `Absent` when it says nothing and unseen when only its pods were.
    pub replicas: Reading<u64>,
    /// Labels of its pods.
    pub labels: BTreeMap<String, String>,
    /// What it selects its pods by.
    pub selects: BTreeMap<String, String>,
    /// `terminationGracePeriodSeconds`, 30 when not said.
    pub grace_s: u64,
    /// `spec.os.name`.
    pub os: Option<String>,
    /// Containers that run beside each other, sidecars among the init containers too.
    pub containers: Vec<Container>,
}

impl Workload {
    /// `deploy/web`.
    pub fn short(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }
    /// `prod/deploy/web`; without a namespace where none is said.
    pub fn full(&self) -> String {
        match self.namespace.as_str() {
            "" => self.short(),
            ns => format!("{ns}/{}", self.short()),
        }
    }
    /// Its key: what its pods name.
    pub fn key(&self) -> (Kind, &str, &str) {
        (self.kind, &self.namespace, &self.name)
    }
    /// A container that clients talk to.
    pub fn serving(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|c| !c.sidecar && c.serves())
    }
}

#[cfg(test)]
pub mod made;
