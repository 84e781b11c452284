//! `pods/grace-too-short`

use super::{
    super::facts::{Container, Facts, Workload},
    named, next, say, workload_thing, workloads,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, rates},
};

check! {
    /// ## What it sees
    ///
    /// `terminationGracePeriodSeconds` of a workload that serves, against what is to happen in it: the seconds that the `preStop`
    /// hook of each container surely sleeps, and the time that the program was told to drain for (known flags and variables of
    /// gunicorn, uvicorn, Envoy, Traefik, Spring and others). A grace period of none at all, too.
    ///
    /// ## Why it matters
    ///
    /// The hook runs within the grace period. When it sleeps to the end of it, the program has a few seconds at most between
    /// SIGTERM and SIGKILL, on every single deployment: exit code 137, requests cut in the middle, no shutdown code run. A
    /// drain that is longer than what is left is cut the same way, when it is needed most: under load.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pod POD -o jsonpath='{.spec.terminationGracePeriodSeconds} {..preStop}'`; delete one pod and look at the
    /// exit code and at how long it took: `kubectl delete pod POD --wait & kubectl get pod POD -w`.
    /// Without a cluster: `paramedic shutdown --grace 30s --prestop 'sleep 10' -- CMD` says how long it takes.
    ///
    /// ## Fix
    ///
    /// `terminationGracePeriodSeconds` = pause + longest request or drain + some seconds. It costs nothing where the program ends
    /// earlier: it is how long it may take, not how long it takes.
    "pods/grace-too-short": "the grace period ends before the shutdown does"
    {
        left_s: "seconds that the hook leaves to the program; fewer are worse" = 5;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let mut found = Vec::new();
    for w in all.into_iter().filter(|w| w.kind.is_service()) {
        let worst =
            w.containers.iter().filter_map(|c| of(f, w, c, at.left_s.value())).max_by_key(|x| x.severity);
        found.extend(worst.map(|x| next(x, f, w)));
    }
    say(found, out);
}

fn of(f: &Facts, w: &Workload, c: &Container, enough: f64) -> Option<Finding> {
    let grace = w.grace_s as f64;
    let pause = c.pre_stop.as_ref().map_or(0.0, |h| h.sleeps_s);
    let drain = c.drain.as_ref().map_or(0.0, |d| d.seconds);
    let (severity, confidence, title, because) = if w.grace_s == 0 {
        let because = "with no grace period there is no SIGTERM and no hook: SIGKILL at once";
        (Severity::Warning, Confidence::High, "its pods are killed at once".to_string(), because)
    } else if pause >= grace {
        let title = format!(
            "preStop sleeps {}, the whole grace period of {}: every end is a SIGKILL",
            span(pause),
            span(grace)
        );
        let because = "the hook counts into the grace period: when it ends, SIGTERM and SIGKILL come within two seconds";
        (Severity::Warning, Confidence::High, title, because)
    } else if drain > 0.0 && pause + drain > grace {
        let title = format!(
            "it may drain for {} and has {} for it: what takes longer is cut",
            span(drain),
            span(grace - pause)
        );
        let because = "grace period less preStop is what is left for the drain";
        (Severity::Warning, Confidence::Medium, title, because)
    } else if pause > 0.0 && grace - pause < enough {
        let title = format!("preStop leaves {} of {} to the program", span(grace - pause), span(grace));
        let because = "requests that take longer than that are cut by SIGKILL";
        (Severity::Notice, Confidence::Medium, title, because)
    } else {
        return None;
    };
    let mut finding =
        Finding::new(severity, confidence, workload_thing(f, w), format!("{}: {title}", named(w, c)))
            .evidence("grace_s", w.grace_s)
            .evidence("prestop_s", pause)
            .because(because)
            .remedy(format!(
                "terminationGracePeriodSeconds: {} or more, or a shorter pause",
                (pause + drain.max(10.0) + 5.0).ceil()
            ));
    if let Some(h) = &c.pre_stop {
        finding = finding.evidence("hook", h.does.as_str());
    }
    if let Some(d) = &c.drain {
        finding = finding.evidence("drain_s", d.seconds).evidence("drain_by", d.by.as_str());
    }
    Some(finding)
}

fn span(s: f64) -> String {
    rates::span(s)
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Drain, Hook, Kind, made::*},
        *,
    };
    use crate::model::{Why, judged::*};

    fn sleeping(grace_s: u64, sleeps_s: f64, drain: Option<f64>) -> Facts {
        let mut w = workload();
        w.grace_s = grace_s;
        w.containers[0].pre_stop = Some(Hook { does: format!("sleep {sleeps_s}"), program: None, sleeps_s });
        w.containers[0].drain = drain.map(|seconds| Drain { by: "--graceful-timeout".into(), seconds });
        facts(vec![w])
    }

    #[test]
    fn a_hook_that_sleeps_all_of_it_is_a_sure_kill() {
        let f = &found(&CHECK, &sleeping(30, 30.0, None))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(f.title.contains("the whole grace period of 30s"), "{}", f.title);
        assert!(found(&CHECK, &sleeping(0, 0.0, None))[0].title.contains("killed at once"));
    }

    #[test]
    fn a_drain_must_fit_into_what_is_left() {
        let f = &found(&CHECK, &sleeping(30, 10.0, Some(25.0)))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        assert!(f.remedy.contains("40"), "{}", f.remedy);
        clear(&CHECK, &sleeping(30, 5.0, Some(25.0)));
    }

    #[test]
    fn little_is_left_is_a_notice_and_enough_is_silent() {
        assert_eq!(found(&CHECK, &sleeping(30, 26.0, None))[0].severity, Severity::Notice);
        clear(&CHECK, &sleeping(30, 25.0, None));
        clear(&CHECK, &sleeping(2, 0.0, None));
        let mut job = workload();
        (job.kind, job.grace_s) = (Kind::Job, 0);
        clear(&CHECK, &facts(vec![job]));
        unknown(&CHECK, &Facts::unseen(Why::Malformed), Why::Malformed);
    }
}
