//! The flags of `memory`.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Flags of `memory`.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    /// Order of the tables
    #[arg(long, value_enum, default_value_t = Sort::Pct, value_name = "BY")]
    pub sort: Sort,
    /// Rows of the tables, the worst first
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Count what processes share in part (PSS): the kernel walks the page tables of each process in the table
    #[arg(long)]
    pub pss: bool,
    /// Print every process, as it is read
    #[arg(long)]
    pub all: bool,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self { sort: Sort::Pct, rows: 100, pss: false, all: false }
    }
}

impl Args {
    /// What plain `check` asks: as much as is judged, and a record that stays small.
    pub fn in_check() -> Self {
        Self { rows: 20, ..Self::default() }
    }
}

/// Order of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Share of the limit that cannot be given back; processes by size
    Pct,
    /// Size
    Size,
    /// Growth over the window
    Growth,
    /// What is in swap
    Swap,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let m = Args::augment_args(clap::Command::new("memory")).try_get_matches_from(line)?;
        Args::from_arg_matches(&m)
    }

    #[test]
    fn no_flag_means_a_table_of_a_hundred_and_no_costly_reads() {
        assert_eq!(parse(&["memory"]).unwrap(), Args::default());
        assert!(!Args::in_check().pss);
    }

    #[test]
    fn rows_have_bounds_so_that_facts_have() {
        assert!(parse(&["memory", "--rows", "0"]).is_err());
        assert!(parse(&["memory", "--rows", "10001"]).is_err());
        let args = parse(&["memory", "--rows", "7", "--sort", "swap", "--pss", "--all"]).unwrap();
        assert_eq!(args, Args { sort: Sort::Swap, rows: 7, pss: true, all: true });
    }
}
