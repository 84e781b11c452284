//! The flags of `snapshot`.

use crate::model::Seal;
use serde::{Deserialize, Serialize};

/// What is recorded beside what is always recorded.
#[derive(clap::Args, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Args {
    /// Key under which secrets are hashed, so that snapshots can be compared; - reads it from the first line of stdin and
    /// ends when stdin does [default: one of this run alone]
    // The key itself goes into no document.
    #[arg(long, value_name = "KEY", env = "PARAMEDIC_COMPARE_KEY", hide_env_values = true)]
    #[serde(skip)]
    pub compare_key: Option<String>,
    /// Files that are compared too, by content, mode and owner; ** is any depth
    #[arg(long = "file", value_name = "GLOB")]
    pub files: Vec<String>,
    /// A program that is asked for its version, as in 'node --version'
    #[arg(long, value_name = "COMMAND")]
    pub exec_version: Vec<String>,
    /// Variables whose values are no secrets and may be shown (globs)
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub show_env: Vec<String>,
    /// Only what comparison needs
    #[arg(long)]
    pub brief: bool,
    /// What secrets are hashed with.
    #[arg(skip)]
    #[serde(skip)]
    pub seal: Option<Seal>,
}
