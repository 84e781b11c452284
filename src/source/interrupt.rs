//! Ctrl-C while something long is at work that has a report at its end: the first one asks for the end, the second ends us.
#![allow(unsafe_code)] // sigaction exists only as a C function

use std::{
    mem, ptr,
    sync::atomic::{AtomicBool, Ordering},
};

static ASKED: AtomicBool = AtomicBool::new(false);

/// While this lives, the first Ctrl-C is only noted.
pub struct Caught {
    before: Option<libc::sigaction>,
}

/// Notes the next Ctrl-C instead of ending by it. Where it is ignored already, as in the background of a shell, it stays so.
pub fn catch() -> Caught {
    ASKED.store(false, Ordering::SeqCst);
    // SAFETY: an all-zero sigaction is a valid one; both pointers are to structures that live as long as the call.
    let before = unsafe {
        let mut now: libc::sigaction = mem::zeroed();
        now.sa_sigaction = note as *const () as usize;
        // The default again after the first one, and no call of ours is broken off by it.
        now.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART;
        let mut before: libc::sigaction = mem::zeroed();
        let known = libc::sigaction(libc::SIGINT, ptr::null(), &mut before) == 0;
        let ignored = before.sa_sigaction == libc::SIG_IGN;
        let set = known && !ignored && libc::sigaction(libc::SIGINT, &now, ptr::null_mut()) == 0;
        set.then_some(before)
    };
    Caught { before }
}

/// Only what may be done in a signal handler: one atomic store.
extern "C" fn note(_: libc::c_int) {
    ASKED.store(true, Ordering::SeqCst);
}

impl Caught {
    /// Whether somebody asked for the end.
    pub fn asked(&self) -> bool {
        ASKED.load(Ordering::SeqCst)
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: the structure is the one that the system gave.
            unsafe { libc::sigaction(libc::SIGINT, before, ptr::null_mut()) };
        }
    }
}
