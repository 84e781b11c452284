//! A server that ends requests in every way there is, by a seed, and writes down how many it ended how.

use super::wire::Wire;
use paramedic::model::{Fate, Fates};
use rustix::net::sockopt::set_socket_linger;
use rustls::ServerConfig;
use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// The length that a body must have.
pub const BODY: usize = 600;

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    Whole,
    Chunked,
    Interim,
    ToTheEnd,
    SaysClose,
    Slowly,
    Early,
    EarlyClose,
    Error,
    Unavailable,
    CloseUnread,
    CloseRead,
    ResetUnread,
    ResetRead,
    HeadClose,
    HeadReset,
    BodyClose,
    BodyReset,
    ChunkClose,
    ChunkReset,
    LastChunkClose,
    ToTheEndReset,
    ToTheEndCut,
    Short,
    Long,
    Garbage,
    BadChunk,
    TwoLengths,
    Silence,
    Stall,
    Drip,
    EndlessHead,
    EndlessChunkLine,
    AcceptClose,
    AcceptReset,
}

impl Act {
    pub const ALL: [Act; 33] = [
        Act::Whole,
        Act::Chunked,
        Act::Interim,
        Act::ToTheEnd,
        Act::SaysClose,
        Act::Slowly,
        Act::Early,
        Act::Error,
        Act::Unavailable,
        Act::CloseUnread,
        Act::CloseRead,
        Act::ResetUnread,
        Act::ResetRead,
        Act::HeadClose,
        Act::HeadReset,
        Act::BodyClose,
        Act::BodyReset,
        Act::ChunkClose,
        Act::ChunkReset,
        Act::LastChunkClose,
        Act::ToTheEndReset,
        Act::Short,
        Act::Long,
        Act::Garbage,
        Act::BadChunk,
        Act::TwoLengths,
        Act::Silence,
        Act::Stall,
        Act::Drip,
        Act::EndlessHead,
        Act::EndlessChunkLine,
        Act::AcceptClose,
        Act::AcceptReset,
    ];
    /// How a request ends to which this is done.
    pub fn fate(self) -> Fate {
        match self {
            Act::EarlyClose => Fate::Whole,
            Act::ToTheEndCut => Fate::Truncated,
            Act::Whole
            | Act::Chunked
            | Act::Interim
            | Act::ToTheEnd
            | Act::SaysClose
            | Act::Slowly
            | Act::Early => Fate::Whole,
            Act::Error | Act::Unavailable => Fate::ServerError,
            Act::CloseUnread | Act::CloseRead | Act::ResetUnread | Act::ResetRead => Fate::ResetBefore,
            Act::AcceptClose | Act::AcceptReset => Fate::ResetBefore,
            Act::HeadClose
            | Act::BodyClose
            | Act::ChunkClose
            | Act::LastChunkClose
            | Act::Short
            | Act::Long => Fate::Truncated,
            Act::HeadReset | Act::BodyReset | Act::ChunkReset | Act::ToTheEndReset => Fate::ResetAfter,
            Act::Garbage | Act::BadChunk | Act::TwoLengths | Act::EndlessHead | Act::EndlessChunkLine => {
                Fate::Garbled
            }
            Act::Silence | Act::Stall | Act::Drip => Fate::TimedOut,
        }
    }
    /// It is done to a connection, before any request is looked at.
    fn at_accept(self) -> bool {
        matches!(self, Act::AcceptClose | Act::AcceptReset)
    }
}

/// Numbers out of a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self, below: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }
}

/// What the server knows.
pub struct Truth {
    pub address: SocketAddr,
    state: Mutex<State>,
    closed: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
}

struct State {
    dice: Dice,
    acts: Vec<(Act, u64)>,
    done: HashMap<Act, u64>,
}

