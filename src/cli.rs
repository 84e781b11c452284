//! The root command and the flags that all commands share.

use crate::{
    areas::{AREAS, ATTRIBUTES},
    model::{Cluster, WayIn},
    source::{Netns, Scope},
    verdict::FailOn,
};
use clap::{ArgAction, Args, Command, ValueEnum, builder::PossibleValuesParser};
use std::{path::PathBuf, time::Duration};

/// What comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people, at most 80 columns on a terminal.
    #[default]
    Text,
    /// For people, every column.
    Wide,
    /// One `paramedic/1` document.
    Json,
    /// One document a line, one line a look.
    Ndjson,
    /// The graph of the command, for Graphviz.
    Dot,
    /// The graph of the command, for Markdown.
    Mermaid,
    /// The facts behind the report, as `snapshot` writes them: for --from.
    Snapshot,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is dumb.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags that every command has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub struct Shared {
    /// Format of the output
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "PARAMEDIC_OUTPUT",
        hide_env = true
    )]
    pub output: Output,
    /// Same as --output json
    #[arg(long, global = true, conflicts_with = "output")]
    pub json: bool,
    /// Write the output to this file, atomically, and nothing to stdout
    #[arg(long, global = true, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, env = "PARAMEDIC_COLOR", hide_env = true)]
    pub color: Color,
    /// List notices too: risky settings of a machine that is well
    #[arg(long, global = true)]
    pub risks: bool,
    /// Verdict only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say also what was looked at and found clear
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Exit 1 or 2 from this severity on
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "PARAMEDIC_FAIL_ON",
        hide_env = true,
        help_heading = "Exit code"
    )]
    pub fail_on: FailOn,
    /// Exit 3 when anything could not be seen
    #[arg(long, global = true, env = "PARAMEDIC_STRICT", hide_env = true, help_heading = "Exit code")]
    pub strict: bool,

    /// How long to look, as in 500ms, 10s, 5m; 0 is one look without rates
    #[arg(long, global = true, value_name = "DUR", default_value = "1s", value_parser = duration, env = "PARAMEDIC_WINDOW", hide_env = true, help_heading = "Looking")]
    pub window: Duration,
    /// Look again and again, every DUR
    #[arg(long, global = true, value_name = "DUR", num_args = 0..=1, require_equals = true, default_missing_value = "2s", value_parser = duration, help_heading = "Looking")]
    pub watch: Option<Duration>,
    /// Deadline of the whole run [default: the window and 10s more; elsewhere at least 60s]
    #[arg(long, global = true, value_name = "DUR", value_parser = duration, env = "PARAMEDIC_TIMEOUT", hide_env = true, help_heading = "Looking")]
    pub timeout: Option<Duration>,
    /// Leave out these areas or codes (globs)
    #[arg(long, global = true, value_name = "GLOB", value_delimiter = ',', help_heading = "Looking")]
    pub skip: Vec<String>,
    /// Limits and ignores [default: ./paramedic.toml, /etc/paramedic.toml]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "PARAMEDIC_CONFIG",
        hide_env = true,
        help_heading = "Looking"
    )]
    pub config: Option<PathBuf>,
    /// Judge a recorded snapshot instead of this machine; - is stdin
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "watch", help_heading = "Looking")]
    pub from: Option<PathBuf>,
    /// Read another process table, such as a host's mounted into a container
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "/proc",
        env = "PARAMEDIC_PROC_ROOT",
        hide_env = true,
        help_heading = "Looking"
    )]
    pub proc_root: PathBuf,
    /// Read another /sys
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "/sys",
        env = "PARAMEDIC_SYS_ROOT",
        hide_env = true,
        help_heading = "Looking"
    )]
    pub sys_root: PathBuf,

    /// Only these processes
    #[arg(long, global = true, value_name = "PID", value_delimiter = ',', value_parser = clap::value_parser!(i32).range(1..), help_heading = "Scope")]
    pub pid: Vec<i32>,
    /// Only this process and what it started
    #[arg(long, global = true, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..), help_heading = "Scope")]
    pub tree: Option<i32>,
    /// Only processes of this name
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',', help_heading = "Scope")]
    pub name: Vec<String>,
    /// Only processes whose cgroup path holds this text, such as a container id
    #[arg(long, global = true, value_name = "TEXT", help_heading = "Scope")]
    pub container: Option<String>,
    /// Only the container of this process: the patient, seen from a debug container
    #[arg(long, global = true, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..), help_heading = "Scope")]
    pub target: Option<i32>,
    /// Sockets of our own network namespace, or of all that are visible
    #[arg(long, global = true, value_name = "WHICH", value_parser = PossibleValuesParser::new(["own", "all"]), default_value = "own", help_heading = "Scope")]
    pub netns: String,

    /// Run it there instead, and say what all have in common: pod/NAME, deploy/NAME, sts/NAME, service/NAME, ssh:HOST
    #[arg(long, global = true, value_name = "WHERE", value_delimiter = ',', help_heading = "Elsewhere")]
    pub on: Vec<String>,
    /// Pods that match these labels
    #[arg(short = 'l', long, global = true, value_name = "LABELS", help_heading = "Elsewhere")]
    pub selector: Option<String>,
    /// Namespace of pods [default: that of kubectl]
    #[arg(short = 'n', long, global = true, value_name = "NAME", help_heading = "Elsewhere")]
    pub namespace: Option<String>,
    /// Pods of all namespaces
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace", help_heading = "Elsewhere")]
    pub all_namespaces: bool,
    /// Container of each pod [default: its default one]
    #[arg(short = 'c', long, global = true, value_name = "NAME", help_heading = "Elsewhere")]
    pub in_container: Option<String>,
    /// Context of kubectl
    #[arg(long, global = true, value_name = "NAME", help_heading = "Elsewhere")]
    pub context: Option<String>,
    /// Configuration of kubectl [default: what kubectl itself takes]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Elsewhere")]
    pub kubeconfig: Option<String>,
    /// What paramedic is called there, or where it is
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = "paramedic",
        env = "PARAMEDIC_BINARY",
        hide_env = true,
        help_heading = "Elsewhere"
    )]
    pub binary: String,
    /// Where it is missing: send this program there, run it, remove it
    #[arg(long, global = true, help_heading = "Elsewhere")]
    pub inject: bool,
    /// Where it is missing: add a container of this image to the pod, for good, and look from there
    #[arg(long, global = true, value_name = "IMAGE", help_heading = "Elsewhere")]
    pub debug_container: Option<String>,
    /// Ends when its standard input does: who asked is gone
    #[arg(long, global = true, hide = true)]
    pub until_stdin_ends: bool,
    /// Does nothing but end after so long: what a container that others look from runs
    #[arg(long, global = true, value_name = "DUR", value_parser = duration, hide = true)]
    pub linger: Option<Duration>,
}

