//! Looks once: at the cluster, or at manifests.

mod container;
mod live;
mod objects;
mod pod;
mod value;

use super::{args::Args, facts::Facts};
use crate::{
    model::{Gap, Gaps, Reading, Why},
    source::{Clock, Moment, manifests},
};
use objects::Objects;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The probe.
pub struct Pods {
    args: Args,
    facts: Facts,
}

impl Pods {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: Facts::default() }
    }

    pub(super) fn seen(&self) -> &Facts {
        &self.facts
    }

    /// All of it: an area apart looks once.
    ///
    /// # Errors
    /// When there is no pod to be looked at, or one of the files cannot be used: nothing is half judged.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let done = match self.args.files.is_empty() {
            true => live::read(&self.args.cluster, m, gaps),
            false => self.files(m),
        };
        match done {
            Ok(facts) => {
                self.facts = facts;
                Ok(())
            }
            Err(gap) => {
                self.facts = Facts::unseen(gap.why);
                Err(gap)
            }
        }
    }

    fn files(&self, m: &Moment) -> Result<Facts, Gap> {
        let unusable = |e: manifests::Unusable| {
            let why = match e.kind {
                ErrorKind::InvalidData => Why::Malformed,
                ErrorKind::NotFound => Why::Absent,
                ErrorKind::PermissionDenied => Why::Denied,
                ErrorKind::OutOfMemory => Why::TooMany,
                _ => Why::Unsupported,
            };
            Gap::new("manifests", why, e)
        };
        let cluster = &self.args.cluster;
        let paths: Vec<PathBuf> = self.args.files.iter().map(PathBuf::from).collect();
        let files = manifests::files(&paths).map_err(unusable)?;
        let work = m.progress.begin("manifests", files.len() as u64);
        let mut objects = Objects::default();
        for (at, path) in files.iter().enumerate() {
            if std::time::Instant::now() >= m.deadline {
                let said = format!("{at} of {} files were read", files.len());
                return Err(
                    Gap::new("manifests", Why::TimedOut, said).remedy("paramedic pods … --timeout 60s")
                );
            }
            let name = name_of(path);
            for document in manifests::read(path).map_err(unusable)? {
                objects.take(&document, &name, None);
            }
            work.at(at as u64 + 1, &name);
        }
        if !cluster.all_namespaces
            && let Some(wanted) = &cluster.namespace
        {
            objects.only_namespace(wanted);
        }
        if let Some(wanted) = &cluster.selector {
            objects.only_labels(wanted).map_err(|what| Gap::new("--selector", Why::Unsupported, what))?;
        }
        if objects.is_empty() {
            let named: Vec<String> = paths.iter().map(|p| name_of(p)).collect();
            let detail = format!(
                "{}: no pod and nothing that makes pods in it: nothing was looked at",
                named.join(", ")
            );
            return Err(Gap::new("manifests", Why::Absent, detail));
        }
        let mut facts = objects.facts();
        facts.taken = Some(Clock::now());
        facts.failed_hooks = Reading::unseen(Why::NotAsked);
        Ok(facts)
    }
}

fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "stdin".into() } else { path.display().to_string() }
}
