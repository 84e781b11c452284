//! Who waits for the processes that compute without a pause: connections that came in and are neither accepted nor read.
//! Sockets are looked at only while such a process is there.

use super::{
    Id, id,
    threads::{self, Follow, HotThread},
};
use crate::{
    areas::cpu::facts::{Hot, Loops, Waiting},
    model::{Kept, Seen, TcpState, Why},
    source::{
        Moment, Phase,
        net::{Ask, Namespace, Sock, dump, netns},
        proc::link::socket_inode,
    },
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    time::{Duration, Instant},
};

/// So many processes' sockets are looked at.
const WATCHED: usize = 8;
/// Processors' worth of time from which on a process may hold up its loop; on a crowded machine it gets no more.
const COMPUTES: f64 = 0.25;
/// Of a process with more descriptors than this the sockets are not sought, and with more than the second only once.
const DESCRIPTORS: u64 = 20_000;
const AGAIN: u64 = 2_000;
/// Connections remembered for one process.
const REMEMBERED: usize = 8_192;
/// A dump of all connections may take so long; one that takes longer than the second is not repeated in cheap looks.
const DUMP: Duration = Duration::from_millis(250);
const SLOW: Duration = Duration::from_millis(30);

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
struct Watched {
    pid: i32,
    namespace: Seen<u64>,
    /// Inodes of its sockets; `None` until its descriptors were read.
    inodes: Option<Seen<HashSet<u32>>>,
    listeners: Vec<Listener>,
    waits: HashMap<u64, Wait>,
    samples: u32,
    /// When the last one was.
    sampled: Option<Instant>,
    /// Why the last sample failed.
    failed: Option<Why>,
}

/// Whose sockets are watched.
#[derive(Default)]
pub(super) struct Watch {
    all: HashMap<Id, Watched>,
    /// Processes whose descriptors are wanted in this look, by their index.
    wanted: HashMap<usize, Id>,
    /// Processes that would be watched and are one too many.
    left: u64,
    /// The last dump took too long for a cheap look.
    slow: bool,
}

impl Watch {
    /// Whose sockets to look at: of who computes since the last look, or with one thread ever since.
    pub fn choose(&mut self, m: &Moment, rates: &[(f64, usize)], follow: &Follow) {
        let table = m.processes();
        let hot = |i: usize| follow.hot(id(&table[i])).map_or(0, |(threads, _)| threads.len());
        // A whole pool of threads at work is no loop that is held up.
        let computes = |(rate, i): &&(f64, usize)| match hot(*i) {
            0 => *rate >= COMPUTES,
            1 => true,
            _ => false,
        };
        let mut hot: Vec<usize> =
            rates.iter().filter(computes).map(|(_, i)| *i).filter(|i| table[*i].open != Ok(0)).collect();
        self.left = hot.len().saturating_sub(WATCHED) as u64;
        hot.truncate(WATCHED);
        self.wanted.clear();
        let mut all = HashMap::new();
        for i in hot {
            let p = &table[i];
            let mut one = self.all.remove(&id(p)).unwrap_or_else(|| Watched::new(m, p.pid));
            let open = p.open.unwrap_or(0);
            let again = m.phase != Phase::Cheap && open <= AGAIN;
            match one.inodes {
                None if open > DESCRIPTORS => one.inodes = Some(Err(Why::TooMany)),
                Some(Err(_)) => {}
                Some(Ok(_)) if !again => {}
                _ => {
                    self.wanted.insert(i, id(p));
                }
            }
            all.insert(id(p), one);
        }
        self.all = all;
    }

