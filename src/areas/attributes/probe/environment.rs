//! The environment of the first process: names, and of values hashes or plain settings.

use super::{Look, sheet::Sheet};
use crate::model::{Class, Gaps, Group, Reading, Why, variables};

/// What stands for all variables when none could be read, or for those beyond what was read.
pub(super) const REST: &str = "*";
const WHAT: &str = "environment of the first process";

pub(super) fn read(look: &Look, sheet: &mut Sheet, gaps: &mut Gaps) {
    let environ = match &look.environ {
        None => return,
        Some(Ok(environ)) => environ,
        Some(Err(why)) => {
            gaps.add(*why, WHAT, format!("/proc/{}/environ", look.patient.name()));
            if *why == Why::Denied {
                gaps.remedy(*why, WHAT, "sudo paramedic snapshot");
            }
            sheet.put(Group::Env, REST, Class::Equal, Reading::unseen(*why));
            return;
        }
    };
    if environ.is_cut() {
        gaps.add(Why::TooMany, WHAT, "only its first megabyte was read");
        sheet.put(Group::Env, REST, Class::Equal, Reading::unseen(Why::TooMany));
    }
    variables(environ, &look.own, &look.seal, &look.args.show_env, |attribute| sheet.add(attribute));
}
