//! Questions over UDP, many at once: each group shares one connected socket, so that what the network does to packets of
//! one port can be told from what it does to packets of several, and an ICMP message is an answer too.

use super::{
    Came, Heard, Odd, Question,
    arrival::{self, Arrival},
    message, random, refused,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{AddressFamily, SendFlags, SocketFlags, SocketType, connect, send, socket_with},
};
use std::{
    net::SocketAddr,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

/// Datagrams that are read before a flood is left alone.
const DATAGRAMS: u32 = 10_000;

/// One question on a socket.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What.
    pub question: Question,
    /// The number that its answer must bear; asked again it keeps it, as with both libraries.
    pub id: u16,
}

impl Ask {
    /// With a random id.
    pub fn new(question: Question) -> Self {
        Self { question, id: random() }
    }
}

/// How long to wait, and how often to send.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// From the first packet on.
    pub patience: Duration,
    /// Sent again after each such time without an answer.
    pub resend: Duration,
    /// Packets at most.
    pub sends: u32,
    /// Where the run ends: what it cuts is no silence.
    pub deadline: Instant,
}

impl Manner {
    /// One packet each.
    pub fn once(patience: Duration, deadline: Instant) -> Self {
        Self { patience, resend: patience, sends: 1, deadline }
    }
}

struct Waiting<'a> {
    ask: &'a Ask,
    bytes: Vec<u8>,
    begun: Instant,
    due: Instant,
    sends: u32,
    odd: Odd,
    /// What came, and when.
    heard: Option<(Came, Duration)>,
}

impl Waiting<'_> {
    fn end(&mut self, came: Came) {
        self.end_at(came, Instant::now());
    }
    fn end_at(&mut self, came: Came, at: Instant) {
        self.heard.get_or_insert_with(|| (came, at.saturating_duration_since(self.begun)));
    }
}

struct Group<'a> {
    socket: Option<OwnedFd>,
    waiting: Vec<Waiting<'a>>,
}

/// Questions whose time is over, with their sockets still open: answers may come after all.
pub struct Open<'a> {
    groups: Vec<Group<'a>>,
    budget: u32,
}

/// Asks all of it. A group is a server and what is asked of it over one socket, at once.
pub fn ask_udp(groups: &[(SocketAddr, Vec<Ask>)], how: Manner) -> Vec<Vec<Heard>> {
    ask_udp_open(groups, how).end()
}

/// The same, and the sockets stay open until somebody has no more time.
pub fn ask_udp_open(groups: &[(SocketAddr, Vec<Ask>)], how: Manner) -> Open<'_> {
    let groups = groups.iter().map(|(server, asks)| Group::open(connected(*server), asks));
    let mut open = Open { groups: groups.collect(), budget: DATAGRAMS };
    open.run(how);
    open
}

/// A socket to one server that is kept from one question to the next, as glibc keeps it: an answer to an earlier packet of
/// the same id still counts.
pub struct Line {
    server: SocketAddr,
    socket: Option<OwnedFd>,
}

impl Line {
    /// Not open yet.
    pub fn to(server: SocketAddr) -> Self {
        Self { server, socket: None }
    }

    /// Asks all of it at once, over a new socket where there is none.
    pub fn ask(&mut self, asks: &[Ask], how: Manner) -> Vec<Heard> {
        let socket = self.socket.take().map_or_else(|| connected(self.server), Ok);
        let mut open = Open { groups: vec![Group::open(socket, asks)], budget: DATAGRAMS };
        open.run(how);
        let heard = open.heard().pop().unwrap_or_default();
        self.socket = open.groups.pop().and_then(|g| g.socket);
        heard
    }

    /// The next question goes over a new socket.
    pub fn close(&mut self) {
        self.socket = None;
    }
}

impl Open<'_> {
    fn run(&mut self, how: Manner) {
        loop {
            let now = Instant::now();
            self.groups.iter_mut().for_each(|g| g.send_due(now, how));
            let next = self.groups.iter().flat_map(|g| &g.waiting).filter(|w| w.heard.is_none());
            let Some(next) = next.map(|w| w.due.min(w.begun + how.patience)).min() else { return };
            let left = next.min(how.deadline).saturating_duration_since(Instant::now());
            wait(&self.groups, left);
            for group in &mut self.groups {
                group.receive(&mut self.budget);
            }
        }
    }

    /// What was heard so far.
    pub fn heard(&self) -> Vec<Vec<Heard>> {
        let told = |w: &Waiting| {
            let (came, took) = w.heard.clone().unwrap_or((Came::Cut, Duration::ZERO));
            Heard { came, took, sends: w.sends, odd: w.odd }
        };
        self.groups.iter().map(|g| g.waiting.iter().map(told).collect()).collect()
    }

    /// The same with what came since, too late to be an answer. Waits for nothing.
    pub fn end(mut self) -> Vec<Vec<Heard>> {
        for group in &mut self.groups {
            group.receive(&mut self.budget);
        }
        self.heard()
    }
}

