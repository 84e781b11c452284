//! Connections that came in at the listeners of one process and are neither accepted nor read, from one sample to the next.

use crate::{
    areas::cpu::facts::Waiting,
    model::{Seen, TcpState, Why},
    source::{
        Moment,
        net::{Ask, Namespace, Sock, dump, netns},
    },
};
use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

/// Connections remembered for one process.
const REMEMBERED: usize = 8_192;

/// A connection that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    /// Since when nothing of it was accepted or read, as far as we saw.
    since: Instant,
    /// What was read of it so far; `None` as long as it is not accepted.
    read: Option<u64>,
    bytes: u32,
    /// Since its last data arrived.
    age_ms: u32,
    port: u16,
}

/// One listener of a process.
#[derive(Clone, Debug)]
struct Listener {
    address: String,
    port: u16,
    queue: u64,
}

/// The sockets of one process.
#[derive(Debug)]
pub(super) struct Watched {
    pub pid: i32,
    pub namespace: Seen<u64>,
    /// Inodes of its sockets; `None` until its descriptors were read.
    pub inodes: Option<Seen<HashSet<u32>>>,
    listeners: Vec<Listener>,
    waits: HashMap<u64, Wait>,
    samples: u32,
    /// When the last one was.
    sampled: Option<Instant>,
    /// Why the last sample failed.
    pub failed: Option<Why>,
}

impl Watched {
    pub fn new(m: &Moment, pid: i32) -> Self {
        Self {
            pid,
            namespace: netns::id(&m.world.proc_root.join(pid.to_string())).map_err(|e| Why::from(&e)),
            inodes: None,
            listeners: vec![],
            waits: HashMap::new(),
            samples: 0,
            sampled: None,
            failed: None,
        }
    }

    fn holds(&self, inode: u32) -> bool {
        matches!(&self.inodes, Some(Ok(inodes)) if inodes.contains(&inode))
    }

    /// What waits after the last sample.
    pub fn waiting(&self) -> Seen<Waiting> {
        let now = match (&self.inodes, self.failed, self.sampled) {
            (Some(Err(why)), ..) => return Err(*why),
            (Some(_), Some(why), _) => return Err(why),
            (Some(_), None, Some(at)) if self.samples > 1 => at,
            // It began to compute in the last look.
            _ => return Err(Why::NotAsked),
        };
        let mut out =
            Waiting { samples: self.samples, waiting: self.waits.len() as u64, ..Waiting::default() };
        let mut ports: HashMap<u16, u64> = HashMap::new();
        for w in self.waits.values() {
            *ports.entry(w.port).or_default() += 1;
            if (now - w.since).as_secs_f64() >= Waiting::UNTOUCHED_S {
                out.untouched += 1;
                out.bytes += u64::from(w.bytes);
                out.oldest_s = out.oldest_s.max(f64::from(w.age_ms) / 1000.0);
            }
        }
        let worst = |l: &&Listener| ports.get(&l.port).copied().unwrap_or(0);
        // Of equals the first: iterating backwards makes it the last, which max_by_key takes.
        let listener = self.listeners.iter().rev().max_by_key(worst);
        out.address = listener.map(|l| l.address.clone());
        out.queue = self.listeners.iter().map(|l| l.queue).sum();
        Ok(out)
    }

    /// What was seen in a sample takes the place of what was seen in the one before.
    fn take(&mut self, now: Instant, seen: HashMap<u64, Wait>) {
        let before = std::mem::take(&mut self.waits);
        self.waits = seen
            .into_iter()
            .map(|(cookie, w)| match before.get(&cookie) {
                // Nothing was read since, whatever came on top.
                Some(b) if b.read == w.read => (cookie, Wait { since: b.since, ..w }),
                _ => (cookie, Wait { since: now, ..w }),
            })
            .collect();
        self.samples += 1;
        self.sampled = Some(now);
        self.failed = None;
    }
}

/// One sample in one network namespace.
pub(super) fn sample(at: Namespace, deadline: Instant, here: &mut [&mut Watched]) -> Seen<()> {
    let failed = |e: std::io::Error| Why::from(&e);
    here.iter_mut().for_each(|w| w.listeners.clear());
    // Listeners of anybody at a port: who waits there is ours only as far as our own queue says.
    let mut alone: HashMap<u16, HashSet<u32>> = HashMap::new();
    let ask = Ask { states: TcpState::Listen.bit(), info: false, skmem: false };
    dump(at, &ask, deadline, &mut |s| {
        alone.entry(s.local.port).or_default().insert(s.inode);
        for w in here.iter_mut().filter(|w| w.holds(s.inode)) {
            let listener =
                Listener { address: s.local.to_string(), port: s.local.port, queue: s.rqueue.into() };
            w.listeners.push(listener);
        }
    })
    .map_err(failed)?;
    let now = Instant::now();
    if here.iter().all(|w| w.listeners.is_empty()) {
        here.iter_mut().for_each(|w| w.take(now, HashMap::new()));
        return Ok(());
    }
    // The waiting connections of each, and how many of them are not accepted yet.
    let mut seen: Vec<(HashMap<u64, Wait>, u64)> = vec![(HashMap::new(), 0); here.len()];
    let mut blind = false;
    let ask =
        Ask { states: TcpState::Established.bit() | TcpState::CloseWait.bit(), info: true, skmem: false };
    dump(at, &ask, deadline, &mut |s| {
        for (w, (seen, queued)) in here.iter().zip(&mut seen) {
            let Some(ours) = w.listeners.iter().find(|l| l.port == s.local.port) else { continue };
            let others = alone.get(&ours.port).is_some_and(|a| a.iter().any(|inode| !w.holds(*inode)));
            match wait(s, w, now) {
                Some(Err(_)) => blind = true,
                Some(Ok(wait)) if seen.len() < REMEMBERED => {
                    let unaccepted = wait.read.is_none();
                    if !(others && unaccepted && *queued >= ours.queue) {
                        *queued += u64::from(unaccepted);
                        seen.insert(s.cookie.unwrap_or(0), wait);
                    }
                }
                _ => {}
            }
        }
    })
    .map_err(failed)?;
    if blind {
        return Err(Why::Unsupported);
    }
    for (w, (seen, _)) in here.iter_mut().zip(seen) {
        w.take(now, seen);
    }
    Ok(())
}

