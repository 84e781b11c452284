<<<<<<< HEAD
//! What hurts somebody is asked for on a terminal; elsewhere a flag has to say it.

use anyhow::{Result, bail};
use std::io::{self, BufRead, IsTerminal, Write};

/// Puts a question to whoever sits there.
///
/// # Errors
/// When it is not answered with yes, or nobody sits there.
pub(super) fn agreed(question: &str) -> Result<()> {
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        bail!("{question}: nobody is there to agree to it, and nothing was done; --yes agrees");
    }
    write!(stderr, "{}\nGo on? [y/N] ", crate::model::untrusted::escape(question))?;
    stderr.flush()?;
    let mut said = String::new();
    stdin.lock().read_line(&mut said)?;
    match said.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing was done"),
    }
=======
//! What was asked for by name and cannot be undone is asked for once more where somebody sits who can answer.

use crate::{cli::Shared, model::untrusted::escape};
use anyhow::{Result, ensure};
use std::io::{self, BufRead, IsTerminal, Write};

/// Asks on a terminal; elsewhere the flag is the answer.
///
/// # Errors
/// When the answer is no.
pub(super) fn ask(shared: &Shared) -> Result<()> {
    let Some(image) = &shared.debug_container else { return Ok(()) };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(());
    }
    let image = escape(image);
    // A terminal that does not take it cannot be answered on either.
    write!(
        io::stderr(),
        "To each pod without `{}` a container of {image} is added, unless one is there from an earlier run.\n\
         It ends within an hour, and only the end of the pod removes it. Go on? [y/N] ",
        escape(&shared.binary)
    )?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    ensure!(matches!(line.trim(), "y" | "Y" | "yes"), "--debug-container: nothing was added");
    Ok(())
>>>>>>> six
}
