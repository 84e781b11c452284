//! Runs the programs of the host that the room is built with, and says what to install when one is missing.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

/// The Debian packages without which this room cannot be built, as one `apt-get install` line.
pub const INSTALL: &str = "apt-get install -y qemu-system-x86 busybox-static python3.11-minimal";

/// Runs `program` in `folder` and gives its standard output.
///
/// # Errors
/// When the program is not installed, ends with another status than 0, or prints no UTF-8.
pub fn output(program: &str, arguments: &[&str], folder: &Path) -> Result<String> {
    let result = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}: {INSTALL}"))?;
    ensure!(
        result.status.success(),
        "{program} {arguments:?} ended with {}: {}",
        result.status,
        String::from_utf8_lossy(&result.stderr)
    );
    String::from_utf8(result.stdout).with_context(|| format!("what {program} printed"))
}

/// A path as text, for an argument list.
///
/// # Errors
/// When the path is not UTF-8.
pub fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
