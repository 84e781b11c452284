//! `pods/not-ready`

use super::{
    super::facts::{Facts, Kind, Pod, State},
    inside, owner_thing, place, pod_thing, pods, say, word,
};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity, rates},
};

check! {
    /// ## What it sees
    ///
    /// Pods that no node is found for, with the scheduler's own words; containers that cannot start (ImagePullBackOff,
    /// CreateContainerConfigError …) with what is said about that; and pods that run and have not been ready for minutes. Critical
    /// where no pod of the workload is ready. Jobs are never ready, and a container that ends again and again is
    /// `pods/crash-loop`.
    ///
    /// ## Why it matters
    ///
    /// A pod that is not ready gets no clients: the others carry its share. A rollout waits for it, and goes nowhere.
    ///
    /// ## Confirm
    ///
    /// `kubectl describe pod POD`: conditions and events; `kubectl get events --field-selector involvedObject.name=POD`.
    ///
    /// ## Fix
    ///
    /// No node: requests that fit one, a toleration, a volume of the right zone. No image: name, tag, imagePullSecrets.
    /// CreateContainerConfigError: the ConfigMap or Secret that it names is not there. Running: ask its readiness probe from within.
    "pods/not-ready": "a pod that does not become ready"
    {
        unready_s: "seconds that a pod which runs may be unready" = 300;
        waiting_s: "seconds that a container may wait for its start, or a pod for a node" = 60;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = pods(f, out) else { return };
    let mut found = Vec::new();
    for p in &all {
        let Some((what, because, age)) = trouble(f, p, at) else { continue };
        // Jobs' pods count when they cannot start; the others of a workload carry its load, or there are none.
        let others =
            all.iter().any(|o| o.owner == p.owner && o.namespace == p.namespace && o.ready == Some(true));
        let counts = p.owner.as_ref().is_some_and(|(k, _)| k.is_service());
        let severity = if counts && !others { Severity::Critical } else { Severity::Warning };
        let for_ = age.map(|a| format!(" for {}", rates::span(a))).unwrap_or_default();
        let mut finding =
            Finding::new(severity, Confidence::High, pod_thing(f, p), format!("{}: {what}{for_}", p.full()))
                .evidence("phase", p.phase.as_str())
                .evidence("age_s", age)
                .because(because);
        if counts && !others {
            finding = finding.because("no pod of the workload is ready: nobody is answered");
        }
        if let Some(owner) = owner_thing(f, p) {
            finding = finding.about(owner);
        }
        let describe = format!("kubectl describe pod {} {}", word(&p.name), place(f, &p.namespace));
        let finding = finding.remedy(format!("conditions and events: {describe}"));
        found.push(match p.phase.as_str() {
            "Running" => inside(finding, f, p, "check"),
            _ => finding,
        });
    }
    found.arrange_by_key(|x| std::cmp::Reverse(x.severity));
    say(found, out);
}

/// What is wrong, in whose words, and since when.
fn trouble(f: &Facts, p: &Pod, at: &Limits) -> Option<(String, String, Option<f64>)> {
    let age = f.age_s(p.created);
    let long = |age: Option<f64>| age.is_none_or(|a| a >= at.waiting_s.value());
    if let Some(words) = p.unschedulable.as_ref().filter(|_| long(age)) {
        return Some(("no node is found for it".into(), format!("the scheduler says: {words}"), age));
    }
    // Pulling, and waiting for init containers, are no trouble by themselves.
    let ordinary = ["ContainerCreating", "PodInitializing", "CrashLoopBackOff"];
    let stuck = |c: &&State| c.waiting.as_deref().is_some_and(|w| !ordinary.contains(&w));
    if let Some(c) = p.containers.iter().find(stuck).filter(|_| long(age)) {
        let reason = c.waiting.as_deref().unwrap_or_default();
        let said = c.message.as_deref().unwrap_or("nothing is said about it");
        return Some((format!("{} cannot start ({reason})", c.name), format!("the node says: {said}"), age));
    }
    if p.containers.iter().any(|c| c.waiting.as_deref() == Some("CrashLoopBackOff")) {
        return None;
    }
    let since = f.age_s(p.ready_since);
    let job = matches!(p.owner, Some((Kind::Job, _)));
    let unready = p.phase == "Running" && p.ready == Some(false) && !job;
    if unready && since.is_some_and(|s| s >= at.unready_s.value()) {
        let names: Vec<&str> =
            p.containers.iter().filter(|c| !c.ready && !c.init).map(|c| c.name.as_str()).collect();
        let because = match names.is_empty() {
            true => "all its containers are ready: a readiness gate is not".to_string(),
            false => format!("{} runs and its readiness probe fails", super::some(&names)),
        };
        return Some(("it runs and has not been ready".into(), because, since));
    }
    let waits = p.containers.iter().any(|c| c.waiting.as_deref() == Some("ContainerCreating"));
    (p.phase == "Pending" && waits && age.is_some_and(|a| a >= at.unready_s.value())).then(|| {
        let because =
            "a volume that is not mounted, an address that is not given or an image that is still pulled";
        ("its containers have not been made".into(), because.into(), age)
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::facts::made::*, *};
    use crate::model::judged::*;

    fn ill(change: impl FnOnce(&mut Pod)) -> Pod {
        let mut p = pod("web-1");
        (p.ready, p.ready_since, p.containers[0].ready) = (Some(false), ago(600.0), false);
        change(&mut p);
        p
    }

    #[test]
    fn who_runs_unready_is_a_warning_and_critical_when_all_are() {
        let one = found(&CHECK, &with_pods(vec![ill(|_| ()), pod("web-2")]));
        assert_eq!((one.len(), one[0].severity), (1, Severity::Warning));
        assert_eq!(one[0].title, "prod/web-1: it runs and has not been ready for 10m");
        assert_eq!(one[0].next, ["--on pod/web-1 -n prod check"]);
        assert_eq!(found(&CHECK, &with_pods(vec![ill(|_| ())]))[0].severity, Severity::Critical);
    }

    #[test]
    fn the_words_of_scheduler_and_node_are_handed_on() {
        let pending = |p: &mut Pod| {
            p.phase = "Pending".into();
            p.unschedulable = Some("0/3 nodes are available: 3 Insufficient memory.".into());
        };
        assert!(found(&CHECK, &with_pods(vec![ill(pending)]))[0].because[0].contains("Insufficient memory"));
        let image = |p: &mut Pod| {
            p.phase = "Pending".into();
            p.containers[0].waiting = Some("ImagePullBackOff".into());
            p.containers[0].message = Some("Back-off pulling image".into());
        };
        let f = &found(&CHECK, &with_pods(vec![ill(image)]))[0];
        assert!(f.title.contains("web cannot start (ImagePullBackOff)"), "{}", f.title);
    }

    #[test]
    fn starting_ended_and_jobs_pods_are_silent() {
        let short = |p: &mut Pod| p.ready_since = ago(299.0);
        clear(&CHECK, &with_pods(vec![ill(short)]));
        clear(&CHECK, &with_pods(vec![ill(|p| p.owner = Some((Kind::Job, "j".into())))]));
        clear(&CHECK, &with_pods(vec![ill(|p| p.deleting = true)]));
        clear(&CHECK, &with_pods(vec![ill(|p| p.containers[0].waiting = Some("CrashLoopBackOff".into()))]));
        let creating = |p: &mut Pod| {
            (p.phase, p.created) = ("Pending".into(), ago(30.0));
            p.containers[0].waiting = Some("ContainerCreating".into());
        };
        clear(&CHECK, &with_pods(vec![ill(creating)]));
        skipped(&CHECK, &of_file(vec![workload()]));
    }
}
