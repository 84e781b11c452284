//! `pods/image-drift`

use super::{super::facts::Facts, place, pods, say};
use crate::{
    check,
    model::{Arrange, Confidence, Finding, Judging, Severity, Thing, What},
};
use std::collections::BTreeMap;

check! {
    /// ## What it sees
    ///
    /// Pods of one workload whose container has the same image by name and tag, and another one by digest (`imageID`).
    ///
    /// ## Why it matters
    ///
    /// The same tag is then different code: one pod of several answers otherwise than the rest, and nothing in the manifest shows it.
    /// It begins with a tag that was pushed again, and nodes that pulled it at different times.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pods -l LABELS -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName,ID:.status.containerStatuses[*].imageID`.
    ///
    /// ## Fix
    ///
    /// `kubectl rollout restart` with imagePullPolicy Always makes them one again; a tag that is made once, or a digest in the
    /// manifest, keeps them so.
    "pods/image-drift": "one tag, several images among the pods of a workload" {} judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = pods(f, out) else { return };
    let mut groups: BTreeMap<_, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for p in all {
        let Some(owner) = &p.owner else { continue };
        for c in p.containers.iter().filter(|c| !c.init && c.started.is_some()) {
            let Some(id) = c.image_id.as_deref().and_then(digest) else { continue };
            let group = groups.entry((&p.namespace, owner, &c.name, &c.image)).or_default();
            group.entry(id).or_default().push(&p.name);
        }
    }
    let mut found = Vec::new();
    for ((namespace, (kind, name), container, image), ids) in
        groups.into_iter().filter(|(_, ids)| ids.len() > 1)
    {
        let mut sides: Vec<(&str, Vec<&str>)> = ids.into_iter().collect();
        sides.arrange_by_key(|s| (s.1.len(), s.1[0].to_string()));
        let odd = super::some(&sides[0].1);
        let title = format!(
            "{namespace}/{}/{name}: {} images run under {image}: {odd} stands apart",
            kind.word(),
            sides.len()
        );
        let full = format!("{namespace}/{}/{name}", kind.word());
        let subject = Thing::Named { what: What::Workload, server: f.context.clone(), name: full };
        let mut finding = Finding::new(Severity::Warning, Confidence::Medium, subject, title)
            .evidence("container", container.as_str())
            .evidence("image", image.as_str());
        for (id, pods) in sides.iter().take(4) {
            let short = id.get(..19).unwrap_or(id);
            finding =
                finding.because(format!("{short} runs in {} of them: {}", pods.len(), super::some(pods)));
        }
        finding = finding
            .remedy("a rollout with imagePullPolicy Always; then a tag that is made once, or a digest");
        found.push(match f.live {
            true => finding.next(format!("pods {} -o wide", place(f, namespace))),
            false => finding,
        });
    }
    say(found, out);
}

/// The digest of a repository: one of a local image is of something else and cannot be compared with it.
fn digest(id: &str) -> Option<&str> {
    id.rsplit_once('@').map(|(_, digest)| digest)
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Pod, made::*},
        *,
    };
    use crate::model::judged::*;

    fn with_id(name: &str, id: &str) -> Pod {
        let mut p = pod(name);
        p.containers[0].image_id = Some(id.into());
        p
    }

    #[test]
    fn the_pod_with_another_image_is_named() {
        let f = with_pods(vec![pod("web-1"), with_id("web-2", "reg.test/web@sha256:bbbb"), pod("web-3")]);
        let f = &found(&CHECK, &f)[0];
        assert_eq!(f.severity, Severity::Warning);
        assert!(
            f.title.ends_with("2 images run under reg.test/web:1.4.2: web-2 stands apart"),
            "{}",
            f.title
        );
    }

    #[test]
    fn a_rollout_another_mirror_and_local_ids_are_silent() {
        let mut new = with_id("web-4", "reg.test/web@sha256:bbbb");
        new.containers[0].image = "reg.test/web:1.4.3".into();
        clear(&CHECK, &with_pods(vec![pod("web-1"), new]));
        clear(
            &CHECK,
            &with_pods(vec![pod("web-1"), with_id("web-2", "docker-pullable://mirror.test/web@sha256:aaaa")]),
        );
        clear(&CHECK, &with_pods(vec![pod("web-1"), with_id("web-2", "sha256:cccc")]));
        skipped(&CHECK, &of_file(vec![workload()]));
    }
}
