//! `pods/no-limits`

use super::{super::facts::Facts, next, say, some, workload_thing, workloads};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// Containers without a memory limit, and those without requests of memory or processor. Limits that the namespace gives by
    /// itself (LimitRange) are in the pods and count; a manifest does not know them. A missing processor limit is no fault:
    /// such a limit throttles.
    ///
    /// ## Why it matters
    ///
    /// Without a limit a leak takes the memory of the node: the kernel then kills whichever process it likes, in other pods. Without
    /// requests the scheduler counts the pod as nothing: nodes are filled too far, and the pod is the first to be evicted.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pod POD -o jsonpath='{..resources}'`; `kubectl describe limitrange`; `kubectl top pod`.
    ///
    /// ## Fix
    ///
    /// `resources: {requests: {cpu: …, memory: …}, limits: {memory: …}}`, the memory request equal to the limit where the program
    /// must not be evicted. `paramedic --on pod/POD memory` says what it uses.
    "pods/no-limits": "containers without a memory limit or without requests" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let mut found = Vec::new();
    for w in all {
        let without = |is: &dyn Fn(&super::Container) -> bool| -> Vec<&str> {
            w.containers.iter().filter(|c| is(c)).map(|c| c.name.as_str()).collect()
        };
        let limit = without(&|c| c.memory_limit_bytes.is_none());
        let memory = without(&|c| c.memory_request_bytes.is_none());
        let cpu = without(&|c| c.cpu_request.is_none());
        let (what, because) = if !limit.is_empty() {
            (
                "no memory limit",
                "a leak would take the memory of the node, and other pods would be killed for it",
            )
        } else if !memory.is_empty() || !cpu.is_empty() {
            (
                "no requests",
                "the scheduler counts what is not requested as nothing: the node is filled too far",
            )
        } else {
            continue;
        };
        let names = if limit.is_empty() { [memory.as_slice(), &cpu].concat() } else { limit.clone() };
        let names: std::collections::BTreeSet<&str> = names.into_iter().collect();
        let names: Vec<&str> = names.into_iter().collect();
        let title = match w.containers.len() {
            1 => format!("{}: {what}", w.full()),
            _ => format!("{}: {what} of {}", w.full(), some(&names)),
        };
        let mut finding = Finding::new(Severity::Notice, Confidence::High, workload_thing(f, w), title)
            .because(because)
            .remedy("resources: {requests: {cpu: …, memory: …}, limits: {memory: …}}");
        let missing = [("no_memory_limit", &limit), ("no_memory_request", &memory), ("no_cpu_request", &cpu)];
        for (key, names) in missing.into_iter().filter(|m| !m.1.is_empty()) {
            finding = finding.evidence(key, names.join(", "));
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
    use crate::model::judged::*;

    #[test]
    fn what_is_missing_is_named_by_container() {
        let f = &found(&CHECK, &with(|c| c.memory_limit_bytes = None))[0];
        assert_eq!((f.severity, f.title.as_str()), (Severity::Notice, "prod/deploy/web: no memory limit"));
        assert!(found(&CHECK, &with(|c| c.cpu_request = None))[0].title.ends_with("no requests"));
        let mut two = workload();
        two.containers.push(container());
        two.containers[1].name = "proxy".into();
        two.containers[1].memory_limit_bytes = None;
        assert!(found(&CHECK, &facts(vec![two]))[0].title.ends_with("no memory limit of proxy"));
    }

    #[test]
    fn who_has_both_is_silent_and_the_cluster_itself_is_not_asked() {
        clear(&CHECK, &facts(vec![workload()]));
        let mut own = workload();
        (own.system, own.kind) = (true, Kind::Pod);
        own.containers[0].memory_limit_bytes = None;
        clear(&CHECK, &facts(vec![own]));
    }
}
