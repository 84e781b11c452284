//! Every derived file that is committed, as path → bytes. A test holds the files against this.

use crate::{cli, render};
use anyhow::{Context, Result};
use clap_complete::Shell;

/// The completions of one shell.
pub fn completion(shell: Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "paramedic", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The manual page of one command, or of paramedic itself.
///
/// # Errors
/// When there is no such command.
pub fn page(command: Option<&str>) -> Result<String> {
    let mut root = cli::command();
    root.build();
    let page = match command {
        None => root,
        Some(name) => {
            let sub = root.find_subcommand(name).with_context(|| format!("there is no command `{name}`"))?;
            sub.clone().name(format!("paramedic-{name}"))
        }
    };
    let mut out = Vec::new();
    clap_mangen::Man::new(page).date("").render(&mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Path below the top level, and content, of every derived file.
///
/// # Errors
/// When a page cannot be made.
pub fn files() -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let name = match shell {
            Shell::Zsh => "_paramedic".to_string(),
            Shell::Fish => "paramedic.fish".to_string(),
            _ => "paramedic.bash".to_string(),
        };
        out.push((format!("completions/{name}"), completion(shell)));
    }
    out.push(("man/paramedic.1".into(), page(None)?));
    for sub in cli::command().get_subcommands() {
        let name = sub.get_name();
        out.push((format!("man/paramedic-{name}.1"), page(Some(name))?));
    }
    out.push(("tests/fixtures/schema/paramedic-1.json".into(), render::schema()));
    Ok(out)
}
