//! Who belongs to a service, and who of them listens.

use crate::{
    model::Gaps,
    source::{
        World,
        net::{Ask, Namespace, dump},
        proc,
    },
};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::Read,
    net::IpAddr,
    time::Instant,
};

/// Processes of a service that are looked at.
const MOST: usize = 256;
/// Descriptors of one process that are looked at.
const DESCRIPTORS: usize = 4096;
/// The mask of the one state that is asked for: `TCP_LISTEN` is 10.
const LISTEN: u32 = 1 << 10;

/// Somebody who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Who holds it; the first of the service that does.
    pub pid: i32,
    /// Where.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// The processes below this one, zombies left out, in order of pid.
pub fn tree(world: &World, root: i32, deadline: Instant) -> Vec<proc::Process> {
    let table = proc::list(world, deadline, &mut Gaps::default());
    let parents: HashMap<i32, i32> = table.iter().map(|p| (p.pid, p.ppid)).collect();
    let below = |p: &proc::Process| {
        let mut at = p.ppid;
        // A table read while processes come and go may hold a loop.
        for _ in 0..128 {
            if at == root {
                return true;
            }
            match parents.get(&at) {
                Some(next) => at = *next,
                None => return false,
            }
        }
        false
    };
    let living = |p: &proc::Process| !matches!(p.state, b'Z' | b'X');
    table.into_iter().filter(|p| living(p) && below(p)).take(MOST).collect()
}

/// Where these processes listen for TCP.
///
/// # Errors
/// What the system said.
pub fn listeners(world: &World, pids: &[i32], deadline: Instant) -> std::io::Result<Vec<Listener>> {
    let mut sockets: Vec<(u32, IpAddr, u16)> = Vec::new();
    let ask = Ask { states: LISTEN, info: false, skmem: false };
    dump(Namespace::Own, &ask, deadline, &mut |s| sockets.push((s.inode, s.local.addr(), s.local.port)))?;
    let mut out: Vec<Listener> = Vec::new();
    for pid in pids {
        let Ok(fds) = fs::read_dir(world.proc_root.join(format!("{pid}/fd"))) else { continue };
        for fd in fds.flatten().take(DESCRIPTORS) {
            let Ok(link) = fs::read_link(fd.path()) else { continue };
            let inode = proc::link::socket_inode(link.as_os_str().as_encoded_bytes());
            let socket = sockets.iter().find(|(i, ..)| inode == Some(*i));
            if let Some((_, address, port)) = socket
                && !out.iter().any(|l| (l.address, l.port) == (*address, *port))
            {
                out.push(Listener { pid: *pid, address: *address, port: *port });
            }
        }
    }
    Ok(out)
}

/// Whether this process runs a program that Go's linker made: its note is near the begin of the file.
pub fn is_go(world: &World, pid: i32) -> bool {
    let mut head = vec![];
    let file = File::open(world.proc_root.join(format!("{pid}/exe")));
    let read = file.and_then(|f| f.take(16 << 10).read_to_end(&mut head));
    // `.note.go.buildid`: length of the name, length of what follows, type 4, name.
    read.is_ok() && head.windows(8).any(|w| w == b"\x04\0\0\0Go\0\0")
}
