//! Who a member is: how it is named, and whether several are one.

use super::{super::facts::Seen, answer::Answered};
use crate::{
    model::{Gap, Identity, PodStatus, Why},
    source::reach::{Member, Way},
};
use std::collections::HashMap;

/// Whether all are one pod or host, seen at different times.
pub(super) fn all_one(all: &[&Identity]) -> bool {
    let Some((first, rest)) = all.split_first() else { return false };
    let same = |o: &Identity| {
        let who = |i: &Identity| (i.pod_uid.clone(), i.pod.clone(), i.hostname.clone(), i.namespace.clone());
        who(first) == who(o) && first.container == o.container && first.boot_id == o.boot_id
    };
    let known = first.pod_uid.is_some() || first.boot_id.is_some() && first.hostname.is_some();
    known && !rest.is_empty() && rest.iter().all(|o| same(o))
}

/// What each is called: a snapshot by the pod or host that it is of, unless two are of one.
pub(super) fn names(members: &[Member], heard: &[Result<Answered, Gap>], over_time: bool) -> Vec<String> {
    let inside = |m: &Member, h: &Result<Answered, Gap>| {
        let file = matches!(m.way, Way::File(_)) && !over_time;
        let identity = h.as_ref().ok().filter(|_| file).map(|a| &a.identity)?;
        identity.pod.clone().or_else(|| identity.hostname.clone()).filter(|n| !n.is_empty())
    };
    let named: Vec<Option<String>> = members.iter().zip(heard).map(|(m, h)| inside(m, h)).collect();
    let mut times: HashMap<&str, u32> = HashMap::new();
    for name in named.iter().flatten() {
        *times.entry(name).or_default() += 1;
    }
    let once = |name: &&String| times.get(name.as_str()) == Some(&1);
    members.iter().zip(&named).map(|(m, n)| n.as_ref().filter(once).unwrap_or(&m.name).clone()).collect()
}

/// The reference's index.
pub(super) fn reference(wanted: &str, members: &[Member], seen: &[Seen]) -> Result<u32, Gap> {
    let bad = |words: String| Gap::new("compare", Why::Absent, words);
    let bare = wanted.strip_prefix("pod/").unwrap_or(wanted);
    let at = seen.iter().zip(members).position(|(s, m)| s.name == bare || m.name == bare || m.name == wanted);
    let at = at.ok_or_else(|| bad(format!("the reference {wanted} is none of the members")))?;
    match &seen[at].missing {
        Some(why) => Err(bad(format!("the reference {wanted} did not answer: {why}"))),
        None => Ok(at as u32),
    }
}

/// What the cluster says of a pod.
pub(super) fn of_pod(pod: &PodStatus, seen: &mut Seen) {
    let state = match pod.ready {
        _ if pod.deleting => "terminating".into(),
        Some(false) => "not ready".into(),
        _ => pod.phase.to_lowercase(),
    };
    seen.state = Some(state).filter(|s| !s.is_empty());
    seen.namespace = Some(pod.namespace.clone());
    seen.node = pod.node.clone();
    seen.zone = pod.zone.clone();
    seen.revision = pod.revision.clone();
    seen.image = pod.image_id.as_deref().map(digest);
    seen.image_name = pod.image.clone();
    seen.restarts = pod.restarts;
    seen.last_end = pod.last_reason.clone();
}

/// The digest alone: runtimes write different things in front of it.
pub(super) fn digest(image_id: &str) -> String {
    image_id.rfind("sha256:").map_or(image_id, |at| &image_id[at..]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_what_runs_whatever_stands_before_it() {
        for id in ["docker-pullable://app@sha256:1a", "app@sha256:1a", "sha256:1a"] {
            assert_eq!(digest(id), "sha256:1a");
        }
    }

    #[test]
    fn one_pod_at_two_times_is_one() {
        let at = |uid: &str, container: &str| Identity {
            pod_uid: Some(uid.into()),
            container: Some(container.into()),
            boot_id: Some("b".into()),
            ..Identity::default()
        };
        assert!(all_one(&[&at("u", "c"), &at("u", "c")]));
        assert!(!all_one(&[&at("u", "c"), &at("u", "d")]) && !all_one(&[&at("u", "c"), &at("v", "c")]));
        assert!(!all_one(&[&Identity::default(), &Identity::default()]) && !all_one(&[&at("u", "c")]));
    }
}
