//! `pods/mutable-tag`

use super::{super::facts::Facts, named, next, say, workload_thing, workloads};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// Images with the tag `latest`, without a tag, or with a tag that is a branch (`main`, `master`, `edge`, `nightly`, `dev`) and
    /// without a digest, and the pull policy in force.
    ///
    /// ## Why it matters
    ///
    /// What such a tag stands for changes without a change of the manifest. A pod that is restarted or moved at night runs other
    /// code than its neighbours, a rollback brings back nothing, and the registry must answer before any pod can start
    /// (`Always`), or each node runs what it once pulled (`IfNotPresent`).
    ///
    /// ## Confirm
    ///
    /// `kubectl get pods -o custom-columns=POD:.metadata.name,ID:.status.containerStatuses[*].imageID` shows whether they differ already.
    ///
    /// ## Fix
    ///
    /// A tag that is made once, such as the version or the commit; or the digest: `image: NAME:TAG@sha256:…`.
    "pods/mutable-tag": "an image whose tag may stand for other code tomorrow" {} judge(Facts)
}

/// Tags that move with every build.
const MOVING: &[&str] =
    &["latest", "main", "master", "edge", "nightly", "dev", "develop", "development", "canary", "snapshot"];

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(all) = workloads(f, out) else { return };
    let mut found = Vec::new();
    for w in all {
        for c in w.containers.iter().filter(|c| !c.image.is_empty()) {
            let image = c.image();
            let moving = image.tag.is_none_or(|t| MOVING.contains(&t.to_ascii_lowercase().as_str()));
            if image.pinned || !moving {
                continue;
            }
            // As the API server fills it in.
            let always = image.tag.is_none_or(|t| t == "latest");
            let policy = c.pull_policy.as_deref().unwrap_or(if always { "Always" } else { "IfNotPresent" });
            let title = match image.tag {
                Some(tag) => {
                    format!("{}: its image is whatever `{tag}` of {} is by then", named(w, c), image.base())
                }
                None => format!("{}: its image {} has no tag, which is `latest`", named(w, c), image.base()),
            };
            let because = match policy {
                "Always" => {
                    "each start pulls what the tag stands for by then: a restart may bring other code"
                }
                _ => "each node keeps what it once pulled: pods of one workload may run different code",
            };
            let finding = Finding::new(Severity::Notice, Confidence::High, workload_thing(f, w), title)
                .evidence("image", c.image.as_str())
                .evidence("pull_policy", policy)
                .because(because)
                .remedy("a tag that is made once, or a digest");
            found.push(next(finding, f, w));
        }
    }
    say(found, out);
}

#[cfg(test)]
mod tests {
    use super::{super::super::facts::made::*, *};
    use crate::model::judged::*;

    fn image(text: &str) -> Facts {
        with(|c| c.image = text.into())
    }

    #[test]
    fn tags_that_move_are_a_notice_with_the_policy_in_force() {
        for (text, policy) in [
            ("web", "Always"),
            ("reg.test:5000/web", "Always"),
            ("web:latest", "Always"),
            ("web:main", "IfNotPresent"),
        ] {
            let f = &found(&CHECK, &image(text))[0];
            assert_eq!(f.severity, Severity::Notice);
            assert!(f.evidence.contains(&("pull_policy", policy.into())), "{text}: {:?}", f.evidence);
        }
    }

    #[test]
    fn versions_and_digests_are_silent() {
        for text in
            ["web:1.4.2", "web@sha256:ab", "web:latest@sha256:ab", "reg.test:5000/web:v1", "web:main-3f2a"]
        {
            clear(&CHECK, &image(text));
        }
    }
}
