//! Where sockets are read: our own network namespace, the patient's, or all that are visible; netlink first, files else.

use crate::{
    model::{Gaps, Why},
    source::{
        Moment, Netns,
        net::{Ask, Namespace, Sock, dump, dump_whole, netns, read_tcp_until},
    },
};
use std::{cell::RefCell, collections::HashMap, io, path::PathBuf, time::Instant};

/// One network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A process in it, when it is not the one we are in: `/proc/PID`.
    enter: Option<PathBuf>,
    /// Its files: `/proc/net` or `/proc/PID/net`.
    pub files: PathBuf,
    /// Netlink can speak of it.
    netlink: bool,
}

/// More namespaces than this are not entered in one look.
const NAMESPACES: usize = 512;

/// The namespaces that this look is about; our own, or the patient's, first.
pub fn places(m: &Moment, gaps: &mut Gaps) -> Vec<Place> {
    let root = &m.world.proc_root;
    if !m.world.live {
        let files = if m.world.procfs { root.join("1/net") } else { root.join("net") };
        return vec![Place { enter: None, files, netlink: false }];
    }
    let own = netns::id(&root.join("self")).ok();
    let of = |pid: i32| {
        let dir = root.join(pid.to_string());
        Place { files: dir.join("net"), enter: Some(dir), netlink: true }
    };
    let here = Place { enter: None, files: root.join("net"), netlink: true };
    let mut places = match m.scope.target {
        Some(pid) if netns::id(&root.join(pid.to_string())).ok() != own => vec![of(pid)],
        _ => vec![here],
    };
    let all = m.scope.netns == Netns::All;
    if all || (m.last() && m.scope.is_everything()) {
        let others = others(m, own, all, gaps);
        if all {
            places.extend(others.iter().take(NAMESPACES).map(|pid| of(*pid)));
            let left = others.len().saturating_sub(NAMESPACES) as u64;
            gaps.add_many(Why::TooMany, "network namespaces", left, format!("more than {NAMESPACES}"));
        } else if !others.is_empty() {
            let what = "other network namespaces";
            gaps.add_many(Why::NotAsked, what, others.len() as u64, format!("of pid {}", others[0]));
            gaps.remedy(Why::NotAsked, what, "paramedic sockets --netns all");
        }
    }
    places
}

/// One process of every other namespace that is visible.
fn others(m: &Moment, own: Option<u64>, all: bool, gaps: &mut Gaps) -> Vec<i32> {
    let mut first: HashMap<u64, i32> = HashMap::new();
    for p in m.processes().iter().filter(|p| !p.kernel_thread && p.state != b'Z') {
        match netns::id(&m.world.proc_root.join(p.pid.to_string())) {
            Ok(id) if Some(id) != own => {
                first.entry(id).or_insert(p.pid);
            }
            Err(e) if all && Why::from(&e) != Why::Absent => {
                gaps.add(
                    Why::from(&e),
                    "network namespaces of processes",
                    format!("{} (pid {})", p.comm, p.pid),
                );
            }
            _ => {}
        }
    }
    let mut pids: Vec<i32> = first.into_values().collect();
    pids.sort_unstable();
    pids
}

/// Takes up a stream of sockets.
pub trait Sink {
    /// Forget what came so far: the dump is repeated.
    fn restart(&mut self);
    /// One socket.
    fn take(&mut self, s: &Sock);
}

/// How a stream went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streamed {
    /// Netlink answered: `tcp_info`, backlog and drops are there.
    pub detail: bool,
    /// The kernel said that rows may be missing or doubled.
    pub interrupted: bool,
    pub malformed: u64,
}

impl Place {
    /// Runs `f` inside this namespace.
    ///
    /// # Errors
    /// When it may not be entered.
    pub fn inside<T: Send>(&self, f: impl FnOnce() -> T + Send) -> io::Result<T> {
        match &self.enter {
            Some(process) => netns::inside(process, f),
            None => Ok(f()),
        }
    }

    /// Every socket in the asked states. `whole`: an interrupted dump is repeated, and what came before is forgotten.
    ///
    /// # Errors
    /// When neither netlink nor the files can be read.
    pub fn stream(
        &self,
        ask: &Ask,
        whole: bool,
        deadline: Instant,
        sink: &mut dyn Sink,
    ) -> io::Result<Streamed> {
        if self.netlink {
            let at = self.enter.as_deref().map_or(Namespace::Own, Namespace::Of);
            let (sink, mut given) = (RefCell::new(&mut *sink), 0u64);
            let mut each = |s: &Sock| {
                given += 1;
                sink.borrow_mut().take(s);
            };
            let dumped = if whole {
                dump_whole(at, ask, deadline, &mut || sink.borrow_mut().restart(), &mut each)
            } else {
                dump(at, ask, deadline, &mut each)
            };
            match dumped {
                Ok(d) => {
                    return Ok(Streamed { detail: true, interrupted: d.interrupted, malformed: d.malformed });
                }
                // Half an answer is none, and must not be mixed with that of the files.
                Err(e) if e.kind() == io::ErrorKind::TimedOut || given > 0 => return Err(e),
                Err(_) => {}
            }
        }
        let asked = |s: &Sock| s.state.bit() & ask.states != 0;
        let read = read_tcp_until(&self.files, Some(deadline), &mut |s| {
            if asked(s) {
                sink.take(s);
            }
        })?;
        Ok(Streamed { detail: false, interrupted: false, malformed: read.malformed })
    }
}
