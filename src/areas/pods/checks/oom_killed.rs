//! `pods/oom-killed`

use super::{
    super::facts::{Ended, Facts, Pod, State, meaning},
    inside, owner_thing, pod_thing, pods, say,
};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity, rates},
};

check! {
    /// ## What it sees
    ///
    /// Containers whose last end the cluster calls `OOMKilled`, with the limit of the container and how long it had run. Critical
    /// where it happens again and again and the container is down for it now. The exit code alone is not read as this: 137 is
    /// SIGKILL from whomever, and a container whose child was killed may end with 0. A kill that left the main process up is not
    /// here; `memory/oom-killed` inside the pod sees that one.
    ///
    /// ## Why it matters
    ///
    /// The kernel kills without a warning: requests in flight are lost, nothing is written, and it will happen again at the same
    /// load.
    ///
    /// ## Confirm
    ///
    /// `kubectl describe pod POD`: Last State, Reason: OOMKilled. `kubectl top pod POD --containers`.
    ///
    /// ## Fix
    ///
    /// Find out whether it grows without end (`paramedic --on pod/POD memory`) or needs more than it is given: then raise the limit, or
    /// tell the runtime of it (GOMEMLIMIT, -XX:MaxRAMPercentage, --max-old-space-size).
    "pods/oom-killed": "killed at its memory limit"
    {
        recent_s: "seconds since then, that count as now" = 86400;
        restarts: "restarts from which on it is a loop, when the container is down" = 3;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = pods(f, out) else { return };
    let mut found = Vec::new();
    for p in all {
        let killed = |c: &State| c.last_end().filter(|e| e.reason == "OOMKilled").cloned();
        for (c, e) in p.containers.iter().filter_map(|c| Some((c, killed(c)?))) {
            found.extend(of(f, p, c, &e, at));
        }
    }
    found.arrange_by_key(|x| std::cmp::Reverse(x.severity));
    say(found, out);
}

fn of(f: &Facts, p: &Pod, c: &State, e: &Ended, at: &Limits) -> Option<Finding> {
    let age = f.age_s(e.finished);
    let down = c.waiting.is_some() || c.ended.is_some();
    let severity = match down && c.restarts as f64 >= at.restarts.value() {
        true => Severity::Critical,
        false if age.is_none_or(|a| a <= at.recent_s.value()) => Severity::Warning,
        // It happened once, days ago, and the cluster keeps it until the next restart.
        false => Severity::Notice,
    };
    let limit = c
        .memory_limit_bytes
        .map_or("without a limit of its own".into(), |n| format!("at its limit of {}", rates::bytes(n)));
    let when = age.map(|a| format!(", {} ago", rates::span(a))).unwrap_or_default();
    let title = format!("{}: {} was killed {limit}{when}", p.full(), c.name);
    let finding = Finding::new(severity, Confidence::High, pod_thing(f, p), title)
        .evidence("container", c.name.as_str())
        .evidence("restarts", c.restarts)
        .evidence("exit_code", e.code.max(0) as u64)
        .evidence("limit_bytes", c.memory_limit_bytes)
        .because(meaning(e))
        .since(e.finished)
        .remedy("raise the limit, or tell the runtime of it; when it grows without end, find out what");
    let mut finding = inside(finding, f, p, "memory");
    if let Some(ran) = e.ran_s() {
        finding = finding.evidence("ran_s", ran);
    }
    if c.memory_limit_bytes.is_none() {
        finding = finding
            .because("it has no limit of its own: that of the pod, or the memory of the node, had run out");
    }
    if let Some(owner) = owner_thing(f, p) {
        finding = finding.about(owner);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::{super::super::facts::made::*, *};
    use crate::model::{Why, judged::*};

    fn last(reason: &str, code: i64, ago_s: f64, restarts: u64, waiting: Option<&str>) -> Facts {
        let mut p = pod("web-1");
        let c = &mut p.containers[0];
        c.last = ended(reason, code, ago_s);
        c.restarts = restarts;
        c.waiting = waiting.map(str::to_string);
        with_pods(vec![p, pod("web-2")])
    }

    #[test]
    fn a_kill_of_today_is_a_warning_a_loop_critical_an_old_one_a_notice() {
        let f = &found(&CHECK, &last("OOMKilled", 137, 600.0, 1, None))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.title, "prod/web-1: web was killed at its limit of 256.0 MiB, 10m ago");
        assert_eq!(f.next, ["--on pod/web-1 -n prod memory"]);
        let looping = last("OOMKilled", 137, 60.0, 9, Some("CrashLoopBackOff"));
        assert_eq!(found(&CHECK, &looping)[0].severity, Severity::Critical);
        assert_eq!(found(&CHECK, &last("OOMKilled", 137, 1e6, 1, None))[0].severity, Severity::Notice);
    }

    #[test]
    fn codes_are_not_taken_for_reasons() {
        clear(&CHECK, &last("Error", 137, 60.0, 1, None));
        clear(&CHECK, &last("Error", 143, 60.0, 1, None));
        let zero = &found(&CHECK, &last("OOMKilled", 0, 60.0, 1, None))[0];
        assert!(zero.because[0].contains("a child of it"), "{:?}", zero.because);
    }

    #[test]
    fn manifests_know_nothing_of_it() {
        skipped(&CHECK, &of_file(vec![workload()]));
        unknown(&CHECK, &Facts::unseen(Why::Denied), Why::Denied);
    }
}
