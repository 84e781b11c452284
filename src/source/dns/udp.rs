//! Questions over UDP, many at once: each group shares one connected socket, so that what the network does to packets of
//! one port can be told from what it does to packets of several, and an ICMP message is an answer too.

use super::{Came, Heard, Odd, Question, message, random, refused};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with},
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
        self.heard.get_or_insert_with(|| (came, self.begun.elapsed()));
    }
}

struct Group<'a> {
    socket: Option<OwnedFd>,
    waiting: Vec<Waiting<'a>>,
}

/// Asks all of it. A group is a server and what is asked of it over one socket, at once.
pub fn ask_udp(groups: &[(SocketAddr, Vec<Ask>)], how: Manner) -> Vec<Vec<Heard>> {
    let mut open: Vec<Group> = groups.iter().map(|(server, asks)| Group::open(*server, asks)).collect();
    let mut budget = DATAGRAMS;
    loop {
        let now = Instant::now();
        open.iter_mut().for_each(|g| g.send_due(now, how));
        let next = open.iter().flat_map(|g| &g.waiting).filter(|w| w.heard.is_none());
        let Some(next) = next.map(|w| w.due.min(w.begun + how.patience)).min() else { break };
        let left = next.min(how.deadline).saturating_duration_since(Instant::now());
        wait(&open, left);
        for group in &mut open {
            group.receive(&mut budget);
        }
    }
    let told = |w: Waiting| {
        let (came, took) = w.heard.unwrap_or((Came::Cut, Duration::ZERO));
        Heard { came, took, sends: w.sends, odd: w.odd }
    };
    open.into_iter().map(|g| g.waiting.into_iter().map(told).collect()).collect()
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
    fn open(server: SocketAddr, asks: &'a [Ask]) -> Self {
        let (socket, failed) = match connected(server) {
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
            match recv(socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((n, _)) => {
                    *budget -= 1;
                    take(&mut self.waiting, &buffer[..n]);
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
fn take(waiting: &mut [Waiting], bytes: &[u8]) {
    for w in waiting.iter_mut() {
        let came = match message::read(bytes, w.ask.id, &w.ask.question) {
            message::Read::Foreign => continue,
            message::Read::Answer(reply) => Came::Reply(reply),
            message::Read::Malformed => Came::Malformed,
        };
        match &w.heard {
            None => w.end(came),
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
    connect(&socket, &server)?;
    Ok(socket)
}
