//! Limits, ignores and names to resolve: what the defaults are overruled by, and where each value came from.

mod file;
mod ignore;
mod queue;

pub use ignore::Ignore;

use crate::model::{Cluster, Doc, Level, Levels, Limit, QueueTable, Seal, WayIn};
use std::collections::BTreeMap;

/// Everything that a settings file may say. Flags and environment are clap's; this is what has no flag.
#[derive(Debug, Default)]
pub struct Settings {
    levels: BTreeMap<(String, String), Level>,
    /// Findings that somebody decided to live with.
    pub ignores: Vec<Ignore>,
    /// Names that plain `check` asks the nameservers for.
    pub names: Vec<String>,
    /// `--pg[=TARGET]`: plain `check` looks at Postgres too; without a target where the environment says.
    pub pg: Option<Option<String>>,
    /// Tables of Postgres that are queues.
    pub queues: Vec<QueueTable>,
    /// Areas or codes were named: whoever is asked at all was asked for by name.
    pub named: bool,
    /// Which cluster, namespace and pods: flags that all commands share.
    pub cluster: Cluster,
    /// What may be done to places that have no paramedic.
    pub way_in: WayIn,
    /// What secrets are compared by: of `--compare-key`.
    pub seal: Option<Seal>,
    /// The file that was read, if any.
    pub file: Option<String>,
}

impl Settings {
    /// From the text of a settings file, held against the checks there are.
    ///
    /// # Errors
    /// An unknown code or key, a level that is no number, an ignore without a reason, a name that is none: with line and what to do.
    pub fn parse(text: &str, path: &str, docs: &[&Doc]) -> anyhow::Result<Self> {
        file::parse(text, path, docs)
    }
}

impl Levels for Settings {
    fn level(&self, code: &str, limit: &Limit) -> Level {
        self.levels.get(&(code.to_string(), limit.key.to_string())).copied().unwrap_or(limit.default)
    }
}
