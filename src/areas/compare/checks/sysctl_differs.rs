//! `compare/sysctl-differs`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// Kernel parameters that a network or IPC namespace has for itself, such as `net.core.somaxconn`,
    /// `net.ipv4.ip_local_port_range` and the keepalive times.
    ///
    /// ## Why it matters
    ///
    /// Queues, ports and time-outs of one member are other than those of its neighbours; new namespaces take some of them from
    /// the node and some from the kernel, so that nodes of one cluster differ unseen.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- sysctl NAME`, or `cat` the file below `/proc/sys`, for both.
    ///
    /// ## Fix
    ///
    /// Set it in the pod's `securityContext.sysctls` (unsafe ones must be allowed to the kubelet), or make what tunes the nodes
    /// tune all of them.
    "compare/sysctl-differs": "a kernel parameter is another in one member than in the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Sysctl],
    one: "kernel parameter",
    many: "kernel parameters",
    none: "no kernel parameters were recorded",
    order: 40.0,
    remedy: "compare securityContext.sysctls of the pods and what sets them on the nodes",
    next: "sockets",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
