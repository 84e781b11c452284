//! Lines to paste: what names one place alone, what a report of it says to run next, what helps where the binary is missing.

use super::ask::Asking;
use crate::{
    cli::Shared,
    model::{PodStatus, report::Report},
    source::reach::{Member, Way, joined},
};
use serde_json::Value;

/// The image that nobody but the reader knows.
const IMAGE: &str = "IMAGE-WITH-PARAMEDIC";

/// How one place is named on our command line, and how something else is run in it.
pub(super) struct Here {
    /// The flags.
    pub on: String,
    /// What goes before a command that wants more rights there.
    root: Option<String>,
    /// What `$HOSTNAME` is there, as an argument of kubectl.
    pod: Option<String>,
}

impl Here {
    /// Of a member.
    pub fn of(member: &Member, shared: &Shared) -> Self {
        match &member.way {
            Way::Pod(pod) => {
                let mut words =
                    vec!["--on".to_string(), format!("pod/{}", pod.name), "-n".into(), pod.namespace.clone()];
                if let Some(container) = &shared.in_container {
                    words.extend(["-c".into(), container.clone()]);
                }
                let cluster = [("--context", &shared.context), ("--kubeconfig", &shared.kubeconfig)];
                for (flag, value) in cluster {
                    words.extend(value.iter().flat_map(|v| [flag.to_string(), v.clone()]));
                }
                words.extend(ways_in(shared));
                let own = joined(&["-n".into(), pod.namespace.clone(), pod.name.clone()]);
                Self { on: joined(&words), root: None, pod: Some(own) }
            }
            _ => {
                let host = member.name.strip_prefix("ssh:").map(|h| joined(&["ssh".into(), h.into()]));
                let mut words = vec!["--on".to_string(), member.name.clone()];
                words.extend(shared.inject.then(|| "--inject".into()));
                Self { on: joined(&words), root: host, pod: None }
            }
        }
    }

    /// A line of a report from there, to be pasted here. Some lines have no counterpart.
    fn line(&self, line: &str) -> Option<String> {
        if let Some(args) = line.strip_prefix("paramedic").filter(|a| a.is_empty() || a.starts_with(' ')) {
            // `explain` teaches the same everywhere, and a line that names a place knows better.
            let own = args.starts_with(" explain") || args.contains(" --on ");
            return Some(if own { line.into() } else { format!("paramedic {}{args}", self.on) });
        }
        if line.starts_with("sudo ") {
            return self.root.as_ref().map(|ssh| format!("{ssh} {line}"));
        }
        // A line that was to be run in the pod is now run from outside of it.
        Some(match &self.pod {
            Some(own) => line.replace("\"$HOSTNAME\"", own),
            None => line.into(),
        })
    }
}

/// What is said of that place is run in that place.
pub(super) fn from_there(report: &mut Report, here: &Here) {
    for finding in report.findings.iter_mut().chain(&mut report.suppressed) {
        finding.next = finding.next.iter().filter_map(|l| here.line(l)).collect();
    }
    for gap in report.sections.iter_mut().flat_map(|s| &mut s.gaps) {
        gap.remedy = gap.remedy.as_ref().and_then(|l| here.line(l));
    }
}

/// What helps where the binary is missing, the best first.
pub(super) fn without_binary(asking: &Asking, member: &Member) -> Vec<String> {
    let here = Here::of(member, asking.shared);
    let command = joined(&asking.argv);
    let inject = format!("paramedic {} --inject {command}", here.on).trim_end().to_string();
    // What was tried in vain is no advice.
    let tried = &asking.shared.debug_container;
    let mut lines = if asking.shared.inject { vec![] } else { vec![inject] };
    let Way::Pod(pod) = &member.way else { return lines };
    if tried.is_none() {
        let spec = asking.reach.kubectl.pod(pod, asking.until).ok();
        let user = spec.and_then(|spec| user(&spec, &pod.container));
        lines.insert(0, debug(pod, user, asking));
    }
    lines
}

