//! A server of HTTP/2, frame by frame, that ends requests in every way there is and writes down how many it ended how.

use super::{
    server::{BODY, Dice, reset},
    wire::Wire,
};
use paramedic::model::{Fate, Fates};
use rustls::ServerConfig;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Whole,
    Split,
    Error,
    Refuse,
    Reset,
    HeadReset,
    Short,
    Silence,
    GoAway,
    /// From here on it is the connection that is ended.
    Close,
    ResetAll,
    HeadClose,
    HeadResetAll,
    Garbage,
    GoAwayError,
}

pub const OF_STREAMS: [(Act, u64); 9] = [
    (Act::Whole, 40),
    (Act::Split, 20),
    (Act::Error, 4),
    (Act::Refuse, 4),
    (Act::Reset, 4),
    (Act::HeadReset, 4),
    (Act::Short, 4),
    (Act::Silence, 1),
    (Act::GoAway, 2),
];
pub const OF_CONNECTIONS: [(Act, u64); 7] = [
    (Act::Whole, 6),
    (Act::Close, 2),
    (Act::ResetAll, 2),
    (Act::HeadClose, 2),
    (Act::HeadResetAll, 2),
    (Act::Garbage, 2),
    (Act::GoAwayError, 2),
];

impl Act {
    fn fate(self) -> Fate {
        match self {
            Act::Whole | Act::Split | Act::GoAway => Fate::Whole,
            Act::Error => Fate::ServerError,
            Act::Refuse | Act::Reset | Act::Close | Act::ResetAll | Act::GoAwayError => Fate::ResetBefore,
            Act::HeadReset | Act::HeadResetAll => Fate::ResetAfter,
            Act::Short | Act::HeadClose => Fate::Truncated,
            Act::Silence => Fate::TimedOut,
            Act::Garbage => Fate::Garbled,
        }
    }
}

pub struct Truth {
    pub address: SocketAddr,
    state: Mutex<(Dice, Fates)>,
    acts: Vec<(Act, u64)>,
}

impl Truth {
    pub fn serve(seed: u64, acts: &[(Act, u64)], tls: Option<Arc<ServerConfig>>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let truth = Arc::new(Self {
            address: listener.local_addr().expect("an address"),
            state: Mutex::new((Dice(seed), Fates::default())),
            acts: acts.to_vec(),
        });
        let served = Arc::clone(&truth);
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let (served, tls) = (Arc::clone(&served), tls.clone());
                thread::spawn(move || {
                    let mut wire = Wire::new(tcp, tls.as_ref());
                    // What a client does to its connection is no error of ours.
                    if let Ok(()) = served.connection(&mut wire) {
                        wire.end();
                    }
                });
            }
        });
        truth
    }
    pub fn fates(&self) -> Fates {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }
    fn act(&self) -> Act {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = state.0.next(self.acts.iter().map(|(_, weight)| weight).sum());
        let chosen = self.acts.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.wrapping_sub(*weight);
            here
        });
        let act = chosen.map_or(Act::Whole, |(act, _)| *act);
        state.1.add(act.fate());
        act
    }

    fn connection(&self, wire: &mut Wire) -> io::Result<()> {
        wire.read_exact(&mut [0; 24])?;
        frame(wire, 4, 0, 0, &[])?;
        let mut last = None;
        loop {
            let (kind, flags, id) = next(wire)?;
            match (kind, flags & 1) {
                (4, 0) => frame(wire, 4, 1, 0, &[])?,
                (6, 0) => frame(wire, 6, 1, 0, &[0; 8])?,
                // Behind the GOAWAY: it is not looked at any more.
                (0 | 1, 1) if last.is_some_and(|last| id > last) => {
                    self.state.lock().unwrap_or_else(PoisonError::into_inner).1.add(Fate::ClosedIdle);
                }
                (0 | 1, 1) => {
                    let act = self.act();
                    if !self.answer(act, id, wire)? {
                        return Ok(());
                    }
                    if act == Act::GoAway {
                        last = Some(id);
                    }
                }
                _ => {}
            }
        }
    }

    /// False when the connection is to end.
    fn answer(&self, act: Act, id: u32, wire: &mut Wire) -> io::Result<bool> {
        let (body, half) = ([b'b'; BODY], [b'b'; BODY / 2]);
        let head = |wire: &mut Wire| {
            let length = BODY.to_string();
            // `:status 200`, and a literal `content-length`.
            let fields = [&[0x88, 0x0f, 0x0d, length.len() as u8], length.as_bytes()].concat();
            frame(wire, 1, 4, id, &fields)
        };
        match act {
            Act::Whole | Act::GoAway => {
                if act == Act::GoAway {
                    frame(wire, 7, 0, 0, &[id.to_be_bytes(), [0; 4]].concat())?;
                }
                head(wire)?;
                frame(wire, 0, 1, id, &body)?;
            }
            Act::Split => {
                head(wire)?;
                frame(wire, 0, 0, id, &half)?;
                frame(wire, 0, 0, id, &half)?;
                frame(wire, 0, 1, id, &[])?;
            }
            Act::Error => frame(wire, 1, 5, id, &[0x8e])?,
            Act::Refuse => frame(wire, 3, 0, id, &7_u32.to_be_bytes())?,
            Act::Reset => frame(wire, 3, 0, id, &2_u32.to_be_bytes())?,
            Act::HeadReset => {
                head(wire)?;
                frame(wire, 0, 0, id, &half)?;
                // What a client has not read of a stream dies with its reset.
                thread::sleep(Duration::from_millis(5));
                frame(wire, 3, 0, id, &2_u32.to_be_bytes())?;
            }
            Act::Short => {
                head(wire)?;
                frame(wire, 0, 1, id, &half)?;
            }
            Act::Silence => {}
            Act::Close => return Ok(false),
            Act::ResetAll => return abort(wire),
            Act::HeadClose | Act::HeadResetAll => {
                head(wire)?;
                frame(wire, 0, 0, id, &half)?;
                thread::sleep(Duration::from_millis(5));
                if act == Act::HeadResetAll {
                    return abort(wire);
                }
            }
            Act::Garbage => wire.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?,
            Act::GoAwayError => frame(wire, 7, 0, 0, &[[0; 4], 2_u32.to_be_bytes()].concat())?,
        }
        Ok(act != Act::HeadClose)
    }
}

/// Ends the connection without its end.
fn abort(wire: &Wire) -> io::Result<bool> {
    reset(wire.tcp());
    Err(io::ErrorKind::ConnectionAborted.into())
}

fn frame(wire: &mut Wire, kind: u8, flags: u8, id: u32, payload: &[u8]) -> io::Result<()> {
    let length = (payload.len() as u32).to_be_bytes();
    let all = [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat();
    wire.write_all(&all)
}

fn next(wire: &mut Wire) -> io::Result<(u8, u8, u32)> {
    let mut head = [0; 9];
    wire.read_exact(&mut head)?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    wire.read_exact(&mut vec![0; length as usize])?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Ok((head[3], head[4], id & 0x7fff_ffff))
}
