//! Network namespaces: which one a process is in, and how to look from inside it.
#![allow(unsafe_code)] // setns exists only as a C function

use super::{failed, malformed};
use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    panic,
    path::Path,
    thread,
};

/// The network namespace of the process at `pid_root` (`/proc/PID`): the inode of `ns/net`. Two processes
/// are in one namespace exactly when these are equal.
///
/// # Errors
/// `PermissionDenied` for a process of somebody else, `NotFound` when it has ended.
pub fn id(pid_root: &Path) -> io::Result<u64> {
    let path = pid_root.join("ns/net");
    let link = fs::read_link(&path).map_err(|e| failed(path.display(), &e))?;
    link.to_str()
        .and_then(parse_link)
        .ok_or_else(|| malformed(format_args!("{}: no namespace: {link:?}", path.display())))
}

/// `net:[4026531840]`
fn parse_link(text: &str) -> Option<u64> {
    text.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

/// Runs `f` inside the network namespace of the process at `pid_root` (`/proc/PID`), on a thread that ends with it:
/// no other thread ever changes its namespace. In there `/proc/sys/net` and `/proc/thread-self/net` are those of the
/// namespace, `/proc/net` and `/proc/self/net` are not. Where that is the namespace we are in already, no right is needed.
///
/// # Errors
/// `PermissionDenied`: entering another namespace needs CAP_SYS_ADMIN in both; `NotFound`: the process has ended; no
/// thread could be made. `f` has not run then.
///
/// # Panics
/// When `f` does.
pub fn inside<T: Send>(pid_root: &Path, f: impl FnOnce() -> T + Send) -> io::Result<T> {
    let path = pid_root.join("ns/net");
    let namespace = File::open(&path).map_err(|e| failed(path.display(), &e))?;
    thread::scope(|scope| {
        thread::Builder::new()
            .name("netns".into())
            .spawn_scoped(scope, || enter(&namespace).map(|()| f()))
            .map_err(|e| failed("a thread for another network namespace", &e))?
            .join()
            .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    })
    .map_err(|e| failed(format_args!("entering {}", path.display()), &e))
}

fn enter(namespace: &File) -> io::Result<()> {
    let (there, here) = (namespace.metadata()?, fs::metadata("/proc/thread-self/ns/net"));
    if here.is_ok_and(|h| (h.dev(), h.ino()) == (there.dev(), there.ino())) {
        return Ok(());
    }
    // SAFETY: no pointers; changes the calling thread only, and that one is ours.
    match unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_link;

    #[test]
    fn the_link_text_is_taken_apart_exactly() {
        assert_eq!(parse_link("net:[4026531840]"), Some(4026531840));
        for bad in ["", "net:[]", "net:[-1]", "net:4026531840", "mnt:[4026531840]", "net:[1]x", "/dev/null"] {
            assert_eq!(parse_link(bad), None, "{bad}");
        }
    }
}
