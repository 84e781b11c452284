//! The flags of `pgbouncer`.

use serde::{Deserialize, Serialize};

/// Flags of `pgbouncer`.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Args {
    /// The pooler, as a URL or key=value string [default: PGBOUNCER_URL, DATABASE_URL, else PGHOST and the like; port 6432]
    // A password may be in it: never part of a snapshot.
    #[arg(short = 'd', long, value_name = "TARGET")]
    #[serde(skip)]
    pub dbname: Option<String>,
    /// Ordinary slots of each server behind it, where the server itself is not asked
    #[arg(long, value_name = "N", conflicts_with = "pg", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub slots: Option<u32>,
    /// Ask this Postgres server behind it for its slots, by one connection to it
    #[arg(long, value_name = "TARGET")]
    #[serde(skip)]
    pub pg: Option<String>,
    /// Rows of the tables
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self { dbname: None, slots: None, pg: None, rows: 100 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let line = [&["pgbouncer"], line].concat();
        let command = Args::augment_args(clap::Command::new("pgbouncer"));
        Args::from_arg_matches(&command.try_get_matches_from(line)?)
    }

    #[test]
    fn flags_are_what_they_say() {
        assert_eq!(parse(&[]).unwrap(), Args::default());
        let args = parse(&["-d", "host=bouncer", "--slots", "97", "--rows", "5"]).unwrap();
        assert_eq!((args.dbname.as_deref(), args.slots, args.rows), (Some("host=bouncer"), Some(97), 5));
        assert!(parse(&["--slots", "97", "--pg", "host=db"]).is_err(), "one of them says how many");
        assert!(parse(&["--slots", "0"]).is_err() && parse(&["--rows", "0"]).is_err());
    }

    #[test]
    fn a_password_on_the_line_stays_out_of_snapshots() {
        let args = parse(&["-d", "postgres://u:secret@h", "--pg", "postgres://u:secret@h/d"]).unwrap();
        assert!(!serde_json::to_string(&args).unwrap().contains("secret"));
    }
}
