//! The listeners: remembered by inode over the looks, so that a queue that is full in each of them is told from one that
//! was full for a moment, and drops of the window from those before.

use super::{gather::Gathered, groups::Naming, owners::NOBODY, place::Sink, quick::Ports};
use crate::{
    areas::sockets::facts::Listener,
    model::{Arrange, Kept, Reading, Seen, Why},
    source::net::Sock,
};
use std::collections::HashMap;

/// Listeners that are remembered.
pub const LISTENERS: usize = 4096;

struct Met {
    sock: Sock,
    queue_least: u64,
    first_drops: Option<u32>,
    /// In the look under way.
    now: bool,
}

/// All listeners so far.
#[derive(Default)]
pub struct Heard {
    met: HashMap<u32, Met>,
    /// Of the look under way, more than are remembered.
    pub left_out: u64,
}

impl Heard {
    /// A look begins.
    pub fn begin(&mut self) {
        self.left_out = 0;
        self.met.values_mut().for_each(|m| m.now = false);
    }
    /// The next window begins with what is known now.
    pub fn rebase(&mut self) {
        self.met.values_mut().for_each(|m| (m.first_drops, m.queue_least) = (m.sock.drops, u64::MAX));
    }
    /// A look is over: who was not met in it does not listen any more.
    pub fn forget_the_gone(&mut self) {
        self.met.retain(|_, m| m.now);
    }
    /// The listener of this inode, as it was met last.
    pub fn sock(&self, inode: u32) -> Option<&Sock> {
        self.met.get(&inode).map(|m| &m.sock)
    }

    /// As facts hold them, the fullest first. `lost`: why an owner was not found; `rates`: there was a window.
    pub fn listeners(
        &self,
        g: &Gathered,
        naming: &Naming,
        lost: Why,
        everything: bool,
        rates: bool,
    ) -> Kept<Listener> {
        let mut out = Vec::new();
        for (inode, met) in &self.met {
            // Left out, for want of memory.
            let Some(i) = g.owners.find(*inode) else { continue };
            let owner = match g.owners.all()[i].owner {
                NOBODY if !everything => continue,
                NOBODY => Reading::unseen(lost),
                o => Reading::seen(Some(naming.owner(o, naming.sharing(i as u32)))),
            };
            let s = &met.sock;
            let drops: Seen<u64> = s.drops.map(u64::from).ok_or(Why::Unsupported);
            let first = u64::from(met.first_drops.unwrap_or(0));
            let dropped = if rates { drops.map(|d| d.saturating_sub(first)) } else { Err(Why::NotAsked) };
            out.push(Listener {
                address: s.local.to_string(),
                loopback: s.local.is_loopback(),
                port: s.local.port,
                owner,
                queue: s.rqueue.into(),
                queue_least: met.queue_least,
                backlog: s.backlog.map(u64::from).ok_or(Why::Unsupported).into(),
                drops: drops.into(),
                dropped: dropped.into(),
            });
        }
        out.arrange_by(|a, b| (b.queue, a.port, &a.address).cmp(&(a.queue, b.port, &b.address)));
        Kept::worst(out.len() as u64 + self.left_out, out)
    }
}

/// The first pass over the sockets of a namespace: who listens.
pub struct Listening<'a> {
    ports: &'a mut Ports,
    heard: &'a mut Heard,
    /// Listeners are asked for, not only looked at to tell who connected to whom.
    wanted: bool,
    /// Those of this dump, by inode.
    pub met: Vec<u32>,
}

impl<'a> Listening<'a> {
    pub fn new(ports: &'a mut Ports, heard: &'a mut Heard, wanted: bool) -> Self {
        Self { ports, heard, wanted, met: vec![] }
    }
}

impl Sink for Listening<'_> {
    fn restart(&mut self) {
        self.met.clear();
    }
    fn take(&mut self, s: &Sock) {
        self.ports.insert(s.local.port);
        if !self.wanted {
            return;
        }
        if self.heard.met.len() >= LISTENERS && !self.heard.met.contains_key(&s.inode) {
            self.heard.left_out += 1;
            return;
        }
        let queue = u64::from(s.rqueue);
        let new = Met { sock: *s, queue_least: queue, first_drops: s.drops, now: true };
        let met = self.heard.met.entry(s.inode).or_insert(new);
        (met.sock, met.queue_least, met.now) = (*s, met.queue_least.min(queue), true);
        self.met.push(s.inode);
    }
}
