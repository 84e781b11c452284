//! `pods/single-replica`

use super::{
    super::facts::{Facts, Kind},
    next, say, uncounted, workload_thing,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A Deployment that serves clients (a port, a readiness probe, or a Service that leads to it) with one replica. In the
    /// cluster the number that it is to have now counts; in a manifest the least that its autoscaler keeps, else the number
    /// written, else one. StatefulSets of one are databases as often as not, and silent.
    ///
    /// ## Why it matters
    ///
    /// Every node upgrade, eviction and crash is an outage for as long as a new pod takes to start, and no budget can prevent it.
    ///
    /// ## Confirm
    ///
    /// `kubectl get deploy NAME`; `kubectl get hpa`.
    ///
    /// ## Fix
    ///
    /// `replicas: 2` or more with a topologySpreadConstraint over nodes, and minReplicas of the autoscaler to match. Where only one
    /// may run at a time, let it elect a leader.
    "pods/single-replica": "one pod is all there is of a service" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = uncounted(f, out) else { return };
    let services = out.aside(&f.services);
    let scalers = out.aside(&f.scalers);
    let mut found = Vec::new();
    for w in all.into_iter().filter(|w| w.kind == Kind::Deployment) {
        let led = services.is_some_and(|s| s.iter().any(|s| s.leads_to(w)));
        if !(led || w.serving().next().is_some()) {
            continue;
        }
        let Some(replicas) = out.see(&w.replicas).copied() else { continue };
        let scaler = scalers.and_then(|s| s.iter().find(|s| s.scales(w)));
        let least = if f.live { replicas } else { scaler.map_or(replicas, |s| s.min) };
        if least != 1 {
            continue;
        }
        let title = format!("{}: one pod is all there is of it", w.full());
        let mut finding = Finding::new(Severity::Notice, Confidence::High, workload_thing(f, w), title)
            .evidence("replicas", replicas)
            .because("every node upgrade, eviction and crash is an outage until a new pod has started")
            .remedy("replicas: 2 or more, spread over nodes");
        if let Some(s) = scaler {
            finding = finding.evidence("min_replicas", s.min).evidence("max_replicas", s.max);
        }
        found.push(next(finding, f, w));
    }
    say(found, out);
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Scaler, made::*},
        *,
    };
    use crate::model::{Reading, Why, judged::*};

    fn replicas(n: u64) -> super::super::super::facts::Workload {
        let mut w = workload();
        w.replicas = Reading::seen(n);
        w
    }
    fn scaler(min: u64) -> Reading<Vec<Scaler>> {
        let (kind, target) = ("Deployment".into(), "web".into());
        Reading::seen(vec![Scaler {
            namespace: "prod".into(),
            name: "web".into(),
            kind,
            target,
            min,
            max: 9,
        }])
    }

    #[test]
    fn one_is_a_notice_and_two_are_not() {
        assert_eq!(found(&CHECK, &facts(vec![replicas(1)]))[0].severity, Severity::Notice);
        clear(&CHECK, &facts(vec![replicas(2)]));
        clear(&CHECK, &facts(vec![replicas(0)]));
    }

    #[test]
    fn in_a_manifest_the_autoscaler_decides_and_in_the_cluster_what_runs() {
        let f = |live, n, min| Facts { live, scalers: scaler(min), ..facts(vec![replicas(n)]) };
        clear(&CHECK, &f(false, 1, 2));
        found(&CHECK, &f(false, 3, 1));
        clear(&CHECK, &f(true, 3, 1));
    }

    #[test]
    fn databases_are_silent_and_what_only_pods_were_seen_of_is_a_hole() {
        let mut db = replicas(1);
        db.kind = Kind::StatefulSet;
        clear(&CHECK, &facts(vec![db]));
        let mut unseen = workload();
        unseen.replicas = Reading::unseen(Why::Denied);
        unknown(&CHECK, &facts(vec![unseen.clone()]), Why::Denied);
        assert_eq!(clear(&CHECK, &facts(vec![workload(), unseen])), (1, 1));
    }
}
