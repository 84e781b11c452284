//! What programs print: read all the time, so that nobody waits for a full pipe, and its end kept.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// So many bytes are kept.
const KEPT: usize = 8 << 10;

/// The end of what was printed.
#[derive(Clone, Default)]
pub(super) struct Tail(Arc<Mutex<Vec<u8>>>);

impl Tail {
    /// As it is now.
    pub fn last(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads until nobody can print any more, on a thread of its own.
pub(super) fn drain(from: OwnedFd) -> Tail {
    let tail = Tail::default();
    let kept = tail.clone();
    // Without a thread the pipe is closed at once, and who prints is told so.
    let _ = thread::Builder::new().name("drain".into()).spawn(move || {
        let mut from = File::from(from);
        let mut part = vec![0u8; 16 << 10];
        loop {
            match from.read(&mut part) {
                Ok(0) => return,
                Ok(n) => {
                    let mut all = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
                    all.extend_from_slice(&part[..n]);
                    let over = all.len().saturating_sub(KEPT);
                    all.drain(..over);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    tail
}
