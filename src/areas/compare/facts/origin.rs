//! Whether those who differ have in common what nobody else has: a node, an image, a template, a zone.

use super::{Members, Seen};
use std::collections::BTreeSet;

/// What explains a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Another image.
    Image(String),
    /// Another template of the same workload: a rollout.
    Revision(String),
    /// One node.
    Node(String),
    /// One zone.
    Zone(String),
}

impl Origin {
    /// As a sentence; `one`: a single member is meant.
    pub fn said(&self, one: bool) -> String {
        let who = if one { "it alone" } else { "they alone" };
        let verb = if one { "runs" } else { "run" };
        match self {
            Origin::Image(digest) => {
                let short: String = digest.trim_start_matches("sha256:").chars().take(12).collect();
                format!("{who} {verb} the image {short}")
            }
            Origin::Revision(hash) => {
                let was = if one { "was" } else { "were" };
                format!("{who} {was} made of the template {hash}: a rollout is under way, or stuck")
            }
            Origin::Node(node) => format!("{who} {verb} on node {node}"),
            Origin::Zone(zone) => format!("{who} {verb} in zone {zone}"),
        }
    }
}

/// What explains that these differ, if anything does: they have it in common, and no other member has it. That one pod alone
/// is on its node explains nothing where every pod is alone on its node.
pub fn origin(odd: &Members, all: &[Seen]) -> Option<Origin> {
    first(&WAYS, odd, all)
}

/// The same of those whose image is what differs: it does not explain itself.
pub fn behind_the_image(odd: &Members, all: &[Seen]) -> Option<Origin> {
    first(&WAYS[1..], odd, all)
}

type Way = (fn(&Seen) -> Option<&String>, fn(String) -> Origin);

const WAYS: [Way; 4] = [
    (|m| m.image.as_ref(), Origin::Image),
    (|m| m.revision.as_ref(), Origin::Revision),
    (|m| m.node.as_ref(), Origin::Node),
    (|m| m.zone.as_ref(), Origin::Zone),
];

fn first(ways: &[Way], odd: &Members, all: &[Seen]) -> Option<Origin> {
    ways.iter().find_map(|(of, make)| {
        let mut theirs: Option<&String> = None;
        let mut others: Vec<&String> = Vec::new();
        for (i, m) in all.iter().enumerate().filter(|(_, m)| m.missing.is_none()) {
            // Where one of them does not say, nothing is explained.
            let value = of(m)?;
            if odd.has(i as u32) {
                if theirs.is_some_and(|t| t != value) {
                    return None;
                }
                theirs = Some(value);
            } else {
                others.push(value);
            }
        }
        let theirs = theirs.filter(|t| !others.contains(t) && !others.is_empty())?;
        let kinds = others.iter().collect::<BTreeSet<_>>().len();
        (odd.len() > 1 || kinds == 1 || kinds * 2 <= others.len()).then(|| make(theirs.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(nodes: &[&str]) -> Vec<Seen> {
        nodes.iter().map(|n| Seen { node: Some((*n).into()), ..Seen::default() }).collect()
    }

    #[test]
    fn a_node_explains_those_who_alone_are_on_it() {
        let all = on(&["n1", "n1", "n7", "n7", "n2"]);
        assert_eq!(origin(&Members::of([2, 3]), &all), Some(Origin::Node("n7".into())));
        assert_eq!(origin(&Members::of([2]), &all), None);
        assert_eq!(Origin::Node("n7".into()).said(false), "they alone run on node n7");
    }

    #[test]
    fn an_image_is_explained_by_what_is_behind_it() {
        let mut all = on(&["n1", "n1", "n7"]);
        for (i, member) in all.iter_mut().enumerate() {
            member.image = Some(if i == 2 { "sha256:bb" } else { "sha256:aa" }.into());
        }
        let odd = Members::of([2]);
        assert_eq!(origin(&odd, &all), Some(Origin::Image("sha256:bb".into())));
        assert_eq!(behind_the_image(&odd, &all), Some(Origin::Node("n7".into())));
        all[2].revision = Some("84b5".into());
        all[..2].iter_mut().for_each(|m| m.revision = Some("7f9c".into()));
        assert_eq!(behind_the_image(&odd, &all), Some(Origin::Revision("84b5".into())));
    }

    #[test]
    fn that_each_is_alone_on_its_node_explains_nothing() {
        assert_eq!(origin(&Members::of([2]), &on(&["n1", "n2", "n3", "n4", "n5"])), None);
        assert!(origin(&Members::of([2]), &on(&["n1", "n1", "n3", "n1", "n1"])).is_some());
        let mut unsaid = on(&["n1", "n1", "n3"]);
        unsaid[0].node = None;
        assert_eq!(origin(&Members::of([2]), &unsaid), None);
    }
}
