//! Which cluster, namespace and pods are meant, and what the cluster knows of a pod.

use super::Stamp;
use serde::{Deserialize, Serialize};

/// Where pods are looked for, as the flags say it. What is not given is what `kubectl` itself would take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// `--kubeconfig`: another configuration than that of `KUBECONFIG` and the home directory.
    #[serde(skip)]
    pub kubeconfig: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `-n`.
    pub namespace: Option<String>,
    /// `-A`.
    pub all_namespaces: bool,
    /// `-l`.
    pub selector: Option<String>,
    /// `-c`: this container of each pod, else its default one.
    pub container: Option<String>,
}

/// What may be done to a place that has no paramedic; each was asked for by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WayIn {
    /// `--inject`: the running program is sent there, run there and removed.
    pub inject: bool,
    /// `--debug-container`: a container of this image is added to the pod. Nobody can remove it without the pod.
    pub image: Option<String>,
}

/// What the cluster knows of one container of one pod: joined to what is seen inside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PodStatus {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// The container that is asked.
    pub container: String,
    /// `Running`, `Pending` …
    pub phase: String,
    /// Whether the pod is ready; `None` when no condition says.
    pub ready: Option<bool>,
    /// Address.
    pub address: Option<String>,
    /// Node.
    pub node: Option<String>,
    /// Zone, by the label of the pod.
    pub zone: Option<String>,
    /// `kind/name` of what owns it: a ReplicaSet, a StatefulSet.
    pub owner: Option<String>,
    /// The template it was made of: `pod-template-hash` or `controller-revision-hash`.
    pub revision: Option<String>,
    /// The image as the spec names it.
    pub image: Option<String>,
    /// The image as it runs: its digest. The same name may be another digest on another node.
    pub image_id: Option<String>,
    /// Restarts of the container.
    pub restarts: Option<u64>,
    /// When the container started.
    pub started: Option<Stamp>,
    /// Why its last run ended: `OOMKilled`, `Error` …
    pub last_reason: Option<String>,
    /// The exit code of its last run.
    pub last_exit: Option<i64>,
    /// Memory limit of the spec, in bytes.
    pub memory_limit_bytes: Option<u64>,
    /// Processor limit of the spec, in cores.
    pub cpu_limit_cores: Option<f64>,
    /// When the pod was made.
    pub created: Option<Stamp>,
    /// The pod is on its way out.
    pub deleting: bool,
}
