//! The flags of `lifecycle`.

use serde::{Deserialize, Serialize};

/// Flags of `lifecycle`.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    /// Rows of the tables, the worst first
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self { rows: 100 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let m = Args::augment_args(clap::Command::new("lifecycle")).try_get_matches_from(line)?;
        Args::from_arg_matches(&m)
    }

    #[test]
    fn no_flag_means_what_plain_check_asks_and_rows_have_bounds() {
        assert_eq!(parse(&["lifecycle"]).unwrap(), Args::default());
        assert_eq!(parse(&["lifecycle", "--rows", "7"]).unwrap(), Args { rows: 7 });
        assert!(parse(&["lifecycle", "--rows", "0"]).is_err());
    }
}
