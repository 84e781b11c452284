//! The flags of `compare`.

use crate::model::{Cluster, WayIn};
use serde::{Deserialize, Serialize};

/// Whom to compare, and by what.
#[derive(clap::Args, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Args {
    /// Snapshot files, pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST, or names for --exec
    #[arg(value_name = "MEMBER")]
    pub members: Vec<String>,
    /// The pods of this Deployment
    #[arg(long, value_name = "NAME")]
    pub deployment: Vec<String>,
    /// The pods that this Service sends to
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,
    /// How to run a command at a member, {} standing for its name, as in 'docker exec -i {}'
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,
    /// This member is right, and the others are held against it [default: the majority]
    #[arg(long, value_name = "MEMBER")]
    pub reference: Option<String>,
    /// The program at the members
    #[arg(long, value_name = "PATH", default_value = "paramedic")]
    #[serde(default)]
    pub binary: String,
    /// Key under which the members hash secrets, so that later snapshots can be compared with these [default: one of this
    /// run alone]
    // The key itself goes into no document.
    #[arg(long, value_name = "KEY", env = "PARAMEDIC_COMPARE_KEY", hide_env = true)]
    #[serde(skip)]
    pub compare_key: Option<String>,
    /// Files that are compared too, by content, mode and time
    #[arg(long = "file", value_name = "GLOB")]
    pub files: Vec<String>,
    /// A program that is asked for its version, as in 'node --version'
    #[arg(long, value_name = "COMMAND")]
    pub exec_version: Vec<String>,
    /// Variables whose values are no secrets and may be shown (globs)
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub show_env: Vec<String>,
    /// Rows of the tables
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// The cluster, by the flags that all commands share.
    #[arg(skip)]
    #[serde(default)]
    pub cluster: Cluster,
    /// What may be done to members that have no paramedic.
    #[arg(skip)]
    #[serde(skip)]
    pub way_in: WayIn,
}

impl Args {
    /// Whether anybody is waited for: only files are at hand.
    pub fn waits(&self) -> bool {
        let file = |word: &String| word == "-" || word.ends_with(".json");
        self.exec.is_some()
            || self.cluster.selector.is_some()
            || !self.deployment.is_empty()
            || !self.service.is_empty()
            || !self.members.iter().all(file)
    }
}
