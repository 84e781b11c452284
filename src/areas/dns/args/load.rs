//! The flags of a load. They are wrong together in ways that clap has no words for, so they are read in two steps.

use clap::{ArgMatches, Command, FromArgMatches, error::ErrorKind};
use serde::{Deserialize, Serialize};
use std::{str::FromStr, time::Duration};

/// Questions a second, at most, unless `--max` says more.
const MOST: f64 = 200.0;
/// Nobody has a name server that wants more from one place.
const EVER: f64 = 1_000_000.0;
/// A steady load, when nobody says how long.
const LENGTH: Duration = Duration::from_secs(10);
/// A step of a ramp: at the usual last step, 200/s, that is enough questions for a p99.
const STEP: Duration = Duration::from_secs(5);
/// The longest: load is bounded whatever is typed.
const LONGEST: Duration = Duration::from_secs(3600);
/// Workers of one run.
const WORKERS: i64 = 256;
/// A question without an answer is given up after the timeout of the settings, and after this when that is longer. It is
/// also what glibc and musl wait by default.
pub(in super::super) const WAIT: Duration = Duration::from_secs(5);
/// For the look before a load, and for the one after it.
pub(in super::super) const LOOKS: Duration = Duration::from_secs(3);

/// What `--load` takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// Questions a second.
    Steady(f64),
    /// Step by step up to `--max`.
    Ramp,
}

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ramp" => Ok(Rate::Ramp),
            _ => rate(text).map(Rate::Steady),
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(q) if (0.1..=EVER).contains(&q) => Ok(q),
        Ok(_) => Err("from 0.1 to 1,000,000 questions a second".into()),
        Err(_) => Err("questions a second, as in 50".into()),
    }
}

fn length(text: &str) -> Result<Duration, String> {
    let d = humantime::parse_duration(text).map_err(|e| format!("{e}; write 500ms, 10s or 5m"))?;
    match (Duration::from_millis(100)..=LONGEST).contains(&d) {
        true => Ok(d),
        false => Err("from 100ms to 1h".into()),
    }
}

/// The flags as they are typed.
#[derive(clap::Args)]
#[command(next_help_heading = "Load")]
struct Typed {
    /// Put load on the first server, or on each --server in turn: QPS questions a second for the names given, or `ramp`, step by
    /// step until it fails
    ///
    /// A question without an answer is given up after the `timeout` of the settings, and after 5s when that is longer. --timeout
    /// is that of the whole run: where it is given it must have room for all of the load. What the load will be is said on
    /// stderr before it begins; it stops when 5 % of the questions fail.
    #[arg(long, value_name = "QPS|ramp", requires = "names", conflicts_with_all = ["plan", "workers"])]
    load: Option<Rate>,
    /// Closed loop instead: N workers, each with one question at a time; 2 is what Node.js has
    #[arg(long, value_name = "N", requires = "names", conflicts_with = "plan", value_parser = clap::value_parser!(u32).range(1..=WORKERS))]
    workers: Option<u32>,
    /// How long the load lasts [default: 10s; of a ramp each step 5s]
    #[arg(long = "for", id = "for", value_name = "DUR", value_parser = length)]
    length: Option<Duration>,
    /// Never more questions a second than this [default: 200]
    #[arg(long, value_name = "QPS", value_parser = rate)]
    max: Option<f64>,
}

/// A load, asked for by name and bounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How it goes.
    pub shape: Shape,
    /// So long each step lasts.
    pub each: Duration,
    /// Questions a second that are never exceeded.
    pub most: f64,
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// So many questions a second.
    Steady(f64),
    /// Step by step.
    Ramp,
    /// So many workers, each with one question at a time.
    Workers(u32),
}

/// Whether there is to be load, and which.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asked(pub Option<Load>);

impl Load {
    /// The rates of its steps. 10, 20, 50, 100 … and last the most there may be; of workers that is all there is.
    pub fn steps(&self) -> Vec<f64> {
        match self.shape {
            Shape::Steady(per_s) => vec![per_s],
            Shape::Workers(_) => vec![self.most],
            Shape::Ramp => {
                let round = (1..6).flat_map(|e| [1.0, 2.0, 5.0].map(|d| d * 10f64.powi(e)));
                round.take_while(|r| *r < self.most).chain([self.most]).collect()
            }
        }
    }
    /// So long it takes at one server, at most, with all waiting for answers and a look at it after that.
    pub fn takes(&self) -> Duration {
        (self.each + WAIT) * self.steps().len() as u32 + LOOKS
    }
}

