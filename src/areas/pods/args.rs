//! The flags of `pods`.

use crate::model::Cluster;
use serde::{Deserialize, Serialize};

/// Paths that one run takes.
const PATHS: usize = 1000;

/// Flags of `pods`.
#[derive(clap::Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Args {
    /// Manifests in YAML or JSON, or directories of them, instead of the cluster; - is stdin
    #[arg(value_name = "FILE", num_args = 0..=PATHS)]
    pub files: Vec<String>,
    /// Rows of the tables
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Which cluster, namespace and pods: flags that all commands share
    #[arg(skip)]
    #[serde(default)]
    pub cluster: Cluster,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Command, FromArgMatches};

    #[test]
    fn files_are_paths_and_without_them_it_is_the_cluster() {
        let parse = |line: &[&str]| {
            let all = [&["pods"], line].concat();
            let matches = Args::augment_args(Command::new("pods")).try_get_matches_from(all)?;
            Args::from_arg_matches(&matches)
        };
        assert!(parse(&[]).unwrap().files.is_empty());
        assert_eq!(parse(&["a.yaml", "-"]).unwrap().files, ["a.yaml", "-"]);
        assert!(parse(&["--rows", "0"]).is_err());
    }
}
