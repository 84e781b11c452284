//! Finds the first process of every visible pid namespace and gathers what can be known of it from outside.

use super::{
    super::facts::{Handler, Home, Init, Judged, Role, Signs, Wrapper, decide, role},
    Id, Kin,
    zombies::age_s,
};
use crate::{
    model::{Arrange, Gaps, Reading, Seen, Untrusted, Why},
    source::{
        Moment, World,
        proc::{self, Disposition, Process, SIGTERM, Stat, Status, argv},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    time::Duration,
};

/// So many `status` files are read in one look, 10 µs each: enough for every first process, for these are near the root of
/// the tree, and a bound where there are ten thousand processes.
const READ: usize = 512;
/// So many first processes are looked at closely.
const CLOSE: usize = 256;
/// A process that does not give its arguments after this is stuck; so many stuck ones are enough.
const PATIENCE: Duration = Duration::from_millis(100);
const STUCK: u32 = 3;
/// Who starts containers: their children are first processes more often than others.
const STARTERS: &[&str] =
    &["containerd-shim", "conmon", "docker-contain", "crun", "runc", "lxc-start", "systemd-nspawn"];
/// What is not known of a process whose status was not read.
const NAMESPACES: &str = "pid namespaces of processes";
/// The pid namespace that the machine boots with, `PROC_PID_INIT_INO` of `linux/proc_ns.h`.
const BOOT_NAMESPACE: &str = "pid:[4026531836]";

/// First processes over the looks.
#[derive(Default)]
pub(super) struct Watch {
    /// Of every process that was asked whether it is a first one. What was not, and why, is in `unread`.
    asked: HashMap<Id, Seen<bool>>,
    known: HashMap<Id, Known>,
    unread: u64,
}

/// What is only told by several looks.
#[derive(Clone, Debug)]
struct Known {
    status: Seen<Status>,
    /// SIGTERM waited at every look so far.
    pending: bool,
    /// It was seen to sleep, and where.
    in_sigwait: Option<bool>,
}

impl Watch {
    /// Finds new ones and looks at those that are known.
    pub fn see(&mut self, m: &Moment) {
        let table = m.processes();
        let mut buf = vec![0u8; 8192];
        self.unread = 0;
        let (mut read, mut now, mut asked) = (0, HashMap::new(), HashMap::new());
        for i in order(table) {
            let p = &table[i];
            let id = (p.pid, p.start_ticks);
            let before = self.asked.get(&id).copied();
            if let Some(answer @ (Ok(false) | Err(_))) = before {
                asked.insert(id, answer);
                continue;
            }
            if before.is_none() && read == READ {
                self.unread += 1;
                continue;
            }
            read += 1;
            let status = Status::read(m.world, p.pid, &mut buf).map_err(|e| Why::from(&e));
            let first = match &status {
                // Every table has its own, also one that says nothing of namespaces.
                _ if p.pid == 1 => Ok(true),
                Ok(s) => s.is_first().ok_or(Why::Unsupported),
                Err(why) => Err(*why),
            };
            asked.insert(id, first);
            if first == Ok(true) {
                now.insert(id, self.follow(m.world, p, status));
            }
        }
        (self.asked, self.known) = (asked, now);
    }

    fn follow(&self, world: &World, p: &Process, status: Seen<Status>) -> Known {
        let before = self.known.get(&(p.pid, p.start_ticks));
        let asleep = proc::sleeps_in(world, p.pid).map(|f| f.contains("sigtimedwait"));
        Known {
            pending: status.as_ref().is_ok_and(|s| s.waits(SIGTERM))
                && before.is_some_and(|b| b.pending || b.alone()),
            in_sigwait: match (before.and_then(|b| b.in_sigwait), asleep) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (before, now) => now.or(before),
            },
            status,
        }
    }

    /// How many processes it is not known of whether they are first ones.
    pub fn unseen(&self, m: &Moment, gaps: &mut Gaps) -> BTreeMap<Why, u64> {
        let mut out: BTreeMap<Why, u64> = BTreeMap::new();
        let mut asked: Vec<_> =
            self.asked.iter().filter_map(|((pid, _), a)| Some((*pid, a.err()?))).collect();
        asked.sort_unstable();
        for (pid, why) in asked {
            // Gone since the table was read.
            if why != Why::Absent || !m.world.procfs {
                *out.entry(why).or_default() += 1;
                gaps.add(why, NAMESPACES, format!("pid {pid}"));
            }
        }
        if self.unread > 0 {
            *out.entry(Why::TooMany).or_default() += self.unread;
            gaps.add_many(Why::TooMany, NAMESPACES, self.unread, "--container looks at one");
        }
        out
    }

    /// Everything about the first processes.
    pub fn facts(&self, m: &Moment, kin: &Kin, own: Option<i32>, gaps: &mut Gaps) -> Vec<Init> {
        let mut close = Close { m, kin, own, machine: of_machine(m.world), stuck: 0, buf: vec![0; 8192] };
        let firsts = m.processes().iter().filter_map(|p| Some((p, self.known.get(&(p.pid, p.start_ticks))?)));
        let out: Vec<Init> = firsts.clone().take(CLOSE).map(|(p, known)| close.init(p, known)).collect();
        let left = firsts.skip(CLOSE).count() as u64;
        gaps.add_many(Why::TooMany, "first processes of pid namespaces", left, "--container looks at one");
        for i in &out {
            if let Err(why) =
                self.known.get(&(i.process.pid, i.process.start_ticks)).map_or(Ok(()), Known::masks)
            {
                gaps.add(why, "signal masks of first processes", i.process.label());
            }
        }
        out
    }
}

