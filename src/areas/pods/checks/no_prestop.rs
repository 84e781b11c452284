//! `pods/no-prestop`

use super::{
    super::facts::{Container, Facts, Kind, Workload},
    named, next, say, workload_thing, workloads,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A Deployment whose container serves clients (it has a port, or a readiness probe, or a Service leads to it) and has
    /// neither a `preStop` hook nor a drain time of its own that is known from its flags and variables; a StatefulSet
    /// only where it speaks HTTP. And a hook that cannot run: its program is not in the image, as the cluster's events say
    /// or as the name of the image lets expect. Ports that are there for metrics or health alone serve nobody.
    ///
    /// ## Why it matters
    ///
    /// When a pod is deleted, SIGTERM to the container and the removal of the pod from the endpoints go out at the same time.
    /// Each node hears of the removal later than the container hears of its end; until then new connections go to a program
    /// that has stopped to accept, and are refused. A readiness probe that fails on SIGTERM changes nothing: a terminating
    /// pod counts as not ready at once. A pause before SIGTERM lets the removal arrive first. Connections that are kept alive
    /// bring requests for longer still: the program must answer them with `Connection: close`.
    ///
    /// ## Confirm
    ///
    /// `kubectl get deploy NAME -o jsonpath='{..lifecycle}'`. `paramedic --on deploy/NAME lifecycle` shows what
    /// SIGTERM does to the processes in there. Failed hooks: `kubectl get events --field-selector reason=FailedPreStopHook`.
    /// What comes late and is refused: `paramedic shutdown --late 5s -- CMD`, and with `--prestop 'sleep 5'`.
    ///
    /// ## Fix
    ///
    /// `lifecycle: {preStop: {sleep: {seconds: N}}}` in the container; it needs no program in the image and is on by default from
    /// Kubernetes 1.30. Before that `exec: {command: ["sleep", "N"]}`, where the image has `sleep`: distroless images have
    /// neither that nor a shell. N is the time that endpoints take to spread, some seconds; the pause counts into the grace period.
    "pods/no-prestop": "nothing delays SIGTERM until clients are led elsewhere" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let services = out.aside(&f.services);
    let failed = out.aside(&f.failed_hooks);
    let pods = out.aside(&f.pods);
    let mut found = Vec::new();
    for w in all.into_iter().filter(|w| w.kind.is_service()) {
        let led = services.and_then(|s| s.iter().find(|s| s.leads_to(w)));
        let hooked = failed.zip(pods).map(|(failed, pods)| {
            let ours = |name: &&String| {
                pods.top().iter().any(|p| {
                    p.full() == **name
                        && p.owner.as_ref().is_some_and(|(k, n)| w.key() == (*k, &p.namespace, n))
                })
            };
            failed.iter().filter(ours).count()
        });
        let mut faults: Vec<Finding> = Vec::new();
        for c in w.containers.iter().filter(|c| !c.sidecar) {
            match &c.pre_stop {
                Some(_) => faults.extend(broken(f, w, c, hooked.unwrap_or(0))),
                None if serves(w, c, led.is_some()) => {
                    let title =
                        format!("{}: nothing delays SIGTERM until clients are led elsewhere", named(w, c));
                    let mut finding =
                        Finding::new(Severity::Notice, Confidence::High, workload_thing(f, w), title)
                            .evidence("container", c.name.as_str())
                            .evidence("grace_s", w.grace_s)
                            .because("the pod leaves the endpoints while SIGTERM arrives: for some time clients are still sent to it")
                            .remedy("lifecycle: {preStop: {sleep: {seconds: 5}}}, well within the grace period");
                    if let Some(s) = led {
                        finding = finding.evidence("service", s.name.as_str());
                    }
                    faults.push(finding);
                }
                None => {}
            }
        }
        found.extend(faults.into_iter().map(|x| next(x, f, w)));
    }
    say(found, out);
}

fn serves(w: &Workload, c: &Container, led: bool) -> bool {
    let clients = c.serves() && (w.kind != Kind::StatefulSet || c.speaks_http());
    // A Service leads to all containers: one without a port and a probe is not the one that answers.
    c.drain.is_none() && (clients || led && w.containers.len() == 1 && w.kind != Kind::StatefulSet)
}

