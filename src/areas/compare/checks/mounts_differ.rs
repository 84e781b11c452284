//! `compare/mounts-differ`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// What is mounted where, and how: a mount that one member lacks or has alone, or that is read-only there.
    ///
    /// ## Why it matters
    ///
    /// What should be a volume is then the container's own layer: written data is lost with the pod and fills the node. A
    /// sidecar injector or a CSI driver that failed on one node looks like this.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- cat /proc/mounts` for both, sorted; `kubectl describe pod POD` for the volumes.
    ///
    /// ## Fix
    ///
    /// Restart the odd pod where its template has changed since; else look at the events of its volumes and the logs of the
    /// driver on its node.
    "compare/mounts-differ": "something is mounted in one member and not in the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Mount],
    one: "mount",
    many: "mounts",
    none: "no mounts were recorded",
    order: 35.0,
    remedy: "compare the volumes and volumeMounts of the pods; on hosts /etc/fstab and systemd units",
    next: "disk",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
