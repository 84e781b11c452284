//! Findings that somebody decided to live with, for a reason and until a day.

use crate::model::{Finding, Stamp, Thing, glob};
use std::cell::Cell;

/// One entry of the settings file.
#[derive(Clone, Debug)]
pub struct Ignore {
    /// The check's code, exactly.
    pub code: String,
    /// A glob over the subject: process name, user number, address, `host`.
    pub subject: String,
    /// Why it is ignored.
    pub reason: String,
    /// From then on it is not ignored any more.
    pub expires: Stamp,
    /// The day as it was written.
    pub expires_text: String,
    /// It matched a finding of this run.
    pub used: Cell<bool>,
}

impl Ignore {
    /// Whether this entry is about the finding; remembers that it was of use.
    pub fn covers(&self, finding: &Finding, now: Stamp) -> bool {
        let hit = self.code == finding.code
            && std::iter::once(&finding.subject).chain(&finding.about).any(|t| self.names(t));
        self.used.set(self.used.get() || hit);
        hit && now < self.expires
    }
    fn names(&self, thing: &Thing) -> bool {
        match thing {
            Thing::Process(p) => glob(&self.subject, p.name.as_str()),
            Thing::User { uid } => glob(&self.subject, &uid.to_string()),
            Thing::Cgroup { path } | Thing::Mount { path } => glob(&self.subject, path.as_str()),
            Thing::Listener { address } | Thing::Peer { address } => glob(&self.subject, address),
            Thing::Host => glob(&self.subject, "host"),
            Thing::Session { server, .. } => glob(&self.subject, server),
            Thing::Named { name, .. } => glob(&self.subject, name),
        }
    }
}
