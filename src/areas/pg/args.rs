//! The flags of `pg`.

use crate::model::QueueTable;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Flags of `pg`.
#[derive(clap::Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Args {
    /// What to look at
    #[arg(value_name = "VIEW", value_enum, default_value_t = View::Check)]
    pub view: View,
    /// URL, key=value string, name of a service or of a database [default: DATABASE_URL, else PGHOST and the like]
    // A password may be in it: never part of a snapshot.
    #[arg(short = 'd', long, value_name = "TARGET")]
    #[serde(skip)]
    pub dbname: Option<String>,
    /// Rebuild deadlocks from this server log (stderr, csvlog or jsonlog; - is stdin), without connecting
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub log: Option<String>,
    /// Instances of the application at full scale: with --pool a plan to hold against the slots
    #[arg(long, value_name = "N", requires = "pool", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub instances: Option<u32>,
    /// Connections that the pools of one instance may open, all its workers together
    #[arg(long, value_name = "N", requires = "instances", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub pool: Option<u32>,
    /// Instances that a rollout adds for a while
    #[arg(long, value_name = "N", requires = "instances", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub surge: u32,
    /// Connections of everything else: migrations, jobs, people
    #[arg(long, value_name = "N", requires = "instances", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub others: u32,
    /// Rows of the tables
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rows: u32,
    /// Tables that are queues, out of the settings file.
    // Conditions are SQL that may hold anything: the facts tell what came of them.
    #[arg(skip)]
    #[serde(skip)]
    pub queues: Vec<QueueTable>,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self {
            view: View::Check,
            dbname: None,
            log: None,
            instances: None,
            pool: None,
            surge: 0,
            others: 0,
            rows: 100,
            queues: vec![],
        }
    }
}

/// A part of what can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// All of it
    Check,
    /// Sessions: who, what, since when
    Activity,
    /// Who waits for whom
    Locks,
    /// What fills the slots, and the pool size that fits
    Pool,
    /// How many deadlocks, and with --log what they were
    Deadlocks,
    /// Standbys, slots, prepared transactions, age of transactions
    Replication,
    /// Scheduled jobs and queues
    Jobs,
}

impl View {
    /// Whether this view shows that part.
    pub fn shows(self, part: View) -> bool {
        self == View::Check || self == part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let line = [&["pg"], line].concat();
        Args::from_arg_matches(&Args::augment_args(clap::Command::new("pg")).try_get_matches_from(line)?)
    }

    #[test]
    fn flags_are_what_they_say() {
        assert_eq!(parse(&[]).unwrap(), Args::default());
        let args =
            parse(&["pool", "-d", "shop", "--instances", "6", "--pool", "18", "--surge", "2"]).unwrap();
        assert_eq!((args.view, args.dbname.as_deref()), (View::Pool, Some("shop")));
        assert_eq!((args.instances, args.pool, args.surge, args.others), (Some(6), Some(18), 2, 0));
    }

    #[test]
    fn half_a_plan_is_none() {
        for bad in [
            &["--pool", "3"][..],
            &["--instances", "3"],
            &["--surge", "1"],
            &["--pool", "0", "--instances", "1"],
            &["lock"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_on_the_line_stays_out_of_snapshots() {
        let args = parse(&["-d", "postgres://u:secret@h/d"]).unwrap();
        assert!(!serde_json::to_string(&args).unwrap().contains("secret"));
    }
}
