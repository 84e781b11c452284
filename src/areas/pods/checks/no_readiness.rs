//! `pods/no-readiness`

use super::{super::facts::Facts, named, next, say, workload_thing, workloads};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A container of a Deployment or StatefulSet that has a port for clients, or that a Service leads to, and no readiness
    /// probe. Jobs, DaemonSets, sidecars and ports for metrics or health alone are not asked for one.
    ///
    /// ## Why it matters
    ///
    /// Without the probe a pod counts as ready as soon as its process runs. Each deployment, each restart and each scale-up sends
    /// clients to a program that does not listen yet, and a rollout goes on over pods that never will.
    ///
    /// ## Confirm
    ///
    /// `kubectl get deploy NAME -o jsonpath='{..readinessProbe}'` is empty. During `kubectl rollout restart`, clients see refused
    /// connections.
    ///
    /// ## Fix
    ///
    /// A readinessProbe that is true when a request would be answered: `httpGet`, `grpc` or `tcpSocket`; a startupProbe beside it
    /// where the start is slow.
    "pods/no-readiness": "clients are sent to pods that do not listen yet" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let services = out.aside(&f.services);
    let mut found = Vec::new();
    for w in all.into_iter().filter(|w| w.kind.is_service()) {
        let led = services.and_then(|s| s.iter().find(|s| s.leads_to(w)));
        let mains: Vec<_> = w.containers.iter().filter(|c| !c.sidecar).collect();
        // One probe holds the whole pod back.
        if mains.iter().any(|c| c.readiness.is_some()) {
            continue;
        }
        let serving = mains.iter().find(|c| c.serves()).or(mains.first().filter(|_| led.is_some()));
        let Some(c) = serving else { continue };
        let title =
            format!("{}: without a readiness probe its pods get clients before they listen", named(w, c));
        let mut finding = Finding::new(Severity::Notice, Confidence::High, workload_thing(f, w), title)
            .evidence("container", c.name.as_str())
            .evidence("ports", c.ports.join(", "))
            .because("a pod without the probe counts as ready once its process runs: every rollout and restart is felt")
            .remedy("a readinessProbe that is true when a request would be answered");
        if let Some(s) = led {
            finding = finding.evidence("service", s.name.as_str());
        }
        found.push(next(finding, f, w));
    }
    say(found, out);
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Kind, made::*},
        *,
    };
    use crate::model::{Reading, Why, judged::*};

    #[test]
    fn who_serves_without_the_probe_is_a_notice() {
        let f = &found(&CHECK, &with(|c| c.readiness = None))[0];
        assert_eq!((f.severity, f.evidence.len()), (Severity::Notice, 3));
    }

    #[test]
    fn a_service_makes_a_server_of_who_names_no_port() {
        let mut f = with(|c| {
            c.readiness = None;
            c.ports.clear();
        });
        found(&CHECK, &f);
        f.services = Reading::seen(vec![]);
        clear(&CHECK, &f);
        f.services = Reading::unseen(Why::Denied);
        clear(&CHECK, &f);
    }

    #[test]
    fn jobs_daemons_and_pods_with_one_probe_are_silent() {
        clear(&CHECK, &facts(vec![workload()]));
        for kind in [Kind::Job, Kind::DaemonSet, Kind::Pod] {
            let mut w = workload();
            w.kind = kind;
            w.containers[0].readiness = None;
            clear(&CHECK, &facts(vec![w]));
        }
        let mut two = workload();
        two.containers.push(container());
        two.containers[1].readiness = None;
        clear(&CHECK, &facts(vec![two]));
    }
}