/// A hook that does not run.
fn broken(f: &Facts, w: &Workload, c: &Container, failed: usize) -> Option<Finding> {
    let hook = c.pre_stop.as_ref()?;
    let image = c.image();
    let program = hook.program.as_deref()?;
    let base = program.rsplit('/').next().unwrap_or(program);
    let generic =
        matches!(base, "sh" | "bash" | "ash" | "sleep" | "cat" | "touch" | "kill" | "wget" | "curl");
    if failed == 0 && !(image.is_bare() && generic) {
        return None;
    }
    let (confidence, because) = match failed {
        0 => (
            Confidence::Low,
            format!("images of the kind of {} hold neither a shell nor `{base}`", image.name),
        ),
        n => (Confidence::High, format!("events of the last hour name {n} of its pods: FailedPreStopHook")),
    };
    let title = format!("{}: its preStop hook does not run: {}", named(w, c), hook.does);
    let finding = Finding::new(Severity::Warning, confidence, workload_thing(f, w), title)
        .evidence("container", c.name.as_str())
        .evidence("hook", hook.does.as_str())
        .evidence("image", c.image.as_str())
        .because(because)
        .because("a hook that fails is not repeated: SIGTERM arrives at once")
        .remedy("preStop: {sleep: {seconds: N}} needs no program in the image");
    Some(if failed > 0 { finding.evidence("failed_pods", failed) } else { finding })
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Drain, Hook, made::*},
        *,
    };
    use crate::model::{Reading, Why, judged::*};

    fn exec(program: &str, image: &str) -> Facts {
        with(|c| {
            c.image = image.into();
            c.pre_stop = Some(Hook {
                does: format!("exec {program} 5"),
                program: Some(program.into()),
                sleeps_s: 5.0,
            });
        })
    }

    #[test]
    fn who_serves_without_a_pause_is_a_notice() {
        let f = &found(&CHECK, &with(|c| c.pre_stop = None))[0];
        assert_eq!(f.severity, Severity::Notice);
        assert_eq!(f.title, "prod/deploy/web: nothing delays SIGTERM until clients are led elsewhere");
        assert_eq!(f.next, ["pods -n prod -l app=web"]);
    }

    #[test]
    fn hooks_drains_and_who_serves_nobody_are_silent() {
        clear(&CHECK, &facts(vec![workload()]));
        clear(
            &CHECK,
            &with(|c| {
                c.pre_stop = None;
                c.drain = Some(Drain { by: "--shutdown-grace-period".into(), seconds: 10.0 });
            }),
        );
        let mut quiet = with(|c| {
            (c.pre_stop, c.readiness) = (None, None);
            c.ports = vec!["metrics".into()];
        });
        quiet.services = Reading::seen(vec![]);
        clear(&CHECK, &quiet);
        let mut job = workload();
        job.kind = Kind::Job;
        job.containers[0].pre_stop = None;
        clear(&CHECK, &facts(vec![job.clone()]));
        (job.kind, job.system) = (Kind::Deployment, true);
        clear(&CHECK, &facts(vec![job]));
    }

    #[test]
    fn databases_are_not_told_to_wait_and_http_servers_are() {
        let mut db = workload();
        db.kind = Kind::StatefulSet;
        let c = &mut db.containers[0];
        (c.pre_stop, c.liveness, c.readiness) = (None, None, None);
        c.ports = vec!["postgres".into()];
        clear(&CHECK, &facts(vec![db.clone()]));
        db.containers[0].ports = vec!["http".into()];
        found(&CHECK, &facts(vec![db]));
    }

    #[test]
    fn a_hook_without_its_program_is_a_guess_by_name_and_sure_by_events() {
        let guess = &found(&CHECK, &exec("/bin/sleep", "gcr.io/distroless/java17:nonroot"))[0];
        assert_eq!((guess.severity, guess.confidence), (Severity::Warning, Confidence::Low));
        clear(&CHECK, &exec("/bin/sleep", "debian:12"));
        clear(&CHECK, &exec("/app/drain", "gcr.io/distroless/java17"));
        let mut told = exec("/bin/sleep", "debian:12");
        told.failed_hooks = Reading::seen(vec!["prod/web-2".into(), "prod/other".into()]);
        assert_eq!(found(&CHECK, &told)[0].confidence, Confidence::High);
    }

    #[test]
    fn nothing_seen_is_unknown() {
        unknown(&CHECK, &Facts::unseen(Why::Denied), Why::Denied);
    }
}
