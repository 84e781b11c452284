//! The stream of sockets, taken up one by one: nothing of a socket is kept but what a later step needs.

use super::{
    classify::{Class, LASTING, classify},
    owners::{Mini, NO_AGE, NOBODY, Owners},
    quick::{self, Seeded},
};
use crate::{
    areas::sockets::{args::Args, facts::End},
    model::TcpState,
    source::net::{Endpoint, Sock},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
};

/// Groups of state and end; more are folded into "others".
const GROUPS: usize = 4096;
/// Pairs of source and destination whose ports are counted.
const PAIRS: usize = 16_384;
/// Sockets remembered from one look to the next.
const REMEMBERED: usize = 65_536;
/// Index into the users of a socket whose user is one too many.
pub const OTHER_USER: u8 = u8::MAX;

/// The other end, as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Far {
    Peer([u8; 16], u16, u32),
    ClientsOf(u16),
    Nobody,
    Others,
}

impl Far {
    pub fn end(self) -> End {
        match self {
            Far::Peer(ip, port, scope) => End::Peer(Endpoint { ip, port, scope }.to_string()),
            Far::ClientsOf(port) => End::ClientsOf(port),
            Far::Nobody => End::Nobody,
            Far::Others => End::Others,
        }
    }
}

/// Conditions that must last, with the queue they had, by inode.
pub type Lasting = HashMap<u32, (u16, u32), Seeded>;

/// Segments sent and retransmitted, by state and end.
pub type Sums = HashMap<(TcpState, Far), (u64, u64)>;

/// One group before its owners are known.
#[derive(Clone, Copy, Debug)]
pub struct Pregroup {
    pub state: TcpState,
    pub far: Far,
    pub segments: u64,
    pub retransmitted: u64,
    /// Sockets nobody holds: orphans, TIME_WAIT, not accepted yet.
    pub unheld: u64,
    pub unheld_bytes: u64,
    /// Held, and not kept for want of memory.
    pub left_out: u64,
}

/// Ports of one source towards one destination.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub used: u64,
    pub time_wait: u64,
}
pub type Pair = ([u8; 16], Endpoint);

/// A socket that may be worth a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seed {
    pub sock: Sock,
    pub class: Class,
}
impl Eq for Seed {}
impl Seed {
    /// Oldest first; what is marked before what is not; the inode makes the order total.
    fn key(&self) -> (bool, u32, u32, u32) {
        (
            self.class.marks != 0,
            self.class.age_s.unwrap_or(0),
            self.sock.rqueue.max(self.sock.wqueue),
            self.sock.inode,
        )
    }
}
impl PartialOrd for Seed {
    fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Seed {
    fn cmp(&self, o: &Self) -> std::cmp::Ordering {
        self.key().cmp(&o.key())
    }
}

/// What one look has gathered.
#[derive(Default)]
pub struct Gathered {
    pub states: BTreeMap<TcpState, u64>,
    pub groups: Vec<Pregroup>,
    index: HashMap<(TcpState, Far), u32, Seeded>,
    pub ports: HashMap<Pair, Ports, Seeded>,
    /// Sockets whose pair of source and destination is one too many.
    pub pairs_left_out: u64,
    pub owners: Owners,
    pub users: Vec<u32>,
    pub worst: BinaryHeap<Reverse<Seed>>,
    pub lasting: Lasting,
    /// Some were not remembered.
    pub forgot: bool,
    pub listening: quick::Ports,
}

/// What stays the same during one dump.
pub struct Rules<'a> {
    pub args: &'a Args,
    /// The last look: owners will be wanted.
    pub last: bool,
    /// The look before this one; `None` in the first.
    pub before: Option<&'a Lasting>,
    pub port_range: Option<(u16, u16)>,
    pub rows: usize,
}

impl Gathered {
    /// Forgets the sockets, as before a dump is repeated; what listens is kept.
    pub fn restart(&mut self, budget: u64) {
        let (listening, mut owners) = (std::mem::take(&mut self.listening), std::mem::take(&mut self.owners));
        owners.clear(budget);
        *self = Self { listening, owners, ..Self::default() };
    }

