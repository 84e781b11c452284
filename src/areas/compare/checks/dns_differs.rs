//! `compare/dns-differs`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// Nameservers, search domains and options, element by element.
    ///
    /// ## Why it matters
    ///
    /// Names resolve to something else, slower or not at all in one member only; the application reports timeouts of its
    /// database. With `dnsPolicy: Default` or `hostNetwork` a pod has what its node has.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- cat /etc/resolv.conf` for both; `paramedic --on pod/POD dns NAME` shows what a lookup comes to.
    ///
    /// ## Fix
    ///
    /// Set `dnsPolicy` and `dnsConfig` in the template; where the file of the node is wrong, mend what writes it (DHCP,
    /// cloud-init, systemd-resolved, the kubelet's `--resolv-conf`).
    "compare/dns-differs": "the resolver is set up otherwise in one member than in the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Dns],
    one: "resolver setting",
    many: "resolver settings",
    none: "the settings of the resolver were not recorded",
    order: 60.0,
    remedy: "compare dnsPolicy and dnsConfig of the pods, then the resolv.conf of their nodes",
    next: "dns --plan",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
