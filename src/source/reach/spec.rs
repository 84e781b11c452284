//! Who is meant: from what stands on the command line to members that can be asked.

use super::{Member, Reach, Refusal, Refused, Way, pod};
use crate::model::PodStatus;
use serde_json::Value;
use std::{path::PathBuf, time::Instant};

/// No set has more members.
pub const MOST: usize = 10_000;

/// One word that names members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// A document that was written before; `-` is standard input.
    File(PathBuf),
    /// `pod/NAME`.
    Pod(String),
    /// `deploy/NAME` and the like: the pods of its selector. The path of its kind, and its name.
    Workload(&'static str, String),
    /// `service/NAME`: the pods that it sends to.
    Service(String),
    /// `ssh:HOST`.
    Ssh(String),
    /// A name for `--exec`.
    Name(String),
}

/// Kinds of workloads: how people write them, and where the API server has them.
const KINDS: &[(&[&str], &str)] = &[
    (&["deploy", "deployment", "deployments"], "apis/apps/v1/namespaces/{}/deployments"),
    (&["sts", "statefulset", "statefulsets"], "apis/apps/v1/namespaces/{}/statefulsets"),
    (&["ds", "daemonset", "daemonsets"], "apis/apps/v1/namespaces/{}/daemonsets"),
    (&["rs", "replicaset", "replicasets"], "apis/apps/v1/namespaces/{}/replicasets"),
    (&["job", "jobs"], "apis/batch/v1/namespaces/{}/jobs"),
];

impl Spec {
    /// One word of the command line. `named`: there is a template that names are put into.
    ///
    /// # Errors
    /// A word that is none of them, with what may be written.
    pub fn parse(word: &str, named: bool) -> Result<Self, String> {
        if let Some(host) = word.strip_prefix("ssh:") {
            // A host that begins with a dash would be an option of ssh.
            let whole = !host.is_empty() && !host.starts_with('-') && !host.contains(char::is_whitespace);
            return if whole {
                Ok(Self::Ssh(host.into()))
            } else {
                Err(format!("`{word}`: ssh: wants a host, as in ssh:web-1"))
            };
        }
        if named {
            return Ok(Self::Name(word.into()));
        }
        if let Some((kind, name)) = word.split_once('/')
            && !word.ends_with(".json")
            && !matches!(kind, "" | "." | "..")
        {
            let lower = kind.to_ascii_lowercase();
            let plain = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
                && !name.starts_with('-');
            let known = KINDS.iter().find(|(names, _)| names.contains(&lower.as_str()));
            let spec = match (lower.as_str(), known) {
                _ if !plain => None,
                ("pod" | "po" | "pods", _) => Some(Self::Pod(name.into())),
                ("svc" | "service" | "services", _) => Some(Self::Service(name.into())),
                (_, Some((_, path))) => Some(Self::Workload(path, name.into())),
                _ => None,
            };
            if let Some(spec) = spec {
                return Ok(spec);
            }
        }
        if word == "-" || word.ends_with(".json") || word.contains('/') {
            return Ok(Self::File(word.into()));
        }
        Err(format!(
            "`{word}` names nothing to ask: write a snapshot file (web-1.json), pod/NAME, deploy/NAME, sts/NAME, service/NAME, \
             ssh:HOST, or a name for --exec"
        ))
    }
}

/// A command line of the user's own that runs commands elsewhere, such as `docker exec {}`: `{}` stands for the member's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<String>);

impl Template {
    /// Split as a shell splits words, without anything else that a shell does.
    ///
    /// # Errors
    /// A quote that is not closed, no word, or no `{}`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = shlex::split(text).ok_or_else(|| format!("`{text}`: a quote is not closed"))?;
        if !words.iter().any(|w| w.contains("{}")) {
            return Err(format!(
                "`{text}`: `{{}}` is wanted where the member's name goes, as in 'docker exec {{}}'"
            ));
        }
        Ok(Self(words))
    }
    fn with(&self, name: &str) -> Vec<String> {
        self.0.iter().map(|w| w.replace("{}", name)).collect()
    }
}

