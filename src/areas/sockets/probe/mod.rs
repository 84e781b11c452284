//! Reads the sockets: listeners first, then the others in one pass, then (in the last look) who holds them.

mod classify;
mod gather;
mod groups;
mod heard;
mod holders;
mod list;
mod owners;
mod place;
mod quick;
mod tables;

use super::{
    args::Args,
    facts::{During, Facts, Group, Listener, PortUse, Row, Tables},
};
use crate::{
    model::{Gap, Gaps, Kept, Reading, RowSink, Seen, TcpState, Why},
    source::{
        self, Moment, Phase, Walked,
        net::{Ask, Sock},
        proc::link::socket_inode,
    },
};
use gather::{Gathered, Lasting, Rules, Sums};
use groups::Naming;
use heard::{Heard, LISTENERS, Listening};
use owners::Mini;
use place::{Place, Sink, Streamed};
use std::{
    collections::{BTreeMap, HashMap},
    io,
};
use tables::Counted;

/// Rows gathered before the scope is known to hold their owners.
const CANDIDATES: usize = 4096;

/// What came of the last look, ready for the facts.
struct Result {
    states: BTreeMap<TcpState, u64>,
    groups: Kept<Group>,
    listeners: Kept<Listener>,
    ports: Seen<Kept<PortUse>>,
    worst: Kept<Row>,
    during: During,
    tables: Tables,
}

/// The probe: what is remembered between looks.
pub struct Sockets {
    args: Args,
    looks: u32,
    places: Vec<Place>,
    gathered: Gathered,
    /// Lasting conditions of the look before.
    before: Option<Lasting>,
    forgot: bool,
    /// Sums of the first look.
    first_sums: Sums,
    first_counted: Option<Counted>,
    /// Where the next window begins: counters and sums of a look that was the last of its own.
    next: Option<(Counted, Sums)>,
    heard: Heard,
    port_range: Seen<((u16, u16), u64)>,
    detail: bool,
    everything: bool,
    /// Which processes the walk has read, and why others could not be.
    walked: Vec<bool>,
    missed: Option<Why>,
    failed: Option<Why>,
    result: Option<Result>,
}

/// The second pass: everything else.
struct Others<'a> {
    gathered: &'a mut Gathered,
    rules: Rules<'a>,
    budget: u64,
}
impl Sink for Others<'_> {
    fn restart(&mut self) {
        self.gathered.restart(self.budget);
    }
    fn take(&mut self, s: &Sock) {
        if s.state != TcpState::Listen {
            self.gathered.take(s, &self.rules);
        }
    }
}

impl Sockets {
    /// A probe that has not looked yet.
    pub fn new(args: &Args) -> Self {
        Self {
            args: args.clone(),
            looks: 0,
            places: vec![],
            gathered: Gathered::default(),
            before: None,
            forgot: false,
            first_sums: HashMap::new(),
            first_counted: None,
            next: None,
            heard: Heard::default(),
            port_range: Err(Why::Absent),
            detail: false,
            everything: true,
            walked: vec![],
            missed: None,
            failed: None,
            result: None,
        }
    }

    /// First half of a look: all sockets, no owners.
    ///
    /// # Errors
    /// When neither netlink nor the files can be read.
    pub fn read(&mut self, m: &Moment, gaps: &mut Gaps) -> std::result::Result<(), Gap> {
        if m.phase == Phase::Cheap {
            return self.failed.map_or(Ok(()), |why| Err(Gap::new("sockets", why, "an earlier look failed")));
        }
        self.looks += 1;
        if let Some((counted, sums)) = self.next.take() {
            (self.first_counted, self.first_sums) = (Some(counted), sums);
            self.heard.rebase();
        }
        self.everything = m.scope.is_everything();
        self.places = place::places(m, gaps);
        let budget = source::budget(m.world);
        self.heard.begin();
        self.gathered.listening.clear();
        self.gathered.restart(budget);
        (self.walked, self.missed) = (vec![false; m.processes().len()], None);
        self.port_range = tables::ports(m, &self.places[0]);
        let mut answered = false;
        let mut last_error = None;
        for (i, place) in self.places.clone().iter().enumerate() {
            match self.read_place(m, place, i == 0, budget, gaps) {
                Ok(s) => {
                    self.detail = s.detail && (self.detail || !answered);
                    answered = true;
                }
                Err(e) => {
                    gaps.add(Why::from(&e), "sockets of a network namespace", &e);
                    last_error = Some(e);
                }
            }
        }
        self.failed = None;
        if !answered {
            let e = last_error.unwrap_or_else(|| io::ErrorKind::NotFound.into());
            self.failed = Some(Why::from(&e));
            return Err(Gap::new("sockets", Why::from(&e), e));
        }
        self.gathered.owners.seal();
        Ok(())
    }

