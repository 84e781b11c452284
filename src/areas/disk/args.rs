//! The flags of `disk`.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Flags of `disk`.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    /// Order of the table of mounts
    #[arg(long, value_enum, default_value_t = Sort::Used, value_name = "BY")]
    pub sort: Sort,
    /// Rows of the tables, the worst first
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Print every mount of the table, hidden ones and those without files of their own too
    #[arg(long)]
    pub all: bool,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self { sort: Sort::Used, rows: 100, all: false }
    }
}

/// Order of the table of mounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Share of the space or of the inodes that is used
    Used,
    /// Size
    Size,
    /// What is left, least first
    Avail,
    /// Path
    Mount,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let m = Args::augment_args(clap::Command::new("disk")).try_get_matches_from(line)?;
        Args::from_arg_matches(&m)
    }

    #[test]
    fn no_flag_means_what_plain_check_asks() {
        assert_eq!(parse(&["disk"]).unwrap(), Args::default());
    }

    #[test]
    fn rows_have_bounds_so_that_facts_have() {
        assert!(parse(&["disk", "--rows", "0"]).is_err());
        assert!(parse(&["disk", "--rows", "10001"]).is_err());
        let args = parse(&["disk", "--rows", "7", "--sort", "avail", "--all"]).unwrap();
        assert_eq!(args, Args { sort: Sort::Avail, rows: 7, all: true });
    }
}
