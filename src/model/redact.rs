//! Argument lists and environments: raw, they have no `Serialize` and no `Debug` of what they hold, so that the only way
//! out of the program is the redactor. <https://man7.org/linux/man-pages/man5/proc_pid_cmdline.5.html>

mod environ;
mod line;
mod names;
mod secrets;
mod suspicion;

pub use suspicion::{Suspicion, suspicion};

use super::Untrusted;
pub use environ::{Environ, OwnName, Shape};
use std::fmt;

/// Stands where a secret was.
const HIDDEN: &[u8] = b"***";
/// Of an argument list so much is shown, in bytes; the rest is an ellipsis.
const SHOWN: usize = 4 << 10;

/// The argument list of a process as it reads now. A process may have overwritten it: then it is one text without NULs,
/// it may be empty, and it need not be UTF-8.
pub struct Argv {
    bytes: Vec<u8>,
    cut: bool,
}

impl Argv {
    /// The bytes of `/proc/PID/cmdline`; `cut` when the reader stopped before their end.
    pub fn new(mut bytes: Vec<u8>, cut: bool) -> Self {
        if !cut {
            // Titles are padded to the length of what they replace.
            let kept = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
            bytes.truncate(kept);
        }
        Self { bytes, cut }
    }
    /// Nothing is there: a kernel thread, a zombie, or a process that erased it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
    /// There was more than was read: the last of [`Argv::args`] may be a part of one.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
    /// The first argument: the program as it was called, or the first word of a title. For probes only.
    pub fn program(&self) -> &[u8] {
        let first = self.args().next().unwrap_or_default();
        // A path may hold a blank; a title is told by having no second argument.
        if self.bytes.contains(&0) {
            return first;
        }
        first.split(u8::is_ascii_whitespace).find(|w| !w.is_empty()).unwrap_or_default()
    }
    /// All arguments, the program first, as they are: secrets included. For probes only, never for facts.
    pub fn args(&self) -> impl Iterator<Item = &[u8]> {
        let all = self.bytes.split(|b| *b == 0);
        all.take(if self.bytes.is_empty() { 0 } else { usize::MAX })
    }
    /// The whole line with every secret struck out, at most 4 KiB of it.
    pub fn shown(&self) -> Untrusted {
        let mut args: Vec<&[u8]> = self.args().collect();
        if self.cut {
            // What names a part of an argument as a secret, such as the `@` of a URL, may be in what was not read.
            args.pop();
        }
        let mut text = line::redacted(&args);
        let more = text.len() > SHOWN;
        if more {
            let whole = (SHOWN - 3..=SHOWN).rev().find(|at| text[*at] & 0xc0 != 0x80).unwrap_or(SHOWN);
            text.truncate(whole);
        }
        if more || self.cut {
            text.extend_from_slice(" …".as_bytes());
        }
        Untrusted::from_bytes(text.trim_ascii())
    }
}

impl fmt::Debug for Argv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Argv({} arguments)", self.args().count())
    }
}

/// What checks need out of an environment, and all that can be had of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// `GOMEMLIMIT`: soft memory limit of a Go program.
    GoMemLimit,
    /// `NODE_OPTIONS`: flags of Node.js.
    NodeOptions,
    /// `JAVA_TOOL_OPTIONS`: flags of every JVM.
    JavaToolOptions,
    /// `JDK_JAVA_OPTIONS`: flags of the `java` launcher since 9.
    JdkJavaOptions,
    /// `_JAVA_OPTIONS`: flags of HotSpot, the last word.
    JavaOptions,
    /// `RES_OPTIONS`: options of glibc's resolver.
    ResOptions,
    /// `LOCALDOMAIN`: search list of glibc's resolver.
    LocalDomain,
    /// `UV_THREADPOOL_SIZE`: threads that Node.js has for file systems and lookups.
    UvThreadpoolSize,
}

impl Setting {
    /// Every one.
    pub const ALL: [Setting; 8] = [
        Setting::GoMemLimit,
        Setting::NodeOptions,
        Setting::JavaToolOptions,
        Setting::JdkJavaOptions,
        Setting::JavaOptions,
        Setting::ResOptions,
        Setting::LocalDomain,
        Setting::UvThreadpoolSize,
    ];
    /// Its name in the environment.
    pub const fn name(self) -> &'static str {
        match self {
            Setting::GoMemLimit => "GOMEMLIMIT",
            Setting::NodeOptions => "NODE_OPTIONS",
            Setting::JavaToolOptions => "JAVA_TOOL_OPTIONS",
            Setting::JdkJavaOptions => "JDK_JAVA_OPTIONS",
            Setting::JavaOptions => "_JAVA_OPTIONS",
            Setting::ResOptions => "RES_OPTIONS",
            Setting::LocalDomain => "LOCALDOMAIN",
            Setting::UvThreadpoolSize => "UV_THREADPOOL_SIZE",
        }
    }
}

#[cfg(test)]
mod tests;
