//! `compare/image-differs`

use super::{
    super::facts::{Facts, Members},
    odd,
};
use crate::{
    check,
    model::{Finding, Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// The digest of the image that each container really runs, as its status says it. The tag is not compared: one tag may be
    /// two images, since it is resolved when a node pulls it, and two tags may be one.
    ///
    /// ## Why it matters
    ///
    /// Another image is another program, with its own libraries, defaults and faults. Whatever else differs in such a pod, its
    /// files, versions and variables, follows from this first.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pods -o custom-columns=POD:.metadata.name,ID:.status.containerStatuses[*].imageID`.
    ///
    /// ## Fix
    ///
    /// During a rollout wait for its end, or see why it is stuck: `kubectl rollout status`. The same tag with two digests was
    /// pushed again after a node had pulled it: name the image by digest, or give every build a tag of its own.
    "compare/image-differs": "one member runs another image than the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Image],
    one: "image",
    many: "images",
    none: "the images were not recorded: only a cluster knows them",
    order: 90.0,
    remedy: "wait for the rollout or mend it; name images by digest, so that a tag that moves is no other program",
    next: "check",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let say = |odd: &Members, finding: Finding| {
        let name = |i: u32| f.members.get(i as usize).and_then(|m| m.image_name.as_deref());
        let theirs: Vec<&str> = odd.iter().filter_map(name).collect();
        let others = (0..f.members.len() as u32).filter(|i| !odd.has(*i)).find_map(name);
        match (theirs.first(), others) {
            (Some(one), Some(other)) if *one == other => {
                finding.because(format!("all are named {other}: one name, two images"))
            }
            (Some(one), Some(other)) => {
                finding.because(format!("it is named {one}, that of the others {other}"))
            }
            _ => finding,
        }
    };
    odd::judge_with(f, &ABOUT, out, |_| true, say);
}
