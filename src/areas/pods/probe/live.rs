//! The cluster, through the user's own `kubectl`: each list is a request of its own, and one that is refused costs what it
//! would have said and nothing else.

use super::{super::facts::Facts, objects::Objects};
use crate::{
    model::{Cluster, Gap, Gaps, Reading, Why},
    source::{
        Clock, Moment,
        reach::{Kubectl, Refusal, Refused},
    },
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

/// Left of the run's time for everything after the last answer.
const MARGIN: Duration = Duration::from_millis(200);
/// Pods with failed hooks that are kept.
const HOOKS: usize = 200;

/// One list that is asked for.
struct List {
    /// API group and version, as a path has it.
    at: &'static str,
    /// The resource, as a right names it.
    what: &'static str,
    /// The kind of its items.
    kind: &'static str,
}

const PODS: List = List { at: "/api/v1", what: "pods", kind: "Pod" };
const DEPLOYMENTS: List = List { at: "/apis/apps/v1", what: "deployments", kind: "Deployment" };
const STATEFUL_SETS: List = List { at: "/apis/apps/v1", what: "statefulsets", kind: "StatefulSet" };
const BUDGETS: List =
    List { at: "/apis/policy/v1", what: "poddisruptionbudgets", kind: "PodDisruptionBudget" };
const SCALERS: List =
    List { at: "/apis/autoscaling/v2", what: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler" };
const SERVICES: List = List { at: "/api/v1", what: "services", kind: "Service" };

impl List {
    fn path(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(ns) => format!("{}/namespaces/{ns}/{}", self.at, self.what),
            None => format!("{}/{}", self.at, self.what),
        }
    }
}

/// What the cluster says.
///
/// # Errors
/// When its pods cannot be listed, or there are none.
pub fn read(cluster: &Cluster, m: &Moment, gaps: &mut Gaps) -> Result<Facts, Gap> {
    let kubectl = Kubectl { cluster: cluster.clone() };
    let until = m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline);
    let namespace = match cluster.all_namespaces {
        true => None,
        false => Some(kubectl.namespace(until).map_err(|e| e.gap("the cluster"))?),
    };
    let ask = Ask { kubectl: &kubectl, namespace: namespace.as_deref(), until };
    let selector = cluster.selector.as_deref();
    let work = m.progress.begin("asking the cluster", 7);
    let [pods, deployments, sets, budgets, scalers, services, hooks] = thread::scope(|s| {
        let mut all = vec![s.spawn(|| ask.list(&PODS, selector))];
        for list in [&DEPLOYMENTS, &STATEFUL_SETS, &BUDGETS, &SCALERS, &SERVICES] {
            let ask = &ask;
            all.push(s.spawn(move || ask.list(list, None)));
        }
        all.push(s.spawn(|| ask.hooks()));
        let mut done = all.into_iter().enumerate().map(|(i, t)| {
            let answer = match t.join() {
                Ok(answer) => answer,
                Err(panicked) => std::panic::resume_unwind(panicked),
            };
            work.at(i as u64 + 1, "");
            answer
        });
        std::array::from_fn(|_| done.next().unwrap_or_else(|| Ok(vec![])))
    });
    let pods = pods.map_err(|e| ask.gap(&e, PODS.what, "list"))?;
    let mut objects = Objects::default();
    // Before the pods, which stand for those that could not be listed.
    for (list, answer) in [(&DEPLOYMENTS, deployments), (&STATEFUL_SETS, sets)] {
        if let Some(items) = ask.heard(answer, list, gaps) {
            items.iter().for_each(|v| objects.take(v, "", Some(list.kind)));
        }
    }
    pods.iter().for_each(|v| objects.take(v, "", Some(PODS.kind)));
    if selector.is_some() {
        objects.only_with_pods();
    }
    let where_ = namespace.as_deref().map_or("the cluster".into(), |n| format!("the namespace {n}"));
    if objects.is_empty() {
        let of = selector.map(|s| format!(" with {s}")).unwrap_or_default();
        let detail = format!("{where_} has no pods{of}: nothing was looked at");
        return Err(Gap::new("pods", Why::Absent, detail));
    }
    let mut unseen = [None; 3];
    for (at, (list, answer)) in
        [(&BUDGETS, budgets), (&SCALERS, scalers), (&SERVICES, services)].into_iter().enumerate()
    {
        match answer {
            Ok(items) => items.iter().for_each(|v| objects.take(v, "", Some(list.kind))),
            Err(e) => {
                unseen[at] = Some(e.kind.why());
                ask.say(&e, list, gaps);
            }
        }
    }
    let failed_hooks = match hooks {
        Ok(events) => Reading::seen(hooked(&events)),
        Err(e) => {
            let events = List { at: "", what: "events", kind: "" };
            ask.say(&e, &events, gaps);
            Reading::unseen(e.kind.why())
        }
    };
    let mut facts = objects.facts();
    if let Some(why) = unseen[0] {
        facts.budgets = Reading::unseen(why);
    }
    if let Some(why) = unseen[1] {
        facts.scalers = Reading::unseen(why);
    }
    if let Some(why) = unseen[2] {
        facts.services = Reading::unseen(why);
    }
    Ok(Facts {
        context: cluster.context.clone().unwrap_or_default(),
        live: true,
        taken: Some(Clock::now()),
        failed_hooks,
        ..facts
    })
}