impl clap::Args for Asked {
    fn augment_args(cmd: Command) -> Command {
        Typed::augment_args(cmd)
    }
    fn augment_args_for_update(cmd: Command) -> Command {
        Typed::augment_args_for_update(cmd)
    }
}

impl FromArgMatches for Asked {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let wrong = |what: String| clap::Error::raw(ErrorKind::ValueValidation, what);
        let typed = Typed::from_arg_matches(matches)?;
        let most = typed.max.unwrap_or(MOST);
        let shape = match (typed.load, typed.workers) {
            (Some(Rate::Steady(q)), _) if q > most => {
                return Err(wrong(format!(
                    "--load {q} is more than the {most} questions a second that --max allows: give --max {q} if \
                     these servers are yours to load"
                )));
            }
            (Some(Rate::Steady(q)), _) => Shape::Steady(q),
            (Some(Rate::Ramp), _) => Shape::Ramp,
            (None, Some(n)) => Shape::Workers(n),
            (None, None) if typed.length.is_some() || typed.max.is_some() => {
                return Err(wrong("--for and --max are about a load: give --load or --workers too".into()));
            }
            (None, None) => return Ok(Self(None)),
        };
        let each = typed.length.unwrap_or(if shape == Shape::Ramp { STEP } else { LENGTH });
        Ok(Self(Some(Load { shape, each, most })))
    }
    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Args, *};
    use clap::Args as _;

    fn parse(line: &str) -> Result<Option<Load>, String> {
        let command = Args::augment_args(Command::new("dns"));
        let matches = command.try_get_matches_from(line.split(' ')).map_err(|e| e.to_string())?;
        Args::from_arg_matches(&matches).map(|a| a.load.0).map_err(|e| e.to_string())
    }
    fn load(line: &str) -> Load {
        parse(line).unwrap().unwrap()
    }

    #[test]
    fn load_is_only_what_was_asked_for_by_name() {
        assert_eq!(parse("dns"), Ok(None));
        assert_eq!(parse("dns db"), Ok(None));
        assert_eq!(load("dns db --load 50").shape, Shape::Steady(50.0));
        assert_eq!(load("dns db --load 0.5 --for 60s").each, Duration::from_secs(60));
        assert_eq!(load("dns db --workers 2").steps(), [200.0]);
        assert_eq!((load("dns db --load 50").each, load("dns db --load ramp").each), (LENGTH, STEP));
    }

    #[test]
    fn a_ramp_ends_at_what_max_allows() {
        assert_eq!(load("dns db --load ramp").steps(), [10.0, 20.0, 50.0, 100.0, 200.0]);
        assert_eq!(
            load("dns db --load ramp --max 1500").steps(),
            [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 1500.0]
        );
        assert_eq!(load("dns db --load ramp --max 5").steps(), [5.0]);
        assert_eq!(load("dns db --load ramp --max 1000000").steps().len(), 16);
    }

    #[test]
    fn what_makes_no_sense_is_said_and_the_flag_named() {
        for (line, says) in [
            ("dns db --load 201", "--max"),
            ("dns db --load 500 --max 300", "--max"),
            ("dns --load 50", "NAME"),
            ("dns --workers 2", "NAME"),
            ("dns db --load 50 --plan", "--plan"),
            ("dns db --workers 2 --plan", "--plan"),
            ("dns db --load 50 --workers 2", "--workers"),
            ("dns db --for 5s", "--load"),
            ("dns db --max 50", "--load"),
            ("dns db --load 0", "0.1"),
            ("dns db --load -1", "-1"),
            ("dns db --load nan", "0.1"),
            ("dns db --load all", "as in 50"),
            ("dns db --load 50 --for 0", "100ms"),
            ("dns db --load 50 --for long", "write 500ms"),
            ("dns db --load 50 --for 2h", "1h"),
            ("dns db --workers 0", "1..=256"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