    fn read_place(
        &mut self,
        m: &Moment,
        place: &Place,
        first: bool,
        budget: u64,
        gaps: &mut Gaps,
    ) -> io::Result<Streamed> {
        // Which port listens is of one namespace.
        self.gathered.listening.clear();
        let mask = self.args.mask();
        let wanted = mask & TcpState::Listen.bit() != 0;
        let mut listeners = Listening::new(&mut self.gathered.listening, &mut self.heard, wanted);
        let ask = Ask { states: TcpState::Listen.bit(), info: false, skmem: true };
        let mut how = place.stream(&ask, first, m.deadline, &mut listeners)?;
        let met = listeners.met;
        let rest = mask & !TcpState::Listen.bit();
        if rest != 0 {
            let rows = self.args.rows as usize;
            let rules = Rules {
                args: &self.args,
                last: m.last(),
                before: self.before.as_ref(),
                port_range: self.port_range.ok().map(|r| r.0),
                rows: if self.everything { rows } else { rows.max(CANDIDATES) },
            };
            let mut others = Others { gathered: &mut self.gathered, rules, budget };
            let ask = Ask { states: rest, info: true, skmem: false };
            let s = place.stream(&ask, first, m.deadline, &mut others)?;
            how = Streamed {
                detail: s.detail,
                interrupted: how.interrupted || s.interrupted,
                malformed: s.malformed,
            };
        }
        // After the others: a repeated dump of those forgets all that was gathered.
        for sock in met.iter().filter(|_| m.last()).filter_map(|inode| self.heard.sock(*inode)) {
            self.gathered.listener(sock);
        }
        if how.interrupted {
            let what = "sockets that came or went while they were read";
            gaps.add(Why::Malformed, what, "the kernel interrupted the dump each time");
        }
        gaps.add_many(Why::Malformed, "sockets", how.malformed, place.files.display());
        if !how.detail && m.last() {
            let what = "ages, backlogs, drops and timers of sockets";
            gaps.add(Why::Unsupported, what, "no sock_diag here: read from /proc/net/tcp, which has none");
        }
        Ok(how)
    }

    /// Is the owner of any socket still missing?
    pub fn wants(&self) -> bool {
        self.gathered.owners.missing() > 0
    }

    /// One descriptor of the walk.
    pub fn meet(&mut self, process: usize, fd: u32, link: &[u8]) -> bool {
        self.walked[process] = true;
        if let Some(inode) = socket_inode(link) {
            self.gathered.owners.held(inode, process as u32, fd);
        }
        self.gathered.owners.missing() > 0
    }

    /// The descriptors of a process could not be read.
    pub fn missed(&mut self, why: Why) {
        if why != Why::Absent {
            self.missed = Some(why);
        }
    }

    /// Second half: owners, groups, rates.
    pub fn look(&mut self, m: &Moment, _: &Walked, gaps: &mut Gaps) {
        if m.phase == Phase::Cheap {
            return;
        }
        let counted = Counted::read(&self.places[0]);
        let first = self.first_counted.get_or_insert(counted);
        let during = counted.since((self.looks > 1).then_some(first));
        self.forgot |= self.gathered.forgot;
        self.heard.forget_the_gone();
        if m.last() {
            let listen = self.gathered.listen_group();
            let owners = &mut self.gathered.owners;
            holders::complete(m, owners, &self.walked, |mini: &Mini| Some(mini.group) == listen);
            self.result = Some(self.conclude(m, during, gaps));
            self.next = Some((counted, self.gathered.sums()));
        }
        if self.looks == 1 {
            self.first_sums = self.gathered.sums();
        }
        self.before = Some(std::mem::take(&mut self.gathered.lasting));
    }

