//! `pods/no-budget`

use super::{
    super::facts::{Budget, Facts, Workload},
    next, say, some, uncounted, workload_thing,
};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// For each Deployment and StatefulSet the PodDisruptionBudgets whose selector matches its pods: none where it has two replicas
    /// or more, several for the same pods, and one that allows no eviction although every pod is healthy (`minAvailable` equal to
    /// the replicas, `maxUnavailable: 0`). DaemonSets and Jobs are not asked for one. In manifests only what was given counts.
    ///
    /// ## Why it matters
    ///
    /// A drained node evicts its pods one after the other without waiting for the new ones; without a budget all replicas may go
    /// at once. With a budget that allows nothing the drain never ends, and node upgrades hang until somebody deletes the pods by
    /// hand. With two budgets for one pod the eviction fails with an error whatever they say.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pdb`: ALLOWED DISRUPTIONS. `kubectl drain NODE --dry-run=server`.
    ///
    /// ## Fix
    ///
    /// One PodDisruptionBudget with `maxUnavailable: 1` and the selector of the workload: it keeps its sense when the number of
    /// replicas changes. Add `unhealthyPodEvictionPolicy: AlwaysAllow`, so that broken pods do not hold a drain up.
    "pods/no-budget": "no budget for disruptions, several, or one that allows none" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(budgets) = out.part(&f.budgets, "PodDisruptionBudgets could not be listed") else { return };
    let Some(all) = uncounted(f, out) else { return };
    let scalers = out.aside(&f.scalers);
    let mut found = Vec::new();
    for w in all.into_iter().filter(|w| w.kind.is_service()) {
        let mut ours: Vec<&Budget> = budgets.iter().filter(|b| b.covers(w)).collect();
        // The same object may be in several files.
        ours.arrange_by_key(|b| (&b.namespace, &b.name));
        ours.dedup_by_key(|b| (&b.namespace, &b.name));
        let Some(said) = out.see(&w.replicas).copied() else { continue };
        let scaler = scalers.and_then(|s| s.iter().find(|s| s.scales(w)));
        let replicas = if f.live { said } else { scaler.map_or(said, |s| s.min.max(said)) };
        let finding = match ours.as_slice() {
            [] if replicas >= 2 => none(f, w, replicas),
            [] => continue,
            [one] => match blocking(f, one, replicas) {
                Some(because) => blocks(f, w, one, replicas, because),
                None => continue,
            },
            several => many(f, w, several),
        };
        found.push(next(finding, f, w));
    }
    say(found, out);
}

fn none(f: &Facts, w: &Workload, replicas: u64) -> Finding {
    let (confidence, seen) = match f.live {
        true => (Confidence::High, "no PodDisruptionBudget of the namespace matches the labels of its pods"),
        false => {
            (Confidence::Medium, "none of the files given holds a PodDisruptionBudget that matches its pods")
        }
    };
    let title = format!("{}: no budget keeps its {replicas} pods from being evicted together", w.full());
    Finding::new(Severity::Notice, confidence, workload_thing(f, w), title)
        .evidence("replicas", replicas)
        .evidence("budgets", 0u64)
        .because(seen)
        .remedy("a PodDisruptionBudget with maxUnavailable: 1 and the selector of the workload")
}

fn many(f: &Facts, w: &Workload, several: &[&Budget]) -> Finding {
    let names: Vec<&str> = several.iter().map(|b| b.name.as_str()).collect();
    let title =
        format!("{}: its pods cannot be evicted: several budgets mean them, {}", w.full(), some(&names));
    Finding::new(Severity::Warning, Confidence::High, workload_thing(f, w), title)
        .evidence("budgets", names.len())
        .evidence("names", names.join(", "))
        .because("the eviction of a pod that more than one budget matches fails, whatever the budgets say: a drain hangs")
        .remedy("one budget for one pod: delete one, or make the selectors disjoint")
}