impl Shared {
    /// The format, `--json` taken in.
    pub fn format(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }
    /// The cluster that the flags name.
    pub fn cluster(&self) -> Cluster {
        Cluster {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            namespace: self.namespace.clone(),
            all_namespaces: self.all_namespaces,
            selector: self.selector.clone(),
            container: self.in_container.clone(),
        }
    }
    /// What may be done where paramedic is missing.
    pub fn way_in(&self) -> WayIn {
        WayIn { inject: self.inject, image: self.debug_container.clone() }
    }
    /// The scope that the flags name.
    pub fn scope(&self) -> Scope {
        Scope {
            pids: self.pid.clone(),
            tree: self.tree,
            names: self.name.clone(),
            container: self.container.clone(),
            target: self.target,
            netns: if self.netns == "all" { Netns::All } else { Netns::Own },
        }
    }
}

/// `500ms`, `10s`, `5m`, `1h`; 0 needs no unit.
fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let d = humantime::parse_duration(text).map_err(|e| format!("{e}; write 500ms, 10s or 5m"))?;
    if d > Duration::from_secs(86_400) { Err("longer than a day".into()) } else { Ok(d) }
}

/// The whole command line.
pub fn command() -> Command {
    let mut root = Command::new("paramedic")
        .version(env!("CARGO_PKG_VERSION"))
        .about("What is wrong on this host or pod, who causes it, how sure that is, what to do next")
        .after_help(
            "With no command: `check`, everything visible from here.\n\
             Exit codes: 0 clear or notices only, 1 warning, 2 critical, 3 could not look.",
        )
        .subcommand_required(false)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("check").about("Everything visible from here, findings ranked, worst first").arg(
                clap::Arg::new("only")
                    .value_name("AREA|CODE")
                    .help("Only these areas or codes (globs)")
                    .num_args(0..),
            )
            .arg(
                clap::Arg::new("pg")
                    .long("pg")
                    .value_name("TARGET")
                    .help("Postgres too: URL, key=value string, service or database [default: DATABASE_URL, else PGHOST and the like]")
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value(""),
            ),
        );
    for area in AREAS {
        root = root.subcommand((area.flags)(Command::new(area.name).about(area.about)));
    }
    root = root
        .subcommand((ATTRIBUTES.flags)(Command::new("snapshot").about(ATTRIBUTES.about)))
        .subcommand(
            Command::new("explain")
                .about("What a check sees, why it matters, how to confirm, how to fix")
                .arg(
                    clap::Arg::new("code")
                        .value_name("CODE")
                        .help("A check's code; without one, all are listed"),
                ),
        )
        .subcommand(Command::new("schema").about("The JSON Schema of the report"))
        .subcommand(
            Command::new("completions").about("Completions for a shell, on stdout").arg(
                clap::Arg::new("shell")
                    .value_name("SHELL")
                    .required(true)
                    .value_parser(clap::value_parser!(clap_complete::Shell)),
            ),
        )
        .subcommand(
            Command::new("man").about("A manual page in roff, on stdout").arg(
                clap::Arg::new("page")
                    .value_name("COMMAND")
                    .help("Of this command; without one, of paramedic itself"),
            ),
        );
    Shared::augment_args(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn durations_want_a_unit_unless_they_are_zero() {
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["5", "-1s", "x", "2days", ""] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
