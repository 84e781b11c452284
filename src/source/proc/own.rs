//! What concerns ourselves: which process of the table we are, and what the kernel still lets us have.

use crate::{
    model::{Seen, Why},
    source::World,
};
use rustix::{
    fs::{inotify, readlinkat},
    io::{Errno, dup},
};

/// Our own pid in this tree: procfs answers in the pid namespace of its mount. `None` in a recorded tree, or when we are
/// not visible there.
pub fn pid(world: &World) -> Option<i32> {
    let text = readlinkat(world.root(), c"self", Vec::new()).ok().filter(|_| world.procfs)?;
    text.to_str().ok()?.parse().ok()
}

/// Our own effective user.
pub fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Lets everything of the machine go first: we are a guest, and it may be hurt. Of this thread, and of what it starts from
/// now on; those that measure time are started before. Not a reason to fail.
pub fn give_way() {
    let _ = rustix::process::setpriority_process(None, 19);
}

/// Whether our own user has used up its inotify instances: one is made and closed at once. Instances of every process of
/// the user count, those of other containers too; no right is needed and none exempts. inotify_init(2).
///
/// # Errors
/// `Unsupported` where the tree is not this machine, `TooMany` when our own descriptors are used up, which gives the
/// same errno; otherwise what the kernel said.
pub fn inotify_used_up(world: &World) -> Seen<bool> {
    if !world.live {
        return Err(Why::Unsupported);
    }
    match inotify::init(inotify::CreateFlags::CLOEXEC) {
        Ok(_) => Ok(false),
        // EMFILE has two meanings; a descriptor of another sort tells them apart.
        Err(Errno::MFILE) => match dup(world.root()) {
            Ok(_) => Ok(true),
            Err(_) => Err(Why::TooMany),
        },
        Err(e) => Err(Why::from(&e.into())),
    }
}
