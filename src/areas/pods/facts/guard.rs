//! What guards workloads: disruption budgets, autoscalers, services.

use super::{Kind, Selector, Workload};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether two objects are in one namespace: a manifest that says none is applied to whichever is meant.
fn same(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}

/// A PodDisruptionBudget.
/// <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Which pods.
    pub selector: Selector,
    /// `minAvailable`: a number or a share as `50%`.
    pub min_available: Option<String>,
    /// `maxUnavailable`.
    pub max_unavailable: Option<String>,
    /// `status.disruptionsAllowed`; none in a manifest.
    pub allowed: Option<u64>,
    /// `status.currentHealthy`.
    pub healthy: Option<u64>,
    /// `status.expectedPods`.
    pub expected: Option<u64>,
}

impl Budget {
    /// Whether it is about the pods of this workload.
    pub fn covers(&self, w: &Workload) -> bool {
        same(&self.namespace, &w.namespace) && self.selector.matches(&w.labels)
    }
    /// As it is written: `minAvailable 2`.
    pub fn says(&self) -> String {
        match (&self.min_available, &self.max_unavailable) {
            (Some(n), _) => format!("minAvailable {n}"),
            (None, Some(n)) => format!("maxUnavailable {n}"),
            (None, None) => "minAvailable 1".into(),
        }
    }
    /// How many of so many pods may go at a time, by what is written. A share is rounded up, of both.
    pub fn allows(&self, pods: u64) -> Option<u64> {
        match (&self.min_available, &self.max_unavailable) {
            (Some(min), _) => Some(pods.saturating_sub(of(min, pods)?)),
            (None, Some(max)) => Some(of(max, pods)?.min(pods)),
            (None, None) => Some(pods.saturating_sub(1)),
        }
    }
}

/// A number, or a share of so many.
fn of(text: &str, pods: u64) -> Option<u64> {
    match text.strip_suffix('%') {
        Some(share) => Some((share.trim().parse::<u64>().ok()? * pods).div_ceil(100)),
        None => text.parse().ok(),
    }
}

/// A HorizontalPodAutoscaler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaler {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Kind of what it scales.
    pub kind: String,
    /// Name of what it scales.
    pub target: String,
    /// `minReplicas`, 1 when not said.
    pub min: u64,
    /// `maxReplicas`.
    pub max: u64,
}

impl Scaler {
    /// Whether it scales this workload.
    pub fn scales(&self, w: &Workload) -> bool {
        let kind = match w.kind {
            Kind::Deployment => ["Deployment", "Rollout", "DeploymentConfig"].contains(&self.kind.as_str()),
            Kind::StatefulSet => self.kind == "StatefulSet",
            Kind::ReplicaSet => ["ReplicaSet", "ReplicationController"].contains(&self.kind.as_str()),
            _ => false,
        };
        kind && same(&self.namespace, &w.namespace) && self.target == w.name
    }
}

/// A Service with a selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Labels that a pod must have.
    pub selects: BTreeMap<String, String>,
}

impl Service {
    /// Whether it sends clients to the pods of this workload.
    pub fn leads_to(&self, w: &Workload) -> bool {
        same(&self.namespace, &w.namespace)
            && !self.selects.is_empty()
            && self.selects.iter().all(|(k, v)| w.labels.get(k) == Some(v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_allows_what_its_numbers_and_shares_come_to() {
        let min = |n: &str| Budget { min_available: Some(n.into()), ..Budget::default() };
        let max = |n: &str| Budget { max_unavailable: Some(n.into()), ..Budget::default() };
        assert_eq!([min("1").allows(2), min("2").allows(2), min("3").allows(2)], [Some(1), Some(0), Some(0)]);
        assert_eq!([min("50%").allows(3), min("100%").allows(3)], [Some(1), Some(0)]);
        assert_eq!(
            [max("1").allows(3), max("0").allows(3), max("30%").allows(2)],
            [Some(1), Some(0), Some(1)]
        );
        assert_eq!((min("x").allows(2), Budget::default().allows(3)), (None, Some(2)));
    }
}
