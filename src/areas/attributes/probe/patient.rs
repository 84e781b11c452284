//! Whose attributes are read.

use crate::{
    model::{Gaps, Seen, Why},
    source::{
        Moment, World, mounts,
        net::netns,
        proc::{Process, own},
    },
};
use std::{fs, io, path::PathBuf};

/// The pid namespace that every other one is below: `PROC_PID_INIT_INO` of `linux/proc_ns.h`.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";
/// The process of a pod that only holds its namespaces.
const PAUSE: &str = "pause";

/// The first process of the container that is looked at, or the host when there is none.
pub(super) struct Patient {
    pub pid: Option<i32>,
    /// What was seen of it in the process table.
    pub process: Option<Process>,
    /// Where its root is from here.
    pub root: PathBuf,
    pub table: Seen<mounts::Table>,
    /// It is the first process of a container, or was named: not just this host.
    pub contained: bool,
    /// Our own network, IPC and UTS namespaces are its own: a container is entered with them.
    beside: bool,
}

impl Patient {
    pub fn of(m: &Moment, gaps: &mut Gaps) -> Self {
        let named = !m.scope.is_everything();
        let pid = if named { mounts::patient(m) } else { first(m) };
        let process = pid.and_then(|pid| m.processes().iter().find(|p| p.pid == pid)).cloned();
        let table = mounts::Table::read(m.world, pid);
        let root = table.as_ref().map_or_else(
            |_| pid.map_or_else(|| PathBuf::from("/"), |pid| m.world.proc_root.join(format!("{pid}/root"))),
            |t| t.root().to_path_buf(),
        );
        let table = table.map_err(|gap| {
            gaps.add(gap.why, "mount table", &gap.detail);
            gap.why
        });
        Self { pid, process, root, table, contained: pid.is_some(), beside: !named && m.world.live }
    }

    /// The process by which its `/proc` files are found: its own, or ourselves.
    pub fn name(&self) -> String {
        self.pid.map_or_else(|| "self".into(), |pid| pid.to_string())
    }

    /// Runs this where its network is ours.
    pub fn in_its_network<T: Send>(&self, world: &World, f: impl FnOnce() -> T + Send) -> io::Result<T> {
        match self.pid {
            Some(pid) if !self.beside => netns::inside(&world.proc_root.join(pid.to_string()), f),
            _ => Ok(f()),
        }
    }

    /// Where its sockets are asked for.
    pub fn network(&self, world: &World) -> Option<PathBuf> {
        self.pid.filter(|_| !self.beside).map(|pid| world.proc_root.join(pid.to_string()))
    }

    /// Whether what the kernel says of this namespace (`ipc`, `uts`) to us it says of the patient.
    pub fn shares(&self, world: &World, namespace: &str) -> Seen<()> {
        let id = |pid: &str| fs::read_link(world.proc_root.join(pid).join("ns").join(namespace));
        match self.pid {
            Some(pid) if !self.beside => match (id(&pid.to_string()), id("self")) {
                (Ok(a), Ok(b)) if a == b => Ok(()),
                (Ok(_), Ok(_)) => Err(Why::Unsupported),
                (Err(e), _) | (_, Err(e)) => Err(Why::from(&e)),
            },
            _ => Ok(()),
        }
    }
}

/// The first process of the container that we are in, or that we are beside of; none on a host.
fn first(m: &Moment) -> Option<i32> {
    let world = m.world;
    if !world.live {
        return world.proc_root.join("1/root").exists().then_some(1);
    }
    let inside = fs::read_link(world.proc_root.join("self/ns/pid"))
        .is_ok_and(|namespace| namespace.as_os_str() != FIRST_PID_NAMESPACE);
    let beside = mounts::patient(m) == Some(1);
    if !inside && !beside {
        return None;
    }
    let table = m.processes();
    let first = table.iter().find(|p| p.pid == 1);
    if first.is_some_and(|p| p.comm.as_str() != PAUSE) {
        return Some(1);
    }
    // Containers of a pod that share their processes: those with our mounts are of the container that we are in.
    let mounts = |pid: &str| fs::read_link(world.proc_root.join(pid).join("ns/mnt")).ok();
    let own_mounts = mounts("self")?;
    let own = own::pid(world);
    let session = table.iter().find(|p| Some(p.pid) == own).map(|p| p.session);
    let ours =
        |p: &&Process| Some(p.session) != session && mounts(&p.pid.to_string()) == Some(own_mounts.clone());
    table.iter().find(ours).map(|p| p.pid).or(first.map(|_| 1))
}
