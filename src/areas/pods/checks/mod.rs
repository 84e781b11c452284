//! The checks of `pods`: a file each, and here its two lines.

mod crash_loop;
mod grace_too_short;
mod image_drift;
mod mutable_tag;
mod no_budget;
mod no_limits;
mod no_prestop;
mod no_readiness;
mod not_ready;
mod oom_killed;
mod same_probes;
mod secret_in_env;
mod single_replica;
mod stop_signal;

use super::facts::{Container, Facts, Pod, Workload};
use crate::model::{Check, Finding, Judging, Kept, Reading, Thing, What, Why};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[
    crash_loop::CHECK,
    oom_killed::CHECK,
    not_ready::CHECK,
    grace_too_short::CHECK,
    no_prestop::CHECK,
    stop_signal::CHECK,
    no_readiness::CHECK,
    same_probes::CHECK,
    no_limits::CHECK,
    no_budget::CHECK,
    single_replica::CHECK,
    image_drift::CHECK,
    mutable_tag::CHECK,
    secret_in_env::CHECK,
];

/// Findings of one check in one run: who has more has one cause for them.
const MOST: usize = 100;

/// Rows of what may be long; those that were left out are counted as unseen.
fn rows<'f, T>(r: &'f Reading<Kept<T>>, what: &'static str, out: &mut Judging) -> Option<&'f [T]> {
    let kept = out.part(r, what)?;
    out.unseen(kept.total() - kept.top().len() as u64, Why::TooMany);
    Some(kept.top())
}

/// The workloads that are the user's own. The cluster's own are not his to change.
fn workloads<'f>(f: &'f Facts, out: &mut Judging) -> Option<Vec<&'f Workload>> {
    let ours = uncounted(f, out)?;
    out.looked(ours.len() as u64);
    Some(ours)
}

/// The same for a check that counts by a value of theirs.
fn uncounted<'f>(f: &'f Facts, out: &mut Judging) -> Option<Vec<&'f Workload>> {
    let all = rows(&f.workloads, "no workload was seen", out)?;
    Some(all.iter().filter(|w| !w.system).collect())
}

/// The pods that are meant to go on; manifests know of none.
fn pods<'f>(f: &'f Facts, out: &mut Judging) -> Option<Vec<&'f Pod>> {
    let all = rows(&f.pods, "only the cluster knows how pods are: without files it is asked", out)?;
    let going: Vec<_> = all.iter().filter(|p| !p.is_over()).collect();
    out.looked(going.len() as u64);
    Some(going)
}

/// The workload as what a finding is about.
fn workload_thing(f: &Facts, w: &Workload) -> Thing {
    let server = if w.file.is_empty() { f.context.clone() } else { w.file.clone() };
    Thing::Named { what: What::Workload, server, name: w.full() }
}

/// The pod as what a finding is about.
fn pod_thing(f: &Facts, p: &Pod) -> Thing {
    Thing::Named { what: What::Pod, server: f.context.clone(), name: p.full() }
}

/// The workload that it belongs to, tied to the finding.
fn owner_thing(f: &Facts, p: &Pod) -> Option<Thing> {
    let (kind, name) = p.owner.as_ref()?;
    let name = format!("{}/{}/{name}", p.namespace, kind.word());
    Some(Thing::Named { what: What::Workload, server: f.context.clone(), name })
}

/// `prod/deploy/web`, and its container where it has several.
fn named(w: &Workload, c: &Container) -> String {
    match w.containers.len() {
        1 => w.full(),
        _ => format!("{} (container {})", w.full(), c.name),
    }
}

/// A word of a command line, quoted where a shell would take it apart.
fn word(text: &str) -> String {
    // `=` stands in every selector and needs no quotes behind a flag.
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=,:@".contains(&b)) {
        return text.to_string();
    }
    shlex::try_quote(text).map_or_else(|_| "''".into(), std::borrow::Cow::into_owned)
}

/// `-n prod`, and the context where one was named.
fn place(f: &Facts, namespace: &str) -> String {
    let context =
        if f.context.is_empty() { String::new() } else { format!(" --context {}", word(&f.context)) };
    format!("-n {}{context}", word(namespace))
}

/// The line that shows the pods of a workload; none for a manifest.
fn next(finding: Finding, f: &Facts, w: &Workload) -> Finding {
    if !f.live {
        return finding;
    }
    let labels: Vec<String> = w.selects.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let of = if labels.is_empty() { String::new() } else { format!(" -l {}", word(&labels.join(","))) };
    finding.next(format!("pods {}{of}", place(f, &w.namespace)))
}

/// The line that looks into a pod; none where the cluster was not asked.
fn inside(finding: Finding, f: &Facts, p: &Pod, command: &str) -> Finding {
    match f.live {
        true => finding.next(format!("--on pod/{} {} {command}", word(&p.name), place(f, &p.namespace))),
        false => finding,
    }
}

/// Hands the findings over, the first of them where there are too many.
fn say(mut found: Vec<Finding>, out: &mut Judging) {
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    if more > 0
        && let Some(last) = found.pop()
    {
        found.push(last.because(format!("{more} more are like this and are not listed")));
    }
    found.into_iter().for_each(|f| out.find(f));
}

/// `web, api and 3 more`.
fn some(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => one.to_string(),
        [a, b] => format!("{a} and {b}"),
        [a, b, c] => format!("{a}, {b} and {c}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    }
}
