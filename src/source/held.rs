//! A standard input that somebody far away holds open: its end is how this process learns that nobody waits for it any more.
//! What was started through `kubectl exec` is not ended by the end of the connection
//! (<https://github.com/kubernetes/kubernetes/issues/89031>).

use std::{
    io::{self, ErrorKind, Read},
    process, thread,
};

/// The exit code then: what was asked for did not come to an end.
const LEFT: i32 = 3;

/// Ends this process when its standard input ends. What comes in before that is thrown away.
///
/// # Errors
/// When no thread can be started to listen.
pub fn until_stdin_ends() -> io::Result<()> {
    let listen = || {
        let mut input = io::stdin().lock();
        let mut part = [0; 512];
        loop {
            match input.read(&mut part) {
                Ok(n) if n > 0 => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                _ => process::exit(LEFT),
            }
        }
    };
    thread::Builder::new().name("held".into()).stack_size(64 << 10).spawn(listen).map(|_| ())
}
