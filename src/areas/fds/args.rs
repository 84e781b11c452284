//! The flags of `fds`.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Flags of `fds`.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    /// Whose descriptors to tell by kind: one read for each of them
    #[arg(long, value_enum, default_value_t = Kinds::Matter, value_name = "WHICH")]
    pub kinds: Kinds,
    /// Order of the table
    #[arg(long, value_enum, default_value_t = Sort::Pct, value_name = "BY")]
    pub sort: Sort,
    /// Rows of the tables, the worst first
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Print every process, as it is read
    #[arg(long)]
    pub all: bool,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self { kinds: Kinds::Matter, sort: Sort::Pct, rows: 100, all: false }
    }
}

/// Whose descriptors are told by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// Processes near their limit, processes that grow, and those named by the scope
    Matter,
    /// Every process
    All,
}

/// Order of the table of processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Share of the soft limit
    Pct,
    /// Open descriptors
    Open,
    /// Growth over the window
    Growth,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let m = Args::augment_args(clap::Command::new("fds")).try_get_matches_from(line)?;
        Args::from_arg_matches(&m)
    }

    #[test]
    fn no_flag_means_what_plain_check_asks() {
        assert_eq!(parse(&["fds"]).unwrap(), Args::default());
    }

    #[test]
    fn rows_have_bounds_so_that_facts_have() {
        assert!(parse(&["fds", "--rows", "0"]).is_err());
        assert!(parse(&["fds", "--rows", "10001"]).is_err());
        let args = parse(&["fds", "--rows", "7", "--kinds", "all", "--sort", "open", "--all"]).unwrap();
        assert_eq!(args, Args { kinds: Kinds::All, sort: Sort::Open, rows: 7, all: true });
    }
}
