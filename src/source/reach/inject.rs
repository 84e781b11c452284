//! `--inject`: this very program is sent where it is missing, run there once and removed. It was asked for by name, says what
//! it does before it does it, and what became of it. Whoever removes it sits there: the shell that started it, which goes on
//! when the program ends, and the program ends when our connection does.

use super::{Answer, Input, Member, Question, Reach, Refusal, Refused, Way};
use crate::{
    model::{Gap, Progress, Why, rates::bytes},
    source::OwnBinary,
};
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Instant;

/// What runs there.
const SCRIPT: &str = include_str!("inject.sh");
/// With this it says what it does.
const MARK: &str = "paramedic-inject: ";
/// Where programs may be put; what is in memory comes last, since it counts against the limit of the pod.
const PLACES: [&str; 3] = ["@TMPDIR", "/tmp", "/var/tmp"];
/// The last resort.
const MEMORY: &str = "/dev/shm";
/// Volumes of a pod that are tried.
const VOLUMES: usize = 16;

/// Sends this program.
pub(super) struct Sender {
    own: OwnBinary,
    size: usize,
    /// The key, where there is one, on a line of its own; the program.
    input: Input,
    keyed: bool,
}

impl Sender {
    /// Reads this program. With a key it is told that too.
    ///
    /// # Errors
    /// When it cannot be read, or would not run anywhere else.
    pub fn open(key: Option<&str>) -> Result<Self> {
        let mut own = OwnBinary::read().context("--inject: this program cannot be sent")?;
        let size = own.bytes.len();
        let mut bytes = std::mem::take(&mut own.bytes);
        if let Some(key) = key {
            bytes.splice(..0, format!("{key}\n").into_bytes());
        }
        Ok(Self { own, size, input: Input { bytes, held: true }, keyed: key.is_some() })
    }

    /// Sends it to one place, runs it there and removes it: what it printed, and a gap if something is left there.
    ///
    /// # Errors
    /// Whatever kept it from being sent or from answering.
    pub fn run(
        &self,
        reach: &Reach,
        member: &Member,
        question: &dyn Question,
        progress: &dyn Progress,
    ) -> Result<(Answer, Option<Gap>), Refused> {
        let (mut places, container) = (
            PLACES.map(String::from).to_vec(),
            match &member.way {
                Way::Pod(pod) => format!(" (container {})", pod.container),
                _ => String::new(),
            },
        );
        places.extend(volumes(reach, member, question.deadline()));
        places.push(MEMORY.into());
        let shown: Vec<&str> = places.iter().map(|p| if p == "@TMPDIR" { "$TMPDIR" } else { p }).collect();
        progress.announce(&format!(
            "inject  {}{container}: {} into the first of {} that takes programs; removed at the end",
            member.name,
            bytes(self.size as u64),
            shown.join(", ")
        ));
        let until = question.deadline();
        let name = format!(".paramedic-{}", self.own.nonce());
        let mut argv: Vec<String> = ["sh", "-c", SCRIPT, "paramedic-inject"].map(String::from).to_vec();
        argv.extend([self.size.to_string(), self.own.machine.into(), self.own.sha256.clone(), name.clone()]);
        argv.push(if self.keyed { "key" } else { "none" }.into());
        argv.extend(places);
        argv.push("--".into());
        argv.extend(question.args(until, false));
        let answer = reach.ask(member, &argv, &self.input, question.most(), until);
        let answer = answer.map_err(|e| {
            if e.kind == Refusal::NoBinary {
                return Refused::new(
                    Refusal::NoBinary,
                    "there is no shell either: nothing can be sent there",
                );
            }
            progress.announce(&format!(
                "inject  {}: {}; it removes itself when its connection ends ({name})",
                member.name, e.words
            ));
            e
        })?;
        let left = left(member, &answer, progress);
        match self.failed(&answer) {
            Some(refused) => Err(refused),
            None => Ok((answer, left)),
        }
    }

