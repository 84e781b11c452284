//! Pods that have no paramedic and may not be given one: what their cluster says of them is compared, and nothing else of them
//! is taken for equal or missing.

use super::{
    super::{
        Args,
        facts::{Asked, Table},
    },
    OTHERS,
    answer::{Answered, Asking, GROUPS, of_pod},
};
use crate::{
    model::{
        self, Attribute, Attributes, Class, Environ, Gap, Gaps, Group, Identity, Kept, OwnNames, PodStatus,
        Reading, Seal, Untrusted, Value, WayIn, Why,
    },
    source::{
        Clock,
        reach::{Reach, Refused, joined},
    },
};
use serde_json::Value as Json;

/// Of one pod so many variables are taken.
const VARIABLES: usize = 5_000;

/// What was seen of a pod from outside.
pub(super) struct Outside {
    /// The variables of its spec.
    said: Attributes,
    /// Why not from inside.
    why: Gap,
}

/// What the cluster says of one pod.
pub(super) fn of(
    reach: &Reach,
    pod: &PodStatus,
    asking: &Asking,
    refused: &Refused,
) -> Result<Answered, Gap> {
    let spec = reach.kubectl.pod(pod, asking.until).map_err(|e| e.gap(&pod.name))?;
    let identity = Identity {
        pod: Some(pod.name.clone()),
        hostname: Some(pod.name.clone()),
        namespace: Some(pod.namespace.clone()),
        pod_uid: Some(pod.uid.clone()),
        node: pod.node.clone(),
        addresses: pod.address.iter().cloned().collect(),
        started: pod.started,
        ..Identity::default()
    };
    let seal = Seal::new(asking.key.as_bytes());
    let list = variables(&spec, pod, &identity, &seal, asking.args);
    let (key_id, clock) = (seal.key_id(), Clock::now());
    let args = asking.args;
    let (words, remedy) = match args.way_in == WayIn::default() {
        true => (format!("no `{}` in its container {}", args.binary, pod.container), again(args)),
        // What was in the way of that is what matters.
        false => (refused.words.clone(), refused.remedy.clone().unwrap_or_default()),
    };
    let why = Gap::new(&pod.name, refused.kind.why(), words);
    let why = if remedy.is_empty() { why } else { why.remedy(remedy) };
    Ok(Answered {
        identity: identity.clone(),
        key_id: key_id.clone(),
        clock,
        started: pod.started,
        skew: None,
        left: None,
        hints: vec![],
        outside: Some(Outside { said: Attributes { identity, key_id, clock, list: Kept::whole(list) }, why }),
    })
}

/// The variables that its spec gives, hashed as in the pod itself; where they come from where it names only that.
fn variables(spec: &Json, pod: &PodStatus, of: &Identity, seal: &Seal, args: &Args) -> Vec<Attribute> {
    let list = |of: &Json, at: &str| of.pointer(at).and_then(Json::as_array).cloned().unwrap_or_default();
    let containers = [list(spec, "/spec/containers"), list(spec, "/spec/initContainers")].concat();
    let own = containers.iter().find(|c| c["name"].as_str() == Some(&pod.container));
    let Some(own) = own else { return vec![] };
    let (mut block, mut show) = (Vec::new(), args.show_env.clone());
    for variable in list(own, "/env").iter().take(VARIABLES) {
        let Some(name) = variable["name"].as_str() else { continue };
        let value = match &variable["valueFrom"] {
            Json::Null => variable["value"].as_str().unwrap_or_default().to_string(),
            source => {
                show.push(name.into());
                source.to_string()
            }
        };
        block.extend_from_slice(format!("{name}={}\0", value.replace('\0', "")).as_bytes());
    }
    let (environ, mut all) = (Environ::new(block, false), Vec::new());
    model::variables(&environ, &OwnNames::of(of, Some(&environ)), seal, &show, |a| all.push(a));
    let from: Vec<Untrusted> = list(own, "/envFrom").iter().map(|f| f.to_string().as_str().into()).collect();
    if !from.is_empty() {
        let value = Reading::seen(Value::Set { set: from });
        all.push(Attribute { group: Group::Env, name: "envFrom".into(), class: Class::Set, value });
    }
    all
}

/// Enters those that were only seen from outside. The variables of specs are compared with each other alone: in a pod there are
/// those of its image too.
pub(super) fn enter(
    table: &mut Table,
    answers: &[Option<Result<Answered, Gap>>],
    pods: &[Option<&PodStatus>],
    gaps: &mut Gaps,
) {
    let inside = |a: &Answered| a.outside.is_none();
    let alone = !answers.iter().flatten().flatten().any(inside);
    for (index, (answer, pod)) in answers.iter().zip(pods).enumerate() {
        let (Some(Ok(Answered { outside: Some(Outside { said, why }), .. })), Some(pod)) = (answer, pod)
        else {
            continue;
        };
        let mut all = of_pod(pod);
        let known = if alone { &[Group::Image, Group::Env][..] } else { &[Group::Image] };
        if alone {
            all.extend_from_slice(said.list.top());
        }
        let blind = GROUPS.into_iter().filter(|g| !known.contains(g)).map(|g| (g, Why::Absent)).collect();
        table.add(
            index as u32,
            Asked::default(),
            blind,
            Attributes { list: Kept::whole(all), ..said.clone() },
        );
        let variables = if alone { ", variables" } else { "" };
        let detail = format!(
            "{}: only what the cluster says of it was compared (image, limits{variables}), nothing that is seen from inside",
            why.detail
        );
        gaps.named(Gap { detail, ..why.clone() }, OTHERS);
    }
}

/// The line that would see the rest.
fn again(args: &Args) -> String {
    let mut words = vec!["paramedic".to_string(), "compare".into()];
    words.extend_from_slice(&args.members);
    let c = &args.cluster;
    let all = |flag: &'static str, values: &[String]| -> Vec<String> {
        values.iter().flat_map(|v| [flag.to_string(), v.clone()]).collect()
    };
    let one = |flag, value: &Option<String>| all(flag, value.as_slice());
    words.extend(all("--deployment", &args.deployment));
    words.extend(all("--service", &args.service));
    words.extend(one("-l", &c.selector));
    words.extend(one("-n", &c.namespace));
    words.extend(one("-c", &c.container));
    words.extend(one("--context", &c.context));
    words.extend(one("--kubeconfig", &c.kubeconfig));
    words.extend(c.all_namespaces.then(|| "-A".to_string()));
    words.push("--inject".into());
    joined(&words)
}
