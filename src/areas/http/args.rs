//! The flags of `http`.

use super::super::request::Request;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a balancer waits when nobody says otherwise: AWS ALB, nginx and HAProxy's examples.
const LB_IDLE: Duration = Duration::from_secs(60);
/// Requests a second of a load, when nobody says how many.
const RATE: f64 = 20.0;
/// And no more than these.
const RATES: std::ops::RangeInclusive<f64> = 0.1..=100_000.0;
/// Connections that are kept by a load.
const CONNECTIONS: u32 = 10;
/// A rollout is over by then.
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// Node.js gives a head a minute and looks every half a minute: it can take a minute and a half.
const PROBE_FOR: Duration = Duration::from_secs(100);

/// Flags of `http`.
#[derive(clap::Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Args {
    /// What to ask, as in http://127.0.0.1:3000/health
    // A key may be in it: the facts hold it without what follows the path.
    #[arg(value_name = "URL")]
    #[serde(skip)]
    pub url: String,
    /// How long the load balancer in front keeps an idle connection, and waits for an answer [default: 60s]; asks for --probe
    /// idle
    #[arg(long, value_name = "DUR", value_parser = seconds)]
    pub lb_idle: Option<Duration>,
    /// Hold connections: idle until the server closes them, or with a head or a body that comes a byte a second
    ///
    /// `headers` and `body` are one connection each. A server that does one thing at a time (gunicorn's sync workers) answers
    /// nobody else meanwhile, and its worker may be killed.
    #[arg(long, value_enum, value_name = "WHICH", value_delimiter = ',')]
    pub probe: Vec<Probe>,
    /// The longest that a slow head or body is kept up [default: 100s]
    #[arg(long, value_name = "DUR", value_parser = seconds)]
    pub probe_for: Option<Duration>,
    /// Send requests for so long and say what became of each: through the load balancer, during a rollout
    ///
    /// Half of them go over new connections, half over connections that are kept. No request is ever sent twice. Ctrl-C ends
    /// it early, with the report.
    #[arg(long = "for", id = "for", value_name = "DUR", value_parser = seconds, help_heading = "Load")]
    pub length: Option<Duration>,
    /// Requests a second [default: 20]
    #[arg(long, value_name = "N", requires = "for", value_parser = rate, help_heading = "Load")]
    pub rate: Option<f64>,
    /// Connections that are kept [default: 10]
    #[arg(long, value_name = "N", requires = "for", value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "Load")]
    pub connections: Option<u32>,
    /// What each request is.
    #[command(flatten)]
    pub request: Request,
}

/// A way to hold a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Idle, after one answer
    Idle,
    /// A head that does not end
    Headers,
    /// A body that does not end
    Body,
}

impl Default for Args {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self {
            url: String::new(),
            lb_idle: None,
            probe: vec![],
            probe_for: None,
            length: None,
            rate: None,
            connections: None,
            request: Request::default(),
        }
    }
}

impl Args {
    /// Whether connections are to be held so.
    pub fn probes(&self, which: Probe) -> bool {
        self.probe.contains(&which) || which == Probe::Idle && self.lb_idle.is_some()
    }
    /// What the balancer waits.
    pub fn lb(&self) -> Duration {
        self.lb_idle.unwrap_or(LB_IDLE)
    }
    /// How long a slow head or body is kept up.
    pub fn drip(&self) -> Duration {
        self.probe_for.unwrap_or(PROBE_FOR)
    }
    /// Requests a second.
    pub fn per_s(&self) -> f64 {
        self.rate.unwrap_or(RATE)
    }
    /// Connections that are kept.
    pub fn kept(&self) -> u32 {
        self.connections.unwrap_or(CONNECTIONS)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let d = humantime::parse_duration(text).map_err(|e| format!("{e}; write 500ms, 10s or 5m"))?;
    match (Duration::from_millis(100)..=LONGEST).contains(&d) {
        true => Ok(d),
        false => Err("from 100ms to 6h".into()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if RATES.contains(&rate) => Ok(rate),
        Ok(_) => Err("from 0.1 to 100,000 requests a second".into()),
        Err(_) => Err("requests a second, as in 20".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn parse(line: &str) -> Result<Args, String> {
        let command = Args::augment_args(clap::Command::new("http"));
        let matches = command.try_get_matches_from(line.split(' ')).map_err(|e| e.to_string())?;
        Args::from_arg_matches(&matches).map_err(|e| e.to_string())
    }

    #[test]
    fn flags_are_what_they_say() {
        let plain = parse("http http://a/").unwrap();
        assert_eq!(plain, Args { url: "http://a/".into(), ..Args::default() });
        assert!(!plain.probes(Probe::Idle) && plain.lb() == LB_IDLE);
        let probed = parse("http a --probe headers,body --lb-idle 2s").unwrap();
        assert!([Probe::Idle, Probe::Headers, Probe::Body].into_iter().all(|p| probed.probes(p)));
        assert_eq!(probed.lb(), Duration::from_secs(2));
        let load = parse("http a --for 10m --rate 0.5 --connections 3 --method HEAD").unwrap();
        assert_eq!((load.length, load.per_s(), load.kept()), (Some(Duration::from_secs(600)), 0.5, 3));
        assert_eq!(load.request.method(), "HEAD");
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (line, says) in [
            ("http", "URL"),
            ("http a --rate 5", "--for"),
            ("http a --connections 5", "--for"),
            ("http a --for 5s --rate 0", "0.1"),
            ("http a --for 5s --rate 200000", "100,000"),
            ("http a --for 5s --rate many", "as in 20"),
            ("http a --for 7h", "6h"),
            ("http a --lb-idle 0", "100ms"),
            ("http a --probe all", "headers"),
            ("http a --for 5s --connections 0", "1..=10000"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }

    #[test]
    fn what_may_be_a_secret_stays_out_of_snapshots() {
        let args = parse("http http://a/?key=hunter2 --body hunter2 -H X-Key:hunter2").unwrap();
        assert!(!serde_json::to_string(&args).unwrap().contains("hunter2"));
    }
}
