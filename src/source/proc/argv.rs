//! Argument list, environment and executable of one process. The first two lie in its memory: a process that is stuck in a
//! page fault keeps whoever reads them waiting for ever, so they are read by the child that may hang.

use crate::{
    model::{Argv, Environ, Seen, Why},
    source::World,
};
use rustix::fs::readlinkat;
use std::time::Duration;

/// A class path may be long; what is shown is cut later.
const MOST: usize = 64 << 10;

/// In a namespace with many services the kubelet gives each container thousands of variables.
const ENVIRON_MOST: usize = 1 << 20;

/// The argument list as it reads now; empty for a zombie.
///
/// # Errors
/// `TimedOut` when the process is stuck, `Absent` when it is gone.
pub fn argv(world: &World, pid: i32, patience: Duration) -> Seen<Argv> {
    read(world, pid, "cmdline", MOST, patience).map(|(bytes, cut)| Argv::new(bytes, cut))
}

/// The environment that the process was started with; needs the right to trace it.
///
/// # Errors
/// As for [`argv`]; `Denied` without that right.
pub fn environ(world: &World, pid: i32, patience: Duration) -> Seen<Environ> {
    read(world, pid, "environ", ENVIRON_MOST, patience).map(|(bytes, cut)| Environ::new(bytes, cut))
}

fn read(world: &World, pid: i32, file: &str, most: usize, patience: Duration) -> Seen<(Vec<u8>, bool)> {
    let path = world.proc_root.join(format!("{pid}/{file}"));
    world.ask().read(&path, most, patience).map(|read| (read.bytes, read.cut))
}

/// The path of the executable as its mount namespace has it; needs the right to trace the process.
///
/// # Errors
/// `Denied` without that right, `Absent` for kernel threads and zombies.
pub fn exe(world: &World, pid: i32) -> Seen<Vec<u8>> {
    let dir = world.process(pid).map_err(|e| Why::from(&e))?;
    let link = readlinkat(dir, c"exe", Vec::new()).map_err(|e| Why::from(&e.into()))?.into_bytes();
    Ok(link.strip_suffix(b" (deleted)").map(<[u8]>::to_vec).unwrap_or(link))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Setting;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_tells_its_arguments_and_settings() {
        let mut sleeper = Command::new("sleep")
            .args(["60"])
            .env("GOMEMLIMIT", "1GiB")
            .env("PASSWORD", "hunter2")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let pid = sleeper.id() as i32;
        let world = World::open("/proc".as_ref(), "/sys".as_ref()).unwrap();
        let patience = Duration::from_secs(10);
        let read = (argv(&world, pid, patience), environ(&world, pid, patience), exe(&world, pid));
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        let (argv_, environ_, exe_) = read;
        assert_eq!(argv_.unwrap().shown().as_str(), "sleep 60");
        assert!(exe_.unwrap().starts_with(b"/"));
        assert_eq!(environ_.unwrap().value(Setting::GoMemLimit), Some(&b"1GiB"[..]));
        assert!(argv(&world, i32::MAX, patience).is_err());
    }
}
