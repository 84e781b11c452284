//! `--debug-container`: a container of its own beside the one that is looked at. It was asked for by name, says what it does
//! before it does it, and one that is there already is asked again, since nobody can remove it without the pod.
//! <https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/>

use super::{Input, Member, Question, Reach, Refusal, Refused, Way};
use crate::model::{PodStatus, Progress};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// What the names of our containers begin with.
const OURS: &str = "paramedic-";
/// What runs in it until it is asked, and for how long.
const LINGER: &str = "--linger=1h";
/// Its state is looked for so often.
const AGAIN: Duration = Duration::from_millis(300);
/// Why a container waits that will not start by waiting; all others may pass.
const STUCK: &[&str] = &[
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

/// A container that runs beside the one that is looked at, as a member to ask, and the arguments that say who the patient is.
///
/// # Errors
/// What the cluster refused, and by which policy; why the container does not start.
pub(super) fn enter(
    reach: &Reach,
    member: &Member,
    pod: &PodStatus,
    image: &str,
    question: &dyn Question,
    progress: &dyn Progress,
) -> Result<(Member, Vec<String>), Refused> {
    // What is left is for looking.
    let left = question.end().saturating_duration_since(Instant::now());
    let until = Instant::now() + left * 3 / 4;
    let object = reach.kubectl.pod(pod, until)?;
    let named = question.args(until, false).iter().any(|a| a.starts_with("--target="));
    if !named && object.pointer("/spec/shareProcessNamespace") == Some(&Value::Bool(true)) {
        return Err(none(
            "its containers share one process namespace: say by --target PID who the patient is",
        ));
    }
    let say = |what: String| {
        progress.announce(&format!("debug  {} (container {}): {what}", member.name, pod.container))
    };
    let name = match ours(&object, pod, image) {
        Some(name) => {
            say(format!("its container {name} of {image} is there already"));
            name
        }
        None => {
            let user = User::of(&object, &pod.container)?;
            let name = format!("{OURS}{}", word()?);
            say(format!(
                "adds container {name} of {image}; it ends within 1h and goes with the pod, not before"
            ));
            add(reach, pod, image, &name, &user, question.binary(), until)?;
            name
        }
    };
    until_it_runs(reach, pod, &name, until)?;
    let there = PodStatus { container: name, ..pod.clone() };
    let there = Member { name: member.name.clone(), way: Way::Pod(Box::new(there)) };
    Ok((there, if named { vec![] } else { vec!["--target=1".into()] }))
}

fn none(words: impl Into<String>) -> Refused {
    Refused::new(Refusal::NoBinary, words)
}

fn list<'v>(of: &'v Value, at: &str) -> impl Iterator<Item = &'v Value> {
    of.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(of: &'v Value, at: &str) -> Option<&'v str> {
    of.pointer(at).and_then(Value::as_str)
}

/// One that was added before: for this container, of this image, and not at its end. One that is stuck is none the less ours:
/// another of the same would be stuck beside it.
fn ours(pod: &Value, of: &PodStatus, image: &str) -> Option<String> {
    let ended = |name: &str| state(pod, name).is_some_and(|s| s.get("terminated").is_some());
    let mine = |c: &&Value| {
        text(c, "/image") == Some(image) && text(c, "/targetContainerName") == Some(of.container.as_str())
    };
    let names = list(pod, "/spec/ephemeralContainers").filter(mine).filter_map(|c| text(c, "/name"));
    names.filter(|n| n.starts_with(OURS) && !ended(n)).last().map(str::to_string)
}

fn state<'v>(pod: &'v Value, name: &str) -> Option<&'v Value> {
    list(pod, "/status/ephemeralContainerStatuses").find(|s| text(s, "/name") == Some(name))?.get("state")
}

/// As whom it must run to see what it is there for: of another user's process nobody but root sees more than the name.
#[derive(Debug, PartialEq)]
struct User {
    /// What the container itself asks for; what the pod asks for it has anyway.
    own: Option<Value>,
    /// Not root, whoever says so.
    plain: bool,
}

impl User {
    fn of(pod: &Value, container: &str) -> Result<Self, Refused> {
        let own = list(pod, "/spec/containers").find(|c| text(c, "/name") == Some(container));
        let said = |key: &str| own.and_then(|c| c.get("securityContext")?.get(key)).filter(|v| !v.is_null());
        let of_pod = |key: &str| pod.pointer("/spec/securityContext")?.get(key);
        let user = said("runAsUser").or_else(|| of_pod("runAsUser")).and_then(Value::as_i64);
        let not_root = said("runAsNonRoot").or_else(|| of_pod("runAsNonRoot")) == Some(&Value::Bool(true));
        if user.is_none() && not_root {
            // It would wait for ever, and cannot be removed: <https://github.com/kubernetes/kubernetes/issues/113006>
            return Err(none(
                "its spec says runAsNonRoot and no runAsUser: as whom to look is known to its image alone, and a container of \
                 another one would be stuck in CreateContainerConfigError for good",
            ));
        }
        let pairs =
            ["runAsUser", "runAsGroup"].into_iter().filter_map(|k| Some((k.to_string(), said(k)?.clone())));
        let own: serde_json::Map<String, Value> = pairs.collect();
        Ok(Self {
            own: (!own.is_empty()).then(|| json!({ "securityContext": own })),
            plain: user.is_some_and(|u| u > 0),
        })
    }
}

/// A word of five letters that no container here has yet.
fn word() -> Result<String, Refused> {
    const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let random = crate::source::random().map_err(|e| none(format!("no random name: {e}")))?;
    Ok(random.iter().take(5).map(|b| char::from(SAFE[usize::from(*b) % SAFE.len()])).collect())
}