    /// What the script there stumbled over.
    fn failed(&self, answer: &Answer) -> Option<Refused> {
        let words = String::from_utf8_lossy(&answer.said.stderr);
        let of = |what: &str| words.lines().find_map(|l| l.strip_prefix(MARK)?.strip_prefix(what));
        let size = self.size;
        let words = match answer.said.code {
            Some(90) => format!("nothing can be sent there: it has no `{}`", of("tool ").unwrap_or("tools")),
            Some(91) => format!(
                "its machine is {}, this program is for {}: send one that was built for it",
                of("arch ").unwrap_or("another"),
                self.own.machine
            ),
            Some(92) => "no directory there can be written to and lets programs run: its root is read-only or no program may \
                         run from its volumes"
                .into(),
            Some(93) => format!("{} of {size} bytes came over: is there room?", of("cut ").unwrap_or("not all")),
            Some(94) => format!("it does not run there: {}", of("runs ").unwrap_or("it said nothing")),
            _ => return None,
        };
        // Another way in would do: as where it was not sent at all.
        Some(Refused::new(Refusal::NoBinary, words))
    }
}

/// Says what became of it; a gap when it is still there.
fn left(member: &Member, answer: &Answer, progress: &dyn Progress) -> Option<Gap> {
    let words = String::from_utf8_lossy(&answer.said.stderr).into_owned();
    let of =
        |what: &str| words.lines().find_map(|l| l.strip_prefix(MARK)?.strip_prefix(what)).map(str::to_string);
    if let Some(path) = of("removed ") {
        progress.announce(&format!("inject  {}: removed {path}", member.name));
    }
    let path = of("left ")?;
    progress.announce(&format!("inject  {}: {path} could not be removed", member.name));
    Some(Gap::new(format!("{path} that --inject left behind"), Why::Denied, "it could not be removed"))
}

/// Where volumes of the pod's own are mounted: writable for its user, as a rule, even where its root is not.
fn volumes(reach: &Reach, member: &Member, until: Instant) -> Vec<String> {
    let Way::Pod(status) = &member.way else { return vec![] };
    let Ok(pod) = reach.kubectl.pod(status, until) else { return vec![] };
    empty_dirs(&pod, &status.container)
}

fn empty_dirs(pod: &Value, container: &str) -> Vec<String> {
    let list = |v: &Value, at: &str| v.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |v: &Value, at: &str| v.get(at).and_then(Value::as_str).map(str::to_string);
    let empty: Vec<String> = list(pod, "/spec/volumes")
        .iter()
        .filter(|v| v.get("emptyDir").is_some())
        .filter_map(|v| text(v, "name"))
        .collect();
    let own =
        list(pod, "/spec/containers").into_iter().find(|c| text(c, "name").as_deref() == Some(container));
    let mounts = own.map(|c| list(&c, "/volumeMounts")).unwrap_or_default();
    let writable = mounts.iter().filter(|m| {
        text(m, "name").is_some_and(|n| empty.contains(&n))
            && m.get("readOnly").and_then(Value::as_bool) != Some(true)
    });
    writable.filter_map(|m| text(m, "mountPath")).filter(|p| p.starts_with('/')).take(VOLUMES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_volumes_that_are_the_pods_own_and_writable_are_tried() {
        let pod = json!({"spec": {
            "volumes": [{"name": "work", "emptyDir": {}}, {"name": "ro", "emptyDir": {}}, {"name": "conf", "configMap": {}}],
            "containers": [{"name": "app", "volumeMounts": [
                {"name": "work", "mountPath": "/work"}, {"name": "conf", "mountPath": "/etc/app"},
                {"name": "ro", "mountPath": "/ro", "readOnly": true}]}, {"name": "other"}]}});
        assert_eq!(empty_dirs(&pod, "app"), ["/work"]);
        assert!(empty_dirs(&pod, "other").is_empty());
    }
}
