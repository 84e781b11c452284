//! `compare/process-differs`

use super::{super::facts::Facts, odd};
use crate::{
    check,
    model::{Group, Judging},
};

check! {
    /// ## What it sees
    ///
    /// What the first process is: its program, its arguments as a hash, its user, its capabilities.
    ///
    /// ## Why it matters
    ///
    /// Another command line is another program, whatever the image: a debug flag left on, a pod started by hand, a shell in
    /// front that swallows signals.
    ///
    /// ## Confirm
    ///
    /// `kubectl exec POD -- cat /proc/1/cmdline | tr '\0' ' '` and `cat /proc/1/status` for both.
    ///
    /// ## Fix
    ///
    /// Delete the odd pod where the template is right; where a mutating webhook or an entrypoint script writes the command,
    /// mend it there.
    "compare/process-differs": "the first process is another in one member than in the others"
    {}
    judge(Facts)
}

const ABOUT: odd::About = odd::About {
    groups: &[Group::Process],
    one: "property of the process",
    many: "properties of the process",
    none: "nothing was recorded of the first process",
    order: 45.0,
    remedy: "compare command, args, user and securityContext of the pods",
    next: "lifecycle",
};

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    odd::judge(f, &ABOUT, out);
}
