//! One connection that is held by hand: plain or TLS, every wait ends at a moment, and how the other side ended it is told apart.

use super::{Request, Target, Trouble, answer::Answer, answer::Far};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use rustls::{ClientConnection, pki_types::ServerName};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Instant,
};

/// Bytes that are read at a time.
const PIECE: usize = 16 << 10;

/// What came.
#[derive(Debug)]
pub(super) enum Came {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The end, in good order.
    End,
    /// A reset, or what TLS calls one.
    Reset(String),
    /// Nothing, until the moment that was given.
    Nothing,
}

/// The connection.
pub(super) struct Held {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

impl Held {
    /// Connects, and shakes hands when there is TLS. Only HTTP/1.1 is ever offered.
    ///
    /// # Errors
    /// At which step it ended and why.
    pub fn open(target: &Target, to: SocketAddr, until: Instant) -> Result<Self, Trouble> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Trouble::io("connecting", &ErrorKind::TimedOut.into()));
        }
        let step = format!("connecting to {to}");
        let stream = TcpStream::connect_timeout(&to, left).map_err(|e| Trouble::io(&step, &e))?;
        let made = stream.set_nodelay(true).and_then(|()| stream.set_nonblocking(true));
        made.map_err(|e| Trouble::io(&step, &e))?;
        let mut held = Self { stream, tls: None };
        if let Some(security) = &target.security {
            let bad =
                |e: String| Trouble { kind: super::Kind::Tls, words: format!("the TLS handshake: {e}") };
            let name = ServerName::try_from(target.url.host.clone()).map_err(|e| bad(e.to_string()))?;
            let connection = ClientConnection::new(security.config.clone(), name);
            let mut connection = Box::new(connection.map_err(|e| bad(e.to_string()))?);
            while connection.is_handshaking() {
                let want = if connection.wants_write() { PollFlags::OUT } else { PollFlags::IN };
                match held.advance(&mut connection) {
                    Ok(true) => {}
                    Ok(false) if wait(&held.stream, want, until).is_ok() => {}
                    Ok(false) => return Err(Trouble::io("the TLS handshake", &ErrorKind::TimedOut.into())),
                    Err(e) => return Err(bad(e.to_string())),
                }
            }
            held.tls = Some(connection);
        }
        Ok(held)
    }

    /// Begin and end of the first certificate that was shown, seconds since 1970.
    pub fn validity(&self) -> Option<(i64, i64)> {
        let chain = self.tls.as_ref()?.peer_certificates()?;
        crate::source::pg::validity(chain.first()?)
    }

    /// One step of TLS in either direction; false when the socket has nothing for us and takes nothing.
    fn advance(&mut self, tls: &mut ClientConnection) -> io::Result<bool> {
        let mut moved = false;
        if tls.wants_write() {
            match tls.write_tls(&mut self.stream) {
                Ok(n) => moved |= n > 0,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        if tls.wants_read() {
            match tls.read_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {
                    moved = true;
                    if let Err(e) = tls.process_new_packets() {
                        // It says why to the other side, as far as that still listens.
                        let _ = tls.write_tls(&mut self.stream);
                        return Err(io::Error::other(e));
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        Ok(moved)
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// What the system says; `TimedOut` when the moment comes first.
    pub fn send(&mut self, mut bytes: &[u8], until: Instant) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(bytes)?;
            while tls.wants_write() {
                match tls.write_tls(&mut self.stream) {
                    Ok(_) => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        wait(&self.stream, PollFlags::OUT, until)?;
                    }
                    Err(e) => return Err(e),
                }
            }
            return Ok(());
        }
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == ErrorKind::WouldBlock => wait(&self.stream, PollFlags::OUT, until)?,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// What comes first: bytes, the end, or the moment.
    pub fn receive(&mut self, until: Instant) -> Came {
        loop {
            match self.read() {
                Ok(Some(bytes)) if bytes.is_empty() => return Came::End,
                Ok(Some(bytes)) => return Came::Bytes(bytes),
                Ok(None) => {}
                // Without the farewell of TLS it is the end of the connection all the same.
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Came::End,
                Err(e) => return Came::Reset(e.to_string()),
            }
            match wait(&self.stream, PollFlags::IN, until) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::TimedOut => return Came::Nothing,
                Err(e) => return Came::Reset(e.to_string()),
            }
        }
    }

    /// What there is; empty is the end.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = vec![0; PIECE];
        let got = match &mut self.tls {
            None => self.stream.read(&mut piece),
            Some(tls) => match tls.reader().read(&mut piece) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => match tls.read_tls(&mut self.stream) {
                    Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {
                        tls.process_new_packets().map_err(io::Error::other)?;
                        tls.reader().read(&mut piece)
                    }
                    Err(e) => Err(e),
                },
                other => other,
            },
        };
        match got {
            Ok(n) => {
                piece.truncate(n);
                Ok(Some(piece))
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Sends one request and reads its answer to the end: whether the connection may carry another, and when the last byte came.
    ///
    /// # Errors
    /// At which step it ended and why.
    pub fn ask(
        &mut self,
        target: &Target,
        request: &Request,
        until: Instant,
    ) -> Result<(bool, Instant), Trouble> {
        let mut bytes = head(target, request, Some(request.body.len()));
        bytes.extend_from_slice(&request.body);
        self.send(&bytes, until).map_err(|e| Trouble::io("sending the request", &e))?;
        let mut answer = Answer::new(request.method == "HEAD");
        let garbled = |words: &str| Trouble { kind: super::Kind::Garbled, words: words.into() };
        loop {
            let came = self.receive(until);
            let at = Instant::now();
            match came {
                Came::Bytes(more) => {
                    answer.feed(&more).map_err(garbled)?;
                    if answer.far() == Far::Whole {
                        return Ok((answer.head().is_some_and(|h| h.keeps), at));
                    }
                }
                Came::End if answer.end() => return Ok((false, at)),
                Came::End => {
                    let ended = "the connection ended before the answer was whole".into();
                    return Err(Trouble { kind: super::Kind::Cut, words: ended });
                }
                Came::Reset(why) => {
                    let words = format!("waiting for the answer: {why}");
                    return Err(Trouble { kind: super::Kind::Cut, words });
                }
                Came::Nothing => {
                    return Err(Trouble::io("waiting for the answer", &ErrorKind::TimedOut.into()));
                }
            }
        }
    }
}

/// The head of a request over a connection that is to be kept; without a length the last line end is left out: it does not end.
pub(super) fn head(target: &Target, request: &Request, length: Option<usize>) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, target.url.target);
    for (name, value) in request.named(target) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        None => return head.into_bytes(),
        Some(0) if matches!(request.method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS") => {}
        Some(length) => head.push_str(&format!("Content-Length: {length}\r\n")),
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn wait(stream: &TcpStream, what: PollFlags, until: Instant) -> io::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(stream, what)], Some(&left)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(other) => return Err(other.into()),
        }
    }
}