/// As a shell takes it apart again; what needs no quotes has none.
pub fn joined(words: &[String]) -> String {
    let plain = |w: &&String| {
        !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=+:,./@%".contains(&b))
    };
    let quoted = |w: &String| match Some(w).filter(plain) {
        Some(word) => word.clone(),
        // Only a NUL cannot be quoted, and an argument list holds none.
        None => shlex::try_quote(w).map(|q| q.into_owned()).unwrap_or_default(),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// One text that a shell at the other end splits into this argument list again.
pub(super) fn quoted(argv: &[String]) -> String {
    // Only a NUL cannot be quoted, and an argument list holds none.
    shlex::try_join(argv.iter().map(String::as_str)).unwrap_or_default()
}

/// The members that the words and the selector of the cluster name, each once, in order.
///
/// # Errors
/// What the cluster said; a word or selector that names nobody; more than [`MOST`].
pub fn resolve(
    reach: &Reach,
    specs: &[Spec],
    template: Option<&Template>,
    until: Instant,
) -> Result<Vec<Member>, Refused> {
    let kubectl = &reach.kubectl;
    let selector = kubectl.cluster.selector.as_deref();
    let clustered = selector.is_some()
        || specs.iter().any(|s| matches!(s, Spec::Pod(_) | Spec::Workload(..) | Spec::Service(_)));
    let namespace = if clustered { kubectl.namespace(until)? } else { String::new() };
    let mut members: Vec<Member> = Vec::new();
    for spec in specs {
        let name = |text: &str| Member { name: text.into(), way: Way::File(text.into()) };
        match spec {
            Spec::File(path) => members.push(name(&path.to_string_lossy())),
            Spec::Ssh(host) => {
                members.push(Member { name: format!("ssh:{host}"), way: Way::Ssh(host.clone()) })
            }
            Spec::Name(text) => {
                let line = template.map(|t| t.with(text)).unwrap_or_default();
                members.push(Member { name: text.clone(), way: Way::Exec(line) });
            }
            Spec::Pod(pod) => {
                let found = kubectl.get(&format!("/api/v1/namespaces/{namespace}/pods/{pod}"), until)?;
                members.extend(pods(reach, std::slice::from_ref(&found))?);
            }
            Spec::Service(service) => {
                let found =
                    kubectl.get(&format!("/api/v1/namespaces/{namespace}/services/{service}"), until)?;
                let labels = found.pointer("/spec/selector").map(|s| serde_json::json!({ "matchLabels": s }));
                members.extend(selected(
                    reach,
                    &namespace,
                    &format!("service/{service}"),
                    labels.as_ref(),
                    until,
                )?);
            }
            Spec::Workload(path, workload) => {
                let path = path.replace("{}", &namespace);
                let found = kubectl.get(&format!("/{path}/{workload}"), until)?;
                let kind = path.rsplit('/').next().unwrap_or_default();
                members.extend(selected(
                    reach,
                    &namespace,
                    &format!("{kind}/{workload}"),
                    found.pointer("/spec/selector"),
                    until,
                )?);
            }
        }
    }
    if let Some(selector) = selector {
        let path = if kubectl.cluster.all_namespaces {
            "/api/v1/pods".into()
        } else {
            format!("/api/v1/namespaces/{namespace}/pods")
        };
        let found = kubectl.list(&path, Some(selector), until)?;
        if found.is_empty() {
            return Err(Refused::new(
                Refusal::Gone,
                format!("no pod in {} matches {selector}", place(reach, &namespace)),
            ));
        }
        members.extend(pods(reach, &found)?);
    }
    let mut known = std::collections::HashSet::new();
    members.retain(|m| known.insert(m.name.clone()));
    if members.len() > MOST {
        return Err(Refused::new(
            Refusal::TooMuch,
            format!("{} members; at most {MOST} are asked", members.len()),
        ));
    }
    reach.prepare(&members, until);
    Ok(members)
}

fn place(reach: &Reach, namespace: &str) -> String {
    if reach.kubectl.cluster.all_namespaces {
        "any namespace".into()
    } else {
        format!("namespace {namespace}")
    }
}

/// The pods that a selector of an object names.
fn selected(
    reach: &Reach,
    namespace: &str,
    what: &str,
    selector: Option<&Value>,
    until: Instant,
) -> Result<Vec<Member>, Refused> {
    let labels = selector.and_then(pod::selector).filter(|l| !l.is_empty());
    let labels = labels
        .ok_or_else(|| Refused::new(Refusal::Gone, format!("{what} has no selector: it names no pods")))?;
    let found = reach.kubectl.list(&format!("/api/v1/namespaces/{namespace}/pods"), Some(&labels), until)?;
    if found.is_empty() {
        return Err(Refused::new(
            Refusal::Gone,
            format!("{what} has no pods in namespace {namespace} ({labels})"),
        ));
    }
    pods(reach, &found)
}

/// Pods that have come to their end have nobody to ask, and are no members.
fn pods(reach: &Reach, found: &[Value]) -> Result<Vec<Member>, Refused> {
    let mut out = Vec::new();
    let ended = |p: &PodStatus| matches!(p.phase.as_str(), "Succeeded" | "Failed");
    for object in found {
        let pod = pod::status(object, reach.kubectl.cluster.container.as_deref())?;
        if found.len() == 1 || !ended(&pod) {
            let many = reach.kubectl.cluster.all_namespaces;
            let name = if many { format!("{}/{}", pod.namespace, pod.name) } else { pod.name.clone() };
            out.push(Member { name, way: Way::Pod(Box::new(pod)) });
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_files_pods_workloads_and_hosts() {
        let of = |word: &str| Spec::parse(word, false);
        assert_eq!(of("pod/web-1"), Ok(Spec::Pod("web-1".into())));
        assert_eq!(
            of("Deployment/web"),
            Ok(Spec::Workload("apis/apps/v1/namespaces/{}/deployments", "web".into()))
        );
        assert_eq!(of("svc/web"), Ok(Spec::Service("web".into())));
        assert_eq!(of("ssh:root@web-1"), Ok(Spec::Ssh("root@web-1".into())));
        for file in ["a.json", "./pod/web", "/tmp/x", "pod/web.json", "-", "snapshots/web-1", "pod/../../x"] {
            assert_eq!(of(file), Ok(Spec::File(file.into())), "{file}");
        }
        assert!(of("web-1").unwrap_err().contains("pod/NAME"));
        for bad in ["ssh:", "ssh:-oProxyCommand=x", "ssh:a b"] {
            assert!(of(bad).unwrap_err().contains("ssh:"), "{bad}");
        }
        assert_eq!(Spec::parse("web-1", true), Ok(Spec::Name("web-1".into())));
    }

    #[test]
    fn a_template_is_split_as_a_shell_does_and_wants_a_place_for_the_name() {
        let line = Template::parse("docker exec -e 'A=b c' {}").unwrap();
        assert_eq!(line.with("$(x) y"), ["docker", "exec", "-e", "A=b c", "$(x) y"]);
        assert!(Template::parse("docker exec web").unwrap_err().contains("{}"));
        assert!(Template::parse("docker 'exec {}").unwrap_err().contains("quote"));
        assert_eq!(quoted(&["a b".into(), "$x".into(), "'".into()]), r#"'a b' '$x' "'""#);
    }
}
