//! The same command line, as it is to run elsewhere: rebuilt from what clap understood of it, so that no spelling of a flag
//! (`--on=x`, `-nprod`, `-n prod`, behind or before the command) needs to be known here.

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

/// What is about us and not about the place: where to, what comes out, how it is judged.
const OURS: &[&str] = &[
    "on",
    "selector",
    "namespace",
    "all_namespaces",
    "in_container",
    "context",
    "kubeconfig",
    "binary",
    "inject",
    "debug_container",
    "linger",
    "until_stdin_ends",
    "output",
    "json",
    "write",
    "color",
    "risks",
    "quiet",
    "verbose",
    "fail_on",
    "strict",
    "config",
    "timeout",
    "from",
    "watch",
    // A key is told, never shown in an argument list.
    "compare_key",
];

/// The arguments without the program. `root` is the whole command line, `matches` what was understood of ours.
///
/// # Errors
/// A value that is no text.
pub(super) fn there(root: &Command, matches: &ArgMatches) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let (mut command, mut inner) = (root, matches);
    let mut known: Vec<&Arg> = root.get_arguments().filter(|a| a.is_global_set()).collect();
    while let Some((name, sub)) = inner.subcommand() {
        let Some(next) = command.find_subcommand(name) else { break };
        words.push(name.to_string());
        (command, inner) = (next, sub);
    }
    let own = |a: &&Arg| !known.iter().any(|k| k.get_id() == a.get_id());
    let own: Vec<&Arg> = command.get_arguments().filter(own).collect();
    known.extend(own);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for arg in known {
        let id = arg.get_id().as_str();
        if OURS.contains(&id) || !given(inner, id) {
            continue;
        }
        if arg.is_positional() {
            let last = arg.is_last_set() || arg.is_trailing_var_arg_set();
            if last { &mut after } else { &mut before }.extend(values(inner, id)?);
            continue;
        }
        match arg.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => words.push(flag(arg)),
            ArgAction::Count => {
                words.extend((0..inner.get_count(id)).map(|_| flag(arg)));
            }
            // With an equals sign a value may look like anything.
            _ => words.extend(values(inner, id)?.into_iter().map(|v| format!("{}={v}", flag(arg)))),
        }
    }
    if after.is_empty() && before.iter().any(|v| v.starts_with('-')) {
        (before, after) = (vec![], before);
    }
    words.extend(before);
    if !after.is_empty() {
        words.push("--".into());
        words.extend(after);
    }
    Ok(words)
}

/// On the command line; or, of what decides how to look, in our environment.
fn given(matches: &ArgMatches, id: &str) -> bool {
    // A flag of another command is none of this one.
    if !matches.try_contains_id(id).unwrap_or(false) {
        return false;
    }
    match matches.value_source(id) {
        Some(ValueSource::CommandLine) => true,
        Some(ValueSource::EnvVariable) => id == "window",
        _ => false,
    }
}

fn flag(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => String::new(),
    }
}

fn values(matches: &ArgMatches, id: &str) -> Result<Vec<String>> {
    let raw = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
    let text = |v: &std::ffi::OsStr| {
        v.to_str()
            .map(str::to_string)
            .with_context(|| format!("{}: is no UTF-8 text and cannot be sent elsewhere", v.display()))
    };
    raw.map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn of(line: &str) -> String {
        let words = shlex::split(line).unwrap();
        let matches = cli::command().try_get_matches_from(words).unwrap();
        there(&cli::command(), &matches).unwrap().join(" ")
    }

    #[test]
    fn what_is_ours_stays_here_however_it_is_written() {
        for ours in [
            "--on deploy/web",
            "--on=pod/a,pod/b",
            "--on pod/a --on pod/b -n prod",
            "--on=pod/a -nprod",
            "-l app=web -A --json",
            "-lapp=web -c app --context=there -o json --write /x -qvv --risks --strict --fail-on never",
            "--on ssh:h --color always --timeout 5s --config /c --inject --binary /opt/p",
        ] {
            assert_eq!(
                of(&format!("paramedic {ours} sockets --peer 10.0.3.7:443")),
                "sockets --peer=10.0.3.7:443"
            );
            assert_eq!(
                of(&format!("paramedic sockets --peer=10.0.3.7:443 {ours}")),
                "sockets --peer=10.0.3.7:443"
            );
            assert_eq!(of(&format!("paramedic {ours}")), "", "bare is bare there too");
        }
    }

    #[test]
    fn what_is_about_the_place_goes_there_whole() {
        assert_eq!(of("paramedic --on pod/a --pid 1,2 --window 0 fds"), "fds --window=0 --pid=1 --pid=2");
        assert_eq!(
            of("paramedic check --on pod/a fds 'sockets/*' --skip cpu"),
            "check --skip=cpu fds sockets/*"
        );
        assert_eq!(of("paramedic dns --on pod/a db.test --plan"), "dns --plan db.test");
        assert_eq!(of("paramedic check --pg --on pod/a"), "check --pg=");
        assert_eq!(of("paramedic check --pg=--x --on pod/a"), "check --pg=--x");
        assert_eq!(of("paramedic check --on pod/a -- -x"), "check -- -x");
        assert_eq!(
            of("paramedic snapshot --compare-key secret --file '/etc/*.conf' --brief"),
            "snapshot --file=/etc/*.conf --brief"
        );
    }

    #[test]
    fn what_is_rebuilt_is_understood_as_the_same() {
        let line = [
            "paramedic",
            "sockets",
            "--peer",
            "10.0.3.7:443",
            "--name=a b",
            "--on",
            "pod/a",
            "--netns",
            "all",
        ];
        let first = cli::command().try_get_matches_from(line).unwrap();
        let again = there(&cli::command(), &first).unwrap();
        let all = std::iter::once("paramedic".to_string()).chain(again.clone());
        let second = cli::command().try_get_matches_from(all).unwrap();
        assert_eq!(there(&cli::command(), &second).unwrap(), again);
    }
}