fn add(
    reach: &Reach,
    pod: &PodStatus,
    image: &str,
    name: &str,
    user: &User,
    binary: &str,
    until: Instant,
) -> Result<(), Refused> {
    let mut line = reach.kubectl.begin();
    line.extend([
        "debug".into(),
        format!("--namespace={}", pod.namespace),
        format!("--image={image}"),
        format!("--target={}", pod.container),
        format!("--container={name}"),
        // As the same user no right is wanted; root needs one to look into what has other rights than it.
        format!("--profile={}", if user.plain { "restricted" } else { "general" }),
    ]);
    let mut input = Input::default();
    if let Some(own) = &user.own {
        line.push("--custom=/dev/stdin".into());
        input.bytes = own.to_string().into_bytes();
    }
    line.extend([pod.name.clone(), "--".into(), binary.into(), LINGER.into()]);
    reach.kubectl.run(&line, &input, until).map(|_| ()).map_err(|e| match e.words.contains("unknown flag") {
        true => e.remedy("kubectl 1.32 or newer knows --profile and --custom"),
        false if !user.plain && e.words.contains("pod security policy") => e.remedy(
            "set runAsUser in the pod's spec: as its user no right is wanted that the policy refuses",
        ),
        false => e,
    })
}

/// Waits for it.
fn until_it_runs(reach: &Reach, pod: &PodStatus, name: &str, until: Instant) -> Result<(), Refused> {
    let describe = format!("kubectl describe pod -n {} {}", pod.namespace, pod.name);
    let mut pull = None;
    loop {
        let object = reach.kubectl.pod(pod, until)?;
        let state = state(&object, name);
        if state.is_some_and(|s| s.get("running").is_some()) {
            return Ok(());
        }
        if let Some(end) = state.and_then(|s| s.get("terminated")) {
            let code = end.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
            let said =
                [text(end, "/reason"), text(end, "/message")].into_iter().flatten().collect::<Vec<_>>();
            let logs = format!("kubectl logs -n {} {} -c {name}", pod.namespace, pod.name);
            return Err(
                none(format!("its container {name} ended with {code}: {}", said.join(": "))).remedy(logs)
            );
        }
        let waiting = state.and_then(|s| s.get("waiting"));
        let reason = waiting.and_then(|w| text(w, "/reason")).unwrap_or("it was not started yet");
        let message = waiting.and_then(|w| text(w, "/message")).unwrap_or_default();
        if reason == "ErrImagePull" {
            pull = Some(message.to_string());
        }
        let said = match pull.as_deref().unwrap_or(message) {
            "" => format!("its container {name}: {reason}"),
            words => format!("its container {name}: {reason}: {words}"),
        };
        if STUCK.contains(&reason) {
            return Err(none(said).remedy(describe));
        }
        if Instant::now() + AGAIN >= until {
            return Err(Refused::new(Refusal::Late, said).remedy(describe));
        }
        thread::sleep(AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(context: Value, own: Value) -> Value {
        json!({"spec": {"securityContext": context, "containers": [{"name": "app", "securityContext": own}],
            "ephemeralContainers": [
                {"name": "paramedic-aaaaa", "image": "p:1", "targetContainerName": "app"},
                {"name": "paramedic-bbbbb", "image": "p:1", "targetContainerName": "app"},
                {"name": "paramedic-ccccc", "image": "p:1", "targetContainerName": "proxy"},
                {"name": "debugger-ddddd", "image": "p:1", "targetContainerName": "app"}]},
            "status": {"ephemeralContainerStatuses": [
                {"name": "paramedic-bbbbb", "state": {"terminated": {"exitCode": 0}}},
                {"name": "paramedic-aaaaa", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}})
    }

    #[test]
    fn it_runs_as_the_user_that_the_spec_names() {
        let of = |context: Value, own: Value| User::of(&pod(context, own), "app");
        let none = of(Value::Null, Value::Null).unwrap();
        assert_eq!(none, User { own: None, plain: false });
        let own = of(json!({"runAsUser": 5}), json!({"runAsUser": 1000, "runAsGroup": 7})).unwrap();
        assert_eq!(own.own, Some(json!({"securityContext": {"runAsUser": 1000, "runAsGroup": 7}})));
        assert!(own.plain);
        assert_eq!(of(json!({"runAsUser": 5}), Value::Null).unwrap(), User { own: None, plain: true });
        assert!(!of(json!({"runAsUser": 5}), json!({"runAsUser": 0})).unwrap().plain);
        let unknown = of(json!({"runAsNonRoot": true}), Value::Null).unwrap_err();
        assert!(unknown.words.contains("runAsNonRoot"), "{unknown:?}");
        assert!(of(json!({"runAsNonRoot": true, "runAsUser": 9}), Value::Null).is_ok());
    }

    #[test]
    fn one_that_has_not_ended_is_asked_again_even_if_it_is_stuck() {
        let (pod, of) = (pod(Value::Null, Value::Null), |c: &str| PodStatus {
            container: c.into(),
            ..PodStatus::default()
        });
        assert_eq!(ours(&pod, &of("app"), "p:1").as_deref(), Some("paramedic-aaaaa"));
        assert_eq!(ours(&pod, &of("proxy"), "p:1").as_deref(), Some("paramedic-ccccc"));
        assert_eq!((ours(&pod, &of("app"), "p:2"), ours(&pod, &of("db"), "p:1")), (None, None));
    }
}
