//! Where bytes go: stdout, or a file that is there complete or not at all.
//!
//! A file is written beside its place under another name, flushed to the disk and renamed, so that a reader (a metrics
//! collector, a later `--from`) never sees a half. It gets the permissions of the file it replaces; a new one gets 0644
//! less the umask, because collectors under another user must read it and reports hold redacted facts only.

use crate::model::untrusted::escape;
use anyhow::{Context, Result, bail};
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The standard output.
    Stdout,
    /// `--write FILE`.
    File(PathBuf),
}

/// How writing ended, when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All of it was taken.
    Written,
    /// The reader went away, as `head` does: no error, and nobody to tell.
    Closed,
}

/// Gives `write` a buffered writer to the target and sees to it that every byte arrived.
///
/// # Errors
/// When the output could not be written, with what, where and what to do; or what `write` itself reports.
pub fn deliver(target: &Target, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Ended> {
    match target {
        Target::Stdout => to_stream("stdout", "the output is incomplete", &mut io::stdout().lock(), write),
        Target::File(path) => to_file(path, write).map(|()| Ended::Written),
    }
}

fn to_stream(
    name: &str,
    then: &str,
    stream: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Ended> {
    let mut watched = Watched { stream, failed: None };
    let mut out = BufWriter::with_capacity(1 << 16, &mut watched);
    let done = write(&mut out).and_then(|()| out.flush());
    // What could not be written is not tried again when the buffer goes.
    drop(out.into_parts());
    match (done, watched.failed) {
        (_, Some((ErrorKind::BrokenPipe, _))) => Ok(Ended::Closed),
        (_, Some((_, said))) => bail!("cannot write to {name}: {said}; {then}"),
        (Err(e), None) => Err(e.into()),
        (Ok(()), None) => Ok(Ended::Written),
    }
}

/// Remembers that it was the writing that failed: a row source may fail with a broken pipe of its own.
struct Watched<'s> {
    stream: &'s mut dyn Write,
    failed: Option<(ErrorKind, String)>,
}

impl Watched<'_> {
    fn watch<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|e| {
            if e.kind() != ErrorKind::Interrupted {
                self.failed.get_or_insert_with(|| (e.kind(), plain(e)));
            }
        })
    }
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.stream.write(bytes);
        self.watch(result)
    }
    fn flush(&mut self) -> io::Result<()> {
        let result = self.stream.flush();
        self.watch(result)
    }
}

/// A path as it may stand in a message on a terminal.
fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

/// The system's words without `(os error 28)`.
fn plain(e: &io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or(&text).into()
}

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let shown = shown(path);
    if path.file_name().is_none() {
        bail!("cannot write '{shown}': it names no file");
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mode = replaced(path)?.unwrap_or(0o644);
    trusted(path, dir)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".paramedic-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(|e| {
            anyhow::anyhow!("cannot write {shown}: cannot make a file in {}: {}", self::shown(dir), plain(&e))
        })?;
    if mode != 0o644 {
        temporary
            .as_file()
            .set_permissions(Permissions::from_mode(mode))
            .with_context(|| format!("cannot write {shown}: cannot keep its permissions"))?;
    }
    // Dropped on every way out before `persist`, and with it the temporary file.
    let then = "what was there is unchanged; free some space or name another place";
    if to_stream(&shown, then, temporary.as_file_mut(), write)? == Ended::Closed {
        bail!("cannot write {shown}: the file system went away; {then}");
    }
    temporary
        .as_file()
        .sync_all()
        .with_context(|| format!("cannot write {shown}: it did not reach the disk"))?;
    temporary.persist(path).map_err(|e| anyhow::anyhow!("cannot write {shown}: {}", plain(&e.error)))?;
    match File::open(dir).and_then(|d| d.sync_all()) {
        // Some file systems cannot flush a directory; the file is there all the same.
        Err(e) if !matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            bail!(
                "{shown} is written, but may not survive a crash: cannot flush {}: {}",
                self::shown(dir),
                plain(&e)
            )
        }
        _ => Ok(()),
    }
}

/// The permissions of what stands there, if anything; refuses all that is no ordinary file.
fn replaced(path: &Path) -> Result<Option<u32>> {
    let shown = shown(path);
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => bail!("cannot write {shown}: {}", plain(&e)),
    };
    if meta.is_symlink() {
        bail!("cannot write {shown}: it is a symbolic link; name the file it points to");
    }
    if !meta.is_file() {
        bail!("cannot write {shown}: it is there and no ordinary file; name another place");
    }
    Ok(Some(meta.permissions().mode() & 0o777))
}

/// In a directory that everybody may write and that lacks the sticky bit, anybody can put something else in our place.
fn trusted(path: &Path, dir: &Path) -> Result<()> {
    let (shown, dir_shown) = (shown(path), shown(dir));
    let meta = fs::metadata(dir)
        .map_err(|e| anyhow::anyhow!("cannot write {shown}: its directory {dir_shown}: {}", plain(&e)))?;
    if !meta.is_dir() {
        bail!("cannot write {shown}: {dir_shown} is no directory");
    }
    if meta.permissions().mode() & 0o1002 == 0o002 {
        bail!(
            "cannot write {shown}: anybody may replace files in {dir_shown}; chmod o-w {dir_shown}, or name another place"
        );
    }
    Ok(())
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
