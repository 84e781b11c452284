//! `/proc`: the process table, threads, descriptor links, small text files.

pub mod argv;
pub mod interp;
pub mod link;
pub mod memory;
pub mod own;
mod stat;
mod status;
mod table;
pub mod threads;

pub use link::Kind;
pub use stat::Stat;
pub use status::{Disposition, SIGTERM, Status, sleeps_in};
pub use table::{Limit, Process, list};

use rustix::fs::{Mode, OFlags, openat};
use std::{
    ffi::CStr,
    fs::File,
    io::{self, Read},
    os::fd::AsFd,
    path::Path,
};

/// No file of `/proc` that is read whole is larger; more is cut.
const MOST: u64 = 1 << 20;

/// A small text file.
///
/// # Errors
/// As the system gave it, with the path; `InvalidData` when it is not text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|f| f.take(MOST).read_to_string(&mut text))
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
    Ok(text)
}

/// A small file below an open directory, into a buffer that is used again.
pub(super) fn read_at<'b>(dir: impl AsFd, name: &CStr, buf: &'b mut [u8]) -> io::Result<&'b [u8]> {
    let fd = openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut len = 0;
    loop {
        let n = rustix::io::read(&fd, &mut buf[len..])?;
        len += n;
        if n == 0 || len == buf.len() {
            return Ok(&buf[..len]);
        }
    }
}