impl Known {
    /// Seen for the first time: that a signal waits now is no proof that it did before.
    fn alone(&self) -> bool {
        self.status.as_ref().is_ok_and(|s| s.waits(SIGTERM))
    }
    fn masks(&self) -> Seen<()> {
        handler(&self.status).map(|_| ())
    }
}

/// What decides who is looked at when there are too many: children of those who start containers, then from the root of
/// the tree downwards.
fn order(table: &[Process]) -> Vec<usize> {
    let ordinary = |p: &Process| !p.kernel_thread && !matches!(p.state, b'Z' | b'X');
    let mut out: Vec<usize> = (0..table.len()).filter(|i| ordinary(&table[*i])).collect();
    if out.len() <= READ {
        return out;
    }
    let parent = |p: &Process| table.binary_search_by_key(&p.ppid, |q| q.pid).ok();
    let mut depths: Vec<u32> = vec![0; table.len()];
    for i in &out {
        let (mut at, mut depth) = (parent(&table[*i]), 0);
        // A table read while processes come and go may hold a loop.
        while let Some(p) = at.filter(|_| depth < 64) {
            depth += 1;
            at = parent(&table[p]);
        }
        depths[*i] = depth;
    }
    let started = |i: usize| {
        parent(&table[i]).is_some_and(|p| STARTERS.iter().any(|s| table[p].comm.as_str().starts_with(s)))
    };
    out.arrange_by_key(|i| (!started(*i), depths[*i], table[*i].pid));
    out
}

/// Whether the first process of this tree is that of a machine: it has kernel threads beside it, or its pid namespace is the
/// one that the machine booted with.
pub(super) fn of_machine(world: &World) -> bool {
    let kthreadd = world.text("2/stat").ok().and_then(|t| Some(Stat::parse(t.as_bytes())?.kernel_thread));
    let own = world.proc_root == Path::new("/proc");
    let namespace = |of: &str| std::fs::read_link(world.proc_root.join(of).join("ns/pid")).ok();
    let boot = |of: &str| namespace(of).is_some_and(|link| link == Path::new(BOOT_NAMESPACE));
    kthreadd == Some(true) || own && boot("self") || boot("1")
}

fn handler(status: &Seen<Status>) -> Seen<Handler> {
    let disposition = status.as_ref().map_err(|why| *why)?.disposition(SIGTERM).ok_or(Why::Unsupported)?;
    Ok(match disposition {
        Disposition::Caught => Handler::Caught,
        Disposition::Default => Handler::Default,
        Disposition::Blocked => Handler::Blocked,
        Disposition::Ignored => Handler::Ignored,
    })
}

/// What looking at one process needs.
struct Close<'m> {
    m: &'m Moment<'m>,
    kin: &'m Kin<'m>,
    own: Option<i32>,
    machine: bool,
    stuck: u32,
    buf: Vec<u8>,
}