/// A container of its own beside the one that is looked at, as the same user: another could not read its `/proc`.
fn debug(pod: &PodStatus, user: Option<i64>, asking: &Asking) -> String {
    let mut words: Vec<String> = vec!["kubectl".into(), "debug".into()];
    for (flag, value) in [("context", &asking.shared.context), ("kubeconfig", &asking.shared.kubeconfig)] {
        words.extend(value.iter().map(|v| format!("--{flag}={v}")));
    }
    words.extend(["-n".into(), pod.namespace.clone(), pod.name.clone()]);
    words.push(format!("--image={}", IMAGE));
    words.extend([format!("--target={}", pod.container), "--profile=general".into(), "-it".into()]);
    let mut line = joined(&words);
    if let Some(user) = user {
        // A file is wanted there (kubectl 1.32 and later); bash and zsh make one of it.
        line += &format!(" --custom=<(echo '{{\"securityContext\":{{\"runAsUser\":{user}}}}}')");
    }
    let mut own = vec!["paramedic".to_string()];
    own.extend(asking.argv.iter().cloned());
    if !own.iter().any(|w| w.starts_with("--target=")) {
        own.insert(1, "--target=1".into());
    }
    format!("{line} -- {}", joined(&own))
}

/// The user that the container itself asks for: that of the pod, an ephemeral container has anyway.
fn user(pod: &Value, container: &str) -> Option<i64> {
    let all = pod.pointer("/spec/containers")?.as_array()?;
    let own = all.iter().find(|c| c.get("name").and_then(Value::as_str) == Some(container))?;
    own.pointer("/securityContext/runAsUser")?.as_i64()
}

/// What was allowed where the binary is missing: the next command needs it too.
fn ways_in(shared: &Shared) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(shared.inject.then(|| "--inject".to_string()));
    words.extend(shared.debug_container.iter().flat_map(|i| ["--debug-container".into(), i.clone()]));
    words
}

/// The flags that name all places of this run.
pub(in super::super) fn everywhere(shared: &Shared) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut pair = |flag: &str, value: Option<&String>| {
        words.extend(value.into_iter().flat_map(|v| [flag.to_string(), v.clone()]));
    };
    let on = Some(shared.on.join(",")).filter(|on| !on.is_empty());
    pair("--on", on.as_ref());
    pair("-l", shared.selector.as_ref());
    pair("-n", shared.namespace.as_ref());
    pair("-c", shared.in_container.as_ref());
    pair("--context", shared.context.as_ref());
    pair("--kubeconfig", shared.kubeconfig.as_ref());
    if shared.all_namespaces {
        words.push("-A".into());
    }
    words.extend(ways_in(shared));
    joined(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_of_a_report_from_there_are_run_there() {
        let pod = Here { on: "--on pod/web-1 -n prod".into(), root: None, pod: Some("-n prod web-1".into()) };
        let ssh = Here { on: "--on ssh:db".into(), root: Some("ssh db".into()), pod: None };
        let of = |line: &str| pod.line(line);
        assert_eq!(
            of("paramedic fds --pid 1").as_deref(),
            Some("paramedic --on pod/web-1 -n prod fds --pid 1")
        );
        assert_eq!(of("paramedic").as_deref(), Some("paramedic --on pod/web-1 -n prod"));
        assert_eq!(
            of("paramedic explain fds/near-limit").as_deref(),
            Some("paramedic explain fds/near-limit")
        );
        assert_eq!(of("kubectl describe pod web-1").as_deref(), Some("kubectl describe pod web-1"));
        assert_eq!(
            of("kubectl describe pod \"$HOSTNAME\"").as_deref(),
            Some("kubectl describe pod -n prod web-1")
        );
        assert_eq!(of("paramedics").as_deref(), Some("paramedics"));
        assert_eq!(of("sudo paramedic fds"), None, "there is no sudo in a pod");
        assert_eq!(ssh.line("sudo paramedic fds").as_deref(), Some("ssh db sudo paramedic fds"));
    }

    #[test]
    fn the_user_is_that_of_the_container_alone() {
        let pod = json!({"spec": {"securityContext": {"runAsUser": 5}, "containers": [
            {"name": "app", "securityContext": {"runAsUser": 1000}}, {"name": "proxy"}]}});
        assert_eq!((user(&pod, "app"), user(&pod, "proxy")), (Some(1000), None));
    }
}
