//! The flags of `cpu`.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Flags of `cpu`.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    /// Whose threads to read: two small files for each of them
    #[arg(long, value_enum, default_value_t = Threads::Busy, value_name = "WHICH")]
    pub threads: Threads,
    /// Order of the table of threads
    #[arg(long, value_enum, default_value_t = Sort::Share, value_name = "BY")]
    pub sort: Sort,
    /// Rows of the tables, the worst first
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self { threads: Threads::Busy, sort: Sort::Share, rows: 20 }
    }
}

/// Whose threads are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threads {
    /// Those of the busiest processes, and as many others as cost next to nothing
    Busy,
    /// Those of every process
    All,
}

/// Order of the table of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Time on a processor
    Share,
    /// Time waiting for a processor
    Wait,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let m = Args::augment_args(clap::Command::new("cpu")).try_get_matches_from(line)?;
        Args::from_arg_matches(&m)
    }

    #[test]
    fn no_flag_means_what_plain_check_asks() {
        assert_eq!(parse(&["cpu"]).unwrap(), Args::default());
    }

    #[test]
    fn rows_have_bounds_so_that_facts_have() {
        assert!(parse(&["cpu", "--rows", "0"]).is_err());
        assert!(parse(&["cpu", "--rows", "10001"]).is_err());
        let args = parse(&["cpu", "--rows", "7", "--threads", "all", "--sort", "wait"]).unwrap();
        assert_eq!(args, Args { threads: Threads::All, sort: Sort::Wait, rows: 7 });
    }
}
