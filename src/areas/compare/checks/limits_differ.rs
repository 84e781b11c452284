//! `compare/limits-differ`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// Limits of the control group (memory, processor, tasks) and of the first process (open files, processes, core size), and
    /// what the pod's spec says of them.
    ///
    /// ## Why it matters
    ///
    /// The same load fits one member and not the other: one is throttled, killed for memory or out of descriptors, and its
    /// neighbours are well.
    ///
    /// ## Confirm
    ///
    /// `kubectl get pod POD -o jsonpath='{.spec.containers[*].resources}'`; inside, `cat /sys/fs/cgroup/memory.max` and
    /// `cat /proc/1/limits`.
    ///
    /// ## Fix
    ///
    /// A limit of the spec comes from the template, a LimitRange or a vertical autoscaler; one of the process from the runtime
    /// of the node (`LimitNOFILE` of containerd's unit). Bring the node in line, or restart the pod elsewhere.
    "compare/limits-differ": "one member has other limits than the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Limit, Group::Disk, Group::Memory, Group::Fd, Group::Socket],
    one: "limit",
    many: "limits",
    none: "no limits were recorded",
    order: 50.0,
    remedy: "compare the resources of the pods and the limits of their nodes; a pod from before a change keeps the old ones",
    next: "check",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