/// A connection that waits to be accepted or read by this process; an error where the kernel is too old to tell whether
/// it was read meanwhile.
fn wait(s: &Sock, w: &Watched, now: Instant) -> Option<Seen<Wait>> {
    let read = match s.inode {
        0 if s.awaits_accept() => None,
        inode if s.state == TcpState::Established && s.rqueue > 0 && w.holds(inode) => {
            let Some(received) = s.info.and_then(|i| i.bytes_received) else {
                return Some(Err(Why::Unsupported));
            };
            Some(received.saturating_sub(s.rqueue.into()))
        }
        _ => return None,
    };
    if s.cookie.is_none() {
        return Some(Err(Why::Unsupported));
    }
    let age_ms = s.info.map_or(0, |i| i.last_data_recv_ms);
    Some(Ok(Wait { since: now, read, bytes: s.rqueue, age_ms, port: s.local.port }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn watched() -> Watched {
        let listeners = vec![
            Listener { address: "0.0.0.0:3000".into(), port: 3000, queue: 2 },
            Listener { address: "[::]:9000".into(), port: 9000, queue: 0 },
        ];
        Watched {
            pid: 7,
            namespace: Ok(1),
            inodes: Some(Ok([1].into())),
            listeners,
            waits: HashMap::new(),
            samples: 0,
            sampled: None,
            failed: None,
        }
    }
    fn later(begin: Instant, ms: u64) -> Instant {
        begin + Duration::from_millis(ms)
    }
    /// Connections by cookie: how much was read of each.
    fn take(w: &mut Watched, at: Instant, seen: &[(u64, Option<u64>)]) {
        let one = |(cookie, read): &(u64, Option<u64>)| {
            (*cookie, Wait { since: at, read: *read, bytes: 10, age_ms: 900, port: 3000 })
        };
        w.take(at, seen.iter().map(one).collect());
    }

    #[test]
    fn only_what_nothing_was_read_of_counts_as_untouched() {
        let (mut w, t) = (watched(), Instant::now());
        take(&mut w, t, &[(1, Some(100)), (2, None), (3, Some(50))]);
        take(&mut w, later(t, 300), &[(1, Some(100)), (2, None), (3, Some(60)), (4, None)]);
        take(&mut w, later(t, 600), &[(1, Some(100)), (2, None), (3, Some(60)), (4, None)]);
        let waiting = w.waiting().unwrap();
        assert_eq!((waiting.samples, waiting.waiting, waiting.untouched), (3, 4, 2));
        assert_eq!((waiting.bytes, waiting.oldest_s, waiting.queue), (20, 0.9, 2));
        assert_eq!(waiting.address.as_deref(), Some("0.0.0.0:3000"));
    }

    #[test]
    fn a_queue_that_drains_and_fills_again_is_not_one_that_stands() {
        let (mut w, t) = (watched(), Instant::now());
        for (n, at) in [0, 250, 500, 750].into_iter().enumerate() {
            // The same request of the same size waits in every sample, and each time another one.
            take(&mut w, later(t, at), &[(1, Some(n as u64 * 10)), (2, Some(n as u64 * 10))]);
        }
        let waiting = w.waiting().unwrap();
        assert_eq!((waiting.waiting, waiting.untouched), (2, 0));
        take(&mut w, later(t, 1000), &[]);
        assert_eq!(w.waiting().unwrap().waiting, 0);
    }

    #[test]
    fn one_sample_tells_nothing() {
        let mut w = watched();
        take(&mut w, Instant::now(), &[(1, None)]);
        assert_eq!(w.waiting(), Err(Why::NotAsked));
    }

    #[test]
    fn who_was_accepted_and_not_read_was_touched() {
        let (mut w, t) = (watched(), Instant::now());
        take(&mut w, t, &[(1, None)]);
        take(&mut w, later(t, 600), &[(1, Some(0))]);
        assert_eq!(w.waiting().unwrap().untouched, 0);
    }

    #[test]
    fn descriptors_that_could_not_be_read_are_not_no_sockets() {
        let mut w = watched();
        w.inodes = Some(Err(Why::Denied));
        assert_eq!(w.waiting(), Err(Why::Denied));
        w.inodes = None;
        assert_eq!(w.waiting(), Err(Why::NotAsked));
        w.failed = Some(Why::TimedOut);
        w.inodes = Some(Ok(HashSet::new()));
        assert_eq!(w.waiting(), Err(Why::TimedOut));
    }
}
