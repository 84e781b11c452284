//! `pods/stop-signal`

use super::{
    super::facts::{Container, Facts, Workload},
    named, next, say, workload_thing, workloads,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// `lifecycle.stopSignal` of containers: one that cannot be handled (SIGKILL, SIGSTOP), one without the `spec.os.name` that it
    /// needs, one with which nginx ends at once; and the nginx of its makers in a version whose image still says SIGTERM. A
    /// STOPSIGNAL that is built into other images is not in the spec and not seen.
    ///
    /// ## Why it matters
    ///
    /// The stop signal decides between a shutdown and a cut. On SIGTERM nginx ends at once: responses that are being sent are cut
    /// after the status 200, so that nothing in the logs shows it. On SIGQUIT it answers what it has begun.
    ///
    /// ## Confirm
    ///
    /// `docker inspect -f '{{.Config.StopSignal}}' IMAGE`; in the cluster `kubectl get pod POD -o jsonpath='{..containerStatuses[*].stopSignal}'`.
    /// What either signal costs: `paramedic shutdown --signal QUIT -- nginx -g 'daemon off;'`, and with `--signal TERM`.
    ///
    /// ## Fix
    ///
    /// For nginx `stopSignal: SIGQUIT` (with `os: {name: linux}`; a cluster of 1.33 or newer with the feature gate
    /// ContainerStopSignals), or a `preStop` with `exec: {command: [nginx, -s, quit]}` and a `sleep` behind it, or a newer image.
    "pods/stop-signal": "the stop signal cuts what it should let finish" {} judge(Facts)
}

/// From this version on the image of its makers says SIGQUIT.
const NGINX: (u32, u32, u32) = (1, 19, 5);

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let mut found = Vec::new();
    for w in all {
        found.extend(w.containers.iter().filter_map(|c| Some(next(of(f, w, c)?, f, w))));
    }
    say(found, out);
}

fn of(f: &Facts, w: &Workload, c: &Container) -> Option<Finding> {
    let nginx = c.image().is_nginx() && !c.own_command;
    // Whoever quits it before the signal comes has seen to it.
    let quits = c.pre_stop.as_ref().is_some_and(|h| h.does.contains("quit"));
    let (severity, confidence, what, because) = match c.stop_signal.as_deref() {
        Some(signal @ ("SIGKILL" | "SIGSTOP")) => (
            Severity::Warning,
            Confidence::High,
            format!("its stop signal is {signal}, which no program can handle"),
            "there is no shutdown: what is in flight is cut on every deployment",
        ),
        Some(signal) if w.os.is_none() => (
            Severity::Warning,
            Confidence::High,
            format!("its stop signal {signal} needs spec.os.name beside it"),
            "the API server refuses a stopSignal in a pod that does not say its operating system",
        ),
        Some(signal @ ("SIGTERM" | "SIGINT")) if nginx && !quits => (
            Severity::Notice,
            Confidence::High,
            format!("nginx is stopped with {signal}, on which it cuts what it is sending"),
            "responses are cut behind a status 200: logs do not show it",
        ),
        None if nginx && !quits && c.image().tag.and_then(version).is_some_and(|v| v < NGINX) => (
            Severity::Notice,
            Confidence::Medium,
            "this version of nginx is stopped with SIGTERM, on which it cuts what it is sending".into(),
            "its image says STOPSIGNAL SIGTERM; newer ones say SIGQUIT",
        ),
        _ => return None,
    };
    let mut finding = Finding::new(
        severity,
        confidence,
        workload_thing(f, w),
        format!("{}: {what}", named(w, c)),
    )
    .evidence("container", c.name.as_str())
    .evidence("image", c.image.as_str())
    .because(because)
    .remedy(
        "a stop signal that the program takes for a graceful end: SIGQUIT for nginx, SIGTERM for most others",
    );
    if let Some(signal) = &c.stop_signal {
        finding = finding.evidence("stop_signal", signal.as_str());
    }
    Some(finding)
}

/// `1.18.0-alpine`; without all three parts the tag moves within them, and says too little.
fn version(tag: &str) -> Option<(u32, u32, u32)> {
    let mut parts = tag.split('-').next()?.splitn(3, '.').map(|p| p.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Hook, made::*},
        *,
    };
    use crate::model::judged::*;

    fn signal(image: &str, signal: Option<&str>, os: Option<&str>) -> Facts {
        let mut w = workload();
        w.os = os.map(str::to_string);
        w.containers[0].image = image.into();
        w.containers[0].stop_signal = signal.map(str::to_string);
        facts(vec![w])
    }

    #[test]
    fn signals_that_cut_are_said() {
        assert_eq!(
            found(&CHECK, &signal("web:1", Some("SIGKILL"), Some("linux")))[0].severity,
            Severity::Warning
        );
        assert!(found(&CHECK, &signal("web:1", Some("SIGUSR1"), None))[0].title.contains("spec.os.name"));
        assert_eq!(
            found(&CHECK, &signal("nginx:1.27.1", Some("SIGTERM"), Some("linux")))[0].severity,
            Severity::Notice
        );
        found(&CHECK, &signal("docker.io/library/nginx:1.18.0-alpine", None, None));
    }

    #[test]
    fn signals_that_let_finish_and_unknown_images_are_silent() {
        clear(&CHECK, &signal("nginx:1.27.1", None, None));
        clear(&CHECK, &signal("nginx:1.27.1", Some("SIGQUIT"), Some("linux")));
        clear(&CHECK, &signal("corp/nginx:1.18.0", None, None));
        clear(&CHECK, &signal("nginx:1.19", None, None));
        clear(&CHECK, &signal("web:1", Some("SIGTERM"), Some("linux")));
        let mut quits = workload();
        quits.containers[0].image = "nginx:1.18.0".into();
        let does = "exec nginx -s quit".to_string();
        quits.containers[0].pre_stop = Some(Hook { does, program: Some("nginx".into()), sleeps_s: 0.0 });
        clear(&CHECK, &facts(vec![quits]));
    }
}