impl Close<'_> {
    fn init(&mut self, p: &Process, known: &Known) -> Init {
        let (role, command) = self.role(p);
        let handler = handler(&known.status);
        let works = self.kin.living(p.pid).any(|c| Some(c.pid) != self.own);
        let judged: Seen<Judged> = handler.map(|handler| {
            decide(&Signs { role, handler, in_sigwait: known.in_sigwait, pending: known.pending, works })
        });
        let wrapper = match role {
            Role::Wrapper => self.wrapper(p, &known.status, false),
            Role::Forwarder => self.below(p),
            _ => None,
        };
        let children: Vec<i32> = self.kin.living(p.pid).map(|c| c.pid).collect();
        let main = (role == Role::Wrapper || role.delegates() && role != Role::Supervisor)
            .then(|| self.kin.working(wrapper.as_ref().map_or(p.pid, |w| w.shell.pid)))
            .flatten();
        let own_parent = self.own.and_then(|own| self.kin.get(own)).map(|own| own.ppid);
        Init {
            process: self.m.name(p),
            command: command.into(),
            home: self.home(p),
            role,
            handler: handler.into(),
            judged: judged.into(),
            ours: Some(p.pid) == self.own || Some(p.pid) == own_parent,
            age_s: Reading::seen(age_s(self.m, p)),
            child: main.map(|c| self.m.name(c)),
            child_age_s: main.map(|c| age_s(self.m, c)).ok_or(Why::Absent).into(),
            wrapper,
            children: children.len() as u64,
            grandchildren: children.iter().map(|c| self.kin.living(*c).count() as u64).sum(),
        }
    }

    /// What it is there for, and its argument list as it may be shown.
    fn role(&mut self, p: &Process) -> (Role, Seen<Untrusted>) {
        let exe = argv::exe(self.m.world, p.pid).ok();
        let argv = if self.stuck < STUCK {
            argv::argv(self.m.world, p.pid, PATIENCE.min(self.m.left()))
        } else {
            Err(Why::TimedOut)
        };
        if matches!(argv, Err(Why::TimedOut)) {
            self.stuck += 1;
        }
        let args: Vec<&[u8]> = argv.as_ref().map_or_else(|_| Vec::new(), |a| a.args().take(64).collect());
        (role(&args, p.comm.as_str(), exe.as_deref()), argv.map(|a| a.shown()))
    }

    /// The shell that is the only child of a small init, if it is one that runs something else.
    fn below(&mut self, init: &Process) -> Option<Wrapper> {
        // What it inherited came later.
        let shell = self.kin.living(init.pid).min_by_key(|c| c.start_ticks)?;
        if self.role(shell).0 != Role::Wrapper {
            return None;
        }
        let status = self.status(shell.pid);
        self.wrapper(shell, &status, true)
    }

    fn wrapper(&mut self, shell: &Process, status: &Seen<Status>, below_init: bool) -> Option<Wrapper> {
        let child = self.kin.working(shell.pid).filter(|c| Some(c.pid) != self.own)?;
        let (child_role, command) = self.role(child);
        let alone = self.kin.living(shell.pid).count() == 1;
        let child_status = self.status(child.pid);
        let spared =
            |s: &Seen<Status>| s.as_ref().ok().and_then(|s| s.ignored).map(|mask| mask & 0b110 == 0b110);
        Some(Wrapper {
            shell: self.m.name(shell),
            handler: handler(status).into(),
            child: self.m.name(child),
            command: command.into(),
            child_handler: handler(&child_status).into(),
            child_idles: alone && child_role == Role::KeepAlive,
            background: spared(&child_status) == Some(true) && spared(status) == Some(false),
            below_init,
        })
    }

    fn status(&mut self, pid: i32) -> Seen<Status> {
        Status::read(self.m.world, pid, &mut self.buf).map_err(|e| Why::from(&e))
    }

    /// A container has a control group of its own; a sandbox stays in that of whoever made it.
    fn home(&self, p: &Process) -> Home {
        if p.pid == 1 {
            return if self.machine { Home::Machine } else { Home::Container };
        }
        let groups = |pid: i32| self.m.world.text(&format!("{pid}/cgroup")).ok();
        // One that was started from outside of what we see has no parent here.
        let parent = if p.ppid > 0 { p.ppid } else { 1 };
        match groups(p.pid).zip(groups(parent)) {
            Some((own, above)) if own != above => Home::Container,
            _ => Home::Sandbox,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, ppid: i32, comm: &str) -> Process {
        Process {
            pid,
            ppid,
            pgrp: pid,
            session: pid,
            start_ticks: 1,
            comm: comm.into(),
            state: b'S',
            uid: 0,
            kernel_thread: false,
            rss_bytes: 0,
            ticks: 0,
            threads: 1,
            open: Ok(0),
            limit: Err(Why::Absent),
        }
    }

    #[test]
    fn with_too_many_processes_those_that_may_be_first_ones_are_asked_first() {
        let mut table =
            vec![process(1, 0, "systemd"), process(2, 1, "containerd-shim"), process(3, 1, "worker")];
        for pid in 4..3_000 {
            table.push(process(pid, if pid == 2_500 { 2 } else { 3 }, "x"));
        }
        table[9].state = b'Z';
        let order = order(&table);
        assert_eq!(order.len(), table.len() - 1);
        let pids: Vec<i32> = order.iter().take(4).map(|i| table[*i].pid).collect();
        assert_eq!(pids, [2_500, 1, 2, 3]);
    }

    #[test]
    fn this_machine_or_container_is_one_of_the_two() {
        let world = World::open("/proc".as_ref(), "/sys".as_ref()).unwrap();
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap();
        assert_eq!(of_machine(&world), namespace == Path::new(BOOT_NAMESPACE));
    }
}
