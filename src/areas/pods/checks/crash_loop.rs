//! `pods/crash-loop`

use super::{
    super::facts::{Facts, Pod, State, meaning},
    owner_thing, place, pod_thing, pods, say, word,
};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity, rates},
};

check! {
    /// ## What it sees
    ///
    /// Containers that wait in CrashLoopBackOff, and those that run but were restarted several times, the last time not long ago;
    /// with the reason and exit code of the last end and what that means. An end with 143 (SIGTERM) is reported as Error and is an
    /// ordinary one: something stopped it.
    ///
    /// ## Why it matters
    ///
    /// A container in back-off serves nobody for minutes at a time. One that runs between restarts looks healthy in `kubectl get
    /// pods` and loses what it had in flight each time.
    ///
    /// ## Confirm
    ///
    /// `kubectl logs POD -c CONTAINER --previous`: its last words. `kubectl describe pod POD`: Last State and events.
    ///
    /// ## Fix
    ///
    /// What the last words say. 137 without OOMKilled and 143: look at the liveness probe, its timeout and what it asks. 127 and
    /// 128: command or image. 0: the program ended by itself, as if it had nothing left to do.
    "pods/crash-loop": "a container that ends again and again"
    {
        restarts: "restarts from which on one that runs is said" = 5;
        recent_s: "seconds since its last end, that count as now" = 3600;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(all) = pods(f, out) else { return };
    let mut found: Vec<Finding> = Vec::new();
    for p in all {
        found.extend(p.containers.iter().filter_map(|c| of(f, p, c, at)));
    }
    found.arrange_by_key(|x| std::cmp::Reverse(x.severity));
    say(found, out);
}

fn of(f: &Facts, p: &Pod, c: &State, at: &Limits) -> Option<Finding> {
    let end = c.last_end();
    let ago = end.and_then(|e| f.age_s(e.finished));
    let backs_off = c.waiting.as_deref() == Some("CrashLoopBackOff");
    let again = c.restarts as f64 >= at.restarts.value() && ago.is_some_and(|a| a <= at.recent_s.value());
    let (severity, what) = match (backs_off, again) {
        (true, _) => (Severity::Critical, "ends again and again and is held back (CrashLoopBackOff)"),
        (false, true) => (Severity::Warning, "runs between restarts"),
        (false, false) => return None,
    };
    let how = end.map(|e| format!(": {}", e.short())).unwrap_or_default();
    let title = format!("{}: {} {what}{how}", p.full(), c.name);
    let mut finding = Finding::new(severity, Confidence::High, pod_thing(f, p), title)
        .evidence("container", c.name.as_str())
        .evidence("restarts", c.restarts);
    if let Some(e) = end {
        finding = finding
            .evidence("reason", e.reason.as_str())
            .evidence("exit_code", e.code.max(0) as u64)
            .because(meaning(e))
            .since(e.finished);
    }
    if let Some(ran) = end.and_then(|e| e.ran_s()) {
        finding = finding.evidence("ran_s", ran);
    }
    if let Some(ago) = ago {
        finding = finding.because(format!("the last end was {} ago", rates::span(ago)));
    }
    if c.init {
        finding = finding.because("it is an init container: nothing else of the pod starts before it");
    }
    if let Some(owner) = owner_thing(f, p) {
        finding = finding.about(owner);
    }
    let logs =
        format!("kubectl logs {} {} -c {} --previous", word(&p.name), place(f, &p.namespace), word(&c.name));
    Some(finding.remedy(format!("its last words: {logs}")))
}

#[cfg(test)]
mod tests {
    use super::{super::super::facts::made::*, *};
    use crate::model::judged::*;

    fn pod_with(waiting: Option<&str>, restarts: u64, reason: &str, code: i64, ago_s: f64) -> Facts {
        let mut p = pod("web-1");
        let c = &mut p.containers[0];
        (c.waiting, c.restarts) = (waiting.map(str::to_string), restarts);
        c.last = ended(reason, code, ago_s);
        with_pods(vec![p])
    }

    #[test]
    fn back_off_is_critical_and_names_code_and_meaning() {
        let f = &found(&CHECK, &pod_with(Some("CrashLoopBackOff"), 12, "Error", 127, 30.0))[0];
        assert_eq!(f.severity, Severity::Critical);
        assert!(
            f.title.ends_with("(CrashLoopBackOff): Error 127") && f.because[0].contains("no such command")
        );
        assert!(f.remedy.contains("kubectl logs web-1 -n prod -c web --previous"));
    }

    #[test]
    fn restarts_count_while_they_go_on() {
        assert_eq!(found(&CHECK, &pod_with(None, 5, "Error", 137, 600.0))[0].severity, Severity::Warning);
        clear(&CHECK, &pod_with(None, 4, "Error", 137, 600.0));
        clear(&CHECK, &pod_with(None, 50, "Error", 1, 7200.0));
        clear(&CHECK, &with_pods(vec![pod("web-1")]));
        skipped(&CHECK, &of_file(vec![workload()]));
    }

    #[test]
    fn who_is_on_the_way_out_is_not_judged() {
        let mut p = pod("web-1");
        p.containers[0].waiting = Some("CrashLoopBackOff".into());
        p.deleting = true;
        assert_eq!(clear(&CHECK, &with_pods(vec![p])), (0, 0));
    }
}
