//! What this machine is, and chance out of its kernel.

use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// The architecture of the processor, as `uname -m` has it.
pub fn machine() -> String {
    rustix::system::uname().machine().to_string_lossy().into_owned()
}

/// Thirty-two bytes that nobody can guess.
///
/// # Errors
/// What the kernel said: before it has gathered enough chance after a boot.
pub fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let n = getrandom(&mut bytes, GetRandomFlags::NONBLOCK)?;
    if n == bytes.len() { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
