//! `compare/env-differs`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// Variables of the first process's environment: a name that most members have and one lacks, or the other way round, and
    /// values that differ. A member's own names (host, pod, address, node) inside a value are put aside first. Values are
    /// secrets unless they are known not to be: they are compared by hashes under a key of the run, made where the value is,
    /// and never shown. Variables that Kubernetes makes of services are not missed where a pod is older than a service.
    ///
    /// ## Why it matters
    ///
    /// A variable is read once, at the start. A pod that started before a ConfigMap changed, or from another revision of the
    /// template, goes on with what it was given, and nothing in its status says so.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- env | sort` for both, and `diff` them; `kubectl get pod POD -o yaml` shows what the template says.
    ///
    /// ## Fix
    ///
    /// Where the template is right, delete the odd pod: its successor reads the present values. Where it is not, look at what
    /// else writes the variable: an entrypoint script, an `envFrom` of a ConfigMap that was edited in place.
    "compare/env-differs": "a variable of the environment is another in one member than in the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Env],
    one: "variable",
    many: "variables",
    none: "the environment was not recorded",
    order: 80.0,
    remedy: "find where it is set: the pod template, a ConfigMap that was read at start, a shell profile; then restart the odd one",
    next: "check",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