/// Why nothing may ever be evicted, if so. A budget that allows nothing while a pod is ill is at its work.
fn blocking(f: &Facts, b: &Budget, replicas: u64) -> Option<String> {
    if replicas == 0 {
        return None;
    }
    match (f.live, b.allowed, b.healthy, b.expected) {
        (true, Some(0), Some(healthy), Some(expected)) if healthy >= expected && expected > 0 => {
            Some(format!("all {expected} pods are healthy and the cluster allows no disruption"))
        }
        (true, Some(_), ..) => None,
        _ => (b.allows(replicas)? == 0)
            .then(|| format!("{} of {replicas} replicas leaves none to spare", b.says())),
    }
}

fn blocks(f: &Facts, w: &Workload, b: &Budget, replicas: u64, because: String) -> Finding {
    let title = format!("{}: budget {} never allows an eviction: {}", w.full(), b.name, b.says());
    Finding::new(Severity::Warning, Confidence::High, workload_thing(f, w), title)
        .evidence("replicas", replicas)
        .evidence("budget", b.name.as_str())
        .evidence("says", b.says())
        .because(because)
        .because("a drain of its node waits for ever: upgrades of nodes hang")
        .remedy("maxUnavailable: 1, and a replica more than must be there")
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Kind, Selector, made::*},
        *,
    };
    use crate::model::{Reading, Why, judged::*};

    fn budgets(all: Vec<Budget>) -> Facts {
        Facts { budgets: Reading::seen(all), ..facts(vec![workload()]) }
    }
    fn budget(name: &str, min: &str) -> Budget {
        Budget {
            namespace: "prod".into(),
            name: name.into(),
            min_available: Some(min.into()),
            selector: Selector { labels: pairs(&[("app", "web")]), ..Selector::default() },
            ..Budget::default()
        }
    }

    #[test]
    fn none_is_a_notice_several_and_one_that_blocks_are_warnings() {
        assert_eq!(found(&CHECK, &budgets(vec![]))[0].severity, Severity::Notice);
        let two = &found(&CHECK, &budgets(vec![budget("a", "1"), budget("b", "1")]))[0];
        assert!(two.severity == Severity::Warning && two.title.contains("a and b"), "{}", two.title);
        for min in ["3", "100%"] {
            let f = &found(&CHECK, &budgets(vec![budget("web", min)]))[0];
            assert!(f.severity == Severity::Warning && f.title.contains("never allows"), "{}", f.title);
        }
        clear(&CHECK, &budgets(vec![budget("web", "2")]));
    }

    #[test]
    fn what_the_cluster_allows_now_counts_and_a_budget_at_its_work_is_none() {
        let now = |allowed, healthy| {
            let b = Budget {
                allowed: Some(allowed),
                healthy: Some(healthy),
                expected: Some(3),
                ..budget("web", "2")
            };
            budgets(vec![b])
        };
        found(&CHECK, &now(0, 3));
        clear(&CHECK, &now(0, 2));
        clear(&CHECK, &now(1, 3));
    }

    #[test]
    fn budgets_of_others_do_not_count_and_one_replica_needs_none() {
        let other = Budget { namespace: "test".into(), ..budget("web", "1") };
        found(&CHECK, &budgets(vec![other]));
        let mut one = workload();
        one.replicas = Reading::seen(1);
        clear(&CHECK, &Facts { budgets: Reading::seen(vec![]), ..facts(vec![one.clone()]) });
        (one.kind, one.replicas) = (Kind::DaemonSet, Reading::unseen(Why::Absent));
        clear(&CHECK, &Facts { budgets: Reading::seen(vec![]), ..facts(vec![one]) });
    }

    #[test]
    fn without_the_right_to_list_them_it_is_unknown() {
        unknown(
            &CHECK,
            &Facts { budgets: Reading::unseen(Why::Denied), ..facts(vec![workload()]) },
            Why::Denied,
        );
    }
}