impl Truth {
    /// Serves on a port of its own: each act as often as its weight says.
    pub fn serve(seed: u64, acts: &[(Act, u64)], tls: Option<Arc<ServerConfig>>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let state = State { dice: Dice(seed), acts: acts.to_vec(), done: HashMap::new() };
        let truth = Arc::new(Self {
            address: listener.local_addr().expect("an address"),
            state: Mutex::new(state),
            closed: AtomicBool::new(false),
            tls,
        });
        let served = Arc::clone(&truth);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.closed.load(Ordering::SeqCst) {
                    return;
                }
                let served = Arc::clone(&served);
                // What a client does to its connection is no error of ours.
                thread::spawn(move || stream.map(|s| served.connection(s)));
            }
        });
        truth
    }
    /// Nobody listens any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
    /// How many requests were ended how.
    pub fn fates(&self) -> Fates {
        let mut fates = Fates::default();
        for (act, n) in &self.state().done {
            (0..*n).for_each(|_| fates.add(act.fate()));
        }
        fates
    }
    /// What was done how often.
    pub fn done(&self) -> Vec<(Act, u64)> {
        let mut all: Vec<_> = self.state().done.iter().map(|(a, n)| (*a, *n)).collect();
        all.sort();
        all
    }
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// What is done next, and written down.
    fn act(&self, at_accept: bool) -> Option<Act> {
        let mut state = self.state();
        let all: u64 = state.acts.iter().map(|(_, weight)| weight).sum();
        let mut at = state.dice.next(all);
        let chosen = state.acts.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.wrapping_sub(*weight);
            here
        });
        let act = chosen.map(|(act, _)| *act).filter(|a| a.at_accept() == at_accept);
        let act = if at_accept { act } else { Some(act.unwrap_or(Act::Whole)) };
        if let Some(act) = act {
            *state.done.entry(act).or_default() += 1;
        }
        act
    }

    fn connection(&self, tcp: TcpStream) {
        if let Some(act) = self.act(true) {
            if act == Act::AcceptReset {
                reset(&tcp);
            }
            return;
        }
        let mut wire = Wire::new(tcp, self.tls.as_ref());
        // A request is there when its first byte can be seen: what is done may be to leave it unread.
        while wire.has_more() {
            let Some(act) = self.act(false) else { return };
            match self.answer(act, &mut wire) {
                Ok(After::GoOn) => {}
                Ok(After::Reset) => return reset(wire.tcp()),
                Ok(After::Close) => return wire.close(),
                Ok(After::Cut) | Err(_) => return,
            }
        }
    }

    fn answer(&self, act: Act, stream: &mut Wire) -> io::Result<After> {
        let reads = !matches!(act, Act::CloseUnread | Act::ResetUnread | Act::Early | Act::EarlyClose);
        if reads {
            read(stream)?;
        }
        let say = |stream: &mut Wire, text: &str| stream.write_all(text.as_bytes());
        let body = "b".repeat(BODY);
        let half = &body[..BODY / 2];
        let ok = "HTTP/1.1 200 OK\r\n";
        let whole = format!("{ok}Content-Length: {BODY}\r\n\r\n{body}");
        let part = format!("{ok}Content-Length: {BODY}\r\n\r\n{half}");
        let chunk = format!("{ok}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{half}\r\n", half.len());
        match act {
            Act::Whole => say(stream, &whole)?,
            Act::Early => {
                say(stream, &whole)?;
                read(stream)?;
            }
            Act::EarlyClose => {
                say(stream, &whole.replacen("\r\n", "\r\nConnection: close\r\n", 1))?;
                return Ok(After::Cut);
            }
            Act::Chunked => {
                say(stream, &chunk)?;
                say(stream, &format!("{:X};x=y\r\n{half}\r\n0\r\nTrailer: x\r\n\r\n", half.len()))?;
            }
            Act::Interim => say(stream, &format!("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{whole}"))?,
            Act::ToTheEnd => {
                say(stream, &format!("HTTP/1.0 200 OK\r\n\r\n{body}"))?;
                return Ok(After::Close);
            }
            Act::SaysClose => {
                say(stream, &whole.replacen("\r\n", "\r\nConnection: close\r\n", 1))?;
                return Ok(After::Close);
            }
            Act::Slowly => {
                for piece in whole.as_bytes().chunks(whole.len() / 7) {
                    stream.write_all(piece)?;
                    thread::sleep(Duration::from_millis(1));
                }
            }
            Act::Error => say(stream, "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno")?,
            Act::Unavailable => {
                say(stream, "HTTP/1.1 503 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")?;
                return Ok(After::Close);
            }
            Act::CloseUnread | Act::CloseRead => return Ok(After::Close),
            Act::ResetUnread | Act::ResetRead | Act::AcceptClose | Act::AcceptReset => {
                return Ok(After::Reset);
            }
            Act::HeadClose | Act::HeadReset => say(stream, &whole[..24])?,
            Act::BodyClose | Act::BodyReset | Act::Stall => say(stream, &part)?,
            Act::ChunkClose | Act::ChunkReset => say(stream, &chunk)?,
            Act::LastChunkClose => say(stream, &format!("{chunk}{:x}\r\n{half}\r\n0\r\n", half.len()))?,
            Act::ToTheEndReset | Act::ToTheEndCut => say(stream, &format!("HTTP/1.0 200 OK\r\n\r\n{body}"))?,
            Act::Short => say(stream, &format!("{ok}Content-Length: {}\r\n\r\n{half}", half.len()))?,
            Act::Long => say(stream, &format!("{ok}Content-Length: {}\r\n\r\n{body}!", BODY + 1))?,
            Act::Garbage => say(stream, "SSH-2.0-OpenSSH_9.9\r\n\r\n")?,
            Act::BadChunk => say(stream, &format!("{chunk}xyz\r\n"))?,
            Act::TwoLengths => {
                say(stream, &format!("{ok}Content-Length: 1\r\nContent-Length: {BODY}\r\n\r\n{body}"))?;
            }
            Act::Silence => {}
            Act::Drip => {
                while !self.closed.load(Ordering::SeqCst) {
                    stream.write_all(&whole.as_bytes()[..1])?;
                    thread::sleep(Duration::from_millis(20));
                    for byte in &whole.as_bytes()[1..] {
                        stream.write_all(&[*byte])?;
                        thread::sleep(Duration::from_millis(20));
                    }
                }
            }
            Act::EndlessHead => loop {
                say(stream, &format!("HTTP/1.1 200 OK\r\n{}", "x".repeat(4096)))?;
            },
            Act::EndlessChunkLine => {
                say(stream, &format!("{ok}Transfer-Encoding: chunked\r\n\r\n"))?;
                loop {
                    say(stream, &"0".repeat(4096))?;
                }
            }
        }
        match act {
            Act::HeadReset | Act::BodyReset | Act::ChunkReset | Act::ToTheEndReset => {
                // The reset must not overtake what was sent.
                thread::sleep(Duration::from_millis(2));
                Ok(After::Reset)
            }
            Act::Silence | Act::Stall => {
                // Until the client has had enough.
                while !matches!(stream.read(&mut [0; 64]), Ok(0) | Err(_)) {}
                Ok(After::Close)
            }
            Act::ToTheEndCut => Ok(After::Cut),
            _ if act.fate() == Fate::Truncated && !matches!(act, Act::Short | Act::Long) => Ok(After::Close),
            _ => Ok(After::GoOn),
        }
    }
}

/// What becomes of the connection.
enum After {
    GoOn,
    /// In good order, as far as TLS goes.
    Close,
    Cut,
    Reset,
}

/// A whole request.
fn read(stream: &mut Wire) -> io::Result<()> {
    let mut head = vec![];
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.split("content-length:").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.map_or(0, |n| n.trim().parse().expect("a length"));
    stream.read_exact(&mut vec![0; length])
}

pub fn reset(stream: &TcpStream) {
    let _ = set_socket_linger(stream, Some(Duration::ZERO));
}
