//! The flags of `shutdown`.

use crate::{areas::request::Request, model::signal};
use serde::{Deserialize, Serialize};
use std::{ffi::OsString, time::Duration};

/// No span on the command line is longer.
const LONGEST: Duration = Duration::from_secs(3600);
/// Requests a second that one run may ask for.
const MOST_RATE: f64 = 20_000.0;

/// Flags of `shutdown`.
// The command, the line before the signal and the query of a URL may hold secrets: never part of a snapshot.
#[derive(clap::Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Args {
    /// The service: it is started, rehearsed and ended, with all that it started. A service that runs already is named by --pid
    #[arg(last = true, value_name = "CMD")]
    #[serde(skip)]
    pub command: Vec<OsString>,
    /// What is asked again and again [default: the port of --ready, else the only one that CMD listens on]
    #[arg(long, value_name = "URL")]
    #[serde(skip)]
    pub url: Option<String>,
    /// It is ready when this URL, or this port, answers [default: the URL]
    #[arg(long, value_name = "URL|PORT", requires = "command")]
    #[serde(skip)]
    pub ready: Option<String>,
    /// So long it may take until it is ready
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = span)]
    pub start_timeout: Duration,
    /// Load before the end begins
    #[arg(long, value_name = "DUR", default_value = "2s", value_parser = span)]
    pub warm_up: Duration,
    /// From the begin of the end to the SIGKILL: terminationGracePeriodSeconds, docker stop --time
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = span)]
    pub grace: Duration,
    /// So long requests are still routed there when the end has begun
    #[arg(long, value_name = "DUR", default_value = "5s", value_parser = span)]
    pub late: Duration,
    /// The signal: STOPSIGNAL of the image
    #[arg(long, value_name = "NAME", default_value = "TERM", value_parser = signal::parse)]
    pub signal: i32,
    /// Runs in a shell when the end begins, before the signal, inside of the grace period: preStop
    #[arg(long, value_name = "LINE")]
    #[serde(skip)]
    pub prestop: Option<String>,
    /// Start it as PID 1 of a pid namespace, as in a container: signals without a handler do not reach it
    #[arg(long, requires = "command")]
    pub as_pid1: bool,
    /// Connections that are kept and carry half of the requests
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub connections: u32,
    /// Connections that have carried a request and idle
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub idle: u32,
    /// Requests a second, over kept and over new connections
    #[arg(long, value_name = "N", default_value_t = 50.0, value_parser = rate)]
    pub rate: f64,
    /// Rehearse what --pid names without asking
    #[arg(long)]
    pub yes: bool,
    /// What is asked.
    #[command(flatten)]
    pub request: Request,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            command: vec![],
            url: None,
            ready: None,
            start_timeout: s(30),
            warm_up: s(2),
            grace: s(30),
            late: s(5),
            signal: signal::TERM,
            prestop: None,
            as_pid1: false,
            connections: 4,
            idle: 2,
            rate: 50.0,
            yes: false,
            request: Request::default(),
        }
    }
}

impl Args {
    /// From the begin of the load to the end of everything, at most.
    pub fn course(&self) -> Duration {
        self.warm_up + self.grace.max(self.late) + self.request.request_timeout
    }
}

fn span(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let d = humantime::parse_duration(text).map_err(|e| format!("{e}; write 500ms, 10s or 5m"))?;
    if d > LONGEST { Err("longer than an hour".into()) } else { Ok(d) }
}

fn rate(text: &str) -> Result<f64, String> {
    let n: f64 = text.parse().map_err(|_| "a number of requests a second, as in 50")?;
    if (0.1..=MOST_RATE).contains(&n) { Ok(n) } else { Err("from 0.1 to 20000".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &[&str]) -> Result<Args, clap::Error> {
        let line = [&["shutdown"], line].concat();
        Args::from_arg_matches(
            &Args::augment_args(clap::Command::new("shutdown")).try_get_matches_from(line)?,
        )
    }

    #[test]
    fn flags_are_what_they_say() {
        assert_eq!(parse(&[]).unwrap(), Args::default());
        let args =
            parse(&["--signal", "sigquit", "--grace", "0", "--ready", "3000", "--", "node", "-e", "--url"]);
        let args = args.unwrap();
        assert_eq!((args.signal, args.grace, args.command.len()), (3, Duration::ZERO, 3));
        assert_eq!((args.ready.as_deref(), args.url), (Some("3000"), None));
    }

    #[test]
    fn what_has_no_bound_or_no_sense_is_refused() {
        for bad in [
            &["--rate", "0"][..],
            &["--rate", "nan"],
            &["--rate", "30000"],
            &["--grace", "2h"],
            &["--grace", "5"],
            &["--connections", "0"],
            &["--signal", "NONE"],
            &["--as-pid1"],
            &["--ready", "80"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
