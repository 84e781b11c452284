//! `compare/version-differs`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// Versions: of the kernel, the C library, and of the programs that `--exec-version` names.
    ///
    /// ## Why it matters
    ///
    /// A fault that a version brought shows in one member only. A kernel belongs to the node: where only the pods of one node
    /// have it, that is a notice.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- uname -r`, `kubectl get nodes -o wide`, and the program's own `--version`.
    ///
    /// ## Fix
    ///
    /// Pin images by digest; finish the upgrade of the nodes, or take the odd node out until it is done.
    "compare/version-differs": "a program or the kernel is of another version in one member than in the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Version],
    one: "version",
    many: "versions",
    none: "no versions were recorded",
    order: 20.0,
    remedy: "bring the odd one to the image or node that the others have",
    next: "check",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