    /// Its descriptors are wanted.
    pub fn wants(&self, process: usize) -> bool {
        self.wanted.contains_key(&process)
    }
    /// One descriptor of it.
    pub fn meet(&mut self, process: usize, link: &[u8]) -> bool {
        let Some(one) = self.wanted.get(&process).and_then(|id| self.all.get_mut(id)) else { return false };
        let Ok(inodes) = one.inodes.get_or_insert_with(|| Ok(HashSet::new())) else { return false };
        inodes.extend(socket_inode(link));
        true
    }
    /// Its descriptors could not be read.
    pub fn missed(&mut self, process: usize, why: Why) {
        if let Some(one) = self.wanted.get(&process).and_then(|id| self.all.get_mut(id)) {
            one.inodes = Some(Err(why));
        }
    }

    /// Looks at the sockets of those that are watched.
    pub fn sample(&mut self, m: &Moment) {
        if self.all.is_empty() || self.slow && m.phase == Phase::Cheap {
            return;
        }
        if !m.world.live {
            self.all.values_mut().for_each(|w| w.failed = Some(Why::Unsupported));
            return;
        }
        let own = netns::id(&m.world.proc_root.join("self")).map_err(|e| Why::from(&e));
        let mut places: BTreeMap<u64, PathBuf> = BTreeMap::new();
        for one in self.all.values_mut() {
            match one.namespace {
                Ok(n) => {
                    places.entry(n).or_insert_with(|| m.world.proc_root.join(one.pid.to_string()));
                }
                Err(why) => one.failed = Some(why),
            }
        }
        let began = Instant::now();
        for (namespace, process) in places {
            let mut here: Vec<&mut Watched> =
                self.all.values_mut().filter(|w| w.namespace == Ok(namespace)).collect();
            let at = if own == Ok(namespace) { Namespace::Own } else { Namespace::Of(&process) };
            let deadline = m.deadline.min(Instant::now() + DUMP);
            if let Err(why) = sample(at, deadline, &mut here) {
                here.iter_mut().for_each(|w| w.failed = Some(why));
            }
        }
        self.slow = began.elapsed() > SLOW;
    }

    /// The processes with a thread that computes without a pause, and who waits for them.
    pub fn conclude(&self, m: &Moment, follow: &Follow, most: usize) -> Loops {
        let index: HashMap<Id, usize> = m.processes().iter().enumerate().map(|(i, p)| (id(p), i)).collect();
        let (mut hot, mut unseen) = (Vec::new(), BTreeMap::new());
        for process in follow.everyone() {
            let Some((threads, hole)) = follow.hot(process) else { continue };
            let most = |a: &&HotThread, b: &&HotThread| a.share.ready().total_cmp(&b.share.ready());
            let Some((thread, i)) = threads.iter().max_by(most).zip(index.get(&process)) else {
                if let Some(why) = hole.filter(|why| *why != Why::Absent) {
                    *unseen.entry(why).or_default() += 1;
                }
                continue;
            };
            let waiting = match self.all.get(&process) {
                _ if threads.len() > 1 => Err(Why::NotAsked),
                Some(one) => one.waiting(),
                None => Err(if self.left > 0 { Why::TooMany } else { Why::NotAsked }),
            };
            let p = &m.processes()[*i];
            hot.push(Hot {
                process: m.name(p),
                tid: u64::try_from(thread.tid).unwrap_or(0),
                thread: threads::name(m, *i, thread.tid).unwrap_or_else(|_| p.comm.clone()),
                main: thread.tid == p.pid,
                threads: threads.len() as u64,
                span_s: thread.share.span.as_secs_f64(),
                share_pct: thread.share.run * 100.0,
                ready_pct: thread.share.ready() * 100.0,
                waiting: waiting.into(),
            });
        }
        hot.sort_by(|a, b| b.share_pct.total_cmp(&a.share_pct).then(a.tid.cmp(&b.tid)));
        let total = hot.len() as u64;
        hot.truncate(most);
        Loops { followed: 0, unseen, hot: Kept::worst(total, hot) }
    }
}

impl Watched {
    fn new(m: &Moment, pid: i32) -> Self {
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
    fn waiting(&self) -> Seen<Waiting> {
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
fn sample(at: Namespace, deadline: Instant, here: &mut [&mut Watched]) -> Seen<()> {
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
