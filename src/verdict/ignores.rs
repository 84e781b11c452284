//! Ignores that have run out, or that nothing needs any more, are findings themselves: else they hide the next fault.

use crate::{
    model::{Confidence, Doc, Finding, Outcome, Section, Severity, Stamp, Thing},
    settings::Settings,
};

const EXPIRED: Doc = Doc {
    code: "settings/ignore-expired",
    summary: "an entry of the settings that ignores a finding has run out",
    body: " ## What it sees\n An `[[ignore]]` entry whose `expires` day is over. It ignores nothing any more.\n\n \
           ## Why it matters\n The reason for it was meant to be gone by then.\n\n \
           ## Confirm\n Read the entry in the settings file; the report's header of `-v` names the file.\n\n \
           ## Fix\n Delete the entry, or give it a new day and say why it still holds.\n",
    file: file!(),
    limits: &[],
};
const UNUSED: Doc = Doc {
    code: "settings/ignore-unused",
    summary: "an entry of the settings ignores nothing",
    body: " ## What it sees\n An `[[ignore]]` entry whose check was decided in this run and found nothing that the \
           entry covers.\n\n \
           ## Why it matters\n The fault it stood for is gone, or its subject is misspelt; left in place it hides \
           the next one.\n\n \
           ## Confirm\n Run the check alone: `paramedic check CODE`.\n\n \
           ## Fix\n Delete the entry, or correct its subject.\n",
    file: file!(),
    limits: &[],
};

/// Checks that belong to no area.
pub const DOCS: &[&Doc] = &[&EXPIRED, &UNUSED];

/// What is wrong with the ignores themselves.
pub(super) fn findings(settings: &Settings, sections: &[Section], now: Stamp) -> Vec<Finding> {
    let decided = |code: &str| {
        let mut checks = sections.iter().flat_map(|s| &s.checks);
        checks.any(|c| c.0 == code && matches!(c.1, Outcome::Clear { .. } | Outcome::Found { .. }))
    };
    let file = settings.file.as_deref().unwrap_or("the settings");
    let mut out = Vec::new();
    for i in &settings.ignores {
        let entry = format!("{} of \"{}\"", i.code, i.subject);
        let (doc, title) = if i.expires <= now {
            (&EXPIRED, format!("{file}: the ignore of {entry} ran out on {}", i.expires_text))
        } else if !i.used.get() && decided(&i.code) {
            (&UNUSED, format!("{file}: the ignore of {entry} covers nothing"))
        } else {
            continue;
        };
        let mut f = Finding::new(Severity::Notice, Confidence::High, Thing::Host, title)
            .evidence("reason", i.reason.as_str())
            .evidence("expires", i.expires_text.as_str())
            .remedy("delete the entry, or correct it");
        f.code = doc.code;
        out.push(f);
    }
    out
}