    fn conclude(&mut self, m: &Moment, during: During, gaps: &mut Gaps) -> Result {
        // Held by a process that could not be read; else by none that is visible.
        let lost = self.missed.unwrap_or(Why::Absent);
        if self.everything {
            groups::unowned(&self.gathered, lost, m, gaps);
        }
        let naming = Naming::new(m, &self.gathered);
        let sums = (self.looks > 1).then_some(&self.first_sums);
        let groups = groups::groups(&naming, &self.gathered, lost, sums, self.everything);
        let ports = groups::ports(&naming, &self.gathered, self.args.rows as usize);
        let worst = groups::rows(&naming, &mut self.gathered, lost, self.args.rows as usize, self.everything);
        let naming = Naming::new(m, &self.gathered);
        let listeners = self.heard.listeners(&self.gathered, &naming, lost, self.everything, self.looks > 1);
        let states = if self.everything {
            self.gathered.states.clone()
        } else {
            let mut states = BTreeMap::new();
            groups.top().iter().for_each(|g| *states.entry(g.state).or_default() += g.count);
            states
        };
        gaps.add_many(
            Why::TooMany,
            "pairs of source and destination",
            self.gathered.pairs_left_out,
            "their ports are not counted",
        );
        gaps.add_many(
            Why::TooMany,
            "listening sockets",
            self.heard.left_out,
            format!("more than {LISTENERS}"),
        );
        let tables = tables::tables(m, &self.places[0]);
        let ports = self.port_range.map(|_| ports);
        Result { states, groups, listeners, ports, worst, during, tables }
    }

    /// What all looks amount to.
    pub fn facts(&self) -> Facts {
        let why = self.failed.unwrap_or(Why::Absent);
        let result = self.result.as_ref().filter(|_| self.failed.is_none()).ok_or(why);
        let unseen_tables = || {
            let hole = || Reading::unseen(why);
            let during = During { sent: hole(), retransmitted: hole(), listen_drops: hole() };
            let tables = Tables {
                conntrack: hole(),
                conntrack_max: hole(),
                pages: hole(),
                pages_pressure: hole(),
                pages_max: hole(),
                orphans: hole(),
                orphans_max: hole(),
            };
            (during, tables)
        };
        let (during, tables) =
            result.map_or_else(|_| unseen_tables(), |r| (r.during.clone(), r.tables.clone()));
        let looks = match self.looks {
            _ if self.forgot => Err(Why::TooMany),
            0 | 1 => Err(Why::NotAsked),
            n => Ok(n),
        };
        Facts {
            states: result.map(|r| r.states.clone()).into(),
            mask: self.args.mask(),
            narrowed: !self.everything || self.args.peer.is_some(),
            detail: if self.detail { Reading::seen(()) } else { Reading::unseen(Why::Unsupported) },
            looks: looks.into(),
            groups: result.map(|r| r.groups.clone()).into(),
            listeners: result.map(|r| r.listeners.clone()).into(),
            ports: result.and_then(|r| r.ports.clone()).into(),
            ports_available: self.port_range.map(|r| r.1).into(),
            during,
            tables,
            worst: result.map(|r| r.worst.clone()).unwrap_or_default(),
        }
    }

    /// `--all`: every socket, read again and printed as it comes.
    ///
    /// # Errors
    /// When the output cannot be written or no socket can be read.
    pub fn list(&mut self, m: &Moment, sink: &mut dyn RowSink) -> io::Result<bool> {
        if !self.args.all {
            return Ok(false);
        }
        list::list(m, &self.places, &self.args, &self.gathered.owners, self.everything, sink)
    }
}
