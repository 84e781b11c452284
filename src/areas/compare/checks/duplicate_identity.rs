//! `compare/duplicate-identity`

use super::{
    super::facts::{Facts, fold, plain_name},
    odd::{subject, ties, weight},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Reading, Severity, Why},
};

check! {
    /// ## What it sees
    ///
    /// What should be another in every member, such as an address, a machine id or a name of its own, and is the same in some
    /// of them. Where more than half have it in common it is taken to be meant so.
    ///
    /// ## Why it matters
    ///
    /// Two that believe to be one take each other's locks, sessions, leases and metrics: whoever came second wins, by turns. A
    /// machine id that was copied with an image gives two hosts one DHCP lease.
    ///
    /// ## Confirm
    ///
    /// Read it in both: `cat /etc/machine-id`, `ip link`, `hostname`, or the variable of the environment.
    ///
    /// ## Fix
    ///
    /// Make it when the host or pod is made, not when the image is: an empty `/etc/machine-id` in images, names from the
    /// downward API or a StatefulSet's ordinal.
    "compare/duplicate-identity": "what should be unique is the same in several members"
    {}
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    if out.part(&f.compared, "fewer than two members answered").is_none() {
        return;
    }
    if f.unique == 0 {
        let nothing: Reading<()> = Reading::unseen(Why::NotAsked);
        out.part(&nothing, "nothing that should be unique was recorded");
        return;
    }
    out.looked(f.unique);
    for d in f.duplicates.top() {
        let who = fold(&d.members, &f.members);
        let title = format!("{who} have one {}: {}", plain_name(&d.name), d.held.said(&d.name, None));
        let mut finding = Finding::new(Severity::Warning, Confidence::Medium, subject(f, &d.members), title);
        finding.about = ties(f, &d.members);
        out.find(
            finding
                .evidence("sharing", d.members.len())
                .because("it is another in every other member, as it should be")
                .remedy("make it when the host or pod is made, not when its image is")
                .weight(weight(f, &d.members, 30.0)),
        );
    }
}