fn wait(open: &[Group], left: Duration) {
    let mut fds: Vec<PollFd> = open
        .iter()
        .filter(|g| g.waiting.iter().any(|w| w.heard.is_none()))
        .filter_map(|g| g.socket.as_ref())
        .map(|s| PollFd::new(s, PollFlags::IN))
        .collect();
    // Rounded up by the kernel to its own grain: never a busy loop.
    let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
    let _ = poll(&mut fds, Some(&left));
}

impl<'a> Group<'a> {
    fn open(socket: Result<OwnedFd, Errno>, asks: &'a [Ask]) -> Self {
        let (socket, failed) = match socket {
            Ok(s) => (Some(s), None),
            Err(e) => (None, Some(refused(e))),
        };
        let now = Instant::now();
        let waiting = asks.iter().map(|ask| {
            let bytes = ask.question.write(ask.id);
            let came = failed.clone().or(bytes.is_err().then_some(Came::Barred(Errno::INVAL)));
            let heard = came.map(|c| (c, Duration::ZERO));
            let bytes = bytes.unwrap_or_default();
            Waiting { ask, bytes, begun: now, due: now, sends: 0, odd: Odd::default(), heard }
        });
        Self { socket, waiting: waiting.collect() }
    }

    /// Sends what is due, one packet right behind the other, and ends what has waited long enough.
    fn send_due(&mut self, now: Instant, how: Manner) {
        let Some(socket) = &self.socket else { return };
        for w in self.waiting.iter_mut().filter(|w| w.heard.is_none()) {
            if w.sends > 0 && now >= w.begun + how.patience {
                w.end(Came::Silence);
            } else if now >= how.deadline {
                w.end(Came::Cut);
            } else if now >= w.due && w.sends < how.sends {
                if w.sends == 0 {
                    w.begun = Instant::now();
                }
                match send(socket, &w.bytes, SendFlags::NOSIGNAL) {
                    Ok(_) => w.sends += 1,
                    // The queue of the device is full: as good as lost on the way.
                    Err(Errno::AGAIN | Errno::NOBUFS) => w.sends += 1,
                    Err(e) => w.end(refused(e)),
                }
                let wait = if w.sends < how.sends { how.resend } else { how.patience };
                w.due = now.max(w.begun) + wait;
            }
        }
    }

    fn receive(&mut self, budget: &mut u32) {
        let Some(socket) = &self.socket else { return };
        let mut buffer = [0u8; 65_535];
        while *budget > 0 {
            match arrival::receive(socket, &mut buffer) {
                Ok((n, arrival)) => {
                    *budget -= 1;
                    take(&mut self.waiting, &buffer[..n], arrival);
                }
                Err(Errno::AGAIN | Errno::INTR) => return,
                Err(e) => {
                    let came = refused(e);
                    self.waiting.iter_mut().for_each(|w| w.end(came.clone()));
                    return;
                }
            }
        }
        // A flood: what was waited for cannot be told from it.
        self.waiting.iter_mut().for_each(|w| w.end(Came::Malformed));
    }
}

/// One datagram.
fn take(waiting: &mut [Waiting], bytes: &[u8], arrival: Arrival) {
    for w in waiting.iter_mut() {
        let came = match message::read(bytes, w.ask.id, &w.ask.question) {
            message::Read::Foreign => continue,
            message::Read::Answer(reply) => Came::Reply(reply),
            message::Read::Malformed => Came::Malformed,
        };
        match &w.heard {
            None => w.end_at(came, arrival.after(w.begun)),
            Some((Came::Silence | Came::Cut, _)) => w.odd.late += 1,
            Some(_) => w.odd.duplicate += 1,
        }
        return;
    }
    if let Some(w) = waiting.iter_mut().min_by_key(|w| w.heard.is_some()) {
        w.odd.foreign += 1;
    }
}

pub(super) fn connected(server: SocketAddr) -> Result<OwnedFd, Errno> {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::DGRAM, flags, None)?;
    arrival::stamp_arrivals(&socket);
    connect(&socket, &server)?;
    Ok(socket)
}
