//! What hurts somebody, or cannot be undone, is asked for once more where somebody sits who can answer.

use crate::{cli::Shared, model::untrusted::escape};
use anyhow::{Result, bail};
use std::io::{self, BufRead, IsTerminal, Write};

/// What whoever sits there says; `None` when nobody does.
fn said(question: &str) -> Result<Option<bool>> {
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !(stdin.is_terminal() && stderr.is_terminal()) {
        return Ok(None);
    }
    // A terminal that does not take it cannot be answered on either.
    write!(stderr, "{}\nGo on? [y/N] ", escape(question))?;
    stderr.flush()?;
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(Some(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")))
}

/// Asks for what hurts somebody.
///
/// # Errors
/// When it is not answered with yes, or nobody sits there: then a flag has to say it.
pub(super) fn agreed(question: &str) -> Result<()> {
    match said(question)? {
        Some(true) => Ok(()),
        Some(false) => bail!("nothing was done"),
        None => bail!("{question}: nobody is there to agree to it, and nothing was done; --yes agrees"),
    }
}

/// Asks for what `--debug-container` adds; where nobody sits the flag is the answer.
///
/// # Errors
/// When the answer is no.
pub(super) fn ask(shared: &Shared) -> Result<()> {
    let Some(image) = &shared.debug_container else { return Ok(()) };
    let question = format!(
        "To each pod without `{}` a container of {image} is added, unless one is there from an earlier run. \
         It ends within an hour, and only the end of the pod removes it.",
        shared.binary
    );
    match said(&question)? {
        Some(false) => bail!("--debug-container: nothing was added"),
        Some(true) | None => Ok(()),
    }
}
