//! `pods/same-probes`

use super::{
    super::facts::{Facts, Probe},
    named, next, say, workload_thing, workloads,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A container whose liveness and readiness probe ask the same and whose liveness probe is no more patient (period times
    /// failures) than the readiness probe. The fields that are equal and those that differ are named. One endpoint for both is
    /// a documented pattern where liveness waits longer: that is silent.
    ///
    /// ## Why it matters
    ///
    /// The two answers mean different things: not ready is "send nobody here for now", not alive is "kill it". Under load a
    /// program answers late; with equal probes each pod is killed at the moment it is taken out of the endpoints, its share
    /// falls on the rest, and they follow. A probe that asks a database as well kills all pods when the database is away.
    ///
    /// ## Confirm
    ///
    /// `kubectl get events --field-selector reason=Unhealthy`: Liveness and Readiness fail together.
    ///
    /// ## Fix
    ///
    /// Readiness asks for what serving needs. Liveness asks only whether the process turns its loop, without any other server,
    /// with a failureThreshold several times as high; or leave it out, where the program ends by itself when it is broken.
    "pods/same-probes": "liveness kills at the moment readiness would only turn clients away" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let mut found = Vec::new();
    for w in all {
        for c in &w.containers {
            let Some((ready, live)) = c.readiness.as_ref().zip(c.liveness.as_ref()) else { continue };
            if ready.asks != live.asks
                || ready.headers != live.headers
                || live.patience_s() > ready.patience_s()
            {
                continue;
            }
            let (equal, differing) = fields(ready, live);
            let title = format!("{}: liveness and readiness both ask {}", named(w, c), ready.asks);
            let mut finding = Finding::new(Severity::Notice, Confidence::High, workload_thing(f, w), title)
                .evidence("asks", ready.asks.as_str())
                .evidence("equal", equal.join(", "))
                .because(format!(
                    "it is killed after {}s of failures and taken out of the endpoints after {}s: overload becomes restarts",
                    live.patience_s(),
                    ready.patience_s()
                ))
                .remedy("let liveness ask something that needs no other server, with a higher failureThreshold; or leave it out");
            if !differing.is_empty() {
                finding = finding.evidence("differ", differing.join(", "));
            }
            found.push(next(finding, f, w));
        }
    }
    say(found, out);
}

/// Names of the fields that are equal, and those that differ with both values, liveness first.
fn fields(ready: &Probe, live: &Probe) -> (Vec<String>, Vec<String>) {
    let mut equal = vec![ready.asks.split(' ').next().unwrap_or_default().to_string()];
    let mut differing = Vec::new();
    for ((name, r), (_, l)) in ready.figures().into_iter().zip(live.figures()) {
        if r == l {
            equal.push(format!("{name} {r}"));
        } else {
            differing.push(format!("{name} {l} / {r}"));
        }
    }
    (equal, differing)
}

#[cfg(test)]
mod tests {
    use super::{super::super::facts::made::*, *};
    use crate::model::{Cell, judged::*};

    fn both(live: impl FnOnce(&mut Probe)) -> Facts {
        with(|c| {
            let mut probe = probe("/ready");
            live(&mut probe);
            c.liveness = Some(probe);
        })
    }

    #[test]
    fn equal_probes_are_named_with_what_is_equal_and_what_is_not() {
        let f = &found(&CHECK, &both(|p| p.delay_s = 30))[0];
        assert_eq!(f.severity, Severity::Notice);
        let text = |key: &str| match &f.evidence.iter().find(|e| e.0 == key).unwrap().1 {
            Cell::Text(t) => t.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text("differ"), "initialDelaySeconds 30 / 0");
        assert!(text("equal").starts_with("httpGet, periodSeconds 10"));
        assert_eq!(found(&CHECK, &both(|_| ())).len(), 1);
    }

    #[test]
    fn more_patience_another_question_or_one_probe_alone_are_silent() {
        clear(&CHECK, &both(|p| p.failures = 6));
        clear(&CHECK, &both(|p| p.asks = "httpGet /live :8080".into()));
        clear(&CHECK, &both(|p| p.headers = vec!["Host".into()]));
        clear(&CHECK, &with(|c| c.liveness = None));
        found(&CHECK, &both(|p| p.failures = 2));
    }
}