    /// Takes up one socket that does not listen.
    pub fn take(&mut self, s: &Sock, rules: &Rules) {
        if rules.args.peer.is_some_and(|p| !p.holds(s.remote.addr(), s.remote.port)) {
            return;
        }
        *self.states.entry(s.state).or_default() += 1;
        let outbound = !self.listening.contains(s.local.port);
        self.count_port(s, outbound, rules);
        let mut class = classify(s, outbound);
        self.keep_lasting(s, &mut class, rules);
        let group = self.group(s, outbound);
        let bytes = s.rqueue.saturating_add(s.wqueue);
        let g = &mut self.groups[group as usize];
        if let Some(i) = &s.info {
            g.segments += u64::from(i.segs_out.unwrap_or(0));
            g.retransmitted += u64::from(i.total_retrans);
        }
        if s.inode == 0 {
            g.unheld += 1;
            g.unheld_bytes += u64::from(bytes);
        } else if rules.last {
            let left_out = self.owners.left_out;
            let user = self.user(s.uid);
            let age_s = class.age_s.unwrap_or(NO_AGE);
            let (marks, tries) = (class.marks, class.tries);
            self.owners.push(Mini {
                inode: s.inode,
                group,
                owner: NOBODY,
                fd: 0,
                age_s,
                bytes,
                marks,
                tries,
                user,
            });
            self.groups[group as usize].left_out += self.owners.left_out - left_out;
        }
        if rules.last {
            let seed = Seed { sock: *s, class };
            if self.worst.len() < rules.rows {
                self.worst.push(Reverse(seed));
            } else if let Some(mut least) = self.worst.peek_mut()
                && least.0 < seed
            {
                *least = Reverse(seed);
            }
        }
    }

    /// What must hold in every look: was it so before, with a queue that did not shrink?
    fn keep_lasting(&mut self, s: &Sock, class: &mut Class, rules: &Rules) {
        let lasting = LASTING.iter().fold(0, |bits, m| bits | m.bit());
        let queue = s.rqueue.max(s.wqueue);
        let mut now = class.marks & lasting;
        if now == 0 {
            return;
        }
        if let Some(before) = rules.before {
            now &= before.get(&s.inode).filter(|b| queue >= b.1).map_or(0, |b| b.0);
        }
        class.marks = class.marks & !lasting | now;
        if now != 0 && !rules.last {
            if self.lasting.len() < REMEMBERED {
                self.lasting.insert(s.inode, (now, queue));
            } else {
                self.forgot = true;
            }
        }
    }

    fn count_port(&mut self, s: &Sock, outbound: bool, rules: &Rules) {
        let ephemeral = rules.port_range.is_some_and(|(a, b)| (a..=b).contains(&s.local.port));
        if !ephemeral || !outbound || s.remote.port == 0 {
            return;
        }
        let pair = (s.local.ip, s.remote);
        if self.ports.len() >= PAIRS && !self.ports.contains_key(&pair) {
            self.pairs_left_out += 1;
            return;
        }
        let ports = self.ports.entry(pair).or_default();
        ports.used += 1;
        ports.time_wait += u64::from(s.state == TcpState::TimeWait);
    }

    fn group(&mut self, s: &Sock, outbound: bool) -> u32 {
        let far = match s.state {
            TcpState::Listen | TcpState::Close | TcpState::BoundInactive => Far::Nobody,
            _ if outbound => Far::Peer(s.remote.ip, s.remote.port, s.remote.scope),
            _ => Far::ClientsOf(s.local.port),
        };
        let full = self.groups.len() >= GROUPS && !self.index.contains_key(&(s.state, far));
        let far = if full { Far::Others } else { far };
        *self.index.entry((s.state, far)).or_insert_with(|| {
            let (state, at) = (s.state, self.groups.len() as u32);
            self.groups.push(Pregroup {
                state,
                far,
                segments: 0,
                retransmitted: 0,
                unheld: 0,
                unheld_bytes: 0,
                left_out: 0,
            });
            at
        })
    }

    /// The group of this state and end, for the look after.
    pub fn sums(&self) -> Sums {
        self.groups.iter().map(|g| ((g.state, g.far), (g.segments, g.retransmitted))).collect()
    }

    fn user(&mut self, uid: u32) -> u8 {
        if let Some(at) = self.users.iter().position(|u| *u == uid) {
            return at as u8;
        }
        if self.users.len() >= usize::from(OTHER_USER) {
            return OTHER_USER;
        }
        self.users.push(uid);
        (self.users.len() - 1) as u8
    }
}

impl Gathered {
    /// Takes up one listener: its owner is wanted, its figures are kept elsewhere.
    pub fn listener(&mut self, s: &Sock) {
        *self.states.entry(s.state).or_default() += 1;
        let group = self.group(s, false);
        let user = self.user(s.uid);
        let mini = Mini {
            inode: s.inode,
            group,
            owner: NOBODY,
            fd: 0,
            age_s: NO_AGE,
            bytes: s.rqueue,
            marks: 0,
            tries: 0,
            user,
        };
        self.owners.push(mini);
    }

    /// The group of all listeners, if there is any.
    pub fn listen_group(&self) -> Option<u32> {
        self.index.get(&(TcpState::Listen, Far::Nobody)).copied()
    }
}
