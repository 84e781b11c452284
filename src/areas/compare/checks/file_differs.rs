//! `compare/file-differs`

use super::{
    super::facts::{Difference, Facts},
    odd,
};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// Files that were named with `--file`, and those that are always looked at: mounted configuration, the resolver's,
    /// certificates. Two are equal when their content, mode and owner are; the time is shown beside.
    ///
    /// ## Why it matters
    ///
    /// A ConfigMap or Secret mounted with `subPath` is never updated, and nothing reports it; a volume is updated within a
    /// minute or so, by each node at its own time; a copy made by an init container stays what it was.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- sha256sum FILE` and `stat FILE` for both; `kubectl get configmap NAME -o yaml` for what it should be.
    ///
    /// ## Fix
    ///
    /// Restart the odd pod. To have it not happen again, mount the whole volume instead of a `subPath`, or put a hash of the
    /// configuration into the template's annotations, so that a change rolls all pods.
    "compare/file-differs": "a file is another in one member than in the others"
    {}
    judge(Facts)
}

const RESOLVER: &str = "/etc/resolv.conf";

const ABOUT: odd::About = odd::About {
    groups: &[Group::File],
    one: "file",
    many: "files",
    none: "no files were recorded: --file GLOB names them",
    order: 70.0,
    remedy: "look at how the file gets there: a subPath mount is never updated, a copy made at start is as old as the start",
    next: "check",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    // What the resolver makes of its file is said by `compare/dns-differs`.
    let told = |d: &Difference| {
        let dns = |o: &&Difference| o.group == Group::Dns && o.odd() == d.odd();
        d.name == RESOLVER && f.differences.top().iter().any(|o| dns(&o))
    };
    odd::judge_with(f, &ABOUT, out, |d| !told(d), |_, finding| finding);
}
