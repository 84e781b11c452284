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
}
