//! Writes the `newc` archive that the kernel unpacks as its first root file system.
//!
//! The format is the one of the kernel's `Documentation/driver-api/early-userspace/buffer-format.rst`:
//! a header of 13 fields in eight hexadecimal digits each, the path with a NUL, the bytes; path and bytes are
//! padded to four. Times are kept, because Python compares a source's time with the one inside its `.pyc` file
//! and would compile again whatever does not match.

use std::collections::BTreeSet;
use std::path::Path;

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_777;

/// An archive under construction; directories above an entry are made as they are needed.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    directories: BTreeSet<String>,
}

impl Archive {
    /// Adds an empty directory such as `proc`. Paths have no leading slash.
    pub fn directory(&mut self, path: &str) {
        if path.is_empty() || self.directories.contains(path) {
            return;
        }
        self.parents_of(path);
        self.directories.insert(path.to_owned());
        self.entry(path, DIRECTORY, 0, b"");
    }

    /// Adds a readable and executable file. `mtime` is in seconds since the epoch.
    pub fn file(&mut self, path: &str, bytes: &[u8], mtime: u32) {
        self.parents_of(path);
        self.entry(path, PROGRAM, mtime, bytes);
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, to: &str) {
        self.parents_of(path);
        self.entry(path, LINK, 0, to.as_bytes());
    }

    /// Closes the archive and gives its bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, 0, b"");
        self.bytes
    }

    fn parents_of(&mut self, path: &str) {
        if let Some(parent) = Path::new(path).parent().and_then(Path::to_str) {
            self.directory(parent);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, mtime: u32, bytes: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(bytes.len()).expect("an entry of an initramfs is below 4 GiB");
        let name = u32::try_from(path.len() + 1).expect("a path is short");
        // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name, checksum
        let fields = [self.entries, mode, 0, 0, 1, mtime, size, 0, 0, 0, 0, name, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(path.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(bytes);
        self.pad();
    }

    fn pad(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }
}
