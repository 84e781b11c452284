//! Processes that compute without a pause, and whether anybody waits for them. Sockets are looked at only while such a
//! process is there.

use super::{
    Id, id,
    threads::{self, Follow, HotThread},
    waits::{Watched, sample},
};
use crate::{
    areas::cpu::facts::{Hot, Loops},
    model::{Arrange, Kept, Why},
    source::{
        Moment, Phase,
        net::{Namespace, netns},
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
const COMPUTES: f64 = 0.1;
/// Of a process with more descriptors than this the sockets are not sought, and with more than the second only once.
const DESCRIPTORS: u64 = 20_000;
const AGAIN: u64 = 2_000;
/// A dump of all connections may take so long; one that takes longer than the second is not repeated in cheap looks.
const DUMP: Duration = Duration::from_secs(1);
const SLOW: Duration = Duration::from_millis(30);

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
        let threads = |i: usize| follow.hot(id(&table[i])).map_or(0, |(threads, _)| threads.len());
        // A whole pool of threads at work is no loop that is held up; and one that got no processor since the last look
        // still is one.
        let fresh = rates.iter().filter(|(rate, i)| *rate >= COMPUTES && threads(*i) == 0).map(|r| r.1);
        let index: HashMap<Id, usize> = table.iter().enumerate().map(|(i, p)| (id(p), i)).collect();
        let known = follow.everyone().filter_map(|id| index.get(&id).copied()).filter(|i| threads(*i) == 1);
        let mut hot: Vec<usize> = known.chain(fresh).filter(|i| table[*i].open != Ok(0)).collect();
        let rate = |i: usize| rates.iter().find(|r| r.1 == i).map_or(0.0, |r| r.0);
        hot.arrange_by(|a, b| rate(*b).total_cmp(&rate(*a)).then(a.cmp(b)));
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
        hot.arrange_by(|a, b| b.share_pct.total_cmp(&a.share_pct).then(a.tid.cmp(&b.tid)));
        let total = hot.len() as u64;
        hot.truncate(most);
        Loops { followed: 0, unseen, hot: Kept::worst(total, hot) }
    }
}
