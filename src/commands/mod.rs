//! Commands: from the parsed line to an exit code. The areas' own commands and `check` are one: [`look`].

mod consent;
mod explain;
mod look;
mod on;
mod output;
mod progress;
mod settings;

use crate::{
    areas::{self, Entry},
    cli,
    cli::Shared,
    generate, render,
    settings::Settings,
    source,
};
use anyhow::{Context, Result, ensure};
use clap::{ArgMatches, FromArgMatches, error::ErrorKind};
use output::Out;
use std::{
    ffi::{OsStr, OsString},
    path::Path,
    time::Duration,
};

/// The exit code of what could not be done.
const COULD_NOT: u8 = 3;

/// Runs one command line; the exit code.
pub fn main(args: impl Iterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.collect();
    let (command, program) = called(args.first().map(OsString::as_os_str));
    let matches = match command.try_get_matches_from(&args) {
        Ok(m) => m,
        Err(e) => return usage(&e),
    };
    match run(&matches, &args, &program) {
        Ok(code) => code,
        Err(e) => {
            // Text from outside may be part of an error: a path, a line of a file.
            eprintln!("paramedic: {}", crate::model::untrusted::escape(&format!("{e:#}")));
            COULD_NOT
        }
    }
}

/// The command line, and how the program was called: as it was typed, so that what is printed can be pasted. A link named
/// `kubectl-paramedic` is how `kubectl paramedic` finds it.
/// <https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/>
fn called(first: Option<&OsStr>) -> (clap::Command, String) {
    let plugin = first.and_then(|a| Path::new(a).file_name()).is_some_and(|name| name == "kubectl-paramedic");
    if plugin {
        let name = "kubectl paramedic";
        return (cli::command().bin_name(name), name.into());
    }
    (cli::command(), first.map_or_else(|| "paramedic".into(), |a| a.to_string_lossy().into_owned()))
}

/// Help goes to stdout with 0; a wrong line is 3, since 2 would mean "critical" to whatever watches the exit code.
fn usage(e: &clap::Error) -> u8 {
    let printed = e.print();
    match e.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if printed.is_ok() => 0,
        _ => COULD_NOT,
    }
}

fn run(matches: &ArgMatches, args: &[OsString], program: &str) -> Result<u8> {
    let (name, sub) = matches.subcommand().unwrap_or(("check", matches));
    // Global flags are known at every level; the innermost has what was given anywhere on the line.
    let shared = Shared::from_arg_matches(sub)?;
    // What `check` never looks at.
    let unasked = |a: &Entry| !a.local || matches!((a.open_in_check)(&Settings::default()), Err(None));
    let elsewhere = areas::AREAS.iter().find(|a| a.name == name && unasked(a));
    let again = elsewhere.map(|_| typed(name, args.get(1..).unwrap_or_default()));
    let out = Out::new(&shared, program, again);
    if shared.until_stdin_ends {
        source::input::until_it_ends()?;
    }
    if let Some(long) = shared.linger {
        return linger(long);
    }
    if let Some(code) = on::elsewhere(name, matches, &shared, &out)? {
        return Ok(code);
    }
    let text = |text: String| out.plain(&text).map(|()| 0);
    match name {
        "explain" => explain::explain(sub.get_one::<String>("code").map(String::as_str), &shared, &out),
        "schema" => text(render::schema()),
        "completions" => {
            let shell: &clap_complete::Shell = sub.get_one("shell").context("a shell is wanted")?;
            text(generate::completion(*shell))
        }
        "man" => text(generate::page(sub.get_one::<String>("page").map(String::as_str))?),
        "snapshot" => look::snapshot(sub, &shared, &out),
        _ => {
            let only = sub.try_get_many::<String>("only").ok().flatten();
            let only: Vec<String> = only.into_iter().flatten().cloned().collect();
            match areas::AREAS.iter().find(|a| a.name == name) {
                Some(area) => {
                    if !area.local {
                        consent::ask(&shared)?;
                    }
                    look::area(area, sub, &shared, &out)
                }
                None => look::check(only, postgres(sub), &shared, &out),
            }
        }
    }
}

/// What the container of `--debug-container` runs: it is looked from by others, and holds the door open for them.
fn linger(long: Duration) -> Result<u8> {
    let first = std::process::id() == 1;
    ensure!(
        !first,
        "this container was to join the processes of another, and is alone: its runtime cannot do that"
    );
    std::thread::sleep(long);
    Ok(0)
}

/// The line as it was typed, for a command that is not said in other words; where it is long or may hold what nobody else is
/// to read, its name and an ellipsis.
fn typed(name: &str, args: &[OsString]) -> String {
    const LONGEST: usize = 100;
    let words: Vec<String> = args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    const SECRET: [&str; 5] = ["--compare-key", "--exec", "--body", "--header", "-H"];
    let kept = |w: &String| w == "--" || w.contains('?') || SECRET.iter().any(|flag| w.starts_with(flag));
    let line = source::reach::joined(&words);
    match words.iter().any(kept) || line.chars().count() > LONGEST {
        true => format!("{name} …"),
        false => line,
    }
}

/// `--pg[=TARGET]` of `check`: asked for, and where.
fn postgres(matches: &ArgMatches) -> Option<Option<String>> {
    let given = matches.try_get_one::<String>("pg").ok().flatten()?;
    Some(Some(given.clone()).filter(|target| !target.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_named_as_a_plugin_is_called_as_kubectl_calls_it() {
        let of = |first: &str| called(Some(OsStr::new(first)));
        let (mut command, program) = of("/home/me/.krew/bin/kubectl-paramedic");
        assert_eq!(program, "kubectl paramedic");
        assert!(command.render_usage().to_string().contains("kubectl paramedic"));
        assert_eq!(of("./paramedic").1, "./paramedic");
    }

    #[test]
    fn a_line_is_repeated_as_typed_unless_it_is_long_or_holds_a_key() {
        let of = |words: &[&str]| typed("compare", &words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["-n", "prod", "compare", "-l", "app in (a)"]), "-n prod compare -l 'app in (a)'");
        assert_eq!(of(&["compare", "a.json", "--compare-key=s3cr3t"]), "compare …");
        assert_eq!(of(&["compare", "--exec", "docker exec -e T=s3cr3t {}", "a", "b"]), "compare …");
        assert_eq!(of(&["compare", &"x".repeat(101)]), "compare …");
        for secret in [&["http", "a", "-H", "Authorization: x"][..], &["http", "a/?key=x"]] {
            assert_eq!(of(secret), "compare …");
        }
    }
}