struct Ask<'a> {
    kubectl: &'a Kubectl,
    namespace: Option<&'a str>,
    until: Instant,
}

impl Ask<'_> {
    fn list(&self, list: &List, selector: Option<&str>) -> Result<Vec<Value>, Refused> {
        self.kubectl.list(&list.path(self.namespace), selector, self.until)
    }
    /// Hooks that failed, as far back as events are kept: an hour.
    fn hooks(&self) -> Result<Vec<Value>, Refused> {
        let at = self.namespace.map_or("/api/v1/events".into(), |n| format!("/api/v1/namespaces/{n}/events"));
        let query = format!("{at}?fieldSelector=reason%3DFailedPreStopHook&limit=500");
        let mut page = self.kubectl.get(&query, self.until)?;
        match page.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(Refused::new(Refusal::Cut, "the answer about events is no list")),
        }
    }
    fn heard(&self, answer: Result<Vec<Value>, Refused>, list: &List, gaps: &mut Gaps) -> Option<Vec<Value>> {
        answer.map_err(|e| self.say(&e, list, gaps)).ok()
    }
    fn say(&self, e: &Refused, list: &List, gaps: &mut Gaps) {
        let gap = self.gap(e, list.what, "list");
        let why = gap.why;
        gaps.add(why, list.what, gap.detail);
        if let Some(remedy) = gap.remedy {
            gaps.remedy(why, list.what, remedy);
        }
    }
    /// With the right that is missing.
    fn gap(&self, e: &Refused, what: &str, verb: &str) -> Gap {
        let gap = e.gap(what);
        let within = self.namespace.map_or(" --all-namespaces".into(), |n| format!(" -n {n}"));
        match e.kind {
            Refusal::Forbidden => {
                let detail = format!("the right to {verb} {what} is missing: {}", gap.detail);
                Gap { detail, ..gap }.remedy(format!("kubectl auth can-i {verb} {what}{within}"))
            }
            Refusal::Late => gap.remedy(format!("paramedic pods{within} --timeout 3m")),
            _ => gap,
        }
    }
}

/// The pods that events are about.
fn hooked(events: &[Value]) -> Vec<String> {
    let of = |e: &Value| {
        let at = |key: &str| e.pointer(key).and_then(Value::as_str);
        (at("/reason")? == "FailedPreStopHook")
            .then(|| Some(format!("{}/{}", at("/involvedObject/namespace")?, at("/involvedObject/name")?)))?
    };
    let all: BTreeSet<String> = events.iter().filter_map(of).collect();
    all.into_iter().take(HOOKS).collect()
}
