//! What the cluster says of one pod.

use super::Kind;
use crate::model::Stamp;
use serde::{Deserialize, Serialize};

/// One pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Kind and name of the workload that it belongs to.
    pub owner: Option<(Kind, String)>,
    /// The template it was made of.
    pub revision: Option<String>,
    /// `Running`, `Pending` …
    pub phase: String,
    /// Why the whole pod failed: `Evicted` …
    pub reason: Option<String>,
    /// Whether it is ready; none when no condition says.
    pub ready: Option<bool>,
    /// Since when that is so.
    pub ready_since: Option<Stamp>,
    /// The scheduler's words when it finds no node.
    pub unschedulable: Option<String>,
    /// Node.
    pub node: Option<String>,
    /// When it was made.
    pub created: Option<Stamp>,
    /// It is on its way out.
    pub deleting: bool,
    /// Its containers.
    pub containers: Vec<State>,
}

impl Pod {
    /// `prod/web-1`.
    pub fn full(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
    /// Restarts of all its containers.
    pub fn restarts(&self) -> u64 {
        self.containers.iter().map(|c| c.restarts).sum()
    }
    /// It is done, or on its way out: what it says now is no trouble of today.
    pub fn is_over(&self) -> bool {
        self.deleting || self.phase == "Succeeded" || self.phase == "Failed"
    }
}

/// One container of a pod as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Name.
    pub name: String,
    /// An init container that comes to an end.
    pub init: bool,
    /// It is ready.
    pub ready: bool,
    /// Restarts.
    pub restarts: u64,
    /// Running since then.
    pub started: Option<Stamp>,
    /// Why it waits: `CrashLoopBackOff`, `ImagePullBackOff` …
    pub waiting: Option<String>,
    /// What is said about that, secrets struck out.
    pub message: Option<String>,
    /// It has ended.
    pub ended: Option<Ended>,
    /// How the run before ended.
    pub last: Option<Ended>,
    /// The image by its name.
    pub image: String,
    /// The image by its digest.
    pub image_id: Option<String>,
    /// Memory limit, bytes.
    pub memory_limit_bytes: Option<u64>,
}

impl State {
    /// How it ended last: this run, or the one before.
    pub fn last_end(&self) -> Option<&Ended> {
        self.ended.as_ref().or(self.last.as_ref())
    }
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// `OOMKilled`, `Error`, `Completed` …
    pub reason: String,
    /// Exit code.
    pub code: i64,
    /// Signal, where the runtime says it.
    pub signal: Option<i64>,
    /// When it had begun.
    pub started: Option<Stamp>,
    /// When it ended.
    pub finished: Option<Stamp>,
}

impl Ended {
    /// `OOMKilled`, `Error 137`.
    pub fn short(&self) -> String {
        match self.reason.as_str() {
            "OOMKilled" if self.code == 137 => self.reason.clone(),
            "" => self.code.to_string(),
            reason => format!("{reason} {}", self.code),
        }
    }
    /// How long it ran.
    pub fn ran_s(&self) -> Option<f64> {
        Some(((self.finished?.ms() - self.started?.ms()) as f64 / 1000.0).max(0.0))
    }
}
