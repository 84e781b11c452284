//! Members: what `--on` was answered from one place, and what the cluster knows of it.

use super::{Report, Status};
use crate::model::{Gap, PodStatus, Stamp};
use schemars::JsonSchema;
use serde::Serialize;

/// One place that a command was run in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MemberV1 {
    /// A pod's name, with its namespace in front where several were asked; `ssh:HOST`.
    pub name: String,
    /// The flags that name this one alone.
    pub on: String,
    /// The worst severity, `unknown`, or `clear`.
    pub status: Status,
    /// The exit code of this one alone.
    pub exit_code: u8,
    /// What the cluster knows of it; null where it is no pod.
    pub pod: Option<PodV1>,
    /// Why there is no report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Lines that would see it, the best first, when there is no report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<String>,
    /// What was found there, as a document of its own; left out where it is this document itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
    /// Indexes into the findings of `report` of what all members have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<usize>,
}

/// What the cluster says of a pod and the container that was asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PodV1 {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// The container that was asked.
    pub container: String,
    /// `Running`, `Pending` …
    pub phase: String,
    /// Whether the pod is ready; null when no condition says.
    pub ready: Option<bool>,
    /// On its way out.
    pub deleting: bool,
    /// Node.
    pub node: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// `kind/name` of its owner.
    pub owner: Option<String>,
    /// Image as the spec names it.
    pub image: Option<String>,
    /// Image as it runs.
    pub image_id: Option<String>,
    /// Restarts of the container.
    pub restarts: Option<u64>,
    /// When the pod was made.
    pub created: Option<Stamp>,
    /// When the container started.
    pub started: Option<Stamp>,
    /// Why its last run ended.
    pub last_reason: Option<String>,
    /// The exit code of its last run.
    pub last_exit: Option<i64>,
}

impl From<&PodStatus> for PodV1 {
    fn from(p: &PodStatus) -> Self {
        let p = p.clone();
        Self {
            namespace: p.namespace,
            name: p.name,
            uid: p.uid,
            container: p.container,
            phase: p.phase,
            ready: p.ready,
            deleting: p.deleting,
            node: p.node,
            zone: p.zone,
            owner: p.owner,
            image: p.image,
            image_id: p.image_id,
            restarts: p.restarts,
            created: p.created,
            started: p.started,
            last_reason: p.last_reason,
            last_exit: p.last_exit,
        }
    }
}
